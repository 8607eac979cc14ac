"""What people do about themselves: the language of their screens, and the places where they are
signed in. A password of their own is `Doors.change_password`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from meters.errors import Invalid

from .ports import House
from .sessions import Ending, Session, SessionUnknown, over
from .trail import Act
from .users import SignedIn
from .writing import write_down

SCREENS: Final = ("ar", "en")


@dataclass(eq=False)
class ScreenLanguageUnknown(Invalid, code="user.language_unknown"):
    """Screens speak Arabic and English: `ar`, `en`."""

    language: str


class Own:
    """One instance serves many threads."""

    def __init__(self, house: House, clock: Callable[[], datetime]) -> None:
        self._house = house
        self._clock = clock

    def choose_language(self, who: SignedIn, language: str) -> None:
        """Of all their screens from now on. Raises ScreenLanguageUnknown."""
        if language not in SCREENS:
            raise ScreenLanguageUnknown(language[:10])
        with self._house.writing() as house:
            user = house.user(who.user.name)
            assert user is not None
            if user.language == language:
                return
            house.put_user(replace(user, language=language))
            before, after = {"language": user.language}, {"language": language}
            act = Act("user_changed", user.name, before=before, after=after)
            write_down(house, act, who.actor, self._clock())

    def sessions(self, who: SignedIn) -> list[Session]:
        """Their open ones, the latest first; this one is among them."""
        now = self._clock()
        with self._house.reading() as house:
            return [one for one in house.sessions(who.user.name) if over(one, now) is None]

    def end_session(self, who: SignedIn, digest: str) -> None:
        """One of their own, elsewhere. Raises SessionUnknown."""
        now = self._clock()
        with self._house.writing() as house:
            session = house.session(digest) if digest != who.session else None
            mine = session is not None and session.user == who.user.name
            if session is None or not mine or session.ending is not None:
                raise SessionUnknown()
            house.end_session(digest, now, Ending.SIGNED_OUT)
            write_down(house, Act("session_ended", who.user.name), who.actor, now)
