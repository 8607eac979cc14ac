"""A stand-in made from a register map alone: every shipped Modbus model, over its own wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from drivers.maps.codec import NoValue, decode
from drivers.maps.model import Access, Protocol, Table
from drivers.maps.reading import shipped_maps
from simulators.loads import PER_UNIT, Draw, Use
from simulators.mapped import MappedMeter
from simulators.premises import Premises
from simulators.trouble import Trouble
from tests.drivers.maps.probes import probe

from .meters import NOON, Bench, Seconds, bench

MODBUS = [
    one.id
    for one in shipped_maps()
    if one.protocol is Protocol.MODBUS and one.id != "raseed-payment"
]
_TABLES = {Table.INPUT: 4, Table.HOLDING: 3, Table.COIL: 1, Table.DISCRETE: 2}
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


def readable(made: Bench) -> list[str]:
    return [
        name
        for name, register in made.map.registers.items()
        if register.access.readable and register.table in _TABLES
    ]


@pytest.mark.parametrize("model", MODBUS)
def test_every_register_says_over_the_wire_what_the_meter_means(model: str) -> None:
    made = bench(model, credit=50_000)
    for name in readable(made):
        register, item = made.map.registers[name], made.meter.layout.items[name]
        meant, factor = made.meter.get(name), made.meter.factor(register)[1]
        try:
            told = decode(register, made.meter.raw(name), factor)
        except NoValue:
            continue
        if isinstance(told, Decimal) and isinstance(meant, Decimal):
            grain = (item.grain or Decimal(0)) * factor
            loose = max(grain, abs(meant) * Decimal("0.000001"), Decimal("0.000001"))
            assert abs(told - meant) <= loose, (name, told, meant)
            assert register.least is None or told >= register.least, (name, told)
            assert register.most is None or told <= register.most, (name, told)
        elif meant is not None:
            assert told == meant, name


@pytest.mark.parametrize("model", MODBUS)
def test_a_block_holds_the_same_bytes_as_its_registers(model: str) -> None:
    made = bench(model, credit=50_000)
    limits = made.map.limits
    for table in (Table.INPUT, Table.HOLDING):
        rows = [
            item
            for item in made.meter.layout.by_table[table]
            if item.register.access.readable
            and not item.register.read_alone
            and item.register.type not in ("high8", "low8")
        ]
        for item in rows:
            begin = item.addresses.start
            count = max(item.words, min(limits.max_registers, 20) if made.meter.layout.holes else 0)
            count += limits.even_only and count % 2
            if limits.even_only and begin % 2:
                continue
            reply = made.ask(_TABLES[table], begin, count)
            if reply[0] & 0x80:
                # Nothing lies behind it, or what does is another table's affair.
                reply = made.ask(_TABLES[table], begin, item.words)
            assert reply[2 : 2 + 2 * item.words] == made.meter.raw(item.register.name)


@pytest.mark.parametrize("model", MODBUS)
def test_limits_are_kept(model: str) -> None:
    made = bench(model)
    limits, quirks = made.map.limits, made.meter.layout.quirks
    function = 4 if any(r.table is Table.INPUT for r in made.map.registers.values()) else 3
    assert made.ask(function, 0, limits.max_registers + 2) == bytes([function | 0x80, 3])
    if not quirks.both_tables:
        assert made.ask(function, 0xFFF0, 2) == bytes([function | 0x80, ILLEGAL_ADDRESS])
    if limits.even_only:
        assert made.ask(function, 1, 2)[0] == function | 0x80
        assert made.ask(function, 0, 1)[0] == function | 0x80
    for write in {6, 16} - set(limits.write_fc):
        assert made.ask(write, 0, 1) == bytes([write | 0x80, ILLEGAL_FUNCTION])
    assert made.ask(8, 0, 0) == bytes([0x88, ILLEGAL_FUNCTION])


@pytest.mark.parametrize("model", MODBUS)
def test_power_follows_from_voltage_and_current(model: str) -> None:
    made = bench(model, size=3600)
    names = set(readable(made))
    if not {"voltage.l1n", "current.l1"} <= names:
        return
    phases = ["l1", "l2", "l3"] if "current.l3" in names else ["l1"]
    apparent = sum(made.number(f"voltage.{one}n") * made.number(f"current.{one}") for one in phases)
    pf = Decimal(made.meter.moment().pf) / 1000
    assert abs(apparent * pf - 3600) < 40


def test_counters_count_what_flows_and_only_that() -> None:
    made = bench()
    first = made.number("energy.active.import")
    made.clock.now += 10 * 3600
    assert abs(made.number("energy.active.import") - first - 36) < Decimal("0.001")


def test_within_a_second_it_says_the_same_and_then_measures_anew() -> None:
    made = bench(size=3_600_000)
    first = made.ask(4, 0x48, 2)
    made.clock.now += 0.5
    assert made.ask(4, 0x48, 2) == first
    made.clock.now += 1
    assert made.ask(4, 0x48, 2) != first


def test_settings_are_kept_and_some_wait_for_a_restart() -> None:
    made = bench()
    assert made.read("line.baud") == "2400"
    assert made.write("line.baud", "9600")[0] == 16
    assert made.read("line.baud") == "2400"
    assert made.meter.hears(2400)
    made.meter.restart()
    assert made.read("line.baud") == "9600"
    assert made.meter.hears(9600)
    assert not made.meter.hears(2400)


def test_one_value_in_a_write_and_whole_ones_only() -> None:
    made = bench()
    two = bytes.fromhex("001200040800000000 3f800000")
    assert made.meter.pdu(16, two) == bytes([0x90, ILLEGAL_VALUE])
    assert made.meter.pdu(16, bytes.fromhex("0014 0001 02 3f80")) == bytes([0x90, 2])
    assert made.meter.pdu(16, bytes.fromhex("0048 0002 04 3f800000")) == bytes([0x90, 2])


def test_a_new_unit_id_is_where_it_answers() -> None:
    told = []
    made = bench(moved=lambda meter, unit: told.append(unit))
    made.write("meter.unit_id", Decimal(7))
    assert (told, made.meter.unit) == ([7], 7)
    assert made.number("meter.unit_id") == 7
    assert made.write("meter.unit_id", Decimal(248))[0] == 0x90


def test_a_password_opens_a_window_of_a_minute() -> None:
    made = bench("eastron-sdm630")
    assert made.write("pulse.width", Decimal(100)) == bytes([0x90, ILLEGAL_VALUE])
    assert made.read("meter.lock") == "locked"
    made.write("meter.password", Decimal(1234))
    assert made.read("meter.lock") == "locked"
    made.write("meter.password", Decimal(1000))
    made.clock.now += 50
    assert made.read("meter.lock") == "unlocked"
    made.clock.now += 59  # reading the lock renewed it
    assert made.write("pulse.width", Decimal(100))[0] == 16
    made.clock.now += 61
    assert made.write("pulse.width", Decimal(60)) == bytes([0x90, ILLEGAL_VALUE])
    assert made.number("pulse.width") == 100


def test_the_mailbox_takes_commands_and_tells_what_became_of_them() -> None:
    made = bench("schneider-iem3155")
    at = made.map.registers["mailbox.command"].addr
    assert isinstance(at, int)

    def post(*words: int) -> tuple[object, object]:
        body = b"".join(word.to_bytes(2, "big") for word in words)
        head = at.to_bytes(2, "big") + len(words).to_bytes(2, "big") + bytes([len(body)])
        assert made.meter.pdu(16, head + body) is not None
        return made.read("mailbox.answer"), made.read("mailbox.result")

    assert post(2008, 0, 2) == (2008, "done")
    assert post(2008, 0, 9) == (2008, "invalid_parameter")
    assert post(2008, 0) == (2008, "invalid_parameter_count")
    assert post(1, 0, 0) == (1, "invalid_command")


def test_device_identification() -> None:
    made = bench("schneider-iem3155")
    reply = made.meter.pdu(43, bytes([0x0E, 1, 0]))
    assert reply is not None
    assert reply[:7] == bytes([43, 0x0E, 1, 1, 0, 0, 3])
    assert b"METSEIEM3155" in reply
    assert b"Schneider Electric" in reply
    assert bench().ask(43, 0x0E01, 0)[0] == 0xAB


def test_a_register_that_means_something_else_in_a_block() -> None:
    made = bench("gavazzi-em340")
    assert made.read("meter.code") == "EM340DINAV23"
    block = made.ask(4, 0x000A, 2)
    assert block[2:] == made.meter.raw("voltage.l3l1")
    assert block[4:] != made.meter.raw("meter.code")


def test_functions_3_and_4_alike_where_the_model_has_it() -> None:
    made = bench("gavazzi-em340")
    assert made.ask(3, 0, 6)[1:] == made.ask(4, 0, 6)[1:]


def test_the_relay_pair_trips_and_closes() -> None:
    made = bench("acrel-ddsy1352")
    trip = bytes.fromhex("0057 0002 04 0001 0001".replace(" ", ""))
    close = bytes.fromhex("0057 0002 04 0001 0000".replace(" ", ""))
    assert made.number("current.l1") > 10
    assert made.meter.pdu(16, trip) == bytes.fromhex("1000570002")
    made.clock.now += 1
    assert made.number("current.l1") == 0
    assert made.number("voltage.l1n") > 200
    made.meter.pdu(16, close)
    made.clock.now += 1
    assert made.number("current.l1") > 10


def test_a_relay_register_reads_what_was_written() -> None:
    made = bench("hiking-dds238")
    made.write("supply.output", "off")
    assert made.read("supply.output") == "off"
    made.clock.now += 60
    assert made.number("power.active") == 0


def test_two_settings_in_one_register() -> None:
    made = bench("hiking-dds238")
    assert made.ask(3, 0x15, 1) == bytes.fromhex("03020101")
    assert made.meter.pdu(16, bytes.fromhex("00150001020402")) == bytes.fromhex("1000150001")
    assert made.meter.unit == 4
    assert made.ask(3, 0x15, 1) == bytes.fromhex("03020402")


def test_a_counter_is_cleared_by_writing_it_where_the_model_allows_that() -> None:
    made = bench("hiking-dds238")
    register = made.map.registers["energy.active.total"]
    if register.access is Access.READ:
        assert made.write("energy.active.total", Decimal(0))[0] == 0x90
        return
    made.write("energy.active.total", Decimal(0))
    assert made.number("energy.active.total") == 0


def test_a_valve_meter_shows_travel_balance_and_its_own_clock() -> None:
    made = bench("xintai-valve", size=600, credit=2000, travel_s=20, zone_s=3 * 3600)
    assert made.number("account.balance") == 2
    assert made.read("supply.output") == frozenset({"on"})
    assert made.meter.pdu(6, bytes.fromhex("001c0200")) == bytes.fromhex("06001c0200")
    made.clock.now += 10
    assert made.read("supply.output") == frozenset({"on"}) or made.meter.place.switch.moves
    made.clock.now += 20
    assert made.read("supply.output") == frozenset({"off"})
    assert made.number("flow") == 0
    made.clock.now = NOON
    assert made.meter.now() == datetime(2026, 3, 1, 14, 30)  # noqa: DTZ001
    made.write("clock", datetime(2026, 3, 1, 15, 0))  # noqa: DTZ001
    made.clock.now += 60
    assert made.read("clock") == datetime(2026, 3, 1, 15, 1)  # noqa: DTZ001


def test_the_balance_is_written_and_the_valve_shuts_at_zero() -> None:
    made = bench("xintai-valve", size=3600, credit=1)
    made.clock.now += 30
    assert made.number("account.balance") == 0
    assert made.meter.place.reasons == {"credit"}
    made.write("account.balance", Decimal(5))
    assert made.meter.place.balance == 5000 * PER_UNIT
    assert made.read("supply.output") == frozenset({"on"})


def test_a_meter_without_power_says_nothing() -> None:
    made = bench()
    made.meter.place.suffer("test", Trouble(dark=True), int(made.clock()))
    assert made.meter.pdu(4, bytes(4)) is None
    assert made.meter.get("voltage.l1n") is None


def coils() -> Bench:
    """A meter whose relay and its hold are coils 0 and 1."""
    common = {"table": "coil", "type": "bit", "kind": "setting", "access": "rw"}
    meter_map = probe(
        {"name": "supply.output", "addr": 0, "enum": {"0": "off", "1": "on"}, **common},
        {"name": "tariff.active", "addr": 1, **common},
        {"name": "flag.cover", "addr": 2, **(common | {"access": "r", "kind": "status"})},
        limits={"write_fc": [5, 15]},
    )
    clock = Seconds()
    place = Premises(Draw(1, Use.FLAT, 100, int(clock())), int(clock()))
    return Bench(meter_map, clock, MappedMeter(meter_map, place, clock))


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        ("05 0000 0000", "05 0000 0000"),
        ("05 0001 ff00", "05 0001 ff00"),
        ("0f 0000 0002 01 02", "0f 0000 0002"),
        # One coil is on or off and nothing in between.
        ("05 0000 0001", "85 03"),
        ("05 0000 ff", "85 03"),
        # As many bytes as the bits take, and as are told.
        ("0f 0000 0002 01", "8f 03"),
        ("0f 0000 0002 02 02", "8f 03"),
        ("0f 0000 0002 02 0200", "8f 03"),
        ("0f 0000 0000 00", "8f 03"),
        ("0f 0000 0009 01 00", "8f 03"),
        # All of them are there to be written, or none is.
        ("0f 0001 0002 01 03", "8f 02"),
        ("05 0003 ff00", "85 02"),
    ],
)
def test_coils_are_written_all_or_none(asked: str, reply: str) -> None:
    made = coils()
    raw, before = bytes.fromhex(asked), made.meter.pdu(1, bytes.fromhex("0000 0003"))
    assert made.meter.pdu(raw[0], raw[1:]) == bytes.fromhex(reply)
    if reply[0] == "8":
        assert made.meter.pdu(1, bytes.fromhex("0000 0003")) == before


def test_what_was_written_to_coils_is_read_from_them() -> None:
    made = coils()
    assert made.meter.pdu(1, bytes.fromhex("0000 0002")) == bytes.fromhex("01 01 01")
    made.meter.pdu(15, bytes.fromhex("0000 0002 01 02"))
    assert made.meter.pdu(1, bytes.fromhex("0000 0002")) == bytes.fromhex("01 01 02")
    assert not made.meter.place.switch.closed
