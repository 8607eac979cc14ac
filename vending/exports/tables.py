"""As CSV: UTF-8 with a mark at its beginning, so that spreadsheets read the Arabic."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from typing import BinaryIO

from ..accounting import JournalView
from ..messages import Language
from . import rows


def write_journal(view: JournalView, out: BinaryIO, language: Language) -> None:
    """Every posting; the columns have stable English names."""
    _write(out, rows.JOURNAL, rows.journal(view, language))


def write_sales(view: JournalView, out: BinaryIO, language: Language) -> None:  # noqa: ARG001
    """Every sale, without tokens."""
    _write(out, rows.SALES, rows.sales(view))


def _write(out: BinaryIO, columns: Sequence[str], found: Iterable[tuple[rows.Cell, ...]]) -> None:
    text = TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
    try:
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in found:
            writer.writerow([_cell(cell) for cell in row])
    finally:
        # The file stays the caller's.
        text.detach()


def _cell(cell: rows.Cell) -> str:
    """A name that begins like a formula gets an apostrophe, which spreadsheets take for `text`."""
    if isinstance(cell, str):
        return f"'{cell}" if rows.is_formula(cell) else cell
    return f"{cell:f}"
