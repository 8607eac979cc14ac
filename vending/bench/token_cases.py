"""What `raseed bench tokens` measures: encoding and decoding, singly and in batches.

Every token is different (TID, amount, and the meter where a key is derived), every result is
looked at, and nothing is kept between tokens but what any caller could keep: the vending key,
and the decoder key where it is known. A single token is measured whole, from plain numbers to
the token object, packed, CRC, enciphered, 20 digits, and from text to the token object; a batch
from columns of numbers to ordinary strings, and from strings to columns.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any, Final, TypeAlias

from meters.identity import Drn, MeterPan
from meters.quantities import Energy
from tokens.sts import (
    BaseDate,
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    TransferCreditElectricity,
    VendingKey,
    decode_token,
    derive_decoder_key,
    encode_token,
)
from tokens.sts.batch import (
    BatchKeys,
    CreditBatch,
    decode_digits,
    derive_batch_dkga02,
    derive_batch_dkga04,
    issue_batch,
    texts,
)

from .runner import Case

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11
_BASE: Final = BaseDate.BASE_2014


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    rounds: int = 9
    single: int = 5_000
    batch: int = 150_000
    derived: int = 50_000
    """Rows of a batch whose keys are derived."""
    memory: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Route:
    """A cipher, with the derivation that comes before it or with the key known."""

    ea: EncryptionAlgorithm
    dkga: Dkga | None
    single: tuple[float | None, float | None]
    """Goals for encoding and decoding one by one, per second."""
    batch: tuple[float | None, float | None]

    @property
    def name(self) -> str:
        dkga = "known_key" if self.dkga is None else f"dkga{self.dkga.value}"
        return f"ea{self.ea.value}.{dkga}"


class Material:
    """Inputs of a run: no token, block or key twice."""

    def __init__(self) -> None:
        self._step = count(1)
        self._meters: list[MeterPan] = []

    def pans(self, how_many: int) -> list[MeterPan]:
        """Different meters. Rounds share them, under another vending key for each case:
        building a meter number takes as long as making its token."""
        for serial in range(len(self._meters), how_many):
            self._meters.append(Drn.from_serial("07", serial).pan)
        return self._meters[:how_many]

    def credits(self, how_many: int) -> tuple[array[int], array[int]]:
        """TIDs and amounts in Wh as columns of 64-bit numbers."""
        start = next(self._step) * 1_000_003
        tids = array("q", [(start + 7 * i) % (1 << 24) for i in range(how_many)])
        amounts = array("q", [(start * 13 + 8_641 * i) % 20_000_000 for i in range(how_many)])
        return tids, amounts

    def blocks(self, how_many: int) -> list[int]:
        start = next(self._step)
        return [(start + i) * 0x9E3779B97F4A7C15 % (1 << 64) for i in range(how_many)]

    def key_bytes(self, size: int) -> bytes:
        """Key material of any length, not secret: it exists for this run only."""
        seed = next(self._step).to_bytes(8, "big")
        blocks = (sha256(seed + i.to_bytes(8, "big")).digest() for i in range(-(-size // 32)))
        return b"".join(blocks)[:size]


def parameters(ea: EncryptionAlgorithm, dkga: Dkga) -> KeyParameters:
    return KeyParameters(dkga, ea, KeyType.DUTK, "123456", 1, 1, 255, _BASE)


def checked(done: bool, how_many: int) -> int:
    if not done:
        raise AssertionError("a benchmark's result is wrong")
    return how_many


# One by one.


def _single_keys(route: Route, material: Material) -> Callable[[MeterPan], DecoderKey]:
    """The way from a meter to its decoder key: derived afresh, or known."""
    if route.dkga is None:
        known = DecoderKey(route.ea, material.key_bytes(route.ea.key_bytes))
        return lambda _pan: known
    vending_key = VendingKey(material.key_bytes(route.dkga.vending_key_bytes))
    params = parameters(route.ea, route.dkga)
    return lambda pan: derive_decoder_key(vending_key, params, pan)


def _encode_one(amount: int, tid: int, key: DecoderKey) -> str:
    token = TransferCreditElectricity(amount=Energy(amount), tid=tid, rnd=tid & 15)
    return encode_token(token, key)


def single_cases(route: Route, material: Material, sizes: Sizes) -> tuple[Case[Any], Case[Any]]:
    key_of = _single_keys(route, material)
    derives = route.dkga is not None

    def rows(_round: int) -> list[tuple[MeterPan, int, int]]:
        pans = material.pans(sizes.single if derives else 1) * (1 if derives else sizes.single)
        return list(zip(pans, *material.credits(sizes.single), strict=True))

    def encode(given: list[tuple[MeterPan, int, int]]) -> int:
        length = 0
        if derives:
            for pan, tid, amount in given:
                length += len(_encode_one(amount, tid, key_of(pan)))
        else:
            key = key_of(given[0][0])
            for _, tid, amount in given:
                length += len(_encode_one(amount, tid, key))
        return checked(length == 20 * len(given), len(given))

    def printed(round_: int) -> list[tuple[MeterPan, str]]:
        return [(pan, _encode_one(a, t, key_of(pan))) for pan, t, a in rows(round_)]

    def decode(given: list[tuple[MeterPan, str]]) -> int:
        good = 0
        if derives:
            for pan, digits in given:
                good += isinstance(decode_token(digits, key_of(pan)), TransferCreditElectricity)
        else:
            key = key_of(given[0][0])
            for _, digits in given:
                good += isinstance(decode_token(digits, key), TransferCreditElectricity)
        return checked(good == len(given), good)

    return Case(rows, encode), Case(printed, decode)


# In batches.

BatchRows: TypeAlias = "tuple[list[str], BatchKeys | None, array[int], array[int]]"


def batch_cases(route: Route, material: Material, sizes: Sizes) -> tuple[Case[Any], Case[Any]]:
    size = sizes.batch if route.dkga is None else sizes.derived
    vending_key = VendingKey(material.key_bytes(route.dkga.vending_key_bytes if route.dkga else 8))

    def keys_of(pans: list[str], known: BatchKeys | None) -> BatchKeys:
        if known is not None:
            return known
        if route.dkga is Dkga.DKGA02:
            return derive_batch_dkga02(vending_key, parameters(route.ea, route.dkga), pans)
        return derive_batch_dkga04(vending_key, parameters(route.ea, Dkga.DKGA04), pans)

    def rows(_round: int) -> BatchRows:
        tids, amounts = material.credits(size)
        if route.dkga is not None:
            return [pan.number for pan in material.pans(size)], None, tids, amounts
        known = BatchKeys.from_bytes(route.ea, material.key_bytes(size * route.ea.key_bytes))
        return [], known, tids, amounts

    def issue(given: BatchRows) -> list[str]:
        pans, known, tids, amounts = given
        batch = CreditBatch(TransferCreditElectricity, tids=tids, amounts=amounts, rnds=5)
        return texts(issue_batch(batch, keys_of(pans, known)))

    def encode(given: BatchRows) -> int:
        digits = issue(given)
        return checked(len(digits) == size and len(digits[-1]) == 20, size)

    def printed(round_: int) -> tuple[list[str], BatchKeys | None, list[str]]:
        given = rows(round_)
        return given[0], given[1], issue(given)

    def decode(given: tuple[list[str], BatchKeys | None, list[str]]) -> int:
        pans, known, digits = given
        return checked(bool(decode_digits(digits, keys_of(pans, known)).crc_ok.all()), size)

    return Case(rows, encode), Case(printed, decode)
