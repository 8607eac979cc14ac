"""The wire layer: framing however the bytes are cut, and the standard's exceptions."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.maps.model import Table
from simulators.modbus_errors import Exceptional, ModbusError
from simulators.wire import Framer, Request, answer


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


frames = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(min_size=1, max_size=253)),
    max_size=8,
)


@given(frames=frames, cuts=st.lists(st.integers(0, 2100), max_size=12))
def test_any_cut_of_the_stream_gives_the_same_requests(
    frames: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(mbap(*frame) for frame in frames)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    framer = Framer()
    got = [request for start, end in pairwise(edges) for request in framer.feed(stream[start:end])]
    assert got == [Request(t, u, pdu[0], pdu[1:]) for t, u, pdu in frames]
    assert not framer.broken


@given(frames=frames, cut=st.integers(0, 2100), junk=st.binary(max_size=40))
def test_good_requests_before_a_wrong_header_are_kept_and_nothing_after_it(
    frames: list[tuple[int, int, bytes]], cut: int, junk: bytes
) -> None:
    good = b"".join(mbap(*frame) for frame in frames)
    stream = good + mbap(1, 1, b"\x03\x00\x00\x00\x01", protocol=7) + junk
    framer = Framer()
    got = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
    assert len(got) == len(frames)
    assert framer.broken
    assert framer.feed(mbap(1, 1, b"\x03\x00\x00\x00\x01")) == []


@pytest.mark.parametrize("length", [0, 1, 255, 0xFFFF])
def test_a_length_that_cannot_be_breaks_the_stream(length: int) -> None:
    framer = Framer()
    assert framer.feed(struct.pack(">HHHB", 1, 0, length, 1) + bytes(8)) == []
    assert framer.broken


@given(data=st.binary(max_size=600))
def test_noise_never_raises(data: bytes) -> None:
    framer = Framer()
    for request in framer.feed(data):
        pdu = answer(request, Ten())
        assert 2 <= len(pdu) <= 253


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
    assert answer(Request(1, 1, raw[0], raw[1:]), Ten()) == bytes.fromhex(reply)


def test_a_reply_carries_the_transaction_and_unit_of_its_request() -> None:
    reply = Request(0xBEEF, 17, 3, b"\0\0\0\1").reply(b"\x03\x02\x00\x00")
    assert reply == bytes.fromhex("beef 0000 0005 11 03020000")


def test_a_request_does_not_show_its_data() -> None:
    assert "12345" not in repr(Request(1, 1, 16, b"12345678901234567890"))
