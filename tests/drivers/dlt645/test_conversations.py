"""The client against the meter's end, over a line in memory on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.conversation import Conversation, LineSettings, Send, T, converse
from drivers.dlt645 import core
from drivers.dlt645.frames import ALL, ANY, Frame, encode
from drivers.dlt645.station import Access, Station
from drivers.dlt645.topup import (
    Purchase,
    purchase_data,
    unsealed,
)
from drivers.lines import Declined, NoReply
from drivers.transports.memory import MemoryLine, VirtualClock
from simulators.protocols.dlt645 import Dlt645End
from tests.drivers.rough import FINE, STORM, RoughLine, Weather
from tests.simulators.protocols.household import NOW, WRITABLE, Household, di

METER = "260305510012"
CUSTOMER = "000000004711"
ACCESS = Access(2, "123456", "00000007")
STATION = Station("memory", METER)
REGISTERS = (
    di("energy.active.import", "00010000", "bcd(8)", scale=Decimal("0.01"), unit="kWh"),
    di("energy.active.import.t1", "00010100", "bcd(8)", scale=Decimal("0.01"), unit="kWh"),
    di("account.balance", "00900200", "bcd(8)", scale=Decimal("0.01")),
    di("account.purchase_count", "03330201", "bcd(4)"),
    di("account.low_threshold.1", "04001001", "bcd(8)", scale=Decimal("0.01"), access=WRITABLE),
    di("events", "03300D01", "ascii(200)"),
)


def meter(**more: object) -> tuple[Dlt645End, Household]:
    house = Household(
        {
            "energy.active.import": Decimal("1234.56"),
            "energy.active.import.t1": Decimal("1000.00"),
            "account.balance": Decimal("10.00"),
            "account.purchase_count": Decimal(3),
            "account.low_threshold.1": Decimal("5.00"),
            "events": "".join(f"event {i:03d} " for i in range(20)),
        }
    )
    end = Dlt645End(
        METER,
        REGISTERS,
        house,
        passwords={2: "123456", 4: "000000"},
        customer=CUSTOMER,
        **more,  # type: ignore[arg-type]
    )
    return end, house


def line_to(
    feed: Callable[[bytes], bytes], seed: int = 1, weather: Weather = FINE, echo: bool = False
) -> MemoryLine:
    far = RoughLine(feed, Random(seed), weather)
    return MemoryLine(far, VirtualClock(), LineSettings(2400, 8, "E", 1), echo=echo)


def talk(conversation: Conversation[T], end: Dlt645End) -> T:
    return converse(conversation, line_to(end.feed))


@pytest.mark.parametrize("echo", [False, True])
def test_read(echo: bool) -> None:
    end, _ = meter()
    line = line_to(end.feed, echo=echo)
    assert converse(core.read(STATION, "00010000"), line) == bytes.fromhex("56341200")
    assert line.sent == [bytes.fromhex("FEFEFEFE 68120051050326681104333334334316")]
    assert converse(core.ask_address(STATION), line) == METER


def test_long_data_comes_in_follow_up_frames() -> None:
    end, house = meter(most_data=60)
    data = talk(core.read(STATION, "03300D01"), end)
    assert data[::-1].decode() == house.values["events"]


def test_a_block_is_all_of_its_items() -> None:
    end, _ = meter()
    assert talk(core.read(STATION, "0001FF00"), end) == bytes.fromhex("56341200 00001000")


def test_what_the_meter_does_not_keep_is_a_misfit() -> None:
    end, _ = meter()
    with pytest.raises(Declined) as caught:
        talk(core.read(STATION, "02010100"), end)
    assert (caught.value.reason, caught.value.is_misfit) == ("no_data", True)


def test_nobody_else_answers() -> None:
    end, _ = meter()
    line = line_to(end.feed)
    with pytest.raises(NoReply) as caught:
        converse(core.read(replace(STATION, address="1" * 12), "00010000", tries=2), line)
    assert caught.value.reason == "timeout"
    assert len(line.sent) == 2


def test_write_needs_the_password_and_goes_out_once() -> None:
    end, house = meter()
    data = bytes.fromhex("00070000")
    talk(core.write(STATION, "04001001", data, ACCESS), end)
    assert house.puts == [("account.low_threshold.1", Decimal("7.00"))]
    with pytest.raises(Declined) as caught:
        talk(core.write(STATION, "04001001", data, replace(ACCESS, password="654321")), end)
    assert (caught.value.reason, caught.value.nothing_happened) == ("not_authorised", True)

    silent = line_to(lambda _: b"")
    with pytest.raises(NoReply):
        converse(core.write(STATION, "04001001", data, ACCESS), silent)
    assert len(silent.sent) == 1


def test_the_password_is_marked_as_secret() -> None:
    for conversation in (
        core.write(STATION, "04001001", bytes(4), ACCESS),
        core.relay(STATION, core.Order.TRIP, ACCESS, NOW),
    ):
        next(conversation)
        step = conversation.send(b"")
        assert isinstance(step, Send)
        (stretch,) = step.secret
        password = bytes(byte - 0x33 & 0xFF for byte in step.data[slice(*stretch)])
        assert password[::-1].hex() == "123456"
        conversation.close()
    assert "123456" not in repr(ACCESS)


def test_relay_orders_expire() -> None:
    end, house = meter()
    for order in (core.Order.TRIP, core.Order.PERMIT, core.Order.CLOSE, core.Order.HOLD):
        talk(core.relay(STATION, order, ACCESS, NOW + timedelta(minutes=1)), end)
    assert [value for _, value in house.puts] == ["open", "ready", "closed", "on"]
    house.puts.clear()
    with pytest.raises(Declined):
        talk(core.relay(STATION, core.Order.TRIP, ACCESS, NOW - timedelta(seconds=1)), end)
    with pytest.raises(Declined):
        talk(core.relay(STATION, core.Order.TRIP, Access(4, "000000"), NOW), end)
    assert house.puts == []


def test_the_relay_frame_is_the_published_one() -> None:
    line = line_to(lambda _: b"")
    forever = datetime(2099, 12, 31, 23, 59, 59)  # noqa: DTZ001
    with pytest.raises(NoReply):
        converse(core.relay(STATION, core.Order.TRIP, Access(2, "000000"), forever), line)
    published = "6812005105032668 1C10 3533333333333333 4D33 8C8C566445CC 8A16"
    assert line.sent[0][4:] == bytes.fromhex(published)


def test_time_and_freeze_to_all_are_not_answered() -> None:
    end, house = meter()
    talk(core.broadcast_time(STATION, NOW + timedelta(seconds=90)), end)
    assert house.puts == [("clock", NOW + timedelta(seconds=90))]
    talk(core.broadcast_time(STATION, NOW), end)
    assert len(house.puts) == 1, "once a day"
    talk(core.freeze(replace(STATION, address=ALL)), end)
    talk(core.freeze(STATION, "99990000"), end)
    assert [pattern for _, pattern in end.freezes] == ["99999999", "99990000"]


def test_addresses_rates_and_passwords() -> None:
    end, _ = meter()
    line = line_to(end.feed)
    converse(core.write_address(replace(STATION, address=ANY), "0" * 11 + "5"), line)
    moved = replace(STATION, address="0" * 11 + "5")
    converse(core.set_baud(moved, 9600, line.settings), line)
    assert line.settings.baud == end.baud == 9600
    converse(core.set_password(moved, "04000C03", ACCESS, replace(ACCESS, password="777777")), line)
    data = bytes.fromhex("00070000")
    with pytest.raises(Declined):
        converse(core.write(moved, "04001001", data, ACCESS), line)
    converse(core.write(moved, "04001001", data, replace(ACCESS, password="777777")), line)


# --- Top-up -----------------------------------------------------------------------------------

PURCHASE = Purchase(number=4, amount=2500, customer=CUSTOMER)


def test_the_layout_is_the_published_one() -> None:
    """30 bytes: identification 4, operator 4, amount 4, count 4, MAC 4, customer 6, MAC 4 (two
    public firmwares)."""
    data = purchase_data(PURCHASE, unsealed(PURCHASE))
    assert data.hex() == "ff020107" + "00000000" + "c4090000" + "04000000" + "00000000" + (
        "114700000000" + "00000000"
    )


# --- Laws -------------------------------------------------------------------------------------

RIGHT = bytes.fromhex("56341200")
noise = st.binary(max_size=30)


@settings(deadline=None)
@given(noise, noise, st.lists(st.integers(1, 40), max_size=4), st.floats(0.0, 0.5))
def test_noise_and_pauses_give_the_value_or_an_error(
    before: bytes, after: bytes, cuts: list[int], pause: float
) -> None:
    end, _ = meter()

    def far(now: float, data: bytes) -> list[tuple[float, bytes]]:
        rest = before + end.feed(data) + after
        pieces = []
        delay = 0.02
        for cut in cuts:
            pieces.append((delay, rest[:cut]))
            rest = rest[cut:]
            delay += cut * 11 / 2400 + pause
        return [*pieces, (delay, rest)]

    line = MemoryLine(far, VirtualClock(), LineSettings(2400, 8, "E", 1))
    with suppress(NoReply, Declined):
        assert converse(core.read(STATION, "00010000"), line) == RIGHT


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_in_a_storm_a_reading_is_right_or_an_error(seed: int) -> None:
    """Two identifications in turn: a late reply of one is never taken for the other."""
    end, _ = meter()
    line = line_to(end.feed, seed, STORM)
    for name, right in (("00010000", RIGHT), ("00010100", bytes.fromhex("00001000"))) * 3:
        with suppress(NoReply, Declined):
            assert converse(core.read(STATION, name), line) == right


def test_a_late_reply_is_not_another_values() -> None:
    end, _ = meter()
    late = encode(Frame(METER, 0x91, bytes.fromhex("0000010056341200")))
    line = line_to(end.feed)
    line.inject(late, 0.3)
    assert converse(core.read(STATION, "00010100"), line) == bytes.fromhex("00001000")
