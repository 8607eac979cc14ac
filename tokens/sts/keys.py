"""Keys and what is known of them in public. Secrets have no repr and compare by identity.

`Algorithms` lists the ciphers and derivations that may be used. The standard set holds what
published vectors confirm; the unverified ones (`unverified.py`) must be added by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Protocol

from meters.errors import Invalid, Refused

from .dea import DesKey, odd_parity
from .mac import HmacSha256
from .misty1 import Misty1Key
from .sta import StaKey
from .tid import BaseDate

if TYPE_CHECKING:
    from meters.identity import MeterPan


class EncryptionAlgorithm(Enum):
    """EA: the cipher of the token."""

    EA07 = "07"
    """STA."""
    EA09 = "09"
    """DEA, withdrawn."""
    EA11 = "11"
    """MISTY1."""

    key_bytes: int

    def __init__(self, code: str) -> None:
        self.key_bytes = 16 if code == "11" else 8

    # Members are looked up for every token; the default hashes the name in Python each time.
    __hash__ = object.__hash__


class Dkga(Enum):
    """Decoder key generation algorithm."""

    DKGA01 = "01"
    DKGA02 = "02"
    DKGA03 = "03"
    DKGA04 = "04"

    vending_key_bytes: int

    def __init__(self, code: str) -> None:
        self.vending_key_bytes = {"01": 8, "02": 8, "03": 16, "04": 20}[code]

    __hash__ = object.__hash__


class KeyType(IntEnum):
    """KT: initialisation, default, unique, common."""

    DITK = 0
    DDTK = 1
    DUTK = 2
    DCTK = 3


@dataclass(eq=False)
class KeyFieldInvalid(Invalid, code="keys.field_invalid"):
    """A key parameter is outside what the standard allows."""

    field: str
    value: str


@dataclass(eq=False)
class KeyLength(Invalid, code="keys.length"):
    """A key has the wrong number of bytes for its algorithm."""

    algorithm: str
    expected_bytes: int
    found_bytes: int


@dataclass(eq=False)
class AlgorithmUnverified(Refused, code="keys.algorithm_unverified"):
    """No published vector confirms this algorithm here; it must be enabled by name."""

    algorithm: str


@dataclass(frozen=True, slots=True)
class KeyParameters:
    """Everything public that a decoder key depends on, the meter's PAN apart."""

    dkga: Dkga
    ea: EncryptionAlgorithm
    key_type: KeyType
    sgc: str
    ti: int
    krn: int
    ken: int
    base_date: BaseDate

    def __post_init__(self) -> None:
        if not (len(self.sgc) == 6 and self.sgc.isascii() and self.sgc.isdecimal()):
            raise KeyFieldInvalid("sgc", self.sgc[:20])
        for field, value, low, high in (
            ("ti", self.ti, 0, 99),
            ("krn", self.krn, 1, 9),
            ("ken", self.ken, 0, 255),
        ):
            if not low <= value <= high:
                raise KeyFieldInvalid(field, str(value))
        if self.ea is EncryptionAlgorithm.EA11 and self.dkga is not Dkga.DKGA04:
            raise KeyFieldInvalid("dkga", self.dkga.value)


class VendingKey:
    """A vending key: makes the decoder keys of one supply group and revision. A secret."""

    __slots__ = ("_des", "_mac", "_odd", "secret")

    def __init__(self, secret: bytes) -> None:
        self.secret = bytes(secret)
        self._odd: int | None = None
        self._des: DesKey | None = None
        self._mac: HmacSha256 | None = None

    @property
    def des(self) -> DesKey:
        """The key as a DES key, made once: an ECB context costs more than a block."""
        if self._des is None:
            self._des = DesKey(self.secret)
        return self._des

    @property
    def odd(self) -> int:
        """The key as a number with odd parity in every byte, as DKGA01 and 02 mix it in."""
        if self._odd is None:
            self._odd = int.from_bytes(odd_parity(self.secret), "big")
        return self._odd

    @property
    def mac(self) -> HmacSha256:
        """The key as an HMAC key, taken in once."""
        if self._mac is None:
            self._mac = HmacSha256(self.secret)
        return self._mac

    def __repr__(self) -> str:
        return f"VendingKey(<{len(self.secret)} secret bytes>)"

    def __reduce__(self) -> str:
        raise TypeError("a vending key is not pickled")


class BlockCipher(Protocol):
    """A cipher holding its key: 64-bit block in, 64-bit block out."""

    def encrypt(self, block: int) -> int: ...

    def decrypt(self, block: int) -> int: ...


CipherMaker = Callable[[int], BlockCipher]
Derivation = Callable[["VendingKey", KeyParameters, "MeterPan"], bytes]


@dataclass(frozen=True, slots=True)
class Algorithms:
    """Ciphers by EA and derivations by DKGA that may be used."""

    ciphers: Mapping[EncryptionAlgorithm, CipherMaker]
    derivations: Mapping[Dkga, Derivation]

    def with_cipher(self, ea: EncryptionAlgorithm, maker: CipherMaker) -> Algorithms:
        return replace(self, ciphers={**self.ciphers, ea: maker})

    def with_derivation(self, dkga: Dkga, derivation: Derivation) -> Algorithms:
        return replace(self, derivations={**self.derivations, dkga: derivation})

    def cipher(self, ea: EncryptionAlgorithm) -> CipherMaker:
        """Raises AlgorithmUnverified."""
        if ea not in self.ciphers:
            raise AlgorithmUnverified(f"EA{ea.value}")
        return self.ciphers[ea]

    def derivation(self, dkga: Dkga) -> Derivation:
        """Raises AlgorithmUnverified."""
        if dkga not in self.derivations:
            raise AlgorithmUnverified(f"DKGA{dkga.value}")
        return self.derivations[dkga]


STANDARD_CIPHERS: Mapping[EncryptionAlgorithm, CipherMaker] = {
    EncryptionAlgorithm.EA07: StaKey,
    EncryptionAlgorithm.EA11: Misty1Key,
}


class DecoderKey:
    """A meter's key, ready to encrypt and decrypt its tokens. A secret."""

    __slots__ = ("decrypt", "ea", "encrypt", "secret")

    def __init__(
        self,
        ea: EncryptionAlgorithm,
        secret: bytes,
        ciphers: Mapping[EncryptionAlgorithm, CipherMaker] = STANDARD_CIPHERS,
    ) -> None:
        """Raises KeyLength, AlgorithmUnverified."""
        if len(secret) != ea.key_bytes:
            raise KeyLength(f"EA{ea.value}", ea.key_bytes, len(secret))
        if ea not in ciphers:
            raise AlgorithmUnverified(f"EA{ea.value}")
        cipher = ciphers[ea](int.from_bytes(secret, "big"))
        self.ea = ea
        self.secret = secret
        self.encrypt = cipher.encrypt
        self.decrypt = cipher.decrypt

    def __repr__(self) -> str:
        return f"DecoderKey(EA{self.ea.value}, <secret>)"

    def __reduce__(self) -> str:
        raise TypeError("a decoder key is not pickled")
