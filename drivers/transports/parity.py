"""Seven data bits and a parity bit over a line that only carries eight: the parity bit is reckoned
here and travels as the eighth. Needed where an adapter, a gateway or a pty refuses 7E1."""

from __future__ import annotations

from typing import Final


def _even(seven: int) -> int:
    return seven | (seven.bit_count() & 1) << 7


_PUT: Final = {
    "E": bytes(_even(byte & 0x7F) for byte in range(256)),
    "O": bytes(_even(byte & 0x7F) ^ 0x80 for byte in range(256)),
}
# A character whose parity is wrong keeps its eighth bit and so can be none that anybody expects.
_TAKEN: Final = {
    kind: bytes(byte & 0x7F if table[byte] == byte else byte | 0x80 for byte in range(256))
    for kind, table in _PUT.items()
}


def with_parity(data: bytes, parity: str) -> bytes:
    """Seven-bit characters with their parity (`E` or `O`) as the eighth bit."""
    return data.translate(_PUT[parity])


def without_parity(data: bytes, parity: str) -> bytes:
    """The characters; one with a wrong parity comes with its eighth bit set, so that no check sum
    and no comparison takes it for what it may have been."""
    return data.translate(_TAKEN[parity])
