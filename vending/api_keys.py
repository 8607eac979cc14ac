"""Keys by which programs call the API. Only a key's SHA-256 is kept: 256 random bits need no
slow hash, and whoever reads the table cannot call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Protocol

from meters.errors import Invalid, Refused

from .accounting.adjustments import checked_reason
from .parties import Actor, Role
from .permissions import require
from .plaintext import in_one_line

PREFIX = "rsk_"
_SECRET_BYTES = 32
_FORM = re.compile(r"rsk_[0-9a-f]{64}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_MOST_TERMINAL = 60
_SELLING = frozenset({Role.OPERATOR, Role.SUPERVISOR})
"""Roles whose keys belong to a terminal, if they sell."""


class ApiScope(Enum):
    """What a key may be used for; the role decides the rest, in the core."""

    READ = "read"
    """Look up customers, meters, sales, readings and the state of the books; quote."""
    VEND = "vend"
    """Sell and reprint. Only this scope ever sees a token's digits."""
    METER = "meter"
    """Push a sold token to its meter, reconcile, read the meter."""
    REGISTER = "register"
    """Write down customers, places and meters (administrators)."""
    BOOKS = "books"
    """Read statements and journals; seal, adjust, close, and decide on tariffs, as far as the role
    goes."""
    APPROVE = "approve"
    """Ask for and decide acts of two people; bar what must not go on, as far as the role goes."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of one caller: of a person at a terminal, or of a program. `name` is unique."""

    name: str
    role: Role
    scopes: frozenset[ApiScope]
    digest: str = field(repr=False)
    """SHA-256 of the key's text, 64 hex digits."""
    created_at: datetime
    point: str | None = None
    """Code of the vending point it sells for."""
    terminal: str = ""
    revoked_at: datetime | None = None
    person: str = ""
    """Who calls with it, as their other keys and doors name them; empty: `name` says it."""

    @property
    def caller(self) -> str:
        """What the books write down, and what people are compared by."""
        return self.person or self.name

    @property
    def actor(self) -> Actor:
        return Actor(f"api:{self.caller}", self.role, self.point, self.terminal)


class ApiKeys(Protocol):
    """Where API keys are kept. Every method may raise the store's Unavailable."""

    def add(self, key: ApiKey) -> None:
        """Raises ApiKeyExists, PointUnknown, ApiKeyTerminalTaken."""
        ...

    def revoke(self, name: str, at: datetime) -> ApiKey:
        """From now on the key opens nothing; revoking again changes nothing.

        Raises ApiKeyUnknown.
        """
        ...

    def by_digest(self, digest: str) -> ApiKey | None:
        """The key with this digest, revoked or not."""
        ...

    def all(self) -> list[ApiKey]:
        """By name, revoked ones included."""
        ...


@dataclass(eq=False)
class ApiKeyExists(Refused, code="apikey.exists"):
    """A key of this name exists, perhaps revoked; names are never used twice."""

    name: str


@dataclass(eq=False)
class ApiKeyUnknown(Invalid, code="apikey.unknown"):
    """There is no key of this name."""

    name: str


@dataclass(eq=False)
class ApiKeyName(Invalid, code="apikey.name"):
    """A name has 1 to 40 of the letters A to Z, digits, dot, dash, underscore."""


@dataclass(eq=False)
class ApiKeyPerson(Invalid, code="apikey.person"):
    """A person is told as a key is named, by the name that their other doors know them by."""


@dataclass(eq=False)
class ApiKeyTerminal(Invalid, code="apikey.terminal"):
    """A terminal has at most 60 signs."""


@dataclass(eq=False)
class ApiKeyTerminalNeeded(Invalid, code="apikey.terminal_needed"):
    """A key that sells over the counter belongs to one terminal of one point: shifts, drawers and
    last sales are told apart by them."""


@dataclass(eq=False)
class ApiKeyTerminalTaken(Refused, code="apikey.terminal_taken"):
    """Another key, not revoked, stands for this terminal."""

    point: str
    terminal: str
    key: str


@dataclass(eq=False)
class CallerUnknown(Refused, code="caller.unknown"):
    """The request brings no key, or one that does not (or no longer) exist."""


@dataclass(eq=False)
class ScopeMissing(Refused, code="caller.scope_missing"):
    """The caller's key may not be used for this."""

    scope: str


def new_api_key(
    name: str,
    role: Role,
    scopes: frozenset[ApiScope],
    now: datetime,
    random_bytes: Callable[[int], bytes],
    *,
    point: str | None = None,
    terminal: str = "",
    person: str = "",
) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown once and stored nowhere. Raises ApiKeyName,
    ApiKeyPerson, ApiKeyTerminal."""
    if not _NAME.fullmatch(name):
        raise ApiKeyName()
    if person and not _NAME.fullmatch(person):
        raise ApiKeyPerson()
    plain = in_one_line(terminal)
    if len(plain) > _MOST_TERMINAL:
        raise ApiKeyTerminal()
    text = PREFIX + random_bytes(_SECRET_BYTES).hex()
    made = ApiKey(name, role, scopes, digest_of(text), now, point, plain, person=person)
    return made, text


class KeyOffice:
    """Who makes and takes back keys, with the trail watching. One instance serves many threads."""

    def __init__(
        self,
        keys: ApiKeys,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._random = random_bytes

    def create(
        self,
        actor: Actor,
        name: str,
        role: Role,
        scopes: frozenset[ApiScope],
        *,
        point: str | None = None,
        terminal: str = "",
        person: str = "",
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which is shown once and stored nowhere. Somebody who works at two
        terminals has a key for each, with one `person`: else they would be two people, with two
        deposits and twice their limits, and their own second person.

        Raises ActorNotAllowed, ApiKeyName, ApiKeyPerson, ApiKeyTerminal, ApiKeyTerminalNeeded,
        ApiKeyTerminalTaken, ApiKeyExists, PointUnknown.
        """
        require(actor, "manage_keys")
        made, text = new_api_key(
            name,
            role,
            scopes,
            self._clock(),
            self._random,
            point=point,
            terminal=terminal,
            person=person,
        )
        sells = ApiScope.VEND in scopes and role in _SELLING
        if sells and not (made.point and made.terminal):
            raise ApiKeyTerminalNeeded()
        self._keys.add(made)
        return made, text

    def revoke(self, actor: Actor, name: str, reason: str) -> ApiKey:
        """From now on it opens nothing; the trail keeps why. Raises ActorNotAllowed,
        ReasonMissing, ApiKeyUnknown."""
        require(actor, "manage_keys")
        checked_reason(reason)
        return self._keys.revoke(name, self._clock())

    def keys(self, actor: Actor) -> list[ApiKey]:
        """By name, revoked ones included. Raises ActorNotAllowed."""
        require(actor, "read_users")
        return self._keys.all()


def digest_of(text: str) -> str:
    """What is stored of a key."""
    return sha256(text.encode("ascii")).hexdigest()


def caller(keys: ApiKeys, text: str | None, scope: ApiScope) -> ApiKey:
    """The key behind the text of a request, if it may be used for `scope`.

    Raises CallerUnknown, ScopeMissing, and the store's Unavailable.
    """
    if text is None or not _FORM.fullmatch(text):
        raise CallerUnknown()
    # Looked up by digest: how long it takes says nothing about any stored key.
    key = keys.by_digest(digest_of(text))
    if key is None or key.revoked_at is not None:
        raise CallerUnknown()
    if scope not in key.scopes:
        raise ScopeMissing(scope.value)
    return key
