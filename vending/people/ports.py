"""What the office of people asks of the world."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ..ledger import ChainEnd
from .sessions import Ending, Session
from .throttling import Tries
from .trail import TrailLine
from .users import User

if TYPE_CHECKING:
    from .devices import DeviceKey


class PasswordHasher(Protocol):
    """A slow hash (Argon2id)."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, hashed: str) -> bool: ...


class SecondFactor(Protocol):
    """One-time codes by time (RFC 6238)."""

    def secret(self) -> str:
        """A fresh one, base 32."""
        ...

    def is_secret(self, text: str) -> bool:
        """Whether it is as long as a fresh one, and of the same signs."""
        ...

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step that the code belongs to, one step of drift allowed; None if it is
        wrong."""
        ...


class HouseReading(Protocol):
    """One consistent view."""

    def user(self, name: str) -> User | None: ...

    def users(self) -> list[User]:
        """By name, inactive ones included."""
        ...

    def session(self, digest: str) -> Session | None: ...

    def sessions(self, user: str | None = None) -> list[Session]:
        """Open ones, the latest first."""
        ...

    def device(self, digest: str) -> DeviceKey | None: ...

    def devices(self) -> list[DeviceKey]:
        """By name, revoked ones included."""
        ...

    def tries(self, kind: str, subject: str) -> Tries | None: ...

    def trail(self, after: int, limit: int, subject: str = "", actor: str = "") -> list[TrailLine]:
        """Lines with numbers below `after` (0: from the end), latest first."""
        ...

    def whole_trail(self) -> Generator[TrailLine, None, None]:
        """From the first line on; to be closed by whoever stops early."""
        ...

    def trail_end(self) -> ChainEnd: ...

    def sealed_trail(self) -> dict[int, str]:
        """Hashes, by number, of the lines at which the trail ended when a day was sealed. Seals
        that cannot be read say nothing: the books name them."""
        ...


class HouseWriting(HouseReading, Protocol):
    """One transaction; whoever has it is the only writer."""

    def put_user(self, user: User) -> None:
        """Adds or replaces."""
        ...

    def add_session(self, session: Session) -> None: ...

    def seen(self, digest: str, at: datetime) -> None: ...

    def end_session(self, digest: str, at: datetime, ending: Ending) -> None: ...

    def put_device(self, device: DeviceKey) -> None:
        """Adds or replaces. May raise PointUnknown."""
        ...

    def put_tries(self, tries: Tries) -> None: ...

    def forget_tries(self, kind: str, subject: str) -> None: ...

    def add_line(self, line: TrailLine) -> None:
        """And moves the head of the trail."""
        ...


class House(Protocol):
    """Where users, sessions and the trail are kept. May raise the store's Unavailable."""

    def reading(self) -> AbstractContextManager[HouseReading]: ...

    def writing(self) -> AbstractContextManager[HouseWriting]: ...
