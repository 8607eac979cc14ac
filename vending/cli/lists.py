"""Lists as a spreadsheet saves them (CSV), and what is told of their rows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Final, Generic, TypeVar

import typer

from meters.errors import Invalid, RaseedError

from ..listed import NotTried
from ..messages import phrase
from ..problems import KINDS
from ..shapes import ListedProblemOut
from .context import Cli

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 4 * 1024 * 1024
_SEPARATORS: Final = ";\t,"
"""What spreadsheets put between cells, as the machine's language has it."""
T = TypeVar("T")

ListFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV with the names of its columns in the first row.")
]


@dataclass(eq=False)
class ListUnusable(Invalid, code="list.unusable"):
    """The file cannot be read as CSV."""

    path: str
    reason: str


@dataclass(eq=False)
class ListColumns(Invalid, code="list.columns"):
    """The first row names columns that are not known, twice, or not those that are needed."""

    wrong: list[str]
    columns: list[str]
    needed: list[str]


@dataclass(eq=False)
class ListTooLong(Invalid, code="list.too_long"):
    """More rows than are taken in one go."""

    most: int


@dataclass(eq=False)
class RowCells(Invalid, code="list.row_cells"):
    """A row has more cells than there are columns."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a list, every column filled in, with nothing where it is empty."""

    line: int
    """As an editor counts, the first row is 1."""
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """What a row asks for, or what is wrong with it."""

    cells: Cells
    asked: T | RaseedError


def read_list(
    path: Path, columns: Sequence[str], needed: Sequence[str], asked: Callable[[dict[str, str]], T]
) -> list[Row[T]]:
    """All rows that are not empty, each as `asked` reads its cells. The first row names columns, in
    any order. Raises ListUnusable, ListColumns, ListTooLong."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ListUnusable(str(path), error.strerror or "OSError") from None
    except UnicodeDecodeError:
        raise ListUnusable(str(path), "UTF-8") from None
    if len(raw) > MOST_BYTES:
        raise ListTooLong(MOST_ROWS)
    rows: list[Row[T]] = []
    try:
        for cells, is_whole in _rows(text, columns, needed):
            if len(rows) == MOST_ROWS:
                raise ListTooLong(MOST_ROWS)
            rows.append(Row(cells, _read(cells, asked) if is_whole else RowCells()))
    except csv.Error as error:
        raise ListUnusable(str(path), str(error)[:80]) from None
    return rows


def _read(cells: Cells, asked: Callable[[dict[str, str]], T]) -> T | RaseedError:
    try:
        return asked(cells.texts)
    except RaseedError as error:
        return error


def _rows(text: str, columns: Sequence[str], needed: Sequence[str]) -> Iterator[tuple[Cells, bool]]:
    """Each row, and whether all that it says stands under a column."""
    head = text.partition("\n")[0]
    separator = next((one for one in _SEPARATORS if one in head), ",")
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    names = [cell.strip().lower() for cell in next(reader, [])]
    strange = [name for name in names if name not in columns or names.count(name) > 1]
    wrong = dict.fromkeys((*strange, *(name for name in needed if name not in names)))
    if wrong:
        raise ListColumns([name[:20] for name in wrong][:10], list(columns), list(needed))
    for row in reader:
        filled = [cell.strip() for cell in row]
        if any(filled):
            texts = dict.fromkeys(columns, "") | dict(zip(names, filled, strict=False))
            yield Cells(reader.line_num, texts), not any(filled[len(names) :])


def tell_rows(
    cli: Cli, names: Sequence[str], rows: Sequence[tuple[Cells, ListedProblemOut | None]]
) -> None:
    """A table of the rows that a problem was met with: their line, the cells of these names, the
    problem. Of those that were not tried it is enough to tell why."""
    left = [
        (cells.line, *(cells.texts[name] for name in names), f"{problem.detail} [{problem.code}]")
        for cells, problem in rows
        if problem is not None and problem.code != NotTried.code
    ]
    if left:
        cli.table(("row", *names, "reason"), left)


def end_list(cli: Cli, problems: Sequence[ListedProblemOut | None], *, is_wrong: bool) -> None:
    """Ends the command with the exit code of what was met: of rows that are written wrongly, which
    kept all others from being done, or else of the gravest kind. Raises typer.Exit."""
    if is_wrong:
        print(phrase("list_not_begun", cli.language), file=sys.stderr)
        raise typer.Exit(KINDS[Invalid].exit_code)
    met = {problem.kind for problem in problems if problem is not None}
    if met:
        raise typer.Exit(max(kind.exit_code for kind in KINDS.values() if kind.name in met))
