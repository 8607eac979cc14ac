"""Slowing down whoever guesses: after a few wrong tries the next one must wait, twice as long each
time. Counted for the user name and for the address, in the database: several processes count as
one, and a restart forgets nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meters.errors import Refused

FREE_TRIES: Final = {"user": 4, "address": 20}
"""Wrong tries without a wait. A town hall sits behind one address."""
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN: Final = timedelta(hours=1)
"""Wrong tries as old as that count no more."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries in a row. The subject is a user name or an address, by `kind`."""

    kind: str
    subject: str
    wrong: int
    last_at: datetime


@dataclass(eq=False)
class TooManyTries(Refused, code="sign_in.too_many_tries"):
    """Too many wrong tries: wait so many seconds. Nothing was checked."""

    seconds: int


def check_tries(tries: list[Tries], now: datetime) -> None:
    """Raises TooManyTries for the longest wait among them."""
    waits = [until - now for one in tries if (until := _until(one)) > now]
    if waits:
        raise TooManyTries(max(1, -(-max(waits) // timedelta(seconds=1))))


def one_more(tries: Tries | None, kind: str, subject: str, now: datetime) -> Tries:
    """The count after another wrong try."""
    old = tries is None or now - tries.last_at > FORGOTTEN
    return Tries(kind, subject, 1 if old or tries is None else tries.wrong + 1, now)


def _until(tries: Tries) -> datetime:
    beyond = tries.wrong - FREE_TRIES[tries.kind]
    if beyond < 0:
        return tries.last_at
    # Bounded before it is doubled: a machine may guess for weeks.
    doubled: int = 1 << min(beyond, 10)
    return tries.last_at + min(FIRST_WAIT * doubled, LONGEST_WAIT)
