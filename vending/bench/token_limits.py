"""What limits the making of tokens, measured beside it: ciphers, DES, HMAC-SHA-256 alone."""

from __future__ import annotations

from collections.abc import Callable
from hmac import digest
from typing import Any

from tokens.sts import DecoderKey, Dkga, EncryptionAlgorithm, VendingKey, batch_misty1, batch_sta
from tokens.sts.batch import BatchKeys

from .runner import Case
from .token_cases import EA07, EA11, Material, Route, Sizes, checked

BatchCipher = Callable[[Any, Any], Any]


def limits(material: Material, sizes: Sizes) -> dict[str, Case[Any]]:
    """The cipher alone, one by one; DES and HMAC-SHA-256 alone, as bare as Python has them."""
    cases: dict[str, Case[Any]] = {}

    def cipher(key: DecoderKey, decrypt: bool) -> Callable[[list[int]], int]:
        function = key.decrypt if decrypt else key.encrypt

        def run(blocks: list[int]) -> int:
            mixed = 0
            for block in blocks:
                mixed ^= function(block)
            return checked(mixed >> 64 == 0, len(blocks))

        return run

    for ea in (EA07, EA11):
        key = DecoderKey(ea, material.key_bytes(ea.key_bytes))
        for way in ("encode", "decode"):
            cases[f"{ea.value} {way}"] = Case(
                lambda _round: material.blocks(sizes.single), cipher(key, way == "decode")
            )

    def columns(ea: EncryptionAlgorithm) -> Callable[[int], tuple[BatchKeys, BatchKeys]]:
        size = sizes.batch
        return lambda _round: (
            BatchKeys.from_bytes(EA07, material.key_bytes(8 * size)),
            BatchKeys.from_bytes(ea, material.key_bytes(ea.key_bytes * size)),
        )

    def cipher_of_all(function: BatchCipher) -> Callable[[tuple[BatchKeys, BatchKeys]], int]:
        def run(given: tuple[BatchKeys, BatchKeys]) -> int:
            # Any 64-bit numbers will do for blocks; a column of keys is one.
            blocks, keys = given
            return len(function(blocks.secret, keys.secret))

        return run

    for ea, way, function in (
        (EA07, "encode", batch_sta.encrypt),
        (EA07, "decode", batch_sta.decrypt),
        (EA11, "encode", batch_misty1.encrypt),
        (EA11, "decode", batch_misty1.decrypt),
    ):
        cases[f"{ea.value} batch {way}"] = Case(columns(ea), cipher_of_all(function))

    des = VendingKey(material.key_bytes(8)).des

    def run_des(blocks: bytes) -> int:
        return checked(len(des.encrypt_bytes(blocks)) == len(blocks), len(blocks) // 8)

    cases["DES"] = Case(lambda _round: material.key_bytes(8 * sizes.batch), run_des)
    secret = material.key_bytes(20)
    mac = VendingKey(secret).mac

    def messages(_round: int) -> list[bytes]:
        return [block.to_bytes(49, "big") for block in material.blocks(sizes.derived)]

    def run_hmac(given: list[bytes]) -> int:
        return checked(len(mac.digests(b"", given, b"")) == 32 * len(given), len(given))

    def run_fresh(given: list[bytes]) -> int:
        length = 0
        for message in given:
            length += len(digest(secret, message, "sha256"))
        return checked(length == 32 * len(given), len(given))

    cases["HMAC"] = Case(messages, run_hmac)
    cases["HMAC fresh"] = Case(messages, run_fresh)
    return cases


def anchor_of(route: Route, kind: str, way: str, rates: dict[str, float]) -> tuple[str, float]:
    """What limits this figure, and its rate per second."""
    if route.dkga is None:
        case = f"{route.ea.value} batch {way}" if kind == "batch" else f"{route.ea.value} {way}"
        return f"EA{route.ea.value} cipher alone", rates[case]
    if route.dkga is Dkga.DKGA02:
        return "DES alone, many blocks a call", rates["DES"]
    if kind == "batch":
        return "HMAC-SHA-256 alone, which is the limit", rates["HMAC"]
    return "one call of the library's HMAC-SHA-256", rates["HMAC fresh"]
