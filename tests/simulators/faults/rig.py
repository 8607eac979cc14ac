"""A bench with a fault on its meter or its line, and how it is asked."""

from __future__ import annotations

from typing import Any

from simulators.faults import Fault, FaultSet, make
from simulators.faults.base import Ask, Layer, Piece
from simulators.serving.rtu import RtuEnd, frame
from tests.simulators.meters import Bench, bench, on_line

READ = bytes.fromhex("0400000002")
HONEST = on_line(bench(), 1, READ)


def fresh(name: str, **parameters: Any) -> Fault:
    """A fault that sits nowhere."""
    made = make(name, parameters)
    made.bind("7")
    return made


def broken(fault: Fault, struck: list[str], *, model: str = "eastron-sdm120", **more: Any) -> Bench:
    """A bench with the fault on its meter, or on its line where it belongs there."""
    fault.bind("7", struck.append)
    made = bench(model, **more)
    if fault.layer is Layer.GATEWAY:
        made.line.faults = FaultSet((fault,))
    else:
        made.meter.faults = FaultSet((fault,))
    fault.begin(made.meter.place, int(made.clock()))
    return made


def fault(name: str, **parameters: Any) -> Fault:
    return make(name, parameters)


def rtu(made: Bench, pdu: bytes = READ) -> list[Piece]:
    return RtuEnd(made.line).feed(frame(1, pdu), 100.0)


def tcp(made: Bench, pdu: bytes = READ) -> tuple[list[Piece], Any]:
    header = bytes.fromhex("1234 0000") + (len(pdu) + 1).to_bytes(2, "big") + b"\x01"

    def framed(reply: bytes) -> bytes:
        return header[:4] + (len(reply) + 1).to_bytes(2, "big") + b"\x01" + reply

    pieces, effect = made.line.ask(1, pdu[0], pdu[1:], framed, header + pdu, tcp=True)
    return list(pieces), effect


def ask(function: int, addr: int, count: int) -> Ask:
    return Ask(1, function, addr, count)
