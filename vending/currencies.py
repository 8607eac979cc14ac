"""How money is written for people. Which money it is, the chart of accounts says and nobody else;
its name in words stands in `words/terms.toml` as `currency_ILS`."""

from __future__ import annotations

from typing import Final

_SIGNS: Final = {"ILS": "₪", "JOD": "JD", "USD": "$", "EUR": "€", "EGP": "E£"}


def sign(currency: str) -> str:
    """What stands behind an amount; the code of a currency that has no sign."""
    return _SIGNS.get(currency, currency)


def spoken(currency: str) -> str:
    """The name under which `messages.term` knows it, in words: shekels."""
    return f"currency_{currency}"
