"""`raseed debt import`: what a municipality's older books say is owed, from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import typer

from meters.errors import Invalid, RaseedError, Unavailable, Unknown
from meters.quantities import Money

from ..accounting.adjustments import checked_reason
from ..accounts.checks import checked_source, new_debt
from ..accounts.inputs import read_recovery
from ..accounts.state import USUAL_PRIORITY
from ..listed import NotTried
from ..parties import Actor
from ..running import Raseed
from ..shapes import DebtsTakenOut, DebtTakenOut, ListedProblemOut
from ..tariff import Debt, Label
from .context import Cli, Json, cli_of
from .debts import debt
from .faults import incident_of
from .lists import ListFile, Row, end_list, read_list, tell_rows

NEEDED: Final = ("agreement", "code", "amount", "name_ar", "name_en", "reason", "source")
COLUMNS: Final = (*NEEDED, "percent", "instalment", "priority")
_MOST_DIGITS: Final = 9
"""Python itself reads no number of thousands of digits."""


@dataclass(eq=False)
class PriorityNotWhole(Invalid, code="account.priority_not_whole"):
    """A priority is a whole number."""

    text: str


@dataclass(frozen=True, slots=True)
class _Taking:
    """One debt that is to be taken over."""

    agreement: str
    debt: Debt
    reason: str
    source: str


@debt.command("import")
def debt_import(ctx: typer.Context, file: ListFile, as_json: Json = False) -> None:
    """Take over a list of debts from older books. Columns: agreement, code, amount, name_ar,
    name_en, reason, source, one of percent and instalment, and priority if any. Nothing is taken
    over while a row is written wrongly; what is refused spoils no other row. Repeating it changes
    nothing."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        currency = raseed.currency
        rows = read_list(file, COLUMNS, NEEDED, lambda cells: _taking(cells, currency))
        is_wrong = any(isinstance(row.asked, RaseedError) for row in rows)
        with cli.progress("list"):
            met = list(_unread(rows) if is_wrong else _taken_over(raseed, cli.actor(), rows))
    problems = [
        None if error is None else ListedProblemOut.of(error, cli.language, incident_of)
        for error in met
    ]
    owed = sum(
        row.asked.debt.owed.minor
        for row, error in zip(rows, met, strict=True)
        if error is None and isinstance(row.asked, _Taking)
    )
    told = DebtsTakenOut.of(
        [
            DebtTakenOut.of(row.cells.texts["agreement"], row.cells.texts["code"], problem)
            for row, problem in zip(rows, problems, strict=True)
        ],
        Money(owed, currency),
    )

    def people(cli: Cli) -> None:
        cells = [row.cells for row in rows]
        tell_rows(cli, ["agreement", "code"], list(zip(cells, problems, strict=True)))
        amount = f"{told.owed.value} {told.owed.unit}"
        cli.facts(
            (("taken_over", told.taken), ("owed", amount), ("not_taken_over", told.not_taken))
        )

    cli.show(told, as_json, people)
    end_list(cli, problems, is_wrong=is_wrong)


def _taking(cells: Mapping[str, str], currency: str) -> _Taking:
    """Raises DebtWrong, TextNotKept, NotANumber, TooFine, RecoveryUnclear, PriorityNotWhole and the
    errors of reasons."""
    name = Label(cells["name_ar"], cells["name_en"])
    amount = Money.from_text(cells["amount"], currency)
    recovery = read_recovery(cells["percent"] or None, cells["instalment"] or None, currency)
    return _Taking(
        cells["agreement"],
        new_debt(cells["code"], name, amount, _priority(cells["priority"]), recovery, currency),
        checked_reason(cells["reason"]),
        checked_source(cells["source"]),
    )


def _priority(text: str) -> int:
    if not text:
        return USUAL_PRIORITY
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise PriorityNotWhole(text[:20])
    return int(text)


def _unread(rows: Sequence[Row[_Taking]]) -> Iterator[Exception]:
    for row in rows:
        yield row.asked if isinstance(row.asked, RaseedError) else NotTried()


def _taken_over(
    raseed: Raseed, actor: Actor, rows: Sequence[Row[_Taking]]
) -> Iterator[Exception | None]:
    """None for each that stands in the books now. Behind one that met Unavailable or Unknown no
    other is tried."""
    stopped = False
    for row in rows:
        error: Exception | None = NotTried() if stopped else None
        assert isinstance(row.asked, _Taking)
        if not stopped:
            try:
                _take_over(raseed, actor, row.asked)
            except Exception as met:
                error = met
                stopped = isinstance(met, Unavailable | Unknown)
        yield error


def _take_over(raseed: Raseed, actor: Actor, asked: _Taking) -> None:
    debt = asked.debt
    raseed.accounts.add_debt(
        actor,
        asked.agreement,
        debt.code,
        debt.label,
        debt.owed,
        debt.recovery,
        asked.reason,
        asked.source,
        priority=debt.priority,
    )
