"""A mapped Modbus meter on a shared line: few requests, refusals learnt, a write once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from drivers.conversation import LineSettings
from drivers.crc import with_crc
from drivers.device.records import Frames
from drivers.lines import Declined, LineDown, NoReply, Resting
from drivers.link import Fetched, Priority
from drivers.maps.model import MeterMap
from drivers.maps.reading import shipped_map
from drivers.modbus.link import ModbusLink
from drivers.modbus.rtu_line import RtuLine
from drivers.modbus.shared import bus_of
from drivers.transports.memory import FarEnd, MemoryLine, VirtualClock

from .slaves import Slave

SDM120 = shipped_map("eastron-sdm120")
MAILBOX = replace(SDM120.registers["meter.unit_id"], name="token.mailbox", addr=0x100)


class Meter(Slave):
    """Holds as many registers as there are, and refuses stretches that touch some of them."""

    def __init__(self, refused: range = range(0), code: int = 2) -> None:
        super().__init__()
        self.words = [n & 0xFFFF for n in range(0x200)]
        self.refused = refused
        self.code = code

    def _answer(self, pdu: bytes) -> bytes:
        first, count = pdu[1] << 8 | pdu[2], pdu[3] << 8 | pdu[4]
        if pdu[0] in (3, 4):
            if set(self.refused) & set(range(first, first + count)):
                return bytes([pdu[0] | 0x80, self.code])
            words = self.words[first : first + count]
            return bytes([pdu[0], 2 * count]) + b"".join(w.to_bytes(2, "big") for w in words)
        return super()._answer(pdu)


def linked(
    far: FarEnd, meter_map: MeterMap = SDM120
) -> tuple[ModbusLink, MemoryLine, VirtualClock]:
    clock = VirtualClock()
    channel = MemoryLine(far, clock, LineSettings(baud=9600))
    owner = bus_of(RtuLine(channel, "memory"), clock, clock.sleep)
    return ModbusLink(owner, 1, meter_map, clock.sleep), channel, clock


def fetch(link: ModbusLink, *names: str) -> Mapping[str, Fetched]:
    chosen = [SDM120.registers[name] for name in names or _INPUTS]
    return link.fetch(chosen, Priority.BILLING)


_INPUTS = tuple(
    name for name, register in SDM120.registers.items() if register.table.value == "input"
)


def test_every_register_comes_with_its_bytes_in_few_requests() -> None:
    link, channel, _ = linked(Meter())
    found = fetch(link)
    assert set(found) == set(_INPUTS)
    for name, one in found.items():
        addr = SDM120.registers[name].addr
        assert isinstance(addr, int)
        assert one.raw == addr.to_bytes(2, "big") + (addr + 1).to_bytes(2, "big")
        assert one.problem == ""
        assert 0 < one.latency_s < 0.1
    assert len(channel.sent) < len(_INPUTS)


@pytest.mark.parametrize("code", [2, 3])
def test_a_refused_block_is_split_once_and_for_all(code: int) -> None:
    hole = SDM120.registers["energy.reactive.import"]
    link, channel, _ = linked(Meter(hole.span, code))
    found = fetch(link)
    assert found["energy.reactive.import"].problem in ("exception_2", "exception_3")
    others = [one for name, one in found.items() if name != "energy.reactive.import"]
    assert all(one.raw and not one.problem for one in others)
    first = len(channel.sent)
    fetch(link)
    assert len(channel.sent) - first < first
    again = channel.sent[first:]
    assert not [frame for frame in again if set(hole.span) & _stretch(frame)]


def _stretch(frame: bytes) -> set[int]:
    first = int.from_bytes(frame[2:4], "big")
    return set(range(first, first + int.from_bytes(frame[4:6], "big")))


def test_a_busy_meter_is_waited_for_and_then_told() -> None:
    busy = [0]

    class Busy(Meter):
        def _answer(self, pdu: bytes) -> bytes:
            busy[0] -= 1
            return bytes([pdu[0] | 0x80, 6]) if busy[0] >= 0 else super()._answer(pdu)

    link, _, _ = linked(Busy())
    busy[0] = 2
    assert fetch(link, "voltage.l1n")["voltage.l1n"].problem == ""
    busy[0] = 9
    assert fetch(link, "voltage.l1n")["voltage.l1n"].problem == "exception_6"


@pytest.mark.parametrize("code", [10, 11])
def test_a_gateways_word_is_about_the_whole_meter(code: int) -> None:
    link, channel, _ = linked(
        lambda now, frame: [(0.02, with_crc(bytes([1, frame[1] | 0x80, code])))]
    )
    assert {one.problem for one in fetch(link).values()} == {f"exception_{code}"}
    assert len(channel.sent) == 1


def test_after_silence_the_rest_is_not_asked_for_and_then_it_rests() -> None:
    link, channel, _ = linked(lambda now, frame: [])
    for sent in (1, 2):
        assert {one.problem for one in fetch(link).values()} == {"no_reply"}
        assert len(channel.sent) == sent
    with pytest.raises(Resting):
        fetch(link)


def test_a_reading_that_came_spoilt_is_asked_for_once_more() -> None:
    meter, spoil = Meter(), [1]

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        reply = meter.reply(frame)
        spoil[0] -= 1
        return [(0.02, reply[:-1] + b"\0" if spoil[0] >= 0 else reply)]

    link, channel, _ = linked(far)
    assert fetch(link, "voltage.l1n")["voltage.l1n"].problem == ""
    spoil[0] = 2
    assert fetch(link, "voltage.l1n")["voltage.l1n"].problem == "crc"
    assert len(channel.sent) == 4


def test_a_line_that_goes_down_in_the_middle_leaves_what_was_read() -> None:
    meter = Meter()

    def far(now: float, frame: bytes) -> list[tuple[float, bytes]]:
        channel.cut = len(channel.sent) > 1
        return meter(now, frame)

    link, channel, _ = linked(far)
    found = fetch(link)
    assert {one.problem for one in found.values()} == {"", "no_reply"}
    with pytest.raises(LineDown):
        fetch(link)


def test_a_token_is_written_once_and_kept_in_no_record() -> None:
    link, channel, _ = linked(lambda now, frame: [])
    frames = Frames()
    with pytest.raises(NoReply):
        link.put(MAILBOX, b"12345678901234567890", Priority.TOKEN, frames)
    assert len(channel.sent) == 1
    assert channel.sent[0][:7].hex() == "01100100000a14"
    assert frames.frames[0].hex.split()[7:27] == 20 * ["**"]


def test_a_setting_is_written_with_what_the_model_takes() -> None:
    meter = Meter()
    link, channel, _ = linked(meter)
    unit = SDM120.registers["meter.unit_id"]
    link.put(unit, bytes.fromhex("40a00000"), Priority.COMMISSIONING)
    assert channel.sent[-1][1] == 16
    assert meter.words[0x14:0x16] == [0x40A0, 0]
    single = replace(SDM120, limits=replace(SDM120.limits, write_fc=(6,)))
    link, channel, _ = linked(meter, single)
    link.put(unit, b"\0\5", Priority.COMMISSIONING)
    assert channel.sent[-1][1] == 6


def test_who_is_there() -> None:
    link, _, _ = linked(Slave())
    assert link.who("fc43", "VendorName") == "ABC"
    assert link.who("fc43", "1") == "D"
    assert link.who("fc43", "Revision") == ""
    with pytest.raises(ValueError, match="header"):
        link.who("header", "")


def test_a_refusal_to_write_is_told() -> None:
    link, _, _ = linked(lambda now, frame: [(0.02, with_crc(bytes([1, frame[1] | 0x80, 3])))])
    with pytest.raises(Declined):
        link.put(SDM120.registers["meter.unit_id"], bytes(4), Priority.COMMISSIONING)
