"""What several use cases of people do inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ..masking import masked
from ..parties import Actor
from ..plaintext import in_one_line
from .ports import House, HouseReading, HouseWriting
from .sessions import Ending
from .throttling import check_tries, one_more
from .trail import Act, line

Subjects = Sequence[tuple[str, str]]
"""Whom or what wrong tries are counted for: kind and subject."""


def write_down(house: HouseWriting, act: Act, actor: Actor, now: datetime) -> None:
    """One more line of the trail, in the transaction of what it tells. What somebody typed is kept
    in one line, as the act itself keeps it, without signs that no database holds or that turn the
    writing, and without a token."""
    subject, reason = (masked(in_one_line(text)) for text in (act.subject, act.reason))
    told = replace(act, subject=subject, reason=reason)
    house.add_line(line(told, actor, now, house.trail_end()))


def check_waits(house: HouseReading, subjects: Subjects, now: datetime) -> None:
    """Whether one may try for all of them. To be asked again before it is told what a try has come
    to: of many who guess at one moment only as many learn something as if they had come one after
    the other. Raises TooManyTries."""
    found = [house.tries(kind, subject) for kind, subject in subjects]
    check_tries([tries for tries in found if tries is not None], now)


def one_wrong(house: House, subjects: Subjects, now: datetime) -> None:
    """Counts a wrong try for each of them. Raises TooManyTries where others have tried meanwhile:
    then nothing is counted, and not to be told either."""
    with house.writing() as books:
        check_waits(books, subjects, now)
        for kind, subject in subjects:
            books.put_tries(one_more(books.tries(kind, subject), kind, subject, now))


def end_all(
    house: HouseWriting, user: str, now: datetime, ending: Ending, but: str | None = None
) -> None:
    """Ends the open sessions of a user."""
    for session in house.sessions(user):
        if session.digest != but:
            house.end_session(session.digest, now, ending)
