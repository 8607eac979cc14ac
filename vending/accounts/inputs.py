"""What people type at the desk, as values."""

from __future__ import annotations

from meters.quantities import Money

from ..tariff import Instalment, Percentage
from .errors import OutcomeUnknown, RecoveryUnclear
from .events import Outcome


def read_recovery(
    percent: str | None, instalment: str | None, currency: str
) -> Percentage | Instalment:
    """One of the two. Raises RecoveryUnclear, NotANumber, TooFine."""
    if (percent is None) == (instalment is None):
        raise RecoveryUnclear()
    if instalment is not None:
        return Instalment(Money.from_text(instalment, currency))
    return Percentage(percent or "")


def read_outcome(text: str) -> Outcome:
    """Raises OutcomeUnknown."""
    try:
        return Outcome(text.strip().lower())
    except ValueError:
        raise OutcomeUnknown(text.strip()[:20]) from None
