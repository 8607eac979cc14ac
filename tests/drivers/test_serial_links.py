"""Shipped maps of the serial protocols, read and written through their links from the meters' ends,
on a line in memory that has one owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.bus import Bus
from drivers.conversation import Channel, LineSettings, Send
from drivers.dlt645.link import Authority, Dlt645Link
from drivers.dlt645.station import Access
from drivers.iec21.core import plain_key
from drivers.iec21.link import Iec21Link, Manner
from drivers.lines import Declined, LineDown
from drivers.link import Link, Priority
from drivers.maps.codec import decode, encode
from drivers.maps.model import MeterMap, Order, Register, Table
from drivers.maps.reading import shipped_map
from drivers.mbus.frames import ACK, RSP_UD, SND_NKE, VARIABLE, Long
from drivers.mbus.link import MbusLink
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.gateway import MeterUnreachable
from meters.readings import Value
from simulators.protocols.dlt645 import Dlt645End
from simulators.protocols.iec21 import Iec21End
from simulators.protocols.mbus import MbusEnd, Nameplate
from tests.drivers.rough import FINE, RoughLine, Weather
from tests.simulators.protocols.household import NOW, Household

METER = "260305510012"
AUTHORITY = Authority(Access(2, "123456"), customer="000000004711")
EXTRA = {"expires": b"2026-11-23 09:05:00"}
OPENED = Manner(key=plain_key("00000000"))
VALUES: dict[str, Value] = {
    "energy.active.import": Decimal("1234.56"),
    "energy.active.export": Decimal("7.5"),
    "voltage.l1n": Decimal("230.1"),
    "current.l1": Decimal("1.234"),
    "frequency": Decimal("50.02"),
    "account.balance": Decimal("10.00"),
    "account.purchase_count": Decimal(3),
    "account.low_threshold.1": Decimal("5.00"),
    "supply.output": "off",
    "meter.status.word.3": frozenset({"ordered_off"}),
    "meter.serial": "4711",
    "clock.time": "090000",
    "clock.date": "261123",
    "volume.forward": Decimal("12.565"),
    "flow": Decimal("0.123"),
}


class Line:
    """A memory line with an owner, and what went over it."""

    def __init__(
        self, feed: Callable[[bytes], bytes], settings: LineSettings, weather: Weather = FINE
    ) -> None:
        self.clock = VirtualClock()
        self.line = MemoryLine(RoughLine(feed, Random(7), weather), self.clock, settings)
        self.bus: Bus[Channel] = Bus(self.line, "memory", self.clock, self.clock.sleep)

    @property
    def sent(self) -> list[bytes]:
        return self.line.sent


def dlt(**more: Any) -> tuple[Line, Dlt645Link, Household]:
    meter_map = shipped_map("dlt645-2007")
    house = Household(VALUES)
    end = Dlt645End(
        METER,
        meter_map.registers.values(),
        house,
        passwords={2: "123456"},
        customer=AUTHORITY.customer,
    )
    line = Line(end.feed, LineSettings(2400, 8, "E", 1))
    return line, Dlt645Link(line.bus, METER, meter_map, **more), house


def iec(manner: Manner = OPENED, **more: Any) -> tuple[Line, Iec21Link, Household]:
    meter_map = shipped_map("iec62056-21-generic")
    house = Household(VALUES)
    end = Iec21End(meter_map.registers.values(), house, **more)
    line = Line(end.feed, LineSettings(300, 7, "E", 1))
    return line, Iec21Link(line.bus, "", meter_map, manner), house


def mbus(address: str = "5", **more: Any) -> tuple[Line, MbusLink, Household]:
    meter_map = shipped_map("mbus-water")
    house = Household(VALUES)
    end = MbusEnd(5, meter_map.registers.values(), house, nameplate=Nameplate("00004711"), **more)
    line = Line(end.feed, LineSettings(2400, 8, "E", 1))
    return line, MbusLink(line.bus, address, meter_map), house


def values_of(link: Link, meter_map: MeterMap, *names: str) -> dict[str, object]:
    """What was fetched, decoded; the problem where there is nothing."""
    registers = [meter_map.registers[name] for name in names]
    found = link.fetch(registers, Priority.BILLING)
    assert set(found) == set(names)
    return {
        r.name: found[r.name].problem
        or decode(r, found[r.name].raw, exponent=found[r.name].exponent)
        for r in registers
    }


# --- DL/T 645 ---------------------------------------------------------------------------------


def test_dlt645_one_exchange_for_each_identification() -> None:
    line, link, _ = dlt()
    names = (
        "energy.active.import",
        "voltage.l1n",
        "current.l1",
        "supply.output",
        "meter.status.word.3",
        "clock",
        "current.l2",
        "account.top_up",
    )
    assert values_of(link, shipped_map("dlt645-2007"), *names) == {
        "energy.active.import": Decimal("1234.56"),
        "voltage.l1n": Decimal("230.1"),
        "current.l1": Decimal("1.234"),
        "supply.output": "off",
        "meter.status.word.3": frozenset({"ordered_off", "off"}),
        "clock": NOW,
        "current.l2": "missing",
        "account.top_up": "write_only",
    }
    assert len(line.sent) == 6
    assert link.who("address", "") == METER


def test_dlt645_writes() -> None:
    line, link, house = dlt(authority=AUTHORITY)
    registers = link._map.registers
    threshold = registers["account.low_threshold.1"]
    link.put(threshold, encode(threshold, Decimal("7.00")), Priority.COMMISSIONING)
    order = registers["supply.command"]
    link.put(order, encode(order, "on"), Priority.SUPPLY, None, EXTRA)
    top_up = registers["account.top_up"]
    link.put(top_up, bytes.fromhex("000009C4 00000004"), Priority.TOKEN)
    assert house.puts == [
        ("account.low_threshold.1", Decimal("7.00")),
        ("supply.state", "closed"),
        ("account.balance", Decimal("35.00")),
        ("account.purchase_count", Decimal(4)),
    ]
    with pytest.raises(Declined) as caught:
        link.put(top_up, bytes.fromhex("000009C4 00000004"), Priority.TOKEN)
    assert not caught.value.nothing_happened, "it says that it had it: that is no refusal"
    assert len(line.sent) == 4


def test_dlt645_changes_nothing_without_authority() -> None:
    line, link, house = dlt()
    with pytest.raises(Declined):
        link.put(link._map.registers["supply.command"], b"\x1a", Priority.SUPPLY, None, EXTRA)
    line, link, house = dlt(authority=AUTHORITY)
    with pytest.raises(Declined):
        link.put(link._map.registers["supply.command"], b"\x1a", Priority.SUPPLY)
    assert (line.sent, house.puts) == ([], [])


def test_dlt645_blocks() -> None:
    """Registers of a group that is a block come in one frame, until the meter shows that it has
    another block."""
    phases = [
        Register(f"voltage.l{n}n", Table.DI, f"02010{n}00", "bcd(4)", Order.DCBA,
                 Decimal("0.1"), group="0201FF00")
        for n in (1, 2, 3)
    ]  # fmt: skip
    meter_map = replace(shipped_map("dlt645-2007"), registers={r.name: r for r in phases})
    volts: dict[str, Value] = {f"voltage.l{n}n": Decimal(229 + n) for n in (1, 2, 3)}
    for known, exchanges in ((3, 1), (2, 1 + 2)):
        shown = phases[:known]
        end = Dlt645End(METER, shown, Household(volts), passwords={})
        line = Line(end.feed, LineSettings(2400, 8, "E", 1))
        link = Dlt645Link(line.bus, METER, meter_map)
        found = link.fetch([phases[2], phases[0]], Priority.BILLING)
        assert decode(phases[0], found["voltage.l1n"].raw) == 230
        assert found["voltage.l3n"].problem == ("" if known == 3 else "missing")
        assert len(line.sent) == exchanges
        link.fetch([phases[0]], Priority.BILLING)
        assert len(line.sent) == exchanges + 1


# --- IEC 62056-21 -----------------------------------------------------------------------------


def test_iec21_one_readout_serves_all() -> None:
    line, link, _ = iec()
    names = ("energy.active.import", "voltage.l1n", "meter.serial", "clock.time", "frequency")
    assert values_of(link, shipped_map("iec62056-21-generic"), *names) == {
        "energy.active.import": Decimal("1234.56"),
        "voltage.l1n": Decimal("230.1"),
        "meter.serial": "4711",
        "clock.time": "090000",
        "frequency": Decimal("50.02"),
    }
    assert len(line.sent) == 2
    assert link.who("ident", "") == "ISk5ME162-0033"
    assert link.who("ident", "maker") == "ISk"


def test_iec21_reads_singly_what_no_readout_holds() -> None:
    line, link, house = iec()
    house.values.pop("frequency")
    meter_map = shipped_map("iec62056-21-generic")
    assert values_of(link, meter_map, "frequency", "voltage.l1n") == {
        "frequency": "missing",
        "voltage.l1n": Decimal("230.1"),
    }
    line.sent.clear()
    assert values_of(link, meter_map, "frequency") == {"frequency": "missing"}
    assert line.sent[1] == b"\x06051\r\n", "the readout is not asked for again"


def test_iec21_writes_and_says_what_was_not_sent() -> None:
    _, link, house = iec()
    time = shipped_map("iec62056-21-generic").registers["clock.time"]
    link.put(time, b"135500", Priority.COMMISSIONING)
    assert house.puts == [("clock.time", "135500")]

    silent = Line(lambda _: b"", LineSettings(300, 7, "E", 1))
    meter_map = shipped_map("iec62056-21-generic")
    unreached = Iec21Link(silent.bus, "", meter_map, Manner(key=plain_key("0")))
    with pytest.raises(LineDown):
        unreached.put(time, b"135500", Priority.COMMISSIONING)
    _, locked, _ = iec(Manner())
    with pytest.raises(Declined):
        locked.put(time, b"135500", Priority.COMMISSIONING)


def test_iec21_load_profile_through_the_end_of_summer_time() -> None:
    zone = ZoneInfo("Europe/Berlin")
    lines = [
        "P.01(1261025023000)(00)(15)(2)(1.5)(kW)(2.5)(kW)",
        *(f"({n}.10)(0.00)" for n in range(1, 5)),
        "P.01(0261025030000)(20)(15)(2)(1.5)(kW)(2.5)(kW)",
        "(9.00)(0.00)",
    ]
    asked = []

    def kept(id: str, begin: str, end: str) -> Sequence[str]:
        asked.append((id, begin, end))
        return lines

    _, link, _ = iec(profile=kept)
    begin = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    told = link.profile(begin, datetime(2026, 10, 25, 2, tzinfo=UTC), zone)
    assert asked == [("P.01", "12610250230", "02610250300")]
    assert [(f"{one.end:%H:%M}", str(one.value), one.unit) for one in told] == [
        ("00:45", "2.10", "kW"),
        ("01:00", "3.10", "kW"),
        ("01:15", "4.10", "kW"),
        ("02:00", "9.00", "kW"),
    ]
    assert told[-1].status == {"clock_adjusted"}

    _, link, _ = iec(profile=lambda id, begin, end: ["(1.0)"])
    with pytest.raises(MeterUnreachable) as caught:
        link.profile(begin, begin, zone)
    assert caught.value.reason == "not_a_profile"


def test_iec21_seven_bits_behind_a_gateway_of_eight() -> None:
    manner = Manner(stays=True, software_parity=True)
    line, link, _ = iec(manner, software_parity=True)
    line.line.switch(LineSettings(9600, 8, "N", 1))
    found = values_of(link, shipped_map("iec62056-21-generic"), "energy.active.import")
    assert found == {"energy.active.import": Decimal("1234.56")}
    assert line.line.settings.baud == 9600


@pytest.mark.parametrize("text", ["1)(2", "12/3", "1!", "1(", "1\r\n"])
def test_iec21_values_that_would_be_another_message_are_not_sent(text: str) -> None:
    line, link, house = iec()
    register = link_map().registers["clock.time"]
    with pytest.raises(Declined, match="not_plain"):
        link.put(register, text.encode("ascii"), Priority.COMMISSIONING)
    assert (line.sent, house.puts) == ([], [])


def link_map() -> MeterMap:
    return shipped_map("iec62056-21-generic")


# --- M-Bus ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["5", "00004711"])
@pytest.mark.parametrize("per_telegram", [1, 16])
def test_mbus_one_reading_serves_all(address: str, per_telegram: int) -> None:
    line, link, _ = mbus(address, per_telegram=per_telegram)
    names = ("volume.forward", "flow", "clock", "temperature.water")
    assert values_of(link, shipped_map("mbus-water"), *names) == {
        "volume.forward": Decimal("12.565"),
        "flow": Decimal("0.123"),
        "clock": NOW,
        "temperature.water": "missing",
    }
    assert len(line.sent) == 2 + (per_telegram == 1) * 2
    assert link.who("header", "identification") == "00004711"
    assert link.who("header", "medium") == "07"


def test_mbus_by_quantity_however_it_is_encoded() -> None:
    _, link, _ = mbus()
    volume = Register("volume.forward", Table.RECORD, "volume", "s64", Order.DCBA, unit="m3")
    before = Register("volume.previous", Table.RECORD, "volume[1]", "s64", Order.DCBA, unit="m3")
    found = link.fetch([volume, before], Priority.BILLING)
    one = found["volume.forward"]
    assert decode(volume, one.raw, exponent=one.exponent) == Decimal("12.565")
    assert found["volume.previous"].problem == "missing"


def test_mbus_meters_with_two_counters_and_no_records() -> None:
    for address in ("5", "00004711"):
        line, link, house = mbus(address, fixed_structure=True)
        house.values["volume.forward.previous"] = Decimal("9.999")
        names = ("volume.forward", "volume.forward.previous", "flow")
        assert values_of(link, shipped_map("mbus-water"), *names) == {
            "volume.forward": Decimal("12.565"),
            "volume.forward.previous": Decimal("9.999"),
            "flow": "missing",
        }
        assert len(line.sent) == 2
        assert link.who("header", "identification") == "00004711"
        assert link.who("header", "medium") == "07"


@pytest.mark.parametrize("mode", [5, 7, 13])
def test_mbus_records_that_are_encrypted_are_told_as_such(mode: int) -> None:
    """Sealed records look like any others: nobody may read them as values."""
    header = bytes.fromhex("11470000 2423 01 07 55 00") + bytes([0x00, mode])
    sealed = Long(RSP_UD, 5, VARIABLE, header + bytes.fromhex("0413 15310000") + bytes(10))

    def meter(data: bytes) -> bytes:
        return ACK if data[1:2] == bytes([SND_NKE]) else sealed.encode()

    line = Line(meter, LineSettings(2400, 8, "E", 1))
    link = MbusLink(line.bus, "5", shipped_map("mbus-water"))
    names = ("volume.forward", "flow")
    told = values_of(link, shipped_map("mbus-water"), *names)
    assert told == dict.fromkeys(names, "encrypted")
    # Who it is stands in front of what is sealed.
    assert link.who("header", "identification") == "00004711"
    assert link.who("header", "medium") == "07"


# --- All of them ------------------------------------------------------------------------------

READS: list[Callable[[], tuple[Line, Link, str]]] = [
    lambda: (*dlt()[:2], "energy.active.import"),
    lambda: (*iec()[:2], "energy.active.import"),
    lambda: (*mbus()[:2], "volume.forward"),
]
MAPS = ("dlt645-2007", "iec62056-21-generic", "mbus-water")


@pytest.mark.parametrize("number", range(3))
def test_silence_is_told_and_a_cut_line_is_raised(number: int) -> None:
    line, link, name = READS[number]()
    registers = [shipped_map(MAPS[number]).registers[name]]
    line.line._far = lambda now, data: []
    assert link.fetch(registers, Priority.BILLING)[name].problem == "no_reply"
    line.line.cut = True
    with pytest.raises(LineDown):
        link.fetch(registers, Priority.SUPPLY)


def test_the_golden_request_is_what_goes_over_the_line() -> None:
    line, link, _ = dlt()
    link.fetch([link._map.registers["energy.active.import"]], Priority.BILLING)
    assert line.sent[0].lstrip(b"\xfe") == shipped_map("dlt645-2007").golden[0].request


def test_secrets_are_blanked_for_every_witness() -> None:
    seen: list[Send] = []

    class Witness:
        def sent(self, step: Send) -> None:
            seen.append(step)

        def received(self, data: bytes) -> None:
            pass

    _, link, _ = dlt(authority=AUTHORITY)
    link.put(link._map.registers["supply.command"], b"\x1a", Priority.SUPPLY, Witness(), EXTRA)
    assert [step.secret for step in seen] == [((15, 18),)]
