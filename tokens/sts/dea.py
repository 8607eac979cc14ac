"""One block of DES, for key derivation and for the withdrawn cipher EA09.

The library keeps only triple DES; with one key three times it is single DES. An ECB context
has no state between blocks, so one is kept for each key: making it costs ten times a block.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes


def odd_parity(key: bytes) -> bytes:
    """Each byte with its lowest bit set so that the number of one bits is odd."""
    return bytes(b & 0xFE | (~(b & 0xFE).bit_count() & 1) for b in key)


class DesKey:
    """Single DES (8 bytes) or two-key triple DES (16 bytes), ECB, whole blocks."""

    __slots__ = ("_decryptor", "_encryptor")

    def __init__(self, key: bytes) -> None:
        full = key * 3 if len(key) == 8 else key + key[:8]
        cipher = Cipher(TripleDES(full), modes.ECB())  # noqa: S305 - one block, as STS defines it
        self._encryptor = cipher.encryptor()
        self._decryptor = cipher.decryptor()

    def encrypt_bytes(self, blocks: bytes) -> bytes:
        """Any number of 8-byte blocks, each by itself."""
        return self._encryptor.update(blocks)

    def encrypt(self, block: int) -> int:
        """One 64-bit block, most significant byte first."""
        return int.from_bytes(self._encryptor.update(block.to_bytes(8, "big")), "big")

    def decrypt(self, block: int) -> int:
        """The inverse of `encrypt`."""
        return int.from_bytes(self._decryptor.update(block.to_bytes(8, "big")), "big")
