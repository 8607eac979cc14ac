"""The first run: while nobody can sign in, whoever holds the set-up code becomes the administrator.

The code is made when the program starts and told to the terminal that started it, or it stands in
the settings. It opens one door once: with the first user there is nothing left that it opens.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import Refused

from .devices import normalised
from .office import Office
from .ports import House
from .users import User, UserDraft, UserExists
from .writing import check_waits, one_wrong

LEAST_CODE: Final = 12
"""Letters and digits of a code."""
_BYTES: Final = 10
"""80 random bits, 16 letters: with the waits between wrong tries nobody guesses them, so that tries
are counted by address alone. Counted for everybody, a stranger could keep the owner out."""


@dataclass(eq=False)
class SetupCodeWrong(Refused, code="setup.code_wrong"):
    """This is not the code of the first run."""


class FirstRun:
    """One instance serves many threads."""

    def __init__(
        self,
        house: House,
        office: Office,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        chosen: str = "",
    ) -> None:
        """`chosen`: the code that the settings name; empty: one is made."""
        self._house = house
        self._office = office
        self._clock = clock
        self.is_chosen = bool(chosen)
        """Whether the code stands in the settings: then it need not be told."""
        self._code = normalised(chosen) or b32encode(random_bytes(_BYTES)).decode("ascii")

    @property
    def is_over(self) -> bool:
        """Whether somebody can sign in."""
        return not self._office.is_empty

    @property
    def code(self) -> str:
        """In groups of four, for the eyes of whoever started the program: a terminal, never a
        log."""
        return "-".join(self._code[i : i + 4] for i in range(0, len(self._code), 4))

    def begin(self, draft: UserDraft, password: str, code: str, address: str) -> User:
        """The first user, an administrator.

        Raises UserExists once there is one, TooManyTries, SetupCodeWrong, UserNameMalformed,
        PasswordTooShort, PasswordGuessable.
        """
        if self.is_over:
            raise UserExists(draft.name[:40])
        now, subjects = self._clock(), (("address", address[:60]),)
        with self._house.reading() as house:
            check_waits(house, subjects, now)
        if not hmac.compare_digest(normalised(code).encode(), self._code.encode()):
            one_wrong(self._house, subjects, now)
            raise SetupCodeWrong()
        with self._house.reading() as house:
            check_waits(house, subjects, now)
        made = self._office.begin(draft, password)
        with self._house.writing() as house:
            for kind, subject in subjects:
                house.forget_tries(kind, subject)
        return made
