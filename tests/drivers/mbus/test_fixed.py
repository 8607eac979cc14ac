"""The fixed data structure: frames that are published, and the laws of its two counters."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mbus.fixed import UNITS
from drivers.mbus.frames import FIXED, Long, find_long
from drivers.mbus.structures import telegram
from drivers.mbus.telegram import NotATelegram, Record, Telegram

# rscada/libmbus test/test-frames/manual_frame2.hex, which is the worked example of "The M-Bus: A
# Documentation", rev. 4.8, page 35: 1 litre now, and 135 litres at the fixed date.
MANUAL = "68131368080573785634120A00E97E01000000350100003C16"
# rscada/libmbus test/test-frames/sen_pollusonic_2.hex: a heat meter.
POLLUSONIC = "681313680801739392919010000569316500006900 00003F16"


def told(text: str) -> Telegram:
    found = find_long(bytes.fromhex(text))
    assert found is not None
    return telegram(found[0])


def shown(record: Record) -> tuple[str, str, str, int]:
    return str(record.value), record.meaning.unit, record.meaning.quantity, record.storage


def test_the_worked_example_of_the_documentation() -> None:
    meter = told(MANUAL)
    assert (meter.identification, meter.address, meter.access) == ("12345678", 5, 10)
    assert (meter.medium, meter.status, meter.more) == (7, 0, False)
    assert meter.secondary == "12345678FFFFFFFF"
    now, before = meter.records
    assert shown(now) == ("0.001", "m3", "volume", 0)
    assert shown(before) == ("0.135", "m3", "volume", 1)
    assert (now.key, before.key) == ("FIXED 1", "FIXED 2")


def test_a_real_heat_meter() -> None:
    meter = told(POLLUSONIC)
    assert (meter.identification, meter.medium) == ("90919293", 4)
    energy, volume = meter.records
    assert shown(energy) == ("6531000", "Wh", "energy", 0)
    assert shown(volume) == ("0.069", "m3", "volume", 0)


def made(status: int, units: bytes, first: bytes, second: bytes = bytes(4)) -> Telegram:
    data = bytes.fromhex("78563412") + bytes([0, status]) + units + first + second
    return telegram(Long(8, 5, FIXED, data))


WATER = bytes([0xC0 | 0x29, 0x40 | 0x3E])


@given(st.integers(0, 10**8 - 1), st.sampled_from(sorted(UNITS)))
def test_every_count_in_every_unit_is_exact_in_either_notation(number: int, unit: int) -> None:
    units = bytes([0xC0 | unit, 0x40 | unit])
    digits = bytes.fromhex(f"{number:08d}")[::-1]
    by_digits = made(0, units, digits).records[0].value
    by_bits = made(1, units, number.to_bytes(4, "little")).records[0].value
    assert by_digits == by_bits == Decimal(number).scaleb(UNITS[unit].exponent)


def test_the_status_tells_notation_and_moment_and_keeps_its_warnings() -> None:
    meter = made(0b1111, WATER, (135).to_bytes(4, "little"))
    assert meter.status == 0b1100
    assert [record.storage for record in meter.records] == [1, 1]


@pytest.mark.parametrize(
    ("status", "units", "first", "problem"),
    [
        (0, WATER, "0000000A", "not_bcd"),
        # Signed or not: half of the numbers mean two things.
        (1, WATER, "00000080", "sign_unknown"),
        (0, bytes([0xC0 | 0x3A, 0x40]), "00000000", "unknown_unit"),
        (0, bytes([0xC0 | 0x00, 0x40]), "00000000", "unknown_unit"),
        (0, bytes([0xC0 | 0x3E, 0x40 | 0x3E]), "00000000", "unknown_unit"),
    ],
)
def test_what_cannot_be_known_is_no_value(
    status: int, units: bytes, first: str, problem: str
) -> None:
    record = made(status, units, bytes.fromhex(first)).records[0]
    assert (record.value, record.problem) == (None, problem)


@pytest.mark.parametrize("size", [0, 8, 15, 17])
def test_another_length_is_refused(size: int) -> None:
    with pytest.raises(NotATelegram, match="cut_off"):
        telegram(Long(8, 5, FIXED, bytes(size)))


def test_meters_that_may_send_high_bytes_first_are_refused() -> None:
    """Medium 0D: water of mode 2."""
    with pytest.raises(NotATelegram, match="high_byte_first"):
        made(0, bytes([0x40 | 0x29, 0xC0 | 0x3E]), bytes(4))
