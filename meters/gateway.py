"""The contract between the business and whatever reaches a meter.

A driver offers a Gateway for one meter. What cannot be reached raises Unavailable; what was
sent and not answered is an *outcome* of the push, because the caller must reconcile it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol, runtime_checkable

from .account import MeterAccount, MeterSts, TokenLogEntry
from .errors import Invalid, Unavailable
from .identity import plain_digits
from .verdicts import TokenResult

TOKEN_DIGITS = 20


@dataclass(eq=False)
class MeterUnreachable(Unavailable, code="meter.unreachable"):
    """No answer from the meter, and nothing was asked that changes it."""

    meter: str
    reason: str


@dataclass(eq=False)
class MeterWithoutAddress(MeterUnreachable, code="meter.without_address"):
    """Nobody has written down where this meter can be reached: to try again helps nobody."""

    reason: str = "no address on record"


@dataclass(eq=False)
class MeterMismatch(Invalid, code="meter.mismatch"):
    """Another meter answers at this address than the records say."""

    expected: str
    found: str


@dataclass(eq=False)
class PushLength(Invalid, code="meter.push_length"):
    """A token to push has 20 digits."""

    digits: int


@dataclass(frozen=True, slots=True)
class PushAccepted:
    """The meter took the token."""

    result: TokenResult


@dataclass(frozen=True, slots=True)
class PushRefused:
    """The meter judged the token and did not take it."""

    result: TokenResult


@dataclass(frozen=True, slots=True)
class PushUnknown:
    """The token was sent and no verdict came back: read the token log before anything else."""

    reason: str


PushOutcome = PushAccepted | PushRefused | PushUnknown


class Gateway(Protocol):
    """Reach one meter. Implementations never repeat a write by themselves."""

    def read_account(self) -> MeterAccount:
        """Balance, supply and counters, read now. Raises MeterUnreachable, MeterMismatch."""
        ...

    def push_token(self, token: str) -> PushOutcome:
        """Hand the 20 digits to the meter once.

        Raises NotDigits and PushLength for what is not a token (see `digits_to_push`),
        MeterUnreachable only if the token certainly did not reach the meter, and
        MeterMismatch if another meter answers there.
        """
        ...

    def read_token_log(self) -> list[TokenLogEntry]:
        """The latest judged tokens, newest first. Raises MeterUnreachable, MeterMismatch."""
        ...

    def close(self) -> None:
        """Let go of the line."""
        ...


@runtime_checkable
class StsReader(Protocol):
    """What a Gateway also is where its meter tells which key it holds."""

    def read_sts(self) -> MeterSts:
        """Supply group, key revision, tariff index. Raises MeterUnreachable, MeterMismatch."""
        ...


def digits_to_push(token: str) -> str:
    """The 20 ASCII digits of a token as a person may have written it.

    Raises NotDigits, PushLength; neither holds the token.
    """
    digits = plain_digits(token)
    if len(digits) != TOKEN_DIGITS:
        raise PushLength(len(digits))
    return digits


def token_fingerprint(token: str) -> str:
    """First 8 bytes of SHA-256 over the 20 ASCII digits, as 16 hex digits.

    A meter's log keeps this instead of the token, so that reading the log shows whether one
    particular token was entered without giving away the digits of any.
    """
    return sha256(token.encode("ascii")).hexdigest()[:16]
