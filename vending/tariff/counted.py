"""Monthly charges, month by month: what has come to be owed of each by now."""

from __future__ import annotations

from dataclasses import dataclass

from .charges import MonthlyCharge
from .months import Month
from .state import AccountState
from .tariffs import Tariff


@dataclass(frozen=True, slots=True)
class Counted:
    """A monthly charge on one account, all months up to now counted."""

    code: str
    charge: MonthlyCharge | None
    """As the present version has it, or the last one before it that did; None: none ever did."""
    through: Month
    owed: int
    """Minor units, tax included."""
    months: int
    """How many were newly counted, and asked for something."""


def counted(tariff: Tariff, state: AccountState, month: Month) -> list[Counted]:
    """Every monthly charge that the account has met, or that this version has, or that an earlier
    one asked for in months that nobody has counted yet."""
    stands = {stand.code: stand for stand in state.charges}
    present = {charge.sum.heading.code for charge in tariff.monthly_charges}
    found = []
    for code in dict.fromkeys([*stands, *(c.sum.heading.code for c in tariff.monthly_ever)]):
        before, new = months_counted(tariff, state, code, month)
        owed = before + sum(new)
        if code not in stands and code not in present and not owed:
            # Abolished before it asked this account for anything: nothing to remember.
            continue
        through = max(month, stands[code].through) if code in stands else month
        asking = sum(1 for amount in new if amount)
        found.append(Counted(code, tariff.monthly(code), through, owed, asking))
    return found


def months_counted(
    tariff: Tariff, state: AccountState, code: str, month: Month
) -> tuple[int, list[int]]:
    """A monthly charge: what was owed before, and what each month newly counted adds to it."""
    stand = next((one for one in state.charges if one.code == code), None)
    first = stand.through.plus(1) if stand is not None else state.since or month
    new = [tariff.monthly_sum(code, first.plus(n)) for n in range(first.until(month) + 1)]
    return (0 if stand is None else stand.owed.minor), new
