"""What an act on an account must be, and how far each role may go. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from fractions import Fraction

from meters.errors import Invalid
from meters.quantities import Money, decimal_from_text

from ..accounting.days import day_of
from ..parties import Role
from ..plaintext import check_kept, in_one_line
from ..tariff import AccountState, CurrencyWrong, Debt, Instalment, Label, Month, Percentage
from .errors import (
    DebtWrong,
    MoreThanOwed,
    NothingOwed,
    PostponedPast,
    PostponedTooLong,
    ReductionWrong,
)
from .events import Outcome, debt_named

POSTPONED_MONTHS: Mapping[Role, int] = {
    Role.OPERATOR: 1,
    Role.BILLING: 3,
    Role.SUPERVISOR: 12,
}
"""Who may put a debt off until the end of which month after this one."""

_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_LONGEST_CODE = 40
_LONGEST_NAME = 60
_LONGEST_SOURCE = 200
_LAST_PRIORITY = 99


def new_debt(
    code: str,
    label: Label,
    amount: Money,
    priority: int,
    recovery: Percentage | Instalment,
    currency: str,
) -> Debt:
    """A debt of which nothing has been paid, in the books' currency. Raises DebtWrong, TextNotKept,
    CurrencyWrong."""
    if len(code) > _LONGEST_CODE or not _CODE.fullmatch(code):
        raise DebtWrong("code")
    if not all(0 < len(name.strip()) <= _LONGEST_NAME for name in (label.ar, label.en)):
        raise DebtWrong("name")
    check_kept("name", label.ar.strip(), label.en.strip())
    if amount.currency != currency:
        raise CurrencyWrong(amount.currency, currency)
    if amount.minor <= 0:
        raise DebtWrong("amount")
    if not 1 <= priority <= _LAST_PRIORITY:
        raise DebtWrong("priority")
    return Debt(
        code=code,
        label=Label(label.ar.strip(), label.en.strip()),
        owed=amount,
        priority=priority,
        recovery=_recovery(recovery, currency),
    )


def checked_source(text: str) -> str:
    """Where a debt comes from, without spaces around it. Raises DebtWrong."""
    source = in_one_line(text)
    if not 0 < len(source) <= _LONGEST_SOURCE:
        raise DebtWrong("source")
    return source


def owing(state: AccountState, code: str) -> Debt:
    """The debt, if something of it is owed. Raises DebtUnknown, NothingOwed."""
    debt = debt_named(state, code)
    if debt.owed.minor <= 0:
        raise NothingOwed(code)
    return debt


def check_postponing(day: date, role: Role, now: datetime, zone: tzinfo) -> None:
    """Whether this role may put a debt off up to the end of a day. Raises PostponedPast,
    PostponedTooLong."""
    if day < day_of(now, zone):
        raise PostponedPast(day.isoformat())
    local = now.astimezone(zone)
    behind = Month(local.year, local.month).plus(POSTPONED_MONTHS.get(role, 0) + 1)
    last = date(behind.year, behind.month, 1) - timedelta(days=1)
    if day > last:
        raise PostponedTooLong(day.isoformat(), last.isoformat(), role.value)


def struck_off(debt: Debt, outcome: Outcome, to: Money | None) -> Money:
    """What settling a dispute so takes off a debt. Raises ReductionWrong."""
    reduced = outcome is Outcome.REDUCED
    if (to is not None) != reduced:
        raise ReductionWrong(debt.code, str(debt.owed))
    if to is None:
        return debt.owed if outcome is Outcome.UPHELD else Money(0, debt.owed.currency)
    if to.currency != debt.owed.currency or not 0 < to.minor < debt.owed.minor:
        raise ReductionWrong(debt.code, str(debt.owed))
    return debt.owed - to


def check_off(debt: Debt, off: Money) -> None:
    """Raises CurrencyWrong, DebtWrong (nothing is to be struck off), MoreThanOwed."""
    if off.currency != debt.owed.currency:
        raise CurrencyWrong(off.currency, debt.owed.currency)
    if off.minor <= 0:
        raise DebtWrong("amount")
    if off > debt.owed:
        raise MoreThanOwed(debt.code, str(debt.owed), str(off))


def _recovery(recovery: Percentage | Instalment, currency: str) -> Percentage | Instalment:
    if isinstance(recovery, Instalment):
        if recovery.amount.currency != currency or recovery.amount.minor <= 0:
            raise DebtWrong("recovery")
        return recovery
    try:
        percent = decimal_from_text(recovery.percent)
    except Invalid:
        raise DebtWrong("recovery") from None
    if not 0 < Fraction(percent) <= 100:
        raise DebtWrong("recovery")
    # In plain digits, whatever script it was typed in.
    return Percentage(f"{percent:f}")
