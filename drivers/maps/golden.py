"""Frames that a map promises to decode: Modbus RTU requests and responses with their check sums.

Vendors misprint check sums in their own documents, so a frame is only taken if its sum is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meters.readings import Value

from ..crc import crc
from .codec import NoValue, decode, value_of
from .errors import RegisterContent
from .model import Golden, MeterMap, Protocol, Register, Table

READS = {1: Table.COIL, 2: Table.DISCRETE, 3: Table.HOLDING, 4: Table.INPUT}
_ONE_REGISTER, _REGISTERS = 6, 16
_EXCEPTION = 0x80
_SHORTEST = 5


def golden_problem(meter_map: MeterMap, golden: Golden) -> str:
    """Why the frames do not mean what the map says; empty if they do, and for other protocols,
    whose own tests hold their frames."""
    if meter_map.protocol is not Protocol.MODBUS:
        return ""
    for name, frame in (("request", golden.request), ("response", golden.response)):
        if len(frame) < _SHORTEST or crc(frame):
            return f"the check sum of the {name} is wrong"
    if golden.request[0] != golden.response[0]:
        return "another unit answers"
    if golden.response[1] == golden.request[1] | _EXCEPTION:
        return "an exception has no values" if golden.expect else ""
    try:
        content = dict(_content(golden.request[:-2], golden.response[:-2]))
        found = decoded(meter_map, READS.get(golden.request[1], Table.HOLDING), content)
        expected = {
            name: value_of(meter_map.registers[name], text)
            for name, text in golden.expect.items()
            if name in meter_map.registers
        }
    except RegisterContent as error:
        return str(error)
    except (ValueError, IndexError):
        return "request and response do not fit each other"
    for name, text in golden.expect.items():
        if name not in found:
            return f"{name} is not in it"
        if found[name] != expected[name]:
            return f"{name} is not {text}"
    return ""


def decoded(meter_map: MeterMap, table: Table, content: Mapping[int, bytes]) -> dict[str, Value]:
    """Every register of the map that lies wholly within `content` (two bytes for each address), in
    its own unit as far as no other register decides it. Sentinels are left out."""
    values: dict[str, Value] = {}
    for register in meter_map.registers.values():
        raw = _raw(register, table, content)
        if raw is None:
            continue
        try:
            values[register.name] = decode(register, raw)
        except NoValue:
            continue
    return values


def _raw(register: Register, table: Table, content: Mapping[int, bytes]) -> bytes | None:
    if register.table is not table or not all(addr in content for addr in register.span):
        return None
    # What means something else when read alone is not what lies in a block.
    if register.read_alone and len(content) != len(register.span):
        return None
    return b"".join(content[addr] for addr in register.span)


def _content(request: bytes, response: bytes) -> Iterator[tuple[int, bytes]]:
    """Addresses and their bytes. Raises ValueError if the frames are no pair."""
    function, addr = request[1], int.from_bytes(request[2:4], "big")
    if response[1] != function:
        raise ValueError
    if function in READS:
        count = int.from_bytes(request[4:6], "big")
        data = response[3:]
        bits = function in (1, 2)
        if len(request) != 6 or response[2] != len(data):
            raise ValueError
        if len(data) != ((count + 7) // 8 if bits else 2 * count):
            raise ValueError
        for i in range(count):
            yield addr + i, _bit(data, i) if bits else data[2 * i : 2 * i + 2]
        return
    if function == _ONE_REGISTER and request == response:
        yield addr, request[4:6]
        return
    if function != _REGISTERS or response[2:] != request[2:6]:
        raise ValueError
    count, data = int.from_bytes(request[4:6], "big"), request[7:]
    if request[6] != len(data) or len(data) != 2 * count:
        raise ValueError
    for i in range(count):
        yield addr + i, data[2 * i : 2 * i + 2]


def _bit(data: bytes, number: int) -> bytes:
    return bytes([data[number // 8] >> number % 8 & 1])
