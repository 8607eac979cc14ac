"""Whatever a frame holds, a stand-in answers it or keeps silent: nobody's mistake ends its line."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlt645 import frames as dlt
from drivers.dlt645.station import Function
from drivers.iec21 import frames as iec
from drivers.maps.model import Protocol
from drivers.maps.reading import shipped_ids, shipped_map
from drivers.mbus import frames as mbus
from simulators.loads import Draw, Use
from simulators.mapped import MappedMeter
from simulators.nodes import NODES
from simulators.premises import Premises
from simulators.serving.bus import Node, SerialBus
from tests.simulators.meters import NOON, Seconds

pytestmark = pytest.mark.system

MAPS = {
    Protocol.DLT645: "dlt645-2007",
    Protocol.IEC21: "iec62056-21-generic",
    Protocol.MBUS: "mbus-water",
}
SERIAL = "26000007"


def node(protocol: Protocol) -> Node:
    clock = Seconds()
    meter_map = shipped_map(MAPS[protocol])
    place = Premises(Draw(1, Use.FLAT, 500, NOON), NOON, balance=5000)
    meter = MappedMeter(meter_map, place, clock, seed=1, unit=1, serial=SERIAL)
    return NODES[protocol](meter)


def heard(one: Node, *frames: bytes) -> list[bytes]:
    bus = SerialBus("bus", [one])
    return [piece.data for frame in frames for piece in bus.feed(frame, 0.0)]


KNOWN = sorted(
    {str(r.addr) for r in shipped_map(MAPS[Protocol.DLT645]).registers.values()} | {"070102FF"}
)
DI = st.sampled_from(KNOWN).filter(lambda di: len(di) == 8).map(lambda di: bytes.fromhex(di)[::-1])
# Level 0, 2 or 4 with the password of delivery, so that what is behind it is reached too.
ACCESS = st.sampled_from((0, 2, 4)).map(lambda level: bytes([level]) + bytes(7))


@settings(max_examples=120)
@given(
    function=st.sampled_from([*Function, 0x1F, 0x00]),
    data=st.one_of(
        st.binary(max_size=60),
        st.tuples(DI, st.binary(max_size=30)).map(b"".join),
        st.tuples(DI, ACCESS, st.binary(max_size=30)).map(b"".join),
        st.tuples(ACCESS, st.binary(max_size=30)).map(b"".join),
    ),
)
def test_dlt645(function: int, data: bytes) -> None:
    frame = dlt.encode(dlt.Frame(SERIAL.zfill(12), int(function), data))
    for answer in heard(node(Protocol.DLT645), frame, frame):
        found = dlt.find(answer)
        assert found is not None
        assert found[0].is_reply


KEYS = st.sampled_from(
    [str(r.addr) for r in shipped_map(MAPS[Protocol.MBUS]).registers.values() if " " in str(r.addr)]
).map(bytes.fromhex)


@settings(max_examples=120)
@given(
    control=st.integers(0, 255),
    address=st.sampled_from((0, 1, 253, 254, 255)),
    ci=st.sampled_from((0x51, 0x52, 0x72, 0xB8, 0xBD, 0x00, 0xFF)),
    data=st.one_of(st.binary(max_size=40), st.tuples(KEYS, st.binary(max_size=9)).map(b"".join)),
)
def test_mbus(control: int, address: int, ci: int, data: bytes) -> None:
    one = node(Protocol.MBUS)
    frames = (
        mbus.Long(control, address, ci, data).encode(),
        mbus.Long(mbus.SND_UD, 1, ci, data).encode(),
        mbus.Short(control, address).encode(),
        mbus.Short(mbus.REQ_UD2 | mbus.FCB, 1).encode(),
    )
    for answer in heard(one, *frames):
        assert answer == mbus.ACK or mbus.find_long(answer) is not None


TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
IDS = st.sampled_from([str(r.addr) for r in shipped_map(MAPS[Protocol.IEC21]).registers.values()])


@settings(max_examples=120)
@given(
    name=st.sampled_from(("R1", "R2", "R5", "W1", "W2", "P1", "P2", "E2", "B0")),
    data=st.one_of(TEXT, st.tuples(IDS, TEXT).map(lambda one: f"{one[0]}({one[1]})")),
    knows=st.booleans(),
)
def test_iec21(name: str, data: str, knows: bool) -> None:
    one = node(Protocol.IEC21)
    opening = [iec.call(), iec.option("0", "1")]
    opening += [iec.command("P1", "(00000000)")] if knows else []
    heard(one, *opening)
    for answer in heard(one, iec.command(name, data), iec.command("R1", "1.8.0()")):
        block = next(iec.blocks(answer), None)
        assert answer in (iec.ACK, iec.NAK) or (block is not None and block.is_sound)


@pytest.mark.parametrize("protocol", MAPS)
@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_noise(protocol: Protocol, data: bytes) -> None:
    heard(node(protocol), data)


MODELS = [one for one in shipped_ids() if shipped_map(one).protocol is Protocol.MODBUS]
ADDRESSES = {
    model: sorted({addr for r in shipped_map(model).registers.values() for addr in r.span})
    for model in MODELS
}


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=30)
@given(data=st.data())
def test_modbus(model: str, data: st.DataObject) -> None:
    clock = Seconds()
    place = Premises(Draw(1, Use.FLAT, 500, NOON), NOON, balance=5000)
    meter = MappedMeter(shipped_map(model), place, clock, seed=1)
    for _ in range(3):
        function = data.draw(st.sampled_from((1, 2, 3, 4, 5, 6, 15, 16, 17, 43)))
        addr = data.draw(st.sampled_from(ADDRESSES[model]))
        count = data.draw(st.integers(0, 8))
        values = data.draw(st.binary(min_size=2 * count, max_size=2 * count))
        whole = struct.pack(">HH", addr, count)
        body = {
            6: struct.pack(">H", addr) + values[:2],
            16: whole + bytes([2 * count]) + values,
            43: bytes([14]) + values[:2],
        }.get(function, whole)
        cut = data.draw(st.sampled_from((len(body), len(body), data.draw(st.integers(0, 20)))))
        reply = meter.pdu(function, body[:cut])
        assert reply is None or 2 <= len(reply) <= 253
