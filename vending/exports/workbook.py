"""As an XLSX workbook: balances, journal and sales, in the reader's language and direction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from ..accounting import JournalView
from ..messages import Language, entry_term, label, term
from . import rows

MOST_ROWS: Final = 1_000_000
"""A sheet holds 1 048 576; what is more goes on in another sheet."""
_MOST_DIGITS: Final = 15
"""A spreadsheet's numbers hold so many; of a longer one it makes another."""
_WIDTH: Final = 16
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_WORDS: Final[Mapping[str, Callable[[str, Language], str]]] = {
    "kind": entry_term,
    "sale_kind": lambda kind, language: term(f"sale_{kind}", language),
    "tender": term,
    "on_deposit": label,
}
"""Columns that hold words of ours: people read them, and programs take the CSV, where they stand as
they are."""


def write(view: JournalView, out: BinaryIO, language: Language) -> None:
    """The whole view. Rows go to disk as they come; amounts are numbers, everything else text, and
    so is an amount of more digits than a spreadsheet holds."""
    # What waits on disk names people: none of it stays there, however this ends.
    with TemporaryDirectory() as folder:
        book = Workbook(out, {**_OPTIONS, "tmpdir": folder})
        with _closed(book):
            sheets = _Sheets(book, language)
            sheets.add("balances", rows.BALANCES, rows.balances(view, language))
            sheets.add("journal", rows.JOURNAL, rows.journal(view, language))
            sheets.add("sales", rows.SALES, rows.sales(view, lambda tender: term(tender, language)))
            book.close()


@contextmanager
def _closed(book: Workbook) -> Iterator[None]:
    """Closes what waits of the sheets of a book that is not written to its end."""
    try:
        yield
    except BaseException:
        for sheet in book.worksheets():
            sheet.row_data_fh.close()
        raise


class _Sheets:
    """The sheets of one workbook."""

    def __init__(self, book: Workbook, language: Language) -> None:
        self._book = book
        self._language = language
        self._bold: Format = book.add_format({"bold": True})
        # Shown as it is and, should somebody edit the cell, still not run.
        self._quoted: Format = book.add_format({"quote_prefix": True})
        self._amount: Format = book.add_format({"num_format": "#,##0.00#"})

    def add(
        self, name: str, columns: Sequence[str], found: Iterable[tuple[rows.Cell, ...]]
    ) -> None:
        title = label(f"sheet_{name}", self._language)
        sheet, place, more = self._sheet(title, columns), 0, 1
        words = [_WORDS.get(column) for column in columns]
        for row in found:
            if place == MOST_ROWS:
                more, place = more + 1, 0
                sheet = self._sheet(f"{title} {more}", columns)
            place += 1
            for column, cell in enumerate(row):
                say = words[column]
                if not isinstance(cell, str):
                    if len(cell.normalize().as_tuple().digits) > _MOST_DIGITS:
                        sheet.write_string(place, column, f"{cell:f}", self._amount)
                    else:
                        sheet.write_number(place, column, cell, self._amount)
                elif cell and say is not None:
                    sheet.write_string(place, column, say(cell, self._language))
                elif rows.is_formula(cell):
                    sheet.write_string(place, column, cell, self._quoted)
                else:
                    sheet.write_string(place, column, cell)

    def _sheet(self, title: str, columns: Sequence[str]) -> Worksheet:
        sheet: Worksheet = self._book.add_worksheet(title)
        if self._language is Language.ARABIC:
            sheet.right_to_left()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        for column, name in enumerate(columns):
            sheet.write_string(0, column, label(name, self._language), self._bold)
        return sheet


__all__ = ["MOST_ROWS", "write"]
