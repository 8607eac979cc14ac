"""Bytes and values: exact, and each the inverse of the other."""

from __future__ import annotations

import math
import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.maps.codec import NoValue, decode, encode, step, text_of, value_of
from drivers.maps.datetimes import CODECS
from drivers.maps.errors import RegisterContent
from drivers.maps.floats import decimal_of
from drivers.maps.model import Order
from drivers.maps.orders import arrange
from drivers.maps.reading import read_map
from drivers.maps.types import parse_type
from meters.readings import Value

from .probes import document, one

moment = datetime.fromisoformat
ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"]
PLAIN_TEXT = st.text(st.characters(codec="ascii", min_codepoint=0x21, max_codepoint=0x7E))


@pytest.mark.parametrize(
    ("order", "wire"),
    [("ABCD", "01020304"), ("CDAB", "03040102"), ("BADC", "02010403"), ("DCBA", "04030201")],
)
def test_orders_of_a_32_bit_value(order: str, wire: str) -> None:
    register = one(order=order)
    assert encode(register, Decimal(0x01020304)).hex() == wire
    assert decode(register, bytes.fromhex(wire)) == 0x01020304


@given(
    raw=st.binary(max_size=10).filter(lambda raw: len(raw) % 2 == 0), order=st.sampled_from(Order)
)
def test_every_arrangement_undoes_itself(raw: bytes, order: Order) -> None:
    assert arrange(arrange(raw, order), order) == raw


# --- decode(encode(x)) == x, for all types and orders --------------------------------------------


def decimals(least: int, most: int, scale: Decimal = Decimal(1)) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda number: number * scale)


def floats_of(size: int) -> st.SearchStrategy[Decimal]:
    floats = st.floats(allow_nan=False, allow_infinity=False, width=32 if size == 4 else 64)
    return floats.map(lambda x: decimal_of(struct.pack(">f" if size == 4 else ">d", x)))


MODBUS: dict[str, st.SearchStrategy[Any]] = {
    **{f"u{bits}": decimals(0, 2**bits - 1) for bits in (16, 32, 48, 64)},
    **{f"s{bits}": decimals(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (16, 32, 48, 64)},
    "f32": floats_of(4),
    "f64": floats_of(8),
    "bcd(4)": decimals(0, 10**4 - 1),
    "bcd(16)": decimals(0, 10**16 - 1),
    "high8": decimals(0, 255),
    "low8": decimals(0, 255),
    "pair(u32,u32,0.001)": decimals(0, 10**12 - 1, Decimal("0.001")),
    "pair(s32,u16,0.1)": decimals(0, 10**9, Decimal("0.1")),
}
CHARACTERS: dict[str, st.SearchStrategy[Any]] = {
    "ascii(14)": PLAIN_TEXT.filter(lambda text: len(text) <= 14),
    "ascii-low(7)": PLAIN_TEXT.filter(lambda text: len(text) <= 7),
}
MOMENTS = {name: f"datetime({name})" for name in CODECS if CODECS[name].size % 2 == 0}


@given(data=st.data(), type_=st.sampled_from(sorted(MODBUS)), order=st.sampled_from(ORDERS))
def test_numbers_come_back(data: st.DataObject, type_: str, order: str) -> None:
    register = one(type=type_, order=order)
    value = data.draw(MODBUS[type_])
    raw = encode(register, value)
    assert len(raw) == 2 * register.words == parse_type(type_).size
    assert decode(register, raw) == value


@given(
    data=st.data(),
    type_=st.sampled_from(sorted(CHARACTERS)),
    order=st.sampled_from(["ABCD", "BADC"]),
)
def test_texts_come_back(data: st.DataObject, type_: str, order: str) -> None:
    register = one(type=type_, order=order, unit=None, kind="identity", name="meter.serial")
    value = data.draw(CHARACTERS[type_])
    assert decode(register, encode(register, value)) == value


@given(data=st.data(), name=st.sampled_from(sorted(MOMENTS)), order=st.sampled_from(ORDERS))
def test_moments_come_back(data: st.DataObject, name: str, order: str) -> None:
    codec = CODECS[name]
    register = one(type=MOMENTS[name], order=order, unit=None, kind="clock", name="clock")
    drawn = data.draw(st.datetimes(codec.first, codec.last))
    found = decode(register, encode(register, drawn))
    assert isinstance(found, datetime)
    assert timedelta(0) <= drawn - found < codec.step
    assert encode(register, found) == encode(register, drawn)


@given(
    names=st.frozensets(st.sampled_from(["cover", "magnet", "leak", "bit7"])),
    order=st.sampled_from(ORDERS),
)
def test_bits_come_back_also_those_without_a_name(names: frozenset[str], order: str) -> None:
    bits = {"0": "cover", "3": "magnet", "31": "leak"}
    register = one(
        type="bits(32)", order=order, bits=bits, unit=None, kind="status", name="error.bits"
    )
    assert decode(register, encode(register, names)) == names


@given(
    raw=st.integers(-(2**31), 2**31 - 1),
    scale=st.decimals("0.0001", "1000", places=4).filter(bool),
    offset=st.decimals("-1000", "1000", places=3),
)
def test_scale_and_offset_are_exact(raw: int, scale: Decimal, offset: Decimal) -> None:
    register = one(type="s32", scale=f"{scale:f}", offset=f"{offset:f}")
    value = decode(register, raw.to_bytes(4, "big", signed=True))
    assert value == raw * scale + offset
    assert encode(register, value) == raw.to_bytes(4, "big", signed=True)


@given(data=st.data(), type_=st.sampled_from(sorted({**MODBUS, **CHARACTERS})))
def test_a_value_written_as_text_is_the_same_value(data: st.DataObject, type_: str) -> None:
    numeric = type_ in MODBUS
    changes = {} if numeric else {"unit": None, "kind": "identity", "name": "meter.serial"}
    register = one(type=type_, **changes)
    value: Value = data.draw((MODBUS | CHARACTERS)[type_])
    assert value_of(register, text_of(value)) == value


# --- Floats --------------------------------------------------------------------------------------


@given(x=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_its_shortest_decimal(x: float) -> None:
    raw = struct.pack(">f", x)
    value = decimal_of(raw)
    assert struct.pack(">f", float(value)) == raw or x == 0
    digits = len(value.normalize().as_tuple().digits)
    if digits > 1 and x:
        shorter = Decimal(f"{x:.{digits - 2}e}")
        assert struct.pack(">f", float(shorter)) != raw


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("43663333", "230.2"),
        ("43663334", "230.20001"),
        ("c2c80000", "-100"),
        ("4b189680", "10000000"),
        ("00000000", "0"),
        ("80000000", "0"),
    ],
)
def test_floats_as_people_read_them(wire: str, value: str) -> None:
    assert decode(one(type="f32"), bytes.fromhex(wire)) == Decimal(value)


@pytest.mark.parametrize(
    ("count", "fine"),
    # As computed for the meters' own document: what a single-precision counter can tell.
    [("99999", "0.0078125"), ("131072", "0.015625"), ("1048576", "0.125"), ("10000000", "1")],
)
def test_the_step_of_a_float_counter(count: str, fine: str) -> None:
    register = one(type="f32")
    assert step(register, encode(register, Decimal(count))) == Decimal(fine)
    halved = one(type="f32", scale="0.5")
    assert step(halved, encode(halved, Decimal(count) / 2)) == Decimal(fine) / 2
    assert step(one(type="u32"), bytes(4)) is None


@given(x=st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=0))
def test_the_step_is_the_distance_to_the_next_float(x: float) -> None:
    raw = struct.pack(">f", x)
    found = step(one(type="f32"), raw)
    beyond = struct.unpack(">f", (int.from_bytes(raw, "big") + 1).to_bytes(4, "big"))[0]
    if math.isfinite(beyond):
        assert found == Decimal(beyond) - Decimal(x)


@pytest.mark.parametrize("wire", ["7fc00000", "7f800000", "ff800000"])
def test_what_is_no_number_is_refused(wire: str) -> None:
    with pytest.raises(RegisterContent):
        decode(one(type="f32"), bytes.fromhex(wire))


# --- Words without a meaning, and marks of "no value" --------------------------------------------


@pytest.mark.parametrize(
    ("changes", "wire"),
    [
        ({"type": "s32", "sentinel": ["7fffffff"]}, "7fffffff"),
        ({"type": "s32", "sentinel": ["7fffffff"], "order": "CDAB"}, "ffff7fff"),
        ({"type": "u16", "sentinel": ["ffff", "8000"]}, "8000"),
        ({"type": "f32", "sentinel": ["nan"]}, "7fc00001"),
        ({"type": "f32", "sentinel": ["nan"]}, "ffc00000"),
    ],
)
def test_sentinels(changes: dict[str, Any], wire: str) -> None:
    with pytest.raises(NoValue):
        decode(one(**changes), bytes.fromhex(wire))


TEXT = {"unit": None, "kind": "identity", "name": "meter.serial"}


@pytest.mark.parametrize(
    ("changes", "wire"),
    [
        ({"type": "bcd(8)"}, "1234567a"),
        ({"type": "u32"}, "000102"),
        ({"type": "u32"}, "0001020304"),
        ({"type": "ascii(4)", **TEXT}, "80ff0000"),
        ({"type": "ascii(4)", **TEXT}, "00410042"),
        ({"type": "datetime(bcd-clock)", **TEXT, "name": "clock"}, "0000006612262000"),
        ({"type": "datetime(iem3155)", **TEXT, "name": "clock"}, "001a0b1700a00000"),
        ({"type": "datetime(mbus-f)", **TEXT, "name": "clock"}, "80000101"),
    ],
)
def test_bytes_that_mean_nothing(changes: dict[str, Any], wire: str) -> None:
    with pytest.raises(RegisterContent):
        decode(one(**changes), bytes.fromhex(wire))


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"type": "u16"}, Decimal(65536)),
        ({"type": "u16"}, Decimal(-1)),
        ({"type": "u16"}, Decimal("0.5")),
        ({"type": "u32", "scale": "0.1"}, Decimal("0.05")),
        ({"type": "u32"}, Decimal("NaN")),
        ({"type": "u32"}, "text"),
        ({"type": "f32"}, Decimal("1e39")),
        ({"type": "bcd(4)"}, Decimal(10000)),
        ({"type": "u16", "enum": {"0": "off"}, "unit": None, "name": "supply.output"}, "on"),
        ({"type": "ascii(4)", **TEXT}, "12345"),
        ({"type": "ascii(4)", **TEXT}, "é"),
        ({"type": "ascii(4)", **TEXT}, Decimal(1)),
        ({"type": "datetime(epoch)", **TEXT, "name": "clock"}, moment("2107-01-01")),
        (
            {"type": "bits", "bits": {"0": "leak"}, "unit": None, "name": "error.bits"},
            frozenset({"x"}),
        ),
    ],
)
def test_values_that_a_type_cannot_hold(changes: dict[str, Any], value: Value) -> None:
    with pytest.raises(RegisterContent) as told:
        encode(one(**changes), value)
    # A token or a password may have been tried.
    assert "12345" not in str(told.value)


def test_words_of_an_enum() -> None:
    output = one(
        type="u16", enum={"0": "off", "0x0A": "on"}, unit=None, kind="status", name="supply.output"
    )
    assert decode(output, b"\0\x0a") == "on"
    assert encode(output, "on") == b"\0\x0a"
    assert encode(output, Decimal(10)) == b"\0\x0a"
    assert decode(output, b"\0\x05") == Decimal(5)


# --- Moments as the documents write them ---------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "wire", "expected"),
    [
        ("epoch", "6b0432f3", moment("2026-11-23T12:34:59")),
        ("bcd-clock", "5934122311262000", moment("2026-11-23T12:34:59")),
        ("iem3155", "001a0b570c22e678", moment("2026-11-23T12:34:59")),
        ("mbus-f", "220c573b", moment("2026-11-23T12:34:00")),
        ("dlt645", "26112301123459", moment("2026-11-23T12:34:59")),
        ("binary6", "1a0b170c223b", moment("2026-11-23T12:34:59")),
    ],
)
def test_moments_as_meters_write_them(codec: str, wire: str, expected: datetime) -> None:
    assert CODECS[codec].decode(bytes.fromhex(wire)) == expected
    assert CODECS[codec].encode(expected).hex() == wire


# --- Numbers as text (IEC 62056-21) --------------------------------------------------------------


def iec(**changes: Any) -> Any:
    row = {"name": "energy.active.import", "table": "obis", "addr": "1.8.0", "type": "number",
           "unit": "kWh", "kind": "counter"}  # fmt: skip
    made = document(row | changes, protocol="iec62056-21", limits={"write_fc": []})
    return read_map(made, "probe").registers["energy.active.import"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("001234.56*kWh", "1234.56"), ("001234.56", "1234.56"), ("1234560*Wh", "1234.560")],
)
def test_numbers_as_text(text: str, value: str) -> None:
    assert decode(iec(), text.encode()) == Decimal(value)


@pytest.mark.parametrize("text", ["12.5*kvarh", "1e3*kWh", "12.3.4", "", "NaN", "--1", "1_000"])
def test_texts_that_are_no_such_number(text: str) -> None:
    with pytest.raises(RegisterContent):
        decode(iec(), text.encode())
