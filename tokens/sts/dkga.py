"""Decoder key generation (spec section 4): DKGA02 and DKGA04.

Same vending key, parameters and meter, same decoder key. DKGA01 and 03 are in `unverified`.
"""

from __future__ import annotations

from typing import Final

from meters.identity import MeterPan

from .keys import (
    STANDARD_CIPHERS,
    Algorithms,
    DecoderKey,
    Dkga,
    KeyLength,
    KeyParameters,
    KeyType,
    VendingKey,
)


def pan_block(pan_digits: str, iin: str, key_type: int) -> int:
    """Digits 2 to 17 of the PAN as packed BCD; a common key keeps only the IIN's."""
    digits = iin.ljust(17, "0") if key_type == KeyType.DCTK else pan_digits
    return int(digits[1:17], 16)


def control_block(key_type: int, sgc: str, ti: int, krn: int) -> int:
    """Nibbles KT, SGC, TI, KRN, then F to the end."""
    return int(f"{int(key_type)}{sgc}{ti:02d}{krn}ffffff", 16)


def derive_dkga02(vending_key: VendingKey, params: KeyParameters, pan: MeterPan) -> bytes:
    """`DES(VK, X) xor X xor VK`, X = PAN block xor control block, VK with odd parity.

    All 64 bits of the result are the key; no parity is set in it.
    """
    x = pan_block(pan.number, pan.iin, params.key_type) ^ control_block(
        params.key_type, params.sgc, params.ti, params.krn
    )
    return (vending_key.des.encrypt(x) ^ x ^ vending_key.odd).to_bytes(8, "big")


def dkga04_message(params: KeyParameters, pan_digits: str) -> bytes:
    """The 49 bytes that are authenticated: two counted lists of counted texts, then L in bits."""
    head = f"\x04\x0204\x02{params.base_date.short}\x02{params.ea.value}\x02{params.ti:02d}\x00"
    tail = f"\x04\x06{params.sgc}\x01{int(params.key_type)}\x01{params.krn}\x12{pan_digits}"
    return (head + tail).encode("ascii") + (params.ea.key_bytes * 8).to_bytes(4, "big")


def derive_dkga04(vending_key: VendingKey, params: KeyParameters, pan: MeterPan) -> bytes:
    """Leftmost 64 or 128 bits of HMAC-SHA-256 under the 20-byte vending key."""
    common = params.key_type == KeyType.DCTK
    digits = pan.iin.ljust(18, "0") if common else pan.number
    message = dkga04_message(params, digits)
    return vending_key.mac.digest(message)[: params.ea.key_bytes]


STANDARD: Final = Algorithms(
    ciphers=STANDARD_CIPHERS,
    derivations={Dkga.DKGA02: derive_dkga02, Dkga.DKGA04: derive_dkga04},
)
"""What published vectors confirm: EA07, EA11, DKGA02, DKGA04."""


def derive_decoder_key(
    vending_key: VendingKey,
    params: KeyParameters,
    pan: MeterPan,
    algorithms: Algorithms = STANDARD,
) -> DecoderKey:
    """The decoder key of one meter under `params`.

    Raises KeyLength if the vending key does not fit the DKGA, and AlgorithmUnverified.
    """
    expected = params.dkga.vending_key_bytes
    if len(vending_key.secret) != expected:
        raise KeyLength(f"DKGA{params.dkga.value}", expected, len(vending_key.secret))
    secret = algorithms.derivation(params.dkga)(vending_key, params, pan)
    return DecoderKey(params.ea, secret, algorithms.ciphers)
