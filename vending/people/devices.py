"""Keys of devices: a terminal of a point is known by one, and whoever signs in on it sits there.
Only a key's SHA-256 is kept; the device has it in a cookie that no script reads."""

from __future__ import annotations

import re
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from meters.errors import Invalid, Refused

from ..accounting.adjustments import checked_reason
from ..finding import western
from ..parties import Actor, Role
from ..permissions import require
from .ports import House
from .sessions import Ending, digest_of
from .trail import Act
from .users import User
from .writing import write_down

KEY_BYTES: Final = 15
"""120 random bits: nobody guesses them, and 24 letters can still be typed."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_MOST_TERMINAL: Final = 60


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """One device. Never deleted: what was done on it stays."""

    name: str
    digest: str = field(repr=False)
    point: str
    terminal: str
    made_at: datetime
    made_by: str
    seen_at: datetime | None = None
    """Somebody last signed in on it, or it was last set up."""
    revoked_at: datetime | None = None


@dataclass(eq=False)
class DeviceMalformed(Invalid, code="device.malformed"):
    """A device has a name of 1 to 40 Latin letters, digits, dots, dashes, underscores, a point,
    and a terminal of at most 60 signs."""


@dataclass(eq=False)
class DeviceExists(Refused, code="device.exists"):
    """A device of this name exists, perhaps revoked; names are never used twice."""

    name: str


@dataclass(eq=False)
class DeviceUnknown(Invalid, code="device.unknown"):
    """There is no such device, or its key was taken back."""


@dataclass(eq=False)
class DeviceNeeded(Refused, code="device.needed"):
    """Clerks of a point sign in on a device of their point."""

    point: str


@dataclass(eq=False)
class DeviceElsewhere(Refused, code="device.elsewhere"):
    """This device stands at another point than the clerk's."""

    device: str
    point: str


def normalised(text: str) -> str:
    """A key however it was typed, and on which keyboard."""
    return "".join(c for c in western(text).upper() if c.isascii() and c.isalnum())


def check_seat(user: User, device: DeviceKey | None, *, required: bool) -> None:
    """Whether the user may sit here: people who sell, at their own point. Raises DeviceNeeded,
    DeviceElsewhere."""
    if user.role is not Role.OPERATOR:
        return
    if device is None:
        if required:
            raise DeviceNeeded(user.point or "")
    elif user.point is not None and user.point != device.point:
        raise DeviceElsewhere(device.name, user.point)


class Devices:
    """Use cases over a House. One instance serves many threads."""

    def __init__(
        self,
        house: House,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._house = house
        self._clock = clock
        self._random = random_bytes

    def make(self, actor: Actor, name: str, point: str, terminal: str) -> tuple[DeviceKey, str]:
        """A new device and its key's text, in groups of four letters, which is shown once and
        stored nowhere. Raises ActorNotAllowed, DeviceMalformed, DeviceExists, PointUnknown."""
        require(actor, "manage_devices")
        plain = " ".join(terminal.split())
        if not _NAME.fullmatch(name) or not 0 < len(plain) <= _MOST_TERMINAL or not point:
            raise DeviceMalformed()
        now = self._clock()
        text = b32encode(self._random(KEY_BYTES)).decode("ascii")
        device = DeviceKey(name, digest_of(text), point, plain, now, actor.name)
        with self._house.writing() as house:
            if any(one.name == name for one in house.devices()):
                raise DeviceExists(name)
            house.put_device(device)
            after = {"point": point, "terminal": plain}
            write_down(house, Act("device_made", name, after=after), actor, now)
        return device, "-".join(text[i : i + 4] for i in range(0, len(text), 4))

    def revoke(self, actor: Actor, name: str, reason: str) -> DeviceKey:
        """From now on its key opens nothing, and whoever sits there is out. Raises
        ActorNotAllowed, ReasonMissing, DeviceUnknown."""
        require(actor, "manage_devices")
        reason, now = checked_reason(reason), self._clock()
        with self._house.writing() as house:
            found = next((one for one in house.devices() if one.name == name), None)
            if found is None or found.revoked_at is not None:
                raise DeviceUnknown()
            device = replace(found, revoked_at=now)
            house.put_device(device)
            for session in house.sessions():
                if session.device == name:
                    house.end_session(session.digest, now, Ending.BY_SUPERVISOR)
            write_down(house, Act("device_revoked", name, reason), actor, now)
        return device

    def devices(self, actor: Actor) -> list[DeviceKey]:
        """By name, revoked ones included. Raises ActorNotAllowed."""
        require(actor, "read_users")
        with self._house.reading() as house:
            return house.devices()

    def known(self, text: str) -> DeviceKey | None:
        """The device that this key belongs to, if it still opens something."""
        if not text:
            return None
        with self._house.reading() as house:
            found = house.device(digest_of(normalised(text)))
        return None if found is None or found.revoked_at is not None else found

    def set_up(self, text: str) -> tuple[DeviceKey, str]:
        """A device was given its key: which it is, and the key as the device keeps it. Raises
        DeviceUnknown."""
        plain = normalised(text)
        with self._house.writing() as house:
            # Looked up where it is written: a key that was taken back stays so.
            device = house.device(digest_of(plain))
            if device is None or device.revoked_at is not None:
                raise DeviceUnknown()
            house.put_device(replace(device, seen_at=self._clock()))
        return device, plain
