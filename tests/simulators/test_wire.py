"""The wire layer: framing however the bytes are cut, and the standard's exceptions."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.maps.model import Table
from simulators.faults.sets import FaultSet
from simulators.modbus_errors import Exceptional, ModbusError
from simulators.serving.line import Line
from simulators.serving.tcp import ModbusTcpEnd
from simulators.wire import answer


def mbap(transaction: int, unit: int, pdu: bytes, protocol: int = 0) -> bytes:
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu


class Ten:
    """Ten holding registers that hold their address; input registers hold it plus 1000."""

    def __init__(self) -> None:
        self.words = list(range(10))

    def read(self, table: Table, addr: int, count: int) -> Sequence[int]:
        if addr + count > 10:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        more = 1000 if table is Table.INPUT else 0
        return [word + more for word in self.words[addr : addr + count]]

    def write(self, addr: int, words: Sequence[int]) -> None:
        if addr + len(words) > 10:
            raise Exceptional(ModbusError.ILLEGAL_ADDRESS)
        self.words[addr : addr + len(words)] = words


class Telling:
    """A unit that repeats what it is asked."""

    faults = FaultSet()
    takes_broadcast = False

    def pdu(self, function: int, data: bytes) -> bytes | None:
        return bytes([function]) + data[:200]

    def heard(self, function: int) -> None:
        """It counts nothing."""

    def hears(self, baud: int) -> bool:
        return baud > 0


class Wire(asyncio.Transport):
    """Keeps what is written, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += bytes(data)

    def close(self) -> None:
        self.is_closed = True


UNIT = 7
frames = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=253)), max_size=8
)


def replies(*pieces: bytes) -> Wire:
    """What a connection answers to a stream that comes in these pieces."""

    async def fed() -> Wire:
        line = Line("line")
        line.place(UNIT, Telling())
        end, wire = ModbusTcpEnd(line, set()), Wire()
        end.connection_made(wire)
        for piece in pieces:
            if not wire.is_closed:
                end.data_received(piece)
        return wire

    return asyncio.run(fed())


def repeated(asked: list[tuple[int, bytes]]) -> bytes:
    return b"".join(mbap(number, UNIT, pdu[:1] + pdu[1:201]) for number, pdu in asked)


@given(asked=frames, cuts=st.lists(st.integers(0, 2100), max_size=12))
def test_any_cut_of_the_stream_is_answered_alike_each_under_its_own_number(
    asked: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(mbap(number, UNIT, pdu) for number, pdu in asked)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    wire = replies(*(stream[start:end] for start, end in pairwise(edges)))
    assert wire.data == repeated(asked)
    assert not wire.is_closed


@given(asked=frames, junk=st.binary(max_size=40), protocol=st.integers(1, 0xFFFF))
def test_requests_before_a_wrong_header_are_answered_and_nothing_after_it(
    asked: list[tuple[int, bytes]], junk: bytes, protocol: int
) -> None:
    good = b"".join(mbap(number, UNIT, pdu) for number, pdu in asked)
    wire = replies(good + mbap(1, UNIT, b"\x03\x00\x00\x00\x01", protocol) + junk, good)
    assert wire.data == repeated(asked)
    assert wire.is_closed


@pytest.mark.parametrize("length", [0, 1, 255, 0xFFFF])
def test_a_length_that_cannot_be_ends_the_connection(length: int) -> None:
    wire = replies(struct.pack(">HHHB", 1, 0, length, UNIT) + bytes(8))
    assert (wire.data, wire.is_closed) == (b"", True)


@given(data=st.binary(max_size=600))
def test_noise_never_raises(data: bytes) -> None:
    replies(data)


@given(function=st.integers(0, 127), data=st.binary(max_size=252))
def test_any_request_has_an_answer_that_fits_a_frame(function: int, data: bytes) -> None:
    assert 2 <= len(answer(function, data, Ten())) <= 253


@pytest.mark.parametrize(
    ("pdu", "reply"),
    [
        ("03 0002 0003", "03 06 0002 0003 0004"),
        ("04 0009 0001", "04 02 03f1"),
        ("06 0001 abcd", "06 0001 abcd"),
        ("10 0000 0002 04 00010002", "10 0000 0002"),
        # Function unknown: before anything else is looked at.
        ("2b 0e01 00", "ab 01"),
        ("01 0000 0001", "81 01"),
        # Quantities before addresses.
        ("03 0000 0000", "83 03"),
        ("03 ffff 007e", "83 03"),
        ("03 0000", "83 03"),
        ("10 0000 0002 03 000102", "90 03"),
        ("10 0000 0002 04 0001", "90 03"),
        ("10 0000 007c f8", "90 03"),
        ("06 0000", "86 03"),
        # Addresses.
        ("03 0009 0002", "83 02"),
        ("04 ffff 0002", "84 02"),
        ("10 0009 0002 04 00010002", "90 02"),
    ],
)
def test_answers_and_exceptions(pdu: str, reply: str) -> None:
    raw = bytes.fromhex(pdu)
    assert answer(raw[0], raw[1:], Ten()) == bytes.fromhex(reply)
