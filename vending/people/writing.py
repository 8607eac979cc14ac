"""What several use cases of people do inside a transaction."""

from __future__ import annotations

from datetime import datetime

from ..parties import Actor
from .ports import HouseWriting
from .sessions import Ending
from .trail import Act, line


def write_down(house: HouseWriting, act: Act, actor: Actor, now: datetime) -> None:
    """One more line of the trail, in the transaction of what it tells."""
    house.add_line(line(act, actor, now, house.trail_head()))


def end_all(
    house: HouseWriting, user: str, now: datetime, ending: Ending, but: str | None = None
) -> None:
    """Ends the open sessions of a user."""
    for session in house.sessions(user):
        if session.digest != but:
            house.end_session(session.digest, now, ending)
