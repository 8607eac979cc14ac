"""Stand-ins of the simulator for the serial protocols, read and switched through our links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from drivers.bus import Bus
from drivers.conversation import Channel, LineSettings
from drivers.device.mapped import MappedDevice
from drivers.device.settings import DeviceSettings
from drivers.dlt645.link import Authority, Dlt645Link
from drivers.dlt645.station import Access
from drivers.iec21.core import plain_key
from drivers.iec21.link import Iec21Link, Manner
from drivers.link import Link, Priority
from drivers.maps.codec import decode, encode
from drivers.maps.reading import shipped_map
from drivers.mbus.link import MbusLink
from drivers.transports.memory import MemoryLine, VirtualClock
from meters.device import Capability, CommandNotAllowed, CommandParameter, Outcome, Warrant
from simulators.loads import PER_UNIT, Draw, Use
from simulators.mapped import MappedMeter
from simulators.nodes import NODES, PASSWORD
from simulators.premises import Premises

START = 1_795_000_000
AUTHORITY = Authority(Access(2, "000000"))


@dataclass
class StandIn:
    meter: MappedMeter
    link: Link
    clock: VirtualClock

    def values(self, *names: str) -> dict[str, object]:
        registers = [self.meter.map.registers[name] for name in names]
        found = self.link.fetch(registers, Priority.BILLING)
        return {
            r.name: found[r.name].problem
            or decode(r, found[r.name].raw, exponent=found[r.name].exponent)
            for r in registers
        }


def stand_in(map_id: str) -> StandIn:
    meter_map = shipped_map(map_id)
    clock = VirtualClock(START)
    use = Use.WATER if map_id == "mbus-water" else Use.FLAT
    place = Premises(Draw(5, use, 1000, START), START)
    place.forward = 4_321_567 * PER_UNIT
    place.balance = 10_000 * PER_UNIT
    meter = MappedMeter(meter_map, place, clock, seed=5, unit=5, serial="26000007")
    node = NODES[meter_map.protocol](meter)

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        return [(0.05, reply)] if (reply := node.end.feed(data)) else []

    channel = MemoryLine(far, clock, LineSettings(2400, 8, "N", 1))
    bus: Bus[Channel] = Bus(channel, "memory", clock, clock.sleep)
    links: dict[str, Link] = {
        "dlt645-2007": Dlt645Link(bus, "000026000007", meter_map, AUTHORITY),
        "iec62056-21-generic": Iec21Link(
            bus, "26000007", meter_map, Manner(plain_key(PASSWORD), stays=True)
        ),
        "mbus-water": MbusLink(bus, "5", meter_map),
    }
    return StandIn(meter, links[map_id], clock)


@pytest.mark.parametrize("map_id", ["dlt645-2007", "iec62056-21-generic", "mbus-water"])
def test_every_register_is_read(map_id: str) -> None:
    made = stand_in(map_id)
    registers = [r for r in made.meter.map.registers.values() if r.access.readable]
    found = made.link.fetch(registers, Priority.BILLING)
    assert {name: one.problem for name, one in found.items() if one.problem} == {}
    counter = "volume.forward" if map_id == "mbus-water" else "energy.active.import"
    told = made.values(counter)[counter]
    assert isinstance(told, Decimal)
    assert told >= Decimal("4321")


def test_the_relay_of_a_dlt645_stand_in() -> None:
    made = stand_in("dlt645-2007")
    order = made.meter.map.registers["supply.command"]
    for word in ("off", "on"):
        expires = made.meter.now().replace(year=2099).isoformat(sep=" ").encode()
        made.link.put(order, encode(order, word), Priority.SUPPLY, None, {"expires": expires})
        made.clock.sleep(30)
        assert made.values("supply.output") == {"supply.output": word}


def test_a_top_up_of_a_dlt645_stand_in() -> None:
    made = stand_in("dlt645-2007")
    before = made.values("account.balance", "account.purchase_count")
    count = before["account.purchase_count"]
    assert isinstance(count, Decimal)
    register = made.meter.map.registers["account.top_up"]
    raw = (2500).to_bytes(4, "big") + (int(count) + 1).to_bytes(4, "big")
    made.link.put(register, raw, Priority.TOKEN)
    after = made.values("account.balance", "account.purchase_count")
    assert after["account.purchase_count"] == count + 1
    assert isinstance(after["account.balance"], Decimal)
    assert isinstance(before["account.balance"], Decimal)
    assert after["account.balance"] - before["account.balance"] > Decimal("24.9")


def test_thresholds_are_set_and_read_back() -> None:
    made = stand_in("dlt645-2007")
    device = MappedDevice(
        made.meter.map,
        made.link,
        lambda: datetime.fromtimestamp(made.clock(), UTC),
        made.clock.sleep,
        DeviceSettings(unit="000026000007"),
    )
    assert Capability.THRESHOLDS in device.capabilities
    clerk = Warrant("Sami", "billing", "a warning earlier")
    given = {"first": "20.50", "second": "5"}
    record = device.command("set_low_threshold", given, clerk)
    assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")
    names = ("account.low_threshold.1", "account.low_threshold.2")
    assert made.values(*names) == {names[0]: Decimal("20.5"), names[1]: Decimal(5)}
    with pytest.raises(CommandNotAllowed):
        device.command("set_low_threshold", given, Warrant("Omar", "operator", "a try"))
    # What the meter cannot keep is found before anything is sent, the second value too.
    for first, second in (("0.001", "5"), ("30", "-1"), ("30", "1234567.00")):
        with pytest.raises(CommandParameter):
            device.command("set_low_threshold", {"first": first, "second": second}, clerk)
    assert made.values(*names)[names[0]] == Decimal("20.5")
