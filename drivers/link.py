"""One meter's place on a line, whatever the protocol: fetch and put values, ask who is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from .conversation import Witness
from .maps.model import Register


class Priority(IntEnum):
    """Who goes first on a line: lower numbers do."""

    SUPPLY = 0
    TOKEN = 1
    COMMISSIONING = 2
    BILLING = 3
    REST = 4


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came for one register: `raw` is its bytes as on the wire (Modbus: 2 per register, DL/T
    645: data with 33h taken off, low byte first; M-Bus: the record's data; IEC 62056-21: the text
    between the brackets in ASCII). `problem` says why there is nothing: `no_reply`, `crc`,
    `exception_2`, `missing` (of protocols without exceptions: the meter does not keep it) ..."""

    raw: bytes
    problem: str
    latency_s: float
    exponent: int = 0
    """M-Bus: the power of ten that the VIF says, on top of the register's scale."""


class Link(Protocol):
    """Implementations: `modbus/link.py`, `iec21/link.py`, `dlt645/link.py`, `mbus/link.py`."""

    @property
    def address(self) -> str:
        """Line and unit, for people: `127.0.0.1:502 unit 7`."""
        ...

    def fetch(
        self, registers: Sequence[Register], priority: Priority, witness: Witness | None = None
    ) -> Mapping[str, Fetched]:
        """By register name, every one of them, in as few requests as the model allows. Raises
        LineDown, Resting, LineBusy only if nothing at all could be asked."""
        ...

    def put(
        self,
        register: Register,
        raw: bytes,
        priority: Priority,
        witness: Witness | None = None,
        extra: Mapping[str, bytes] | None = None,
    ) -> None:
        """Writes once and never again. `extra` is what the protocol wants beside the value
        (password, operator code, expiry). Raises LineDown, Resting, LineBusy (not sent), NoReply
        (may have happened), Declined."""
        ...

    def who(self, method: str, name: str) -> str:
        """What an `IdentifyStep` that reads no register asks for (fc43 object, address, header,
        sign-on). Raises NoReply, Declined, LineDown."""
        ...

    def close(self) -> None: ...
