"""An account as it is kept, and a debt put off for one sale.

Pure, and on the path of every sale: a document is short, and read by hand-written lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import DecodeError
from msgspec.json import decode

from meters.account import Commodity
from meters.quantities import Money, Quantity
from meters.values import replace

from ..accounting.adjustments import checked_reason
from ..ledger import canonical_plain, canonical_time
from ..tariff import (
    AccountState,
    ChargeState,
    Debt,
    FeeDue,
    Instalment,
    Label,
    Month,
    MonthUse,
    Percentage,
    Postponed,
)
from .errors import AccountDocumentBroken, DebtUnknown

USUAL_PRIORITY = 30
"""Of a debt that nothing else is said of: behind fees (10) and monthly charges (20)."""
_USUAL_BOOK = "debts"


def document_of(state: AccountState) -> str:
    """Canonical JSON of everything but the balance: one text for accounts that price alike,
    whatever the order of their parts. Every sum must be in the currency of the balance
    (TypeError)."""
    currency = state.balance.currency
    document: dict[str, Any] = {}
    if state.use is not None:
        use = state.use
        supported = sorted([[code, units.value] for code, units in use.supported])
        document["use"] = [str(use.month), use.units.value, supported]
    if state.since is not None:
        document["since"] = str(state.since)
    if state.charges:
        document["charges"] = sorted(
            [one.code, str(one.through), _minor(one.owed, currency)] for one in state.charges
        )
    if state.fees:
        document["fees"] = sorted(
            ([fee.code] if fee.owed is None else [fee.code, _minor(fee.owed, currency)])
            for fee in state.fees
        )
    if state.debts:
        document["debts"] = [
            debt_values(debt, currency) for debt in sorted(state.debts, key=lambda one: one.code)
        ]
    return canonical_plain(document).decode("ascii")


def state_of(
    document: str | None,
    balance: Money,
    commodity: Commodity,
    since: Month | None,
    now_month: Month,
) -> AccountState:
    """The account that `document_of` was given, with its parts by code, ready to be priced. None is
    an agreement without history. What no sale has fixed yet is as at the first one: nothing bought
    in `now_month`, and monthly charges begin at the agreement's `since`, or now.

    Raises AccountDocumentBroken.
    """
    return begun(kept_state(document, balance, commodity), commodity, since, now_month)


def kept_state(document: str | None, balance: Money, commodity: Commodity) -> AccountState:
    """The account exactly as it is kept; of one without a document only the balance is known.
    Raises AccountDocumentBroken."""
    if document is None:
        return AccountState(balance)
    kind = commodity.quantity
    try:
        read = decode(document)
        return AccountState(
            balance=balance,
            use=_use(read["use"], kind) if "use" in read else None,
            since=_month(read["since"]) if "since" in read else None,
            charges=tuple(
                [
                    ChargeState(code, _month(through), Money(owed, balance.currency))
                    for code, through, owed in read.get("charges", ())
                ]
            ),
            fees=tuple(
                [
                    FeeDue(code, Money(owed[0], balance.currency) if owed else None)
                    for code, *owed in read.get("fees", ())
                ]
            ),
            debts=tuple([debt_from(one, balance.currency) for one in read.get("debts", ())]),
        )
    except (DecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise AccountDocumentBroken(type(error).__name__) from error


def begun(
    state: AccountState, commodity: Commodity, since: Month | None, now_month: Month
) -> AccountState:
    """The account with what a first sale in `now_month` fixes; one with sales stays as it is."""
    if state.use is not None and state.since is not None:
        return state
    return replace(
        state,
        use=state.use or MonthUse(now_month, commodity.quantity(0)),
        since=state.since or since or now_month,
    )


def debt_values(debt: Debt, currency: str) -> dict[str, Any]:
    """A debt as plain values; its sums must be in `currency` (TypeError)."""
    values: dict[str, Any] = {
        "code": debt.code,
        "name": [debt.label.ar, debt.label.en],
        "owed": _minor(debt.owed, currency),
        "priority": debt.priority,
    }
    if isinstance(debt.recovery, Instalment):
        values["instalment"] = _minor(debt.recovery.amount, currency)
    else:
        values["percent"] = debt.recovery.percent
    if debt.book != _USUAL_BOOK:
        values["book"] = debt.book
    if debt.disputed:
        values["disputed"] = debt.disputed
    if debt.postponed is not None:
        values["postponed"] = [canonical_time(debt.postponed.until), debt.postponed.reason]
    if debt.taken_in is not None and debt.taken is not None:
        values["taken"] = [str(debt.taken_in), _minor(debt.taken, currency)]
    return values


def debt_from(values: dict[str, Any], currency: str) -> Debt:
    """The debt that `debt_values` was given. Raises KeyError, ValueError, TypeError."""
    instalment, postponed, taken = (
        values.get(name) for name in ("instalment", "postponed", "taken")
    )
    return Debt(
        code=values["code"],
        label=Label(*values["name"]),
        owed=Money(values["owed"], currency),
        priority=values["priority"],
        recovery=(
            Percentage(values["percent"])
            if instalment is None
            else Instalment(Money(instalment, currency))
        ),
        book=values.get("book", _USUAL_BOOK),
        disputed=values.get("disputed", ""),
        postponed=(
            None
            if postponed is None
            else Postponed(datetime.fromisoformat(postponed[0]), postponed[1])
        ),
        taken_in=None if taken is None else _month(taken[0]),
        taken=None if taken is None else Money(taken[1], currency),
    )


def postponed_for_sale(
    state: AccountState,
    debts: Sequence[tuple[str, str]],
    now: datetime,
    until: datetime,
) -> AccountState:
    """The account to price one sale with, in which nothing is taken for `debts`, each a code and
    the clerk's reason. A debt that is put off for longer already stays so.

    What is kept after the sale follows from the account without this mark, unless the mark is to
    outlive the sale; then it is an event of the account. Raises DebtUnknown, ReasonMissing.
    """
    if until <= now:
        raise ValueError("a debt is put off to a later moment")
    reasons = {code: checked_reason(why) for code, why in debts}
    known = {debt.code for debt in state.debts}
    for code in reasons:
        if code not in known:
            raise DebtUnknown(code)
    return replace(
        state,
        debts=tuple(
            replace(debt, postponed=Postponed(until, reasons[debt.code]))
            if debt.code in reasons and (debt.postponed is None or debt.postponed.until < until)
            else debt
            for debt in state.debts
        ),
    )


def _use(values: list[Any], kind: type[Quantity]) -> MonthUse:
    month, units, supported = values
    taken = tuple([(code, kind(value)) for code, value in supported])
    return MonthUse(_month(month), kind(units), taken)


def _month(text: str) -> Month:
    return Month(int(text[:4]), int(text[5:]))


def _minor(money: Money, currency: str) -> int:
    if money.currency != currency:
        raise TypeError(f"an account in {currency} cannot keep {money.currency}")
    return money.minor
