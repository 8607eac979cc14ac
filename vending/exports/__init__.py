"""The journal for other programs: hledger, beancount, CSV, XLSX. Each writer streams one view of
the books to a file that the caller opened; amounts are those of the ledger, never rounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from meters.errors import Invalid

from ..accounting import JournalView
from ..messages import Language
from . import beancount, hledger, tables, workbook

Writer = Callable[[JournalView, BinaryIO, Language], None]


@dataclass(eq=False)
class ExportUnknown(Invalid, code="export.unknown"):
    """There is no export of this name."""

    name: str
    known: str


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of export."""

    write: Writer
    suffix: str
    media_type: str


FORMATS: Final = {
    "hledger": Format(hledger.write, ".journal", "text/plain; charset=utf-8"),
    "beancount": Format(beancount.write, ".beancount", "text/plain; charset=utf-8"),
    "csv": Format(tables.write_journal, ".csv", "text/csv; charset=utf-8"),
    "sales-csv": Format(tables.write_sales, ".csv", "text/csv; charset=utf-8"),
    "xlsx": Format(
        workbook.write,
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


def export_format(name: str) -> Format:
    """Raises ExportUnknown."""
    try:
        return FORMATS[name]
    except KeyError:
        raise ExportUnknown(name[:20], ", ".join(FORMATS)) from None


__all__ = ["FORMATS", "ExportUnknown", "Format", "export_format"]
