"""Modbus requests and the replies that fit them, whatever carries them.

Modbus Application Protocol 1.1b3. A protocol data unit (PDU) starts with the function; unit id,
check sum and transaction id belong to the carrier (`rtu.py`, `tcp.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ..lines import Declined
from ..maps.model import Table

READS: Final = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
BIT_READS: Final = frozenset({1, 2})
WORD_READS: Final = frozenset({3, 4})
WRITE_COIL: Final = 5
WRITE_REGISTER: Final = 6
WRITE_COILS: Final = 15
WRITE_REGISTERS: Final = 16
IDENTIFY: Final = 43
WRITES: Final = frozenset({WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS})
_MEI_IDENTIFICATION: Final = 14
FAILED: Final = 0x80
"""Added to the function in a reply that is an exception."""

MOST_REGISTERS: Final = 125
MOST_COILS: Final = 2000

# Clause 7: what an exception code is called, and whether the meter certainly did not act.
EXCEPTIONS: Final[dict[int, tuple[str, bool]]] = {
    1: ("illegal_function", True),
    2: ("illegal_data_address", True),
    3: ("illegal_data_value", True),
    4: ("server_device_failure", False),
    5: ("acknowledge", False),
    6: ("server_device_busy", True),
    8: ("memory_parity_error", False),
    10: ("gateway_path_unavailable", True),
    11: ("gateway_target_did_not_respond", False),
}
_MISFITS: Final = frozenset({1, 2, 3})


class Misshapen(ValueError):
    """A reply is none to its request. The text is a code: `byte_count`, `wrong_function`,
    `other_write`, `malformed`."""


def exception_name(declined: Declined) -> str:
    """What the standard calls the exception, `illegal_data_address`; or `unknown`."""
    code = declined.reason.removeprefix("exception_")
    return EXCEPTIONS.get(int(code), ("unknown", False))[0] if code.isdigit() else "unknown"


def declined(unit: int, function: int, exception: int) -> Declined:
    """The error that an exception reply is."""
    return Declined(
        str(unit),
        str(function),
        f"exception_{exception}",
        EXCEPTIONS.get(exception, ("", False))[1],
        exception in _MISFITS,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one unit. The PDU has no repr: it may carry a token."""

    unit: int
    pdu: bytes = field(repr=False)
    secret: bool = False
    """What it writes may be kept in no record."""

    @property
    def function(self) -> int:
        return self.pdu[0]

    @property
    def reply_bytes(self) -> int:
        """Bytes of the whole PDU that answers it; of function 43, the least."""
        if self.function in WORD_READS:
            return 2 + 2 * self._count
        if self.function in BIT_READS:
            return 2 + (self._count + 7) // 8
        return 8 if self.function == IDENTIFY else 5

    @property
    def secret_bytes(self) -> tuple[int, int]:
        """Stretch of the PDU that may be in no record."""
        head = {WRITE_COILS: 6, WRITE_REGISTERS: 6}.get(self.function, 3)
        return (head, len(self.pdu)) if self.secret else (0, 0)

    @property
    def _count(self) -> int:
        return int.from_bytes(self.pdu[3:5], "big")

    def length(self, head: bytes | bytearray) -> int | None:
        """Bytes that a reply PDU has which begins with `head`; None as long as too little of it
        is there. Raises Misshapen if no reply to this request begins so."""
        if not head:
            return None
        if head[0] == self.function | FAILED:
            return 2
        if head[0] != self.function:
            raise Misshapen("wrong_function")
        if self.function == IDENTIFY:
            return _identification_length(head)
        if self.function in WRITES:
            if not self.pdu.startswith(bytes(head[1:5]), 1):
                raise Misshapen("other_write")
            return 5
        if len(head) > 1 and head[1] != self.reply_bytes - 2:
            raise Misshapen("byte_count")
        return self.reply_bytes

    def check(self, reply: bytes) -> bytes:
        """The data of a whole reply PDU, behind the function. Raises Misshapen, and Declined
        for an exception."""
        if (
            reply[0] == self.pdu[0]
            and reply[0] in WORD_READS
            and len(reply) == 2 + 2 * self._count
            and reply[1] == len(reply) - 2
        ):
            # What nearly every reply is.
            return reply[1:]
        length = self.length(reply)
        if length is None or length != len(reply):
            raise Misshapen("malformed")
        if reply[0] & FAILED:
            raise declined(self.unit, self.function, reply[1])
        return reply[1:]


def read_request(unit: int, table: Table, addr: int, count: int) -> Request:
    """Functions 1 to 4. Raises ValueError for a stretch that cannot be."""
    most = MOST_COILS if table in (Table.COIL, Table.DISCRETE) else MOST_REGISTERS
    if not (1 <= count <= most and addr >= 0 and addr + count <= 0x10000):
        raise ValueError(f"{count} of {table.value} at {addr}")
    return Request(unit, struct.pack(">BHH", READS[table], addr, count))


def write_request(
    unit: int,
    addr: int,
    words: Sequence[int],
    function: int = WRITE_REGISTERS,
    secret: bool = False,
) -> Request:
    """Functions 6 (one register) and 16. Raises ValueError for what they cannot carry."""
    count = len(words)
    if function == WRITE_REGISTER and count == 1:
        return Request(unit, struct.pack(">BHH", function, addr, words[0]), secret)
    if function != WRITE_REGISTERS or not 1 <= count <= MOST_REGISTERS - 2:
        raise ValueError(f"function {function} with {count} registers")
    head = struct.pack(">BHHB", function, addr, count, 2 * count)
    return Request(unit, head + struct.pack(f">{count}H", *words), secret)


def coils_request(unit: int, addr: int, bits: Sequence[bool], function: int) -> Request:
    """Functions 5 (one coil) and 15. Raises ValueError for what they cannot carry."""
    count = len(bits)
    if function == WRITE_COIL and count == 1:
        return Request(unit, struct.pack(">BHH", function, addr, 0xFF00 if bits[0] else 0))
    if function != WRITE_COILS or not 1 <= count <= MOST_COILS - 32:
        raise ValueError(f"function {function} with {count} coils")
    packed = sum(1 << place for place, bit in enumerate(bits) if bit)
    size = (count + 7) // 8
    head = struct.pack(">BHHB", function, addr, count, size)
    return Request(unit, head + packed.to_bytes(size, "little"))


def identification_request(unit: int, level: int = 1, object_id: int = 0) -> Request:
    """Function 43/14 (6.21): `level` 1 basic, 2 regular, 3 extended, 4 the one object."""
    return Request(unit, bytes([IDENTIFY, _MEI_IDENTIFICATION, level, object_id]))


def words_of(data: bytes) -> tuple[int, ...]:
    """Registers of a read's data, its byte count first."""
    return struct.unpack(f">{(len(data) - 1) // 2}H", data[1:])


def bits_of(data: bytes, count: int) -> tuple[int, ...]:
    """Coils of a read's data, each 0 or 1."""
    packed = int.from_bytes(data[1:], "little")
    return tuple(packed >> place & 1 for place in range(count))


def objects_of(data: bytes) -> tuple[dict[int, str], int | None]:
    """Objects of an identification by id, and the id to ask for next if more follow."""
    objects: dict[int, str] = {}
    at = 6
    for _ in range(data[5]):
        size = data[at + 1]
        objects[data[at]] = data[at + 2 : at + 2 + size].decode("ascii", "replace").strip("\0 ")
        at += 2 + size
    return objects, data[4] if data[3] else None


def _identification_length(head: bytes | bytearray) -> int | None:
    if len(head) > 1 and head[1] != _MEI_IDENTIFICATION:
        raise Misshapen("wrong_function")
    if len(head) < 7:
        return None
    at = 7
    for _ in range(head[6]):
        if len(head) < at + 2:
            return None
        at += 2 + head[at + 1]
    if at > 253:
        raise Misshapen("malformed")
    return at
