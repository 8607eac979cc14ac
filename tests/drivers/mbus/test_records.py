"""Records of real meters: exact, and as a second decoder sees them."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.maps.codec import decode
from drivers.maps.reading import shipped_map
from drivers.mbus.calendar import moment_of
from drivers.mbus.frames import Long, Short, begun, find_long, find_short
from drivers.mbus.station import selection
from drivers.mbus.structures import telegram
from drivers.mbus.telegram import NotATelegram, Record, Telegram

FRAMES = {
    name: bytes.fromhex(row["hex"])
    for name, row in tomllib.loads(
        (Path(__file__).parent / "frames.toml").read_text("utf-8")
    ).items()
}


def told(name: str) -> Telegram:
    found = find_long(FRAMES[name])
    assert found is not None
    assert found[1] == len(FRAMES[name])
    return telegram(found[0])


def by_key(name: str) -> dict[str, Record]:
    return {record.key: record for record in told(name).records}


def test_published_frames() -> None:
    assert Short(0x40, 5).encode() == bytes.fromhex("1040054516")
    assert Short(0x5B, 5).encode() == bytes.fromhex("105B056016")
    assert Short(0x7B, 5).encode() == bytes.fromhex("107B058016")
    selects = bytes.fromhex("680B0B6853FD5278563412FFFFFFFFB216")
    assert selection("12345678FFFFFFFF").encode() == selects
    addresses = bytes.fromhex("6806066853FE51017A052216")
    assert Long(0x53, 0xFE, 0x51, bytes.fromhex("017A05")).encode() == addresses


def test_a_water_meter() -> None:
    meter = told("oms-water")
    assert (meter.identification, meter.maker, meter.medium) == ("92752244", "HYD", 7)
    assert meter.secondary == "92752244" + "2423" + "29" + "07"
    found = by_key("oms-water")
    assert found["0C 13"].value == Decimal("2850.427")
    assert str(found["0C 13"].value) == "2850.427"
    assert found["0B 3B"].value == Decimal("0.127")
    assert (found["4C 13"].value, found["4C 13"].storage) == (Decimal("1445.419"), 1)
    assert found["42 6C"].value == date(2007, 12, 31)
    assert found["02 FD 17"].value == 0
    assert found["02 FD 17"].meaning.quantity == "error_flags"


def test_tariffs_subunits_storages_text_and_reals() -> None:
    kamstrup = by_key("kamstrup-multical-601")
    assert kamstrup["84 10 06"].tariff == 1
    assert kamstrup["84 80 40 14"].subunit == 2
    assert (kamstrup["C4 20 06"].storage, kamstrup["C4 20 06"].tariff) == (1, 2)
    assert kamstrup["04 6D"].value == datetime(2011, 1, 5, 15, 26)  # noqa: DTZ001
    assert kamstrup["14 3B"].function == "maximum"
    assert told("svm-f22-first-of-several").more
    (text,) = told("text-behind-its-extension").records
    assert text.meaning.unit == "ABC"
    itron = told("itron-cyble-cold-water").records
    assert [r.value for r in itron if isinstance(r.value, str)] == ["          "]
    reals = [r for r in told("edc-with-reals").records if r.key == "85 00 5B"]
    assert [str(r.value) for r in reals] == ["21.536703"]


def test_what_an_extension_makes_of_a_quantity_is_another_quantity() -> None:
    star = by_key("engelmann-waterstar")
    assert star["04 13"].meaning.quantity == "volume"
    assert star["04 90 28"].meaning.also == "28"
    pulses = by_key("relay-padpuls3")["42 EC 7E"]
    assert (pulses.value, pulses.meaning.also) == (date(2001, 12, 31), "7E")
    assert by_key("siemens-water")["0B 3B"].value == 0


# The other decoder gives up on this one (IndexError).
KNOWN_TO_FAIL = {"text-behind-its-extension"}
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@pytest.mark.parametrize("name", sorted(FRAMES.keys() - KNOWN_TO_FAIL))
def test_a_second_decoder_agrees(name: str) -> None:
    """pymeterbus goes through binary floats, and a real has seven digits. Durations it tells in
    seconds; storage numbers it leaves out."""
    meterbus = pytest.importorskip("meterbus", reason="pymeterbus is not installed")
    others = meterbus.load(FRAMES[name]).records
    ours = told(name).records
    assert len(others) - len(ours) in (0, 1), "it counts the maker's data as a record"
    compared = 0
    for mine, other in zip(ours, others, strict=False):
        assert bytes(other.dib.parts) == bytes.fromhex(mine.key)[: len(other.dib.parts)]
        theirs = other.parsed_value
        match mine.value:
            case Decimal() as number:
                factor = SECONDS.get(mine.meaning.unit, 1) if "time" in mine.meaning.quantity else 1
                assert abs(number * factor - Decimal(theirs)) <= abs(number) * Decimal("1e-7")
                compared += 1
            case datetime() as moment:
                assert str(theirs).startswith(moment.isoformat()[:16]), mine.key
                compared += 1
            case date() as day:
                assert str(theirs).startswith(day.isoformat()), mine.key
                compared += 1
    assert compared >= len(ours) / 2


# --- Laws -------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_a_cut_frame_is_not_found_and_has_begun(name: str, data: st.DataObject) -> None:
    whole = FRAMES[name]
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    assert find_long(cut) is None
    assert begun(cut)


@given(st.sampled_from(sorted(FRAMES)), st.data())
def test_eight_spoilt_bits_in_a_row_are_noticed(name: str, data: st.DataObject) -> None:
    whole = FRAMES[name]
    at = data.draw(st.integers(0, 8 * len(whole) - 8))
    burst = data.draw(st.integers(1, 255)) << at
    spoilt = (int.from_bytes(whole, "little") ^ burst).to_bytes(len(whole), "little")
    assert find_long(spoilt) is None


@given(st.binary(max_size=80))
def test_any_data_gives_records_or_a_typed_refusal(data: bytes) -> None:
    header = bytes(12)
    try:
        found = telegram(Long(8, 1, 0x72, header + data))
    except NotATelegram:
        return
    for record in found.records:
        assert (record.value is None) == bool(record.problem), record


def test_other_structures_are_named() -> None:
    with pytest.raises(NotATelegram, match="other_structure"):
        telegram(Long(8, 1, 0x70, b"\x08"))
    assert find_short(bytes.fromhex("00105B056016")) == (Short(0x5B, 5), 6)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("220c573b", "2026-11-23T12:34:00"),
        # 1999 without a century, and with that of 1900 or 2000 told.
        ("2217 7fcc", "1999-12-31T23:34:00"),
        ("2237 7fcc", "2099-12-31T23:34:00"),
        ("2237 1f0c", "2000-12-31T23:34:00"),
        ("a20c573b", None),
        ("ffffffff", None),
        ("220c 7ffc", None),
        # Type I: seconds first, and the day of the week above the hour.
        ("11 22 6c 57 3b 00", "2026-11-23T12:34:17"),
    ],
)
def test_moments_mean_the_same_in_a_record_and_in_a_register(raw: str, moment: str | None) -> None:
    wire = bytes.fromhex(raw)
    wanted = None if moment is None else datetime.fromisoformat(moment)
    assert moment_of(wire) == wanted
    if len(wire) == 4 and wanted is not None:
        clock = shipped_map("mbus-water").registers["clock"]
        assert decode(clock, wire) == wanted
