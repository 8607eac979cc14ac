"""What an adjustment may do by what stands in the books: who can hold a share of an account, and
how much there is to be taken."""

from __future__ import annotations

from collections.abc import Iterator

from meters.quantities import Money

from ..ledger import Account, Chart, Posting
from .adjustments import unknown_holder
from .days import Span
from .errors import DepositTooSmall, Overdrawn, WriteOffTooMuch
from .ports import BooksReading


def check_holders(books: BooksReading, lines: tuple[Posting, ...], chart: Chart) -> None:
    """Of lines that `lines.checked_lines` has passed: who holds a share is registered. Raises
    HolderWrong, OperatorUnknown."""
    for line in lines:
        account = chart.find(line.account)
        assert account is not None
        if line.holder and not books.holder_exists(account.per, line.holder):
            raise unknown_holder(account, line.holder)


def is_holder(books: BooksReading, account: Account, holder: str) -> bool:
    """Whether they can hold a share of the account, or do: who is in the books alone (somebody has
    changed them) is shown there."""
    if account.per != "none" and books.holder_exists(account.per, holder):
        return True
    return holder != "" and any(books.lines(account.code, holder, Span(), most=1))


def check_balances(books: BooksReading, lines: tuple[Posting, ...], chart: Chart) -> None:
    """What is owed to customers can be used up, not overdrawn; nor is a deposit paid out that has
    been sold meanwhile. Raises Overdrawn, DepositTooSmall."""
    owed, deposit = chart.role("customer_balance"), chart.role("operator_deposit")
    for holder, amount, balance in _taken(books, lines, owed):
        if amount > balance:
            raise Overdrawn(holder, str(Money(balance, owed.unit)), str(Money(amount, owed.unit)))
    places = {chart.role(role).code for role in ("safe", "bank")}
    if any(line.account in places and line.amount < 0 for line in lines):
        for holder, amount, balance in _taken(books, lines, deposit):
            if amount > balance:
                raise DepositTooSmall(holder, Money(balance, deposit.unit).to_text())


def check_given_up(books: BooksReading, lines: tuple[Posting, ...], chart: Chart) -> None:
    """What is not there cannot be given up: it would stand as if somebody had overpaid. Of a debt
    `Follow` tells it, by its name. Raises WriteOffTooMuch."""
    debts = chart.role("debts").code
    for line in lines:
        if line.amount < 0 and line.account != debts:
            there = books.opening(line.account, line.holder, None)
            if there + line.amount < 0:
                told = Money(there, line.unit).to_text()
                raise WriteOffTooMuch(line.account, line.holder, told)


def _taken(
    books: BooksReading, lines: tuple[Posting, ...], account: Account
) -> Iterator[tuple[str, int, int]]:
    """Who loses something of what this account owes them: how much, and what it owes now."""
    taken: dict[str, int] = {}
    for line in lines:
        if line.account == account.code:
            taken[line.holder] = taken.get(line.holder, 0) + line.amount
    for holder, amount in taken.items():
        if amount > 0:
            yield holder, amount, -books.balance(account.code, holder, account.unit)
