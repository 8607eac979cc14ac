"""One IEC 62056-21 meter on a line: a readout serves every register that it holds; what it does not
hold is read one by one in programming mode, within one session.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final, TypeVar

from meters.device import Interval
from meters.gateway import MeterUnreachable

from ..bus.bus import Bus
from ..bus.timing import Manners
from ..conversation import Channel, Conversation, LineSettings, Quiet, Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Fetched, Priority
from ..maps.model import MeterMap, Register
from ..turns import MISSING, Took, Turns, missed
from .core import (
    Key,
    Readout,
    Station,
    break_off,
    profile,
    programming,
    read,
    readout,
    sign_on,
    write,
)
from .frames import DataSet, Identification, is_plain
from .parity import seven_even
from .profile import PROFILE, NotAProfile, bound, intervals

T = TypeVar("T")

_FULL_ID: Final = re.compile(r"(?:\d+-\d+:)?([^*&]+)(?:[*&]255)?")
_TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Manner:
    """How this meter is spoken to, besides what its map says."""

    key: Key | None = None
    """What opens programming mode for writing; some meters want it for single readings too."""
    fastest: int = 19200
    """Highest rate to change to."""
    stays: bool = False
    """The rate of the line is fixed: behind most gateways it is."""
    wake: bool = False
    software_parity: bool = False
    """The line is 8N1, the meter 7E1."""


DEFAULT: Final = Manner()


class Iec21Link:
    """A drivers.link.Link."""

    def __init__(
        self, bus: Bus[Channel], address: str, meter_map: MeterMap, manner: Manner = DEFAULT
    ) -> None:
        """`address`: up to 32 characters; empty for whoever is there."""
        self._turns = Turns(bus, address, Manners.of(meter_map.limits))
        self._address = address
        self._manner = manner
        self._not_in_readout: set[str] = set()

    @property
    def address(self) -> str:
        return self._turns.address

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        """As the contract says: the readout first, unless it is known to hold none of them."""
        found = missed(registers, "write_only")
        left = [register for register in registers if register.access.readable]
        if any(str(register.addr) not in self._not_in_readout for register in left):
            try:
                took = self._turns.take(self._with(readout), priority, witness)
            except NoReply as error:
                return found | missed(left, _problem(error))
            except Declined as error:
                found |= missed(left, error.reason)
            else:
                told = _by_id(took.value)
                here = [register for register in left if str(register.addr) in told]
                found |= _fetched(here, told, took.seconds)
                left = [register for register in left if str(register.addr) not in told]
                self._not_in_readout |= {str(register.addr) for register in left}
        if left:
            found |= self._singly(left, priority, witness)
        return found

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,  # noqa: ARG002 - means nothing here
    ) -> None:
        """As the contract says: W1 in a session of its own. Without a key, or of a text that would
        be another message, nothing is sent: Declined. A meter that does not answer before the
        write itself is LineDown."""
        addr = str(register.addr)
        key = self._manner.key
        if key is None:
            raise Declined(self._address, addr, "no_password", True, False)
        text = raw.decode("ascii")
        if not is_plain(text):
            raise Declined(self._address, addr, "not_plain", True, False)

        def made(settings: LineSettings, reached: Callable[[], None]) -> Conversation[None]:
            def work(station: Station) -> Conversation[None]:
                reached()
                return write(station, addr, text)

            return self._with(lambda station: programming(station, key, work))(settings)

        self._turns.once(made, priority, witness)

    def profile(self, begin: datetime, end: datetime, zone: tzinfo) -> list[Interval]:
        """Load profile P.01 by R5: intervals that end within (begin, end], oldest first, gaps left
        as gaps; the meter's own times are of `zone`. Raises MeterUnreachable."""

        def work(station: Station) -> Conversation[tuple[DataSet, ...]]:
            return profile(station, PROFILE, bound(begin, zone), bound(end, zone))

        def session(station: Station) -> Conversation[tuple[DataSet, ...]]:
            return programming(station, self._manner.key, work)

        try:
            lines = self._turns.take(self._with(session), Priority.BILLING).value
            told = intervals(lines, zone)
        except (NoReply, Declined) as error:
            raise MeterUnreachable(self.address, error.reason) from error
        except (LineDown, LineBusy, Resting) as error:
            raise MeterUnreachable(self.address, error.code) from error
        except NotAProfile:
            raise MeterUnreachable(self.address, "not_a_profile") from None
        return [interval for interval in told if begin < interval.end <= end]

    def who(self, method: str, name: str) -> str:
        """`ident`: what the meter says when it is called: its `maker`, its `text`, else both as on
        the line. Raises ValueError for another method."""
        if method != "ident":
            raise ValueError(method)
        told = self._turns.take(self._with(_called), Priority.COMMISSIONING).value
        parts = {"maker": told.maker, "text": told.text}
        return parts.get(name, f"{told.maker}{told.speed}{told.text}")

    def close(self) -> None:
        """The line stays with its owner."""

    def _singly(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None
    ) -> dict[str, Fetched]:
        """Read one by one; who does not answer is left, whatever was told before counts."""
        told: dict[str, DataSet] = {}
        problems: dict[str, str] = {}

        def work(station: Station) -> Conversation[None]:
            for register in registers:
                addr = str(register.addr)
                try:
                    told[addr] = yield from read(station, addr)
                except Declined as error:
                    problems[addr] = MISSING if error.is_misfit else error.reason

        def session(station: Station) -> Conversation[None]:
            return programming(station, self._manner.key, work)

        problem = MISSING
        took: Took[None] = Took(None, 0.0)
        try:
            took = self._turns.take(self._with(session), priority, witness)
        except NoReply as error:
            problem = _problem(error)
        except Declined as error:
            problem = error.reason
        except (LineDown, LineBusy, Resting) as error:
            problem = error.code.removeprefix("line.")
        found = missed(registers, problem)
        for register in registers:
            addr = str(register.addr)
            if addr in problems:
                found |= missed([register], problems[addr])
        return found | _fetched([r for r in registers if str(r.addr) in told], told, took.seconds)

    def _with(
        self, conversation: Callable[[Station], Conversation[T]]
    ) -> Callable[[LineSettings], Conversation[T]]:
        """The conversation with this meter, on a line of these settings."""

        def made(settings: LineSettings) -> Conversation[T]:
            fastest = settings.baud if self._manner.stays else self._manner.fastest
            station = Station(
                self._turns.bus.address, self._address, settings, fastest, wake=self._manner.wake
            )
            spoken = conversation(station)
            return seven_even(spoken) if self._manner.software_parity else spoken

        return made


def _called(station: Station) -> Conversation[Identification]:
    """Sign-on and nothing more; then the meter is let go of."""
    told = yield from sign_on(station)
    yield from break_off(station)
    yield Quiet(told.reaction_s)
    return told


def _by_id(told: Readout) -> dict[str, DataSet]:
    """By the id as it is printed, and by its short form (`1-0:1.8.0*255` is `1.8.0`) where only one
    data set has that. Historical values (`1.8.0*01`) have no short form."""
    short = [(match[1], found) for found in told.data if (match := _FULL_ID.fullmatch(found.id))]
    times = Counter(id for id, _ in short)
    return {id: found for id, found in short if times[id] == 1} | {
        found.id: found for found in reversed(told.data)
    }


def _fetched(
    registers: Sequence[Register], told: Mapping[str, DataSet], took: float
) -> dict[str, Fetched]:
    found = {}
    for register in registers:
        value, unit = told[str(register.addr)].values[0]
        text = f"{value}*{unit}" if unit and register.type != _TEXT else value
        found[register.name] = Fetched(text.encode("ascii"), "", took)
    return found


def _problem(error: NoReply) -> str:
    return "no_reply" if error.reason == "timeout" else error.reason
