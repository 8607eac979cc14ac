"""Decoder keys of many meters, and their derivation from one vending key.

Same keys as `derive_decoder_key` makes one by one. DKGA02 sends all blocks through one DES
context. DKGA04 is bound by HMAC-SHA-256, one for each meter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from meters.identity import CheckDigitWrong, IssuerUnknown, MeterPan

from .batch_columns import BatchShape, BatchText, Words, first, text_column
from .dkga import control_block, dkga04_message
from .keys import (
    AlgorithmUnverified,
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    KeyLength,
    KeyParameters,
    KeyType,
    VendingKey,
)

_CHUNK: Final = 65536
Pans = Sequence[MeterPan] | Sequence[str] | NDArray[np.bytes_]


class BatchKeys:
    """Decoder keys of one cipher, a row for each meter. A secret: no repr, not pickled."""

    __slots__ = ("ea", "secret")

    def __init__(self, ea: EncryptionAlgorithm, secret: NDArray[Any]) -> None:
        """`secret`: uint64 of shape (n,) for EA07, (n, 2) for EA11, most significant half first.

        Raises BatchShape, and AlgorithmUnverified for any other cipher.
        """
        if ea not in (EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11):
            raise AlgorithmUnverified(f"EA{ea.value} in a batch")
        expected = () if ea is EncryptionAlgorithm.EA07 else (2,)
        if secret.dtype != np.uint64 or secret.ndim == 0 or secret.shape[1:] != expected:
            raise BatchShape("keys", len(secret) if secret.ndim else 0, f"{secret.dtype}")
        self.ea = ea
        self.secret: Words = secret

    @classmethod
    def from_bytes(cls, ea: EncryptionAlgorithm, keys: bytes) -> BatchKeys:
        """From keys written one after the other, most significant byte first. Raises KeyLength."""
        if len(keys) % ea.key_bytes:
            raise KeyLength(f"EA{ea.value}", ea.key_bytes, len(keys) % ea.key_bytes)
        words = np.frombuffer(keys, dtype=">u8").astype(np.uint64)
        return cls(ea, words.reshape(-1, 2) if ea.key_bytes == 16 else words)

    @classmethod
    def of(cls, keys: Sequence[DecoderKey]) -> BatchKeys:
        """From single decoder keys, all of one cipher. Raises KeyFieldInvalid, BatchShape."""
        if not keys:
            raise BatchShape("keys", 1, "no key")
        ea = keys[0].ea
        if any(key.ea is not ea for key in keys):
            raise KeyFieldInvalid("ea", "mixed")
        return cls.from_bytes(ea, b"".join(key.secret for key in keys))

    def __len__(self) -> int:
        return len(self.secret)

    def __getitem__(self, rows: slice) -> BatchKeys:
        """The keys of some rows, not copied."""
        return BatchKeys(self.ea, self.secret[rows])

    def __repr__(self) -> str:
        return f"BatchKeys(EA{self.ea.value}, <{len(self)} secret keys>)"

    def __reduce__(self) -> str:
        raise TypeError("decoder keys are not pickled")


def _luhn_wrong(digits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Rows whose last digit is not the check digit of those in front."""
    doubled = digits[:, -2::-2] * np.uint8(2)
    doubled -= (doubled > 9).astype(np.uint8) * np.uint8(9)
    total = doubled.sum(axis=1, dtype=np.uint32) + digits[:, ::-2].sum(axis=1, dtype=np.uint32)
    wrong: NDArray[np.bool_] = total % 10 != 0
    return wrong


def pan_column(pans: Pans) -> NDArray[np.bytes_]:
    """Meter PANs as a checked column of dtype S18, with the checks that `MeterPan` makes.

    Raises BatchShape, BatchText, IssuerUnknown, CheckDigitWrong.
    """
    if isinstance(pans, np.ndarray):
        if pans.dtype != "S18" or pans.ndim != 1:
            raise BatchShape("pans", len(pans), f"{pans.dtype}")
        numbers: NDArray[np.bytes_] = np.ascontiguousarray(pans)
    else:
        plain = [pan.number if isinstance(pan, MeterPan) else pan for pan in pans]
        numbers = text_column("pans", plain, 18)
    digits = numbers.view(np.uint8).reshape(-1, 18) - np.uint8(48)

    def number_at(wrong: NDArray[np.bool_]) -> str:
        return bytes(numbers[first(wrong)]).decode("ascii")

    strange: NDArray[np.bool_] = np.any(digits > 9, axis=1)
    if strange.any():
        raise BatchText("pans", first(strange))
    short = (digits[:, :6] == np.frombuffer(b"\x06\x00\x00\x07\x02\x07", np.uint8)).all(axis=1)
    stranger: NDArray[np.bool_] = ~short & (digits[:, :4] != 0).any(axis=1)
    if stranger.any():
        raise IssuerUnknown(number_at(stranger))
    # Zeros in front change no check digit: with its issuer blanked the rest is the DRN.
    drns = digits[:, :17].copy()
    drns[short, :6] = 0
    wrong = _luhn_wrong(digits) | _luhn_wrong(drns)
    if wrong.any():
        raise CheckDigitWrong(number_at(wrong))
    return numbers


def _common(numbers: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    """PANs as a common key (KT 3) sees them: the issuer, then zeros."""
    digits = numbers.view(np.uint8).reshape(-1, 18).copy()
    digits[:, 6:] = ord("0")
    # An issuer of four zeros may be followed by digits of the DRN.
    digits[digits[:, 0] == ord("0"), :6] = ord("0")
    return digits.view("S18").reshape(-1)


def _prepared(
    dkga: Dkga, vending_key: VendingKey, params: KeyParameters, pans: Pans
) -> NDArray[np.bytes_]:
    if params.dkga is not dkga:
        raise KeyFieldInvalid("dkga", params.dkga.value)
    if len(vending_key.secret) != dkga.vending_key_bytes:
        raise KeyLength(f"DKGA{dkga.value}", dkga.vending_key_bytes, len(vending_key.secret))
    numbers = pan_column(pans)
    return _common(numbers) if params.key_type == KeyType.DCTK else numbers


def derive_batch_dkga02(vending_key: VendingKey, params: KeyParameters, pans: Pans) -> BatchKeys:
    """Decoder keys of all these meters under one vending key (spec section 4.2).

    Raises KeyLength, KeyFieldInvalid and the errors of `pan_column`.
    """
    numbers = _prepared(Dkga.DKGA02, vending_key, params, pans)
    digits = numbers.view(np.uint8).reshape(-1, 18)[:, 1:17] & np.uint8(15)
    packed = np.ascontiguousarray(digits[:, 0::2] << np.uint8(4) | digits[:, 1::2])
    control = control_block(params.key_type, params.sgc, params.ti, params.krn)
    x = packed.view(">u8").reshape(-1).astype(np.uint64) ^ np.uint64(control)
    enciphered = vending_key.des.encrypt_bytes(x.astype(">u8").tobytes())
    x ^= np.uint64(vending_key.odd)
    return BatchKeys(params.ea, x ^ np.frombuffer(enciphered, dtype=">u8"))


def derive_batch_dkga04(vending_key: VendingKey, params: KeyParameters, pans: Pans) -> BatchKeys:
    """Decoder keys of all these meters under one vending key (spec section 4.5).

    Raises KeyLength, KeyFieldInvalid and the errors of `pan_column`.
    """
    numbers = _prepared(Dkga.DKGA04, vending_key, params, pans)
    # The message up to the PAN is the same for all.
    message = dkga04_message(params, "")
    head, tail = message[:-4], message[-4:]
    secret = np.empty((len(numbers), params.ea.key_bytes // 8), dtype=np.uint64)
    for start in range(0, len(numbers), _CHUNK):
        run = vending_key.mac.digests(head, numbers[start : start + _CHUNK].tolist(), tail)
        rows = np.frombuffer(run, dtype=">u8").reshape(-1, 4)
        secret[start : start + _CHUNK] = rows[:, : secret.shape[1]]
    return BatchKeys(params.ea, secret if params.ea.key_bytes == 16 else secret.reshape(-1))
