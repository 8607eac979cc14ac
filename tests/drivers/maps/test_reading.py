"""Maps that contradict themselves are refused with the place; shipped ones keep their promises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from drivers.crc import with_crc
from drivers.maps.answer import form
from drivers.maps.errors import MapInvalid, MapUnknown, RegisterContent
from drivers.maps.model import Access, Kind, MeterMap, Table, Trust
from drivers.maps.reading import load_map, read_map, shipped_ids, shipped_map, shipped_maps
from meters.verdicts import TokenResult

from .everything import everything
from .probes import PLAIN, document, one, probe


def test_every_shipped_map_is_valid() -> None:
    maps = shipped_maps()
    assert [meter_map.id for meter_map in maps] == list(shipped_ids())
    assert len(maps) >= 6


@pytest.mark.parametrize("map_id", shipped_ids())
def test_every_shipped_map_says_what_a_technician_needs(map_id: str) -> None:
    meter_map = shipped_map(map_id)
    assert meter_map.golden, "no frame proves what it says"
    assert meter_map.line.default_unit in meter_map.line.units or meter_map.line.units.stop == 1
    dangerous = [c for c in meter_map.commands.values() if c.danger in ("credit", "erase")]
    assert all(c.role != "technician" for c in dangerous)


# Typed by hand from the meter's interface sheet, not read from the file: a slip in the file
# cannot hide, although driver and simulator would both follow it.
SHEET = {
    "meter.number": (0, 7),
    "meter.commodity": (7, 1),
    "sts.supply_group": (8, 3),
    "sts.key_revision": (11, 1),
    "sts.tariff_index": (12, 1),
    "sts.key_expiry": (13, 1),
    "sts.algorithm": (14, 1),
    "sts.key_type": (15, 1),
    "account.balance": (16, 4),
    "account.total_supplied": (20, 4),
    "supply.output": (24, 1),
    "supply.state": (25, 1),
    "supply.reasons": (26, 1),
    "account.tokens_accepted": (27, 2),
    "account.last_result": (29, 1),
    "clock": (30, 2),
    **{f"token_log.sequence[{i}]": (32 + 7 * i, 2) for i in range(10)},
    **{f"token_log.result[{i}]": (34 + 7 * i, 1) for i in range(10)},
    **{f"token_log.fingerprint[{i}]": (35 + 7 * i, 4) for i in range(10)},
}


def test_the_payment_meters_map_is_the_sheet() -> None:
    payment = shipped_map("raseed-payment")
    mailbox = payment.registers["token.mailbox"]
    assert (mailbox.table, mailbox.span, mailbox.access) == (
        Table.HOLDING,
        range(256, 266),
        Access.WRITE,
    )
    inputs = {n: r for n, r in payment.registers.items() if r.table is Table.INPUT}
    assert {n: (r.span[0], r.words) for n, r in inputs.items()} == SHEET
    assert payment.registers["account.last_result"].enum == {
        result.value: result.name.lower() for result in TokenResult
    }


def test_a_map_of_everything_is_read_as_it_stands() -> None:
    meter_map = read_map(everything(), "probe")
    energy = meter_map.registers["energy.active.import"]
    assert (energy.scale, energy.offset, energy.least) == (
        Decimal("0.001"),
        Decimal(-2),
        Decimal(0),
    )
    assert energy.units == {"k": ("kWh", Decimal(1)), "M": ("kWh", Decimal(1000))}
    assert (energy.kind, energy.trust, energy.sources) == (
        Kind.COUNTER,
        Trust.TWO_SOURCES,
        ("sheet",),
    )
    assert meter_map.registers["meter.code"].enum == {32: "P1", 33: "P2"}
    # What a row does not say, the map says: its trust, and its source if it has only one.
    assert meter_map.registers["line.baud"].trust is Trust.BENCH
    assert meter_map.registers["line.baud"].sources == ("sheet",)
    assert meter_map.names("token_log.sequence") == tuple(
        f"token_log.sequence[{i}]" for i in range(3)
    )
    assert meter_map.registers["token_log.sequence[2]"].span == range(0x108, 0x10A)
    command = meter_map.commands["set_unit_id"]
    assert [(step.what, dict(step.args)) for step in command.steps] == [
        ("assert_silent", {"unit": "$new"}),
        ("unlock", {"register": "meter.password", "value": "$password"}),
        ("expect", {"register": "error.bits", "equals": "cover"}),
        ("write", {"register": "meter.unit_id", "value": "$new"}),
        ("write", {"register": "line.baud", "raw": "0001 $line:u16"}),
        ("delay", {"seconds": Decimal("0.5")}),
        ("ask", {"words": "power_cycle"}),
        ("read", {"register": "token_log.sequence"}),
        ("identify_at", {"units": ("$new", "$old")}),
    ]
    assert command.verify is not None
    assert command.verify.within_s == 3.0
    assert meter_map.behaviours["energy.active.import"].args == {"of": "power.active"}
    assert meter_map.line.port == 503


def refused(made: Mapping[str, Any]) -> MapInvalid:
    with pytest.raises(MapInvalid) as told:
        read_map(made, "probe")
    return told.value


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "u24"}, "no place there"),
        ({"type": "ascii(3)"}, "no place there"),
        ({"type": "bits(12)"}, "no type bits(12)"),
        ({"type": "datetime(sundial)"}, "no type datetime(sundial)"),
        ({"type": "pair(u32,u32,0)"}, "no type pair"),
        ({"type": "bit"}, "no place there"),
        ({"table": "coil"}, "no place there"),
        ({"table": "input"}, "read only"),
        ({"table": "obis"}, "not of this protocol"),
        ({"addr": 0xFFFF}, "not on the wire"),
        ({"addr": "1.8.0"}, "address is a number"),
        ({"type": "ascii(10)", "unit": None, "name": "meter.serial"}, "one request"),
        ({"min": "5", "max": "4"}, "min is above max"),
        ({"sentinel": ["7fff"]}, "does not fit u32"),
        ({"sentinel": ["nan"]}, "does not fit u32"),
        ({"kind": "instant", "rollover": "100"}, "only counters"),
        ({"type": "bits", "unit": None}, "bits belong"),
        ({"bits": {"0": "leak"}}, "bits belong"),
        ({"type": "bits", "bits": {"17": "leak"}, "unit": None}, "beyond its type"),
        ({"enum": {"0": "a", "1": "a"}, "unit": None}, "the same word"),
        ({"enum": {"0": "a"}, "scale": "0.1"}, "an enum has no scale"),
        ({"read_alone": True, "group": "a"}, "exclude each other"),
        (
            {"unit_from": "nothing", "unit": None, "units": {"k": ["m3", "1"]}},
            "unit_from must name",
        ),
        ({"unit_from": "nothing"}, "exclude each other"),
        ({"units": {"k": ["m3", "1"]}}, "units belong to unit_from"),
        ({"source": ["hearsay"]}, "no source hearsay"),
        ({"source": []}, "source is missing"),
        ({"name": "volume.sideways"}, "canonical"),
        ({"unit": "gallon"}, "its unit is"),
        ({"repeat": {"count": 2, "stride": 1}}, "overlaps"),
        ({"type": "datetime(epoch)", "name": "clock", "unit": "s"}, "only numbers have a unit"),
        ({"type": "ascii(4)", "order": "CDAB", "unit": None, "name": "meter.serial"}, "word order"),
    ],
)
def test_registers_that_contradict_themselves(changes: dict[str, Any], problem: str) -> None:
    row = {key: value for key, value in (PLAIN | changes).items() if value is not None}
    error = refused(document(row))
    assert problem in error.problem
    assert error.map == "probe"
    assert error.place.startswith(f"register {row['name']}")


def other(**changes: Any) -> dict[str, Any]:
    return PLAIN | {"name": "volume.reverse", "addr": 11} | changes


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ((PLAIN, PLAIN), "stands twice"),
        ((PLAIN, other()), "overlaps volume.forward"),
        ((PLAIN | {"group": "a"}, other(addr=20, group="a")), "one request cannot read it"),
        ((PLAIN | {"group": "a"}, other(table="input", access="r", group="a")), "several tables"),
    ],
)
def test_registers_that_contradict_each_other(
    rows: tuple[dict[str, Any], ...], problem: str
) -> None:
    assert problem in refused(document(*rows)).problem


@pytest.mark.parametrize(
    "more",
    [
        other(table="input", access="r"),
        other(read_alone=True),
        other(addr=12),
    ],
)
def test_registers_that_may_stand_together(more: dict[str, Any]) -> None:
    assert len(probe(PLAIN, more).registers) == 2


def test_reading_and_writing_one_address_may_mean_two_things() -> None:
    """Xintai's valve: bits when read, an order when written."""
    read = {"name": "supply.output", "table": "holding", "addr": 1, "type": "u16"}
    write = read | {"name": "supply.command", "access": "w"}
    assert len(probe(read, write).registers) == 2
    assert "overlaps" in refused(document(read, write | {"access": "rw"})).problem
    halves = (read | {"type": "high8"}, write | {"type": "low8"})
    assert len(probe(*halves).registers) == 2


@pytest.mark.parametrize(
    ("parts", "place", "problem"),
    [
        ({"id": "other"}, "id", "file's name"),
        ({"format": 1}, "format", "must be one of 2"),
        ({"line": {"transports": ["rtu"]}}, "line.baud", "needs its rates"),
        ({"line": {"baud": [9600], "default_baud": 300}}, "line.default_baud", "none of baud"),
        ({"line": {"unit_id": {"default": 0, "min": 1, "max": 9}}}, "line.unit_id", "between"),
        ({"limits": {"even_only": True, "max_registers": 5}}, "limits.max_registers", "even"),
        ({"limits": {"turnaround_ms": 900}}, "limits.turnaround_ms", "above"),
        ({"limits": {"restart_after": ["nothing"]}}, "limits.restart_after", "no register"),
        (
            {"identify": [{"method": "registers", "role": "model", "name": "nothing"}]},
            "identify model",
            "no readable register",
        ),
        (
            {"identify": [{"method": "ident", "role": "model", "match": "/(/"}]},
            "identify model",
            "regular expression",
        ),
        ({"check": [{"name": "a", "holds": "pressure > 0"}]}, "check a", "no register pressure"),
    ],
)
def test_files_that_contradict_themselves(parts: dict[str, Any], place: str, problem: str) -> None:
    error = refused(document(**parts))
    assert error.place == place
    assert problem in error.problem


def test_text_that_is_no_toml_is_told() -> None:
    with pytest.raises(MapInvalid) as told:
        load_map("[", "probe")
    assert told.value.place == "file"


COMMAND: dict[str, Any] = {
    "name": "set_volume",
    "role": "supervisor",
    "danger": "credit",
    "params": {"volume": "decimal"},
    "steps": [{"write": {"register": "volume.forward", "value": "$volume"}}],
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"steps": [{"write": {"register": "nothing", "value": "$volume"}}]}, "no writable"),
        ({"steps": [{"write": {"register": "flow", "value": "$volume"}}]}, "no writable"),
        ({"steps": [{"write": {"register": "volume.forward", "value": "-1"}}]}, "cannot stand"),
        ({"steps": [{"write": {"register": "volume.forward", "value": "x"}}]}, "cannot stand"),
        ({"steps": [{"write": {"register": "volume.forward", "raw": "0g"}}]}, "raw is hex"),
        ({"steps": [{"read": "nothing"}]}, "no readable register nothing"),
        ({"steps": [{"expect": {"register": "flow", "equals": "x"}}]}, "cannot stand"),
        ({"params": {}}, "no parameter volume"),
        ({"params": {"volume": "decimal", "why": "text"}}, "why is never used"),
        ({"idempotency": {"register": "nothing"}}, "no readable register nothing"),
        ({"source": ["hearsay"]}, "no source hearsay"),
        (
            {"verify": {"register": "flow", "equals": "0", "within_s": "1", "poll_s": "2"}},
            "poll_s is above within_s",
        ),
    ],
)
def test_commands_that_contradict_themselves(changes: dict[str, Any], problem: str) -> None:
    flow = PLAIN | {"name": "flow", "addr": 20, "unit": "m3/h", "access": "r", "kind": "instant"}
    assert probe(PLAIN, flow, command=[COMMAND]).commands["set_volume"].danger == "credit"
    error = refused(document(PLAIN, flow, command=[COMMAND | changes]))
    assert error.place == "command set_volume"
    assert problem in error.problem


def test_a_meter_that_takes_no_writes_has_no_commands_that_write() -> None:
    error = refused(document(PLAIN, command=[COMMAND], limits={"write_fc": []}))
    assert "takes no writes" in error.problem
    assert "twice" in refused(document(PLAIN, command=[COMMAND, COMMAND])).problem


def frame(text: str) -> str:
    raw = bytes.fromhex(text)
    return with_crc(raw).hex(" ")


ASK = "01 03 00 0A 00 02"
ANSWER = "01 03 04 00 00 00 2A"


@pytest.mark.parametrize(
    ("request_", "response", "expect", "problem"),
    [
        (frame(ASK), frame(ANSWER), {"volume.forward": "42"}, ""),
        (frame(ASK), frame("01 83 02"), {}, ""),
        (frame(ASK), frame("01 83 02"), {"volume.forward": "42"}, "exception"),
        (ASK + " 00 00", frame(ANSWER), {}, "sum of the request"),
        (frame(ASK), ANSWER + " 00 00", {}, "sum of the response"),
        (frame(ASK), frame("02 03 04 00 00 00 2A"), {}, "another unit"),
        (frame(ASK), frame("01 04 04 00 00 00 2A"), {}, "do not fit"),
        (frame(ASK), frame("01 03 02 00 2A"), {}, "do not fit"),
        (frame(ASK), frame(ANSWER), {"volume.forward": "43"}, "is not 43"),
        (frame(ASK), frame(ANSWER), {"volume.reverse": "42"}, "is not in it"),
        (
            frame("01 10 00 0A 00 02 04 00 00 00 2A"),
            frame("01 10 00 0A 00 02"),
            {"volume.forward": "42"},
            "",
        ),
        (frame("01 10 00 0A 00 02 04 00 00 00 2A"), frame("01 10 00 0B 00 02"), {}, "do not fit"),
    ],
)
def test_golden_frames_must_mean_what_they_promise(
    request_: str, response: str, expect: dict[str, str], problem: str
) -> None:
    row = {"name": "a", "request": request_, "response": response, "expect": expect}
    made = document(PLAIN, golden=[row])
    if problem:
        error = refused(made)
        assert (error.place, problem in error.problem) == ("golden a", True)
    else:
        assert read_map(made, "probe").golden[0].name == "a"


@pytest.mark.parametrize("name", ["nobody", "../meters/raseed-payment", "", "schema"])
def test_an_unknown_map(name: str) -> None:
    with pytest.raises(MapUnknown):
        shipped_map(name)


# --- Forms ---------------------------------------------------------------------------------------


def pair_map() -> MeterMap:
    near = {"name": "supply.output", "table": "holding", "addr": 12, "type": "u16",
            "enum": {"1": "on"}}  # fmt: skip
    bits = {"name": "error.bits", "table": "holding", "addr": 13, "type": "bits",
            "bits": {"0": "leak"}}  # fmt: skip
    return probe(PLAIN, near, bits, PLAIN | {"name": "volume.net", "addr": 14})


def test_one_request_reads_together_what_lies_together() -> None:
    asked = form(pair_map(), ["supply.output", "volume.forward", "error.bits"])
    assert (asked.addr, asked.count) == (10, 4)
    answer = asked.answer(bytes.fromhex("00000001 0001 0001"))
    assert answer.integer("volume.forward") == 1
    assert answer.text("supply.output") == "on"
    assert answer.integer("supply.output") == 1
    assert answer.flags("error.bits") == {"leak"}
    with pytest.raises(KeyError):
        answer.integer("volume.net")
    assert "0000" not in repr(answer)


@pytest.mark.parametrize(
    ("data", "method", "name"),
    [
        ("00000001 0002 0001", "text", "supply.output"),
        ("00000001 0001 0002", "flags", "error.bits"),
        ("00000001 0001 0001", "text", "volume.forward"),
        ("00000001 0001 0001", "flags", "volume.forward"),
        ("00000001 0001 0001", "integer", "error.bits"),
    ],
)
def test_nonsense_in_an_answer_is_told(data: str, method: str, name: str) -> None:
    answer = form(pair_map(), ["volume.forward", "supply.output", "error.bits"]).answer(
        bytes.fromhex(data)
    )
    with pytest.raises(RegisterContent):
        getattr(answer, method)(name)


def test_what_one_request_cannot_read() -> None:
    with pytest.raises(RegisterContent):
        form(pair_map(), ["volume.forward"]).answer(bytes(3))
    with pytest.raises(MapInvalid):
        form(pair_map(), ["volume.forward", "volume.net"])
    with pytest.raises(MapInvalid):
        form(shipped_map("raseed-payment"), ["token.mailbox"])


def test_an_answer_of_part_numbers_is_no_whole_number() -> None:
    register = one(scale="0.1")
    asked = form(probe(PLAIN | {"scale": "0.1"}), [register.name])
    with pytest.raises(RegisterContent):
        asked.answer(bytes.fromhex("00000001")).integer(register.name)
    assert asked.answer(bytes.fromhex("00000014")).integer(register.name) == 2
