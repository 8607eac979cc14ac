"""Sessions: kept here, so that they can be ended; the browser has an opaque id, we its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Final

from meters.errors import Refused

IDLE: Final = timedelta(minutes=30)
"""A session that nobody used for so long is over."""
LONGEST: Final = timedelta(hours=14)
"""A day's work; then sign in anew."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use is kept: not every page is worth a write."""
ID_BYTES: Final = 32


class Ending(Enum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    TOO_LONG = "too_long"
    ELSEWHERE = "elsewhere"
    """The same person signed in at another place: a clerk has one open session."""
    BY_SUPERVISOR = "by_supervisor"
    CHANGED = "changed"
    """The user was made inactive, or got another role, point or password."""


@dataclass(frozen=True, slots=True)
class Session:
    """One stay of one user."""

    digest: str
    """SHA-256 of the id in the cookie, 64 hex digits."""
    user: str
    terminal: str
    address: str
    """Where it came from, for the list that people see."""
    started_at: datetime
    seen_at: datetime
    device: str = ""
    """Name of the device, if it has a key."""
    point: str = ""
    """The device's."""
    ended_at: datetime | None = None
    ending: Ending | None = None


@dataclass(eq=False)
class NotSignedIn(Refused, code="session.none"):
    """No session, or one that is over."""


@dataclass(eq=False)
class SessionUnknown(Refused, code="session.unknown"):
    """No open session of this number."""


def digest_of(id: str) -> str:
    """What is kept of a session's id: whoever reads the table cannot use it."""
    return sha256(id.encode()).hexdigest()


def over(session: Session, now: datetime) -> Ending | None:
    """Why the session is not good any more at `now`; None while it is."""
    if session.ending is not None:
        return session.ending
    if now - session.seen_at > IDLE:
        return Ending.IDLE
    if now - session.started_at > LONGEST:
        return Ending.TOO_LONG
    return None
