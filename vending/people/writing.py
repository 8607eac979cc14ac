"""What several use cases of people do inside a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ..masking import masked
from ..parties import Actor
from ..plaintext import in_one_line
from .ports import House, HouseWriting
from .sessions import Ending
from .throttling import one_more
from .trail import Act, line


def write_down(house: HouseWriting, act: Act, actor: Actor, now: datetime) -> None:
    """One more line of the trail, in the transaction of what it tells. What somebody typed is kept
    in one line, as the act itself keeps it, without signs that no database holds or that turn the
    writing, and without a token."""
    subject, reason = (masked(in_one_line(text)) for text in (act.subject, act.reason))
    told = replace(act, subject=subject, reason=reason)
    house.add_line(line(told, actor, now, house.trail_end()))


def one_wrong(house: House, subjects: Iterable[tuple[str, str]], now: datetime) -> None:
    """Counts a wrong try for each of them, by kind and subject."""
    with house.writing() as books:
        for kind, subject in subjects:
            books.put_tries(one_more(books.tries(kind, subject), kind, subject, now))


def end_all(
    house: HouseWriting, user: str, now: datetime, ending: Ending, but: str | None = None
) -> None:
    """Ends the open sessions of a user."""
    for session in house.sessions(user):
        if session.digest != but:
            house.end_session(session.digest, now, ending)
