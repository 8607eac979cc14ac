"""What a meter lacks is not asked for; one whose firmware nobody knows is read, and not written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.device.recognising import Expected
from drivers.device.settings import DeviceSettings
from drivers.device.variants import asks_first, standing
from drivers.maps.reading import load_map
from meters.device import Capability, FirmwareUnknown, Identity, NotCapable
from meters.readings import Quality, Reading

from .fake import FakeMeter, plain_values
from .models import BODY, HEAD
from .rig import BOSS, SERIAL, Rig

TOLD = """
[[identify]]
method = "registers"
role = "firmware"
name = "meter.firmware"
"""
MORE = """
[[register]]
name = "meter.firmware"
table = "holding"
addr = 0xFC04
type = "u16"
kind = "identity"
source = ["test"]

[[variant]]
name = "small"
firmware = "/^1.$/"
lacks = [
  "energy.active.import", "supply.output", "supply.command", "open_supply", "close_supply",
  "clear_energy", "account.balance", "flag.cover", "voltage.l1n",
]
shows = {firmware = "12"}

[[variant]]
name = "large"
firmware = "/^2.$/"
shows = {firmware = "20"}
"""
FAMILY = load_map(HEAD.format(id="nobody-n2") + TOLD + BODY + MORE, "nobody-n2")
COUNTER, DOUBTED = "energy.active.import", "power.apparent"
WRITES = {
    Capability.SET_CLOCK, Capability.ADD_CREDIT, Capability.OPEN_SUPPLY, Capability.CLOSE_SUPPLY,
    Capability.PUSH_TOKEN, Capability.SET_UNIT_ID, Capability.SET_LINE,
}  # fmt: skip


def rig(firmware: int) -> Rig:
    values = plain_values() | {"meter.firmware": Decimal(firmware)}
    return Rig(map=FAMILY, units={7: FakeMeter(FAMILY, values)})


def quality(reading: Reading) -> tuple[Quality, str]:
    return reading.quality, reading.reason


def test_what_a_variant_lacks_is_told_as_missing_and_never_asked_for() -> None:
    here = rig(12)
    # The meter answers that address with a zero, as some do.
    here.meter.values[COUNTER] = Decimal(0)
    device = here.device(expected=Expected())
    counter, current = device.read([COUNTER, "current.l1"])
    assert quality(counter) == (Quality.BAD, "missing")
    assert (counter.value, counter.raw, counter.map) == (None, "", "nobody-n2@3")
    assert quality(current) == (Quality.GOOD, "")
    assert quality(device.read([COUNTER])[0]) == (Quality.BAD, "missing")
    assert COUNTER not in {name for asked in here.link.fetches for name in asked}
    checks = {one.name: one.holds for one in device.wiring()}
    assert checks == {"voltage": None, "apparent_power": None}


def test_what_a_variant_lacks_it_cannot_do() -> None:
    device = rig(12).device()
    assert Capability.CLOSE_SUPPLY in device.capabilities
    assert device.identify().variant == "small"
    gone = {
        Capability.OPEN_SUPPLY, Capability.CLOSE_SUPPLY, Capability.READ_SUPPLY,
        Capability.ACCOUNT,
    }  # fmt: skip
    assert rig(20).device().capabilities - device.capabilities == gone
    assert not {"close_supply", "clear_energy"} & set(device.commands)
    for ask in (device.read_supply, device.account):
        with pytest.raises(NotCapable):
            ask()
    # Of flags those that it has.
    assert device.flags() == {"magnet"}


def test_a_command_that_a_variant_lacks_is_not_sent() -> None:
    here = rig(12)
    device = here.device()
    for _ in range(2):
        with pytest.raises(NotCapable):
            device.command("close_supply", {}, BOSS)
    with pytest.raises(NotCapable):
        device.rehearse("close_supply", {}, BOSS)
    assert here.written() == []
    assert here.records == []
    device.command("set_demand_period", {"minutes": "30", "password": "1"}, BOSS)
    assert here.written()


def test_who_answers_is_asked_once_and_then_now_and_then() -> None:
    here = rig(20)
    device = here.device(expected=Expected(), identity_every=timedelta(minutes=15))

    def asked() -> int:
        return sum("meter.firmware" in names for names in here.link.fetches)

    for rounds in range(1, 4):
        for _ in range(15):
            device.read([COUNTER])
            assert asked() == rounds
            here.clock.pause(60)
    # Whatever else is asked first of it.
    for one in ("read_supply", "account", "flags", "wiring", "read_clock", "events"):
        here = rig(20)
        device = here.device(expected=Expected())
        if one == "events":
            with pytest.raises(NotCapable):
                device.events()
        else:
            getattr(device, one)()
        assert asked() == 1


def test_a_map_without_variants_asks_nothing_more() -> None:
    here = Rig()
    device = here.device(expected=Expected())
    device.read([COUNTER])
    device.account()
    assert not any("meter.code" in names for names in here.link.fetches)


def test_a_firmware_that_no_variant_knows_is_read_and_not_written() -> None:
    here = rig(31)
    device = here.device()
    assert quality(device.read([COUNTER])[0]) == (Quality.GOOD, "")
    assert device.identify().variant == ""
    assert device.is_read_only
    assert not device.capabilities & WRITES
    assert {Capability.READ, Capability.ACCOUNT, Capability.READ_SUPPLY} < device.capabilities
    assert device.commands == []
    order = ("set_demand_period", {"minutes": "30", "password": "1"}, BOSS)
    with pytest.raises(FirmwareUnknown) as told:
        device.command(*order)
    assert (told.value.model, told.value.firmware) == ("nobody-n2", "31")
    # It has said who it is, so that also a rehearsal knows.
    with pytest.raises(FirmwareUnknown):
        device.rehearse(*order)
    assert (here.written(), here.records) == ([], [])
    # A technician was there.
    device = here.device(confirmed=frozenset({"firmware"}), firmware="31")
    device.command(*order)
    assert here.written()
    assert not device.is_read_only


def test_another_firmware_than_was_commissioned_makes_doubtful_again() -> None:
    here = rig(20)
    known: dict[str, Any] = {"confirmed": frozenset({DOUBTED}), "firmware": "20"}
    device = here.device(**known)
    assert quality(device.read([DOUBTED])[0]) == (Quality.GOOD, "")
    device.command("close_supply", {}, BOSS)
    here.meter.values |= {"meter.firmware": Decimal(21)}
    here.clock.pause(900)
    here.meter.writes.clear()
    assert quality(device.read([DOUBTED])[0]) == (Quality.SUSPECT, "unverified")
    with pytest.raises(FirmwareUnknown):
        device.command("open_supply", {}, BOSS)
    assert here.written() == []
    # And it is the old one again.
    here.meter.values |= {"meter.firmware": Decimal(20)}
    device.command("open_supply", {}, BOSS)
    assert quality(device.read([DOUBTED])[0]) == (Quality.GOOD, "")


def test_a_firmware_on_record_is_looked_at_also_where_nobody_is_expected() -> None:
    here = rig(21)
    device = here.device(
        expected=Expected(), confirmed=frozenset({DOUBTED, "firmware"}), firmware="20"
    )
    assert quality(device.read([DOUBTED])[0]) == (Quality.SUSPECT, "unverified")
    assert device.is_read_only


def identity(firmware: str = "", variant: str = "") -> Identity:
    return Identity("Nobody", "N1", SERIAL, firmware, variant=variant)


@pytest.mark.parametrize(
    ("told", "confirmed", "kept", "settled"),
    [
        (identity("12", "small"), (), "", True),
        (identity("12", "small"), (), "12", True),
        (identity("12", "small"), (), "11", False),
        (identity("31"), (), "", False),
        (identity("31"), (), "31", False),
        (identity("31"), ("firmware",), "", True),
        (identity("31"), ("firmware",), "31", True),
        (identity("31"), ("firmware",), "30", False),
        (identity(""), ("firmware",), "30", False),
    ],
)
def test_when_a_firmware_is_settled(
    told: Identity, confirmed: tuple[str, ...], kept: str, settled: bool
) -> None:
    settings = DeviceSettings(confirmed=frozenset(confirmed), firmware=kept)
    found = standing(FAMILY, settings, told)
    assert found.is_settled is settled
    assert (COUNTER in found.lacks) is (told.variant == "small")
    assert found.confirmed == (frozenset(confirmed) if kept in ("", told.firmware) else set())
    plain = standing(Rig().map, DeviceSettings(firmware=kept), told)
    assert plain.is_settled is (kept in ("", told.firmware))
    assert asks_first(Rig().map, settings) is bool(kept)
