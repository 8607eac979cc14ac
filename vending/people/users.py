"""Users: people who sign in, what they are, and where they sit. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from meters.errors import Invalid, Refused

from ..finding import western
from ..parties import Actor, Role

NEEDS_SECOND_FACTOR: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Roles that can undo what others did: a password alone does not open the door for them."""
LEAST_PASSWORD: Final = 10
"""Characters; length beats rules about signs (NIST SP 800-63B, 5.1.1)."""
MOST_PASSWORD: Final = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class User:
    """One person. Never deleted: what they did stays theirs."""

    name: str
    """What they sign in with, and what the books write down."""
    role: Role
    name_ar: str
    name_en: str
    point: str | None = None
    """The vending point that a clerk is bound to."""
    language: str = "ar"
    active: bool = True
    must_change: bool = False
    """The password was set by somebody else: the first thing is a new one."""
    password: str = field(default="", repr=False)
    """Its Argon2id hash."""
    second: str = field(default="", repr=False)
    """Secret of the second factor (base 32); empty: none yet."""
    second_used: int = 0
    """The last time step whose code was taken: a code opens the door once."""

    def actor(self, terminal: str) -> Actor:
        """As whom the core sees them, at a terminal."""
        return Actor(self.name, self.role, self.point, terminal)


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What somebody else may say of a user."""

    name: str
    role: Role
    name_ar: str
    name_en: str
    point: str | None = None
    language: str = "ar"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request comes from, and through which session."""

    user: User
    session: str
    """Its digest."""
    terminal: str
    since: datetime
    point: str = ""
    """The device's; who is bound to a point sits at that one."""

    @property
    def actor(self) -> Actor:
        seated = self.user.actor(self.terminal)
        return seated if seated.point or not self.point else replace(seated, point=self.point)

    @property
    def setting_up(self) -> bool:
        """Nothing else is open to them until they have a password, and a second factor where their
        role needs one, of their own."""
        missing = self.user.role in NEEDS_SECOND_FACTOR and not self.user.second
        return self.user.must_change or missing


@dataclass(eq=False)
class UserNameMalformed(Invalid, code="user.name_malformed"):
    """A user name has 2 to 40 small Latin letters, digits, dots, dashes, underscores."""


@dataclass(eq=False)
class UserExists(Refused, code="user.exists"):
    """A user of this name exists, perhaps inactive; names are never used twice."""

    name: str


@dataclass(eq=False)
class UserUnknown(Invalid, code="user.unknown"):
    """There is no user of this name."""

    name: str


@dataclass(eq=False)
class PasswordTooShort(Invalid, code="user.password_too_short"):
    """A password needs so many characters, and may have so many."""

    least: int
    most: int


@dataclass(eq=False)
class PasswordGuessable(Invalid, code="user.password_guessable"):
    """The password is the user's own name, one sign repeated, or a row of digits."""


@dataclass(eq=False)
class OwnAct(Refused, code="user.own_act"):
    """Nobody changes their own role, activity or second factor through the office."""


def check_user_name(name: str) -> str:
    """The name as it is kept. Raises UserNameMalformed."""
    plain = western(name.strip()).lower()
    if not _NAME.fullmatch(plain):
        raise UserNameMalformed()
    return plain


def check_password(user: str, password: str) -> str:
    """The password in the one form that is hashed (NFKC: an Arabic keyboard on another system
    gives the same signs another way). Raises PasswordTooShort, PasswordGuessable."""
    plain = unicodedata.normalize("NFKC", password)
    if not LEAST_PASSWORD <= len(plain) <= MOST_PASSWORD:
        raise PasswordTooShort(LEAST_PASSWORD, MOST_PASSWORD)
    folded = plain.casefold()
    row = "01234567890123456789"
    if user in folded or len(set(folded)) < 4 or folded in row or folded in row[::-1]:
        raise PasswordGuessable()
    return plain
