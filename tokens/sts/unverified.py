"""Algorithms that no published vector confirms here. Nothing uses them unless asked by name:

algorithms = unverified.including(STANDARD, "DKGA01", "EA09")
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid, Refused
from meters.identity import MeterPan

from .dea import DesKey
from .dkga import control_block, pan_block
from .keys import Algorithms, Dkga, EncryptionAlgorithm, KeyParameters, KeyType, VendingKey

# Meters (first ten digits of the DRN) that DKGA01 may serve (section 4.3).
_DKGA01_RANGES: Final = (
    (1090000000, 1090004999),
    (1000000000, 1004999999),
    (3000000000, 3114000009),
    (4000000000, 4059999999),
    (6010000000, 6039999999),
    (6400000000, 6419999999),
    (6660000000, 6699999999),
    (6990000010, 6990009999),
    (7000000000, 7020999999),
)
_DKGA01_COMMON_SGCS: Final = frozenset(
    {"100702", "990400", "990401", "990402", "990403", "990404", "990405"}
)


@dataclass(eq=False)
class Dkga01NotForMeter(Refused, code="keys.dkga01_not_for_meter"):
    """DKGA01 serves only the old meters listed for it."""

    meter: str


@dataclass(eq=False)
class AlgorithmNameUnknown(Invalid, code="keys.algorithm_unknown"):
    """No unverified algorithm has this name."""

    name: str


def _x(params: KeyParameters, pan: MeterPan) -> int:
    return pan_block(pan.number, pan.iin, params.key_type) ^ control_block(
        params.key_type, params.sgc, params.ti, params.krn
    )


def derive_dkga01(vending_key: VendingKey, params: KeyParameters, pan: MeterPan) -> bytes:
    """`DES(key = X, block = VK) xor VK`. Raises Dkga01NotForMeter outside the listed meters."""
    first_ten = int(pan.drn.number[:10])
    listed = (
        params.sgc in _DKGA01_COMMON_SGCS
        if params.key_type == KeyType.DCTK
        else any(low <= first_ten <= high for low, high in _DKGA01_RANGES)
    )
    if not (
        listed and pan.iin == "600727" and params.krn == 1 and params.ea is EncryptionAlgorithm.EA07
    ):
        raise Dkga01NotForMeter(pan.drn.number)
    key = vending_key.odd
    return (DesKey(_x(params, pan).to_bytes(8, "big")).encrypt(key) ^ key).to_bytes(8, "big")


def derive_dkga03(vending_key: VendingKey, params: KeyParameters, pan: MeterPan) -> bytes:
    """Two-key triple DES of X under VK1, VK2, VK1, xor X."""
    x = _x(params, pan)
    return (vending_key.des.encrypt(x) ^ x).to_bytes(8, "big")


def _dea(decoder_key: int) -> DesKey:
    return DesKey(decoder_key.to_bytes(8, "big"))


NAMES: Final = ("DKGA01", "DKGA03", "EA09")


def including(algorithms: Algorithms, *names: str) -> Algorithms:
    """`algorithms` plus the named unverified ones. Raises AlgorithmNameUnknown."""
    for name in names:
        if name == "DKGA01":
            algorithms = algorithms.with_derivation(Dkga.DKGA01, derive_dkga01)
        elif name == "DKGA03":
            algorithms = algorithms.with_derivation(Dkga.DKGA03, derive_dkga03)
        elif name == "EA09":
            algorithms = algorithms.with_cipher(EncryptionAlgorithm.EA09, _dea)
        else:
            raise AlgorithmNameUnknown(name[:40])
    return algorithms
