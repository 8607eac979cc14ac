"""A quote binds: until it expires, the sale that names it is honoured line by line, or refused
with the name of what has changed since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from meters.values import names_of

from ..ids import check_new
from .errors import QuoteChanged, QuoteExpired, QuoteIdMalformed
from .months import Month
from .quotes import Quote
from .state import AccountState, QuoteRequest
from .tariffs import Tariff

QUOTE_TTL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class QuoteInputs:
    """Everything that a quote is made from, besides the moment."""

    subject: str
    """Whose quote it is: agreement and meter, as the caller names them."""
    tariff: Tariff
    request: QuoteRequest
    state: AccountState
    month: Month
    """The billing month: blocks and allowances begin anew in the next one."""

    def digests(self) -> dict[str, str]:
        """A hash for each part that can change, by a name that people understand."""
        state = self.state
        parts: dict[str, Any] = {
            "meter": self.subject,
            "amount": self.request,
            "tariff": self.tariff,
            "balance": state.balance,
            "month": (self.month, state.use, state.since),
            "charges": (state.charges, state.fees),
            "debts": state.debts,
        }
        return {name: _digest(part) for name, part in parts.items()}


@dataclass(frozen=True, slots=True)
class BindingQuote:
    """A quote with its name, its end, and what it was made from."""

    id: str
    quote: Quote
    made_at: datetime
    expires_at: datetime
    digests: Mapping[str, str]
    """As `QuoteInputs.digests` gave them."""

    @property
    def inputs_hash(self) -> str:
        """One hash over everything that the quote was made from."""
        return _digest(dict(self.digests))


def binding(
    quote: Quote,
    inputs: QuoteInputs,
    now: datetime,
    *,
    quote_id: str = "",
    ttl: timedelta = QUOTE_TTL,
) -> BindingQuote:
    """`quote` as a promise. Without an id of the caller's, one is derived from inputs and moment.
    Raises QuoteIdMalformed, IdInCapitals."""
    digests = inputs.digests()
    name = quote_id or _digest((digests, now))[:32]
    check_new(name, QuoteIdMalformed)
    return BindingQuote(name, quote, now, now + ttl, digests)


def still_binds(promise: BindingQuote, inputs_now: QuoteInputs, now: datetime) -> Quote:
    """The quote, to be sold exactly as it stands. Raises QuoteExpired, QuoteChanged."""
    if now >= promise.expires_at:
        until = promise.expires_at.astimezone(UTC).isoformat(timespec="seconds")
        raise QuoteExpired(promise.id, until)
    current = inputs_now.digests()
    changed = [name for name, digest in current.items() if promise.digests.get(name) != digest]
    if changed:
        raise QuoteChanged(promise.id, changed)
    return promise.quote


def _digest(part: Any) -> str:
    text = json.dumps(_plain(part), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> Any:
    """Nested lists and texts with every type and field named, so that nothing reads as another."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    # A tariff's earlier versions decide what months gone by were charged. What follows from the
    # other fields says nothing new.
    told = names_of(value)
    if told is not None:
        return {
            "is": type(value).__name__,
            **{name: _plain(getattr(value, name)) for name in told},
        }
    raise TypeError(f"no plain form for {type(value).__name__}")
