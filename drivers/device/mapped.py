"""Any meter that a register map tells, on any link, as a `meters.device.Device`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from meters.account import CreditAccount, Supply
from meters.device import (
    Capability,
    CheckResult,
    ClockReading,
    CommandRecord,
    FirmwareUnknown,
    Identity,
    Interval,
    MeterEvent,
    NotCapable,
    Warrant,
)
from meters.gateway import MeterUnreachable
from meters.readings import Quality, Reading

from ..lines import LineBusy, LineDown, Resting
from ..link import Link, Priority
from ..maps.decoding import source_of
from ..maps.model import MeterMap
from ..turns import MISSING
from . import flags as flag_words
from .accounts import BALANCE, account_names, account_of
from .capabilities import capabilities, flag_registers, readable_names
from .checks import run_checks
from .commanding import Commander
from .profiles import ProfileLink
from .reading import (
    BILLED,
    CLOCK,
    Freshness,
    full_names,
    moment_of,
    readings_of,
    timed,
    wanted,
)
from .recognising import recognise
from .records import Frames
from .settings import DeviceSettings
from .supply import supply_of
from .variants import Standing, asks_first, standing

_SUPPLY = ("supply.output", "supply.state", "supply.reasons")


class MappedDevice:
    """One meter. Not for several threads at once; the line behind the link is."""

    def __init__(
        self,
        map: MeterMap,
        link: Link,
        now: Callable[[], datetime],
        pause: Callable[[float], None],
        settings: DeviceSettings | None = None,
        *,
        sink: Callable[[CommandRecord], None] | None = None,
        ask: Callable[[str], bool] | None = None,
        elsewhere: Callable[[str], Link] | None = None,
    ) -> None:
        """`now` gives aware UTC datetimes, `pause` lets seconds pass. `sink` is handed the record
        of every command that was carried out; `ask` puts a question (its code) to the person at
        the meter; `elsewhere` is the same line at another unit."""
        self.map = map
        self.settings = settings or DeviceSettings()
        self._link = link
        self._now = now
        self._fresh = Freshness()
        self._recognised: datetime | None = None
        self._asks_first = asks_first(map, self.settings)
        self._has_clock = CLOCK in map.registers and map.registers[CLOCK].access.readable
        self._standing: Standing | None = None
        """What follows from who answered last; None as long as nobody was asked."""
        self._commander = Commander(self, link, now, pause, sink, ask, elsewhere)

    def __repr__(self) -> str:
        return f"MappedDevice({self.map.label} at {self._link.address})"

    @property
    def model(self) -> str:
        return self.map.id

    @property
    def capabilities(self) -> frozenset[Capability]:
        return capabilities(
            self.map,
            profile=isinstance(self._link, ProfileLink),
            lacks=self._lacks,
            read_only=self.is_read_only,
        )

    @property
    def commands(self) -> list[str]:
        """Of its map, sorted; once it has said who it is, those that it may be given."""
        if self.is_read_only:
            return []
        return sorted(self.map.commands.keys() - self._lacks)

    @property
    def is_read_only(self) -> bool:
        """Whether it has said who it is, and nobody knows its firmware: see FirmwareUnknown."""
        return self._standing is not None and not self._standing.is_settled

    def identify(self) -> Identity:
        """As the contract says. Does not compare with the records: whoever asks who answers wants
        to know just that."""
        self._need(Capability.IDENTIFY)
        found = recognise(self.map, self._link, self.settings.unit, Priority.COMMISSIONING)
        self._standing = standing(self.map, self.settings, found)
        return found

    def assure(self) -> Identity:
        """Who answers, which must be who the records say. Raises MeterUnreachable,
        MeterMismatch."""
        if not self.map.identify:
            # Nobody to be told apart, and no firmware that was on record.
            return Identity(self.map.maker, self.map.id, "", address=self.settings.unit)
        found = self.identify()
        self.settings.expected.check(found)
        self._recognised = self._now()
        return found

    def meet(self) -> None:
        """Has it say who it is, if its capabilities and values mean nothing before and it has not
        said so yet. Raises what `assure` raises."""
        if self._asks_first and self._standing is None:
            self.assure()

    def permit(self, command: str) -> None:
        """Raises FirmwareUnknown, NotCapable for a command that this very meter, as far as it has
        said who it is, may not be given."""
        if self._standing is not None and not self._standing.is_settled:
            raise FirmwareUnknown(self.map.id, self._standing.firmware[:40] or "-")
        if command in self._lacks:
            raise NotCapable(self.map.id, command)

    def read(self, names: Sequence[str]) -> list[Reading]:
        """As the contract says. Raises MeterMismatch if it is time to look who answers, and it is
        another meter than the records say."""
        full = full_names(self.map, names)
        self._assure_now_and_then()
        along = self._watched(full)
        found = self._fetch([*full, *along], self.settings.priority)
        return [found[name] for name in full]

    def read_clock(self) -> ClockReading:
        self._need(Capability.READ_CLOCK)
        (reading,) = self._fetch([CLOCK], self.settings.priority).values()
        if not isinstance(reading.value, datetime):
            raise MeterUnreachable(self._link.address, reading.reason or "no_clock")
        meter = moment_of(reading.value, self.settings.zone)
        half = timedelta(milliseconds=reading.latency_ms / 2)
        return ClockReading(meter, reading.read_at - half)

    def read_supply(self) -> Supply:
        self._need(Capability.READ_SUPPLY)
        names = [name for name in _SUPPLY if name in self._readable]
        found = self._fetch(names, Priority.SUPPLY)
        bad = [one for one in found.values() if one.quality is Quality.BAD]
        if bad:
            raise MeterUnreachable(self._link.address, bad[0].reason)
        return supply_of(found, self.map.commodity[0])

    def account(self) -> CreditAccount:
        self._need(Capability.ACCOUNT)
        names = account_names(self.map, self._lacks)
        found = self._fetch([BALANCE, *names.values()], self.settings.priority)
        return account_of(names, found)

    def flags(self) -> frozenset[str]:
        self._need(Capability.FLAGS)
        found = self._fetch(flag_registers(self.map, self._lacks), self.settings.priority)
        return flag_words.flags_of(found.values())

    def events(self, since: datetime | None = None) -> list[MeterEvent]:
        """As far back as the meter's log goes; times are taken as of the meter's zone."""
        self._need(Capability.EVENTS)
        names = [name for name in self._readable if name.startswith("event_log.")]
        found = self._fetch(names, self.settings.priority)
        events = flag_words.events_of(found, self.settings.zone)
        return [event for event in events if since is None or event.at > since]

    def profile(self, begin: datetime, end: datetime) -> list[Interval]:
        if not isinstance(self._link, ProfileLink):
            raise NotCapable(self.map.id, Capability.PROFILE.value)
        return self._link.profile(begin, end, self.settings.zone)

    def wiring(self) -> list[CheckResult]:
        self._need(Capability.WIRING)

        def read(names: Sequence[str]) -> Mapping[str, Reading]:
            return self._fetch(names, Priority.COMMISSIONING)

        return run_checks(self.map, read)

    def command(
        self,
        name: str,
        params: Mapping[str, str],
        warrant: Warrant,
    ) -> CommandRecord:
        """As the contract says; besides, SupplyResting if the relay or valve was told something a
        moment ago."""
        return self._commander.command(name, params, warrant)

    def rehearse(self, name: str, params: Mapping[str, str], warrant: Warrant) -> list[str]:
        """What `command` would do, step by step with the bytes, without asking the meter anything.
        Raises what `command` raises before it sends anything."""
        return self._commander.rehearse(name, params, warrant)

    def close(self) -> None:
        self._link.close()

    def read_now(self, name: str, priority: Priority, witness: Frames | None = None) -> Reading:
        """One value for a command: from the meter, now. BAD where nothing could be asked at all."""
        try:
            return self._fetch([name], priority, witness)[name]
        except MeterUnreachable as error:
            return self._bad(name, error.reason)

    def _fetch(
        self, names: Sequence[str], priority: Priority, witness: Frames | None = None
    ) -> dict[str, Reading]:
        """What the meter says of these now. What its variant lacks is not asked for: an address
        that means nothing there may answer with a zero that looks like a value."""
        self.meet()
        lacks = self._lacks
        if not lacks or lacks.isdisjoint(names):
            return self._fetch_all(names, priority, witness)
        here = [name for name in names if name not in lacks]
        found = self._fetch_all(here, priority, witness) if here else {}
        return {name: found.get(name) or self._bad(name, MISSING) for name in names}

    def _fetch_all(
        self, names: Sequence[str], priority: Priority, witness: Frames | None
    ) -> dict[str, Reading]:
        registers = wanted(self.map, names)
        try:
            fetched = self._link.fetch(registers, priority, witness)
        except (LineDown, Resting, LineBusy) as error:
            raise MeterUnreachable(self._link.address, error.code) from None
        known = self.settings.confirmed if self._standing is None else self._standing.confirmed
        readings = readings_of(self.map, names, fetched, self._now(), known)
        return timed(self._fresh.judged(readings), self.settings.zone)

    def _assure_now_and_then(self) -> None:
        if not (self._asks_first or self.settings.expected.is_known):
            return
        last = self._recognised
        if last is None or self._now() - last >= self.settings.identity_every:
            self.assure()

    @property
    def _lacks(self) -> frozenset[str]:
        return frozenset() if self._standing is None else self._standing.lacks

    @property
    def _readable(self) -> list[str]:
        return readable_names(self.map, self._lacks)

    def _watched(self, names: Sequence[str]) -> list[str]:
        """The meter's clock is read along with what is billed, to see that somebody is there."""
        billed = any(self.map.registers[name].kind in BILLED for name in names)
        if billed and CLOCK not in names and self._has_clock:
            return [CLOCK]
        return []

    def _need(self, capability: Capability) -> None:
        """Raises NotCapable; who answers is asked first where the model's variants differ."""
        if capability is not Capability.IDENTIFY:
            self.meet()
        if capability not in self.capabilities:
            raise NotCapable(self.map.id, capability.value)

    def _bad(self, name: str, reason: str) -> Reading:
        register = self.map.registers[name]
        return Reading(
            name=name,
            value=None,
            unit=register.unit,
            raw="",
            quality=Quality.BAD,
            reason=reason,
            read_at=self._now(),
            latency_ms=0,
            source=source_of(register),
            map=self.map.label,
        )
