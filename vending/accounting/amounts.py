"""What people type as an account and an amount."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid
from meters.quantities import Energy, Money, TooFine, Volume, decimal_from_text

from ..ledger import Account, Chart
from .errors import AccountUnknown


@dataclass(eq=False)
class AccountText(Invalid, code="ledger.account_text"):
    """An account is written as its code, or `code:holder`."""

    text: str


def read_account(text: str, chart: Chart) -> tuple[Account, str]:
    """Account and holder from `1010:P1` or `4010`. Raises AccountText, AccountUnknown."""
    code, _, holder = text.strip().partition(":")
    if not code:
        raise AccountText(text.strip()[:40])
    account = chart.find(code.strip())
    if account is None:
        raise AccountUnknown(code.strip()[:20])
    return account, holder.strip()


def read_amount(text: str, unit: str) -> int:
    """Agorot, Wh, litres or tokens from what people write: shekels, kWh, m3, a number; may be
    negative.

    Raises NotANumber, TooFine.
    """
    if unit == "Wh":
        return Energy.from_text(text).value
    if unit == "l":
        return Volume.from_text(text).value
    if unit == "token":
        number = decimal_from_text(text)
        if number != number.to_integral_value():
            raise TooFine(text.strip()[:60], 0)
        return int(number)
    return Money.from_text(text, unit).minor
