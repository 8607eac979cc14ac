"""Orders of bytes on the wire, and meters that tell which one holds.

Some meters let their owner choose. They keep a number that everybody knows, written in the order
that holds: whoever finds it knows how to read the rest.
"""

from __future__ import annotations

from .model import Order


def arrange(raw: bytes, order: Order) -> bytes:
    """Between wire order and plain order (highest byte first); its own inverse. Odd lengths know
    only ABCD and DCBA."""
    match order:
        case Order.ABCD:
            return raw
        case Order.DCBA:
            return raw[::-1]
        case Order.CDAB:
            return b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -1, -2))
        case Order.BADC:
            swapped = bytearray(raw)
            swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
            return bytes(swapped)


def order_told(marker: bytes, raw: bytes) -> Order | None:
    """The order in which the known number, `marker` in plain order, stands there; None if it is
    another number."""
    return next((order for order in Order if arrange(marker, order) == raw), None)
