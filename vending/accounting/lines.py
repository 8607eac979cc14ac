"""Lines that the journal takes from people: known accounts in their units, balanced, from one
account to another. Pure."""

from __future__ import annotations

from collections import defaultdict

from ..ledger import Chart, Posting
from ..persons import person
from .errors import (
    AccountUnknown,
    DebtNotNamed,
    HolderWrong,
    LinesUnbalanced,
    LineTooLarge,
    SameAccount,
    UnitWrong,
)

MOST_MOVED = 10**13
"""By one line, in the smallest unit. A database's sum over a hundred thousand such lines still
fits: what cannot be summed can never be corrected either, for nothing is edited."""


def with_persons(lines: tuple[Posting, ...], chart: Chart) -> tuple[Posting, ...]:
    """The same, where operators hold an account by the person: however the name was written."""
    held = {account.code for account in chart.accounts() if account.per == "operator"}
    return tuple(
        line._replace(holder=person(line.holder)) if line.account in held else line
        for line in lines
    )


def checked_lines(lines: tuple[Posting, ...], chart: Chart) -> tuple[Posting, ...]:
    """Lines that the journal will take: known accounts in their units, a holder just where the
    account has holders, zero in every unit.

    Raises AccountUnknown, UnitWrong, HolderWrong, LineTooLarge, LinesUnbalanced.
    """
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        account = chart.find(line.account)
        if account is None:
            raise AccountUnknown(line.account[:20])
        if account.unit != line.unit:
            raise UnitWrong(account.code, line.unit[:8], account.unit)
        if (account.per == "none") != (line.holder == ""):
            raise HolderWrong(account.code, line.holder[:30], account.per)
        if line.amount == 0:
            raise LinesUnbalanced(line.unit, 0)
        if abs(line.amount) > MOST_MOVED:
            raise LineTooLarge(MOST_MOVED)
        sums[line.unit] += line.amount
    for unit, total in sums.items():
        if total:
            raise LinesUnbalanced(unit, total)
    if not lines:
        raise LinesUnbalanced("", 0)
    return lines


def check_sides(lines: tuple[Posting, ...]) -> None:
    """What is debited is not credited by the same request: a slip, or a movement that would only
    make turnover. Raises SameAccount."""
    debited = {(line.account, line.holder) for line in lines if line.amount > 0}
    for line in lines:
        if line.amount < 0 and (line.account, line.holder) in debited:
            raise SameAccount(f"{line.account[:20]}:{line.holder[:30]}".removesuffix(":"))


def check_debts(lines: tuple[Posting, ...], chart: Chart) -> None:
    """Debts are struck off at the desk of accounts, by their names. Raises DebtNotNamed."""
    debts = chart.role("debts")
    for line in lines:
        if line.account == debts.code:
            raise DebtNotNamed(debts.code, line.holder)
