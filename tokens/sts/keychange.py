"""Key-change tokens: sets of two, three or four sections of the new decoder key (spec 10.4).

They carry no TID and no random bits: issuing the same change again gives the same digits.
The whole set is encrypted under the meter's current key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from meters.verdicts import TokenResult

from .keys import DecoderKey, EncryptionAlgorithm, KeyParameters
from .kinds import Stamp, Token, TokenFieldUnreadable, check_field, kind, whole_field

_SHORT = (EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA09)
_LONG = (EncryptionAlgorithm.EA11,)
_WORD = 0xFFFF_FFFF


class KeyChangeSection(Token):
    """One section of a set; `order` counts from 1, in the order people enter them."""

    __slots__ = ()

    order: ClassVar[int]


def _hex_field(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    try:
        if not isinstance(value, str) or len(value) != 8:
            raise ValueError
        return int(value, 16)
    except ValueError:
        # The value is a part of a key: it does not enter the error.
        raise TokenFieldUnreadable(name, "?") from None


@kind("set_1st_section_decoder_key", 2, 3)
@dataclass(frozen=True, slots=True, kw_only=True)
class Set1stSectionDecoderKey(KeyChangeSection):
    """High nibble of KEN, KRN, rollover flag, third-token flag, key type, key bytes 0-3."""

    ken_nibble: int
    krn: int
    ro: int
    three_kct: int
    key_type: int
    nkho: int

    order = 1

    def __post_init__(self) -> None:
        for name, value, largest in (
            ("ken_nibble", self.ken_nibble, 15),
            ("krn", self.krn, 15),
            ("ro", self.ro, 1),
            ("three_kct", self.three_kct, 1),
            ("key_type", self.key_type, 3),
            ("nkho", self.nkho, _WORD),
        ):
            check_field(name, value, largest)

    def body(self) -> int:
        flags = self.ro << 3 | self.three_kct << 2 | self.key_type
        return 3 << 44 | self.ken_nibble << 40 | self.krn << 36 | flags << 32 | self.nkho

    @classmethod
    def from_body(cls, body: int) -> Self | TokenResult:
        krn = body >> 36 & 15
        if not 1 <= krn <= 9:
            return TokenResult.FORMAT_ERROR
        return cls(
            ken_nibble=body >> 40 & 15,
            krn=krn,
            ro=body >> 35 & 1,
            three_kct=body >> 34 & 1,
            key_type=body >> 32 & 3,
            nkho=body & _WORD,
        )

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:  # noqa: ARG003
        return cls(
            ken_nibble=whole_field(fields, "ken_nibble"),
            krn=whole_field(fields, "krn"),
            ro=whole_field(fields, "ro"),
            three_kct=whole_field(fields, "three_kct"),
            key_type=whole_field(fields, "key_type"),
            nkho=_hex_field(fields, "nkho_hex"),
        )

    def to_fields(self) -> dict[str, int | str]:
        return {
            "section": 1,
            "ken_nibble": self.ken_nibble,
            "krn": self.krn,
            "ro": self.ro,
            "three_kct": self.three_kct,
            "key_type": self.key_type,
            "nkho_hex": f"{self.nkho:08x}",
        }

    def __repr__(self) -> str:
        return f"Set1stSectionDecoderKey(krn={self.krn}, ro={self.ro}, <secret>)"


@kind("set_2nd_section_decoder_key", 2, 4)
@dataclass(frozen=True, slots=True, kw_only=True)
class Set2ndSectionDecoderKey(KeyChangeSection):
    """Low nibble of KEN, TI as a binary number, the last four key bytes."""

    ken_nibble: int
    ti: int
    nklo: int

    order = 2

    def __post_init__(self) -> None:
        check_field("ken_nibble", self.ken_nibble, 15)
        check_field("ti", self.ti, 255)
        check_field("nklo", self.nklo, _WORD)

    def body(self) -> int:
        return 4 << 44 | self.ken_nibble << 40 | self.ti << 32 | self.nklo

    @classmethod
    def from_body(cls, body: int) -> Self | TokenResult:
        ti = body >> 32 & 0xFF
        if ti > 99:
            return TokenResult.FORMAT_ERROR
        return cls(ken_nibble=body >> 40 & 15, ti=ti, nklo=body & _WORD)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:  # noqa: ARG003
        return cls(
            ken_nibble=whole_field(fields, "ken_nibble"),
            ti=whole_field(fields, "ti"),
            nklo=_hex_field(fields, "nklo_hex"),
        )

    def to_fields(self) -> dict[str, int | str]:
        return {
            "section": 2,
            "ken_nibble": self.ken_nibble,
            "ti": f"{self.ti:02d}",
            "nklo_hex": f"{self.nklo:08x}",
        }

    def __repr__(self) -> str:
        return f"Set2ndSectionDecoderKey(ti={self.ti}, <secret>)"


@kind("set_3rd_section_decoder_key", 2, 8, _SHORT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Set3rdSectionSupplyGroup(KeyChangeSection):
    """64-bit keys: the third token carries the supply group code and 20 zero bits."""

    sgc: int

    order = 3

    def __post_init__(self) -> None:
        check_field("sgc", self.sgc, 0xFFFFFF)

    def body(self) -> int:
        return 8 << 44 | self.sgc << 20

    @classmethod
    def from_body(cls, body: int) -> Self | TokenResult:
        sgc = body >> 20 & 0xFFFFFF
        if body & 0xFFFFF or sgc > 999_999:
            return TokenResult.FORMAT_ERROR
        return cls(sgc=sgc)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:  # noqa: ARG003
        return cls(sgc=whole_field(fields, "sgc"))

    def to_fields(self) -> dict[str, int | str]:
        return {"section": 3, "sgc": f"{self.sgc:06d}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _LongSection(KeyChangeSection):
    """128-bit keys: 12 bits of the supply group code and four key bytes."""

    sgc_part: int
    nkmo: int

    part_name: ClassVar[str]
    key_name: ClassVar[str]

    def __post_init__(self) -> None:
        check_field(self.part_name, self.sgc_part, 0xFFF)
        check_field(self.key_name, self.nkmo, _WORD)

    def body(self) -> int:
        return self.subclass << 44 | self.sgc_part << 32 | self.nkmo

    @classmethod
    def from_body(cls, body: int) -> Self | TokenResult:
        return cls(sgc_part=body >> 32 & 0xFFF, nkmo=body & _WORD)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], stamp: Stamp) -> Self:  # noqa: ARG003
        part = whole_field(fields, cls.part_name)
        return cls(sgc_part=part, nkmo=_hex_field(fields, cls.key_name))

    def to_fields(self) -> dict[str, int | str]:
        key = f"{self.nkmo:08x}"
        return {"section": self.order, self.part_name: self.sgc_part, self.key_name: key}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<secret>)"


@kind("set_3rd_section_decoder_key", 2, 8, _LONG)
class Set3rdSectionDecoderKey(_LongSection):
    """Low 12 bits of the supply group code, key bytes 4-7."""

    __slots__ = ()
    order = 3
    part_name = "sgc_low12"
    key_name = "nkmo2_hex"


@kind("set_4th_section_decoder_key", 2, 9, _LONG)
class Set4thSectionDecoderKey(_LongSection):
    """High 12 bits of the supply group code, key bytes 8-11."""

    __slots__ = ()
    order = 4
    part_name = "sgc_high12"
    key_name = "nkmo1_hex"


def key_change_set(
    new_key: DecoderKey, new: KeyParameters, *, ro: bool, three_tokens: bool = False
) -> tuple[KeyChangeSection, ...]:
    """The sections that move a meter to `new_key`, in the order of entry.

    Two for a 64-bit key, three if `three_tokens` (the third tells the supply group code);
    always four for a 128-bit key. `ro`: the base date changes, the meter empties its TIDs.
    """
    secret = new_key.secret
    words = [int.from_bytes(secret[i : i + 4], "big") for i in range(0, len(secret), 4)]
    long = new.ea is EncryptionAlgorithm.EA11
    sgc = int(new.sgc)
    sections: list[KeyChangeSection] = [
        Set1stSectionDecoderKey(
            ken_nibble=new.ken >> 4,
            krn=new.krn,
            ro=int(ro),
            three_kct=int(three_tokens and not long),
            key_type=int(new.key_type),
            nkho=words[0],
        ),
        Set2ndSectionDecoderKey(ken_nibble=new.ken & 15, ti=new.ti, nklo=words[-1]),
    ]
    if long:
        sections.append(Set3rdSectionDecoderKey(sgc_part=sgc & 0xFFF, nkmo=words[1]))
        sections.append(Set4thSectionDecoderKey(sgc_part=sgc >> 12, nkmo=words[2]))
    elif three_tokens:
        sections.append(Set3rdSectionSupplyGroup(sgc=sgc))
    return tuple(sections)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a complete set tells a meter. `sgc` is None after a set of two."""

    secret: bytes
    ken: int
    krn: int
    ti: int
    key_type: int
    ro: bool
    sgc: str | None

    def __repr__(self) -> str:
        return f"NewKey(krn={self.krn}, ti={self.ti}, ro={self.ro}, <secret>)"


def sections_needed(first: Set1stSectionDecoderKey | None, ea: EncryptionAlgorithm) -> int | None:
    """How many tokens the set has; None while a 64-bit set's first section is missing."""
    if ea is EncryptionAlgorithm.EA11:
        return 4
    return None if first is None else 2 + first.three_kct


def assembled(sections: Sequence[KeyChangeSection], ea: EncryptionAlgorithm) -> NewKey | None:
    """The new key if `sections` (in any order, one of each) are complete, else None."""
    by_order = {section.order: section for section in sections}
    first, second = by_order.get(1), by_order.get(2)
    if not isinstance(first, Set1stSectionDecoderKey) or not isinstance(
        second, Set2ndSectionDecoderKey
    ):
        return None
    words = [first.nkho, second.nklo]
    sgc: int | None = None
    third, fourth = by_order.get(3), by_order.get(4)
    if ea is EncryptionAlgorithm.EA11:
        if not isinstance(third, Set3rdSectionDecoderKey) or not isinstance(
            fourth, Set4thSectionDecoderKey
        ):
            return None
        words = [first.nkho, third.nkmo, fourth.nkmo, second.nklo]
        sgc = fourth.sgc_part << 12 | third.sgc_part
    elif first.three_kct:
        if not isinstance(third, Set3rdSectionSupplyGroup):
            return None
        sgc = third.sgc
    return NewKey(
        secret=b"".join(word.to_bytes(4, "big") for word in words),
        ken=first.ken_nibble << 4 | second.ken_nibble,
        krn=first.krn,
        ti=second.ti,
        key_type=first.key_type,
        ro=bool(first.ro),
        sgc=None if sgc is None else f"{sgc:06d}",
    )
