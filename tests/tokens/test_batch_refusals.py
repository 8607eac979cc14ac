"""What a batch refuses before any work, and which row it names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from meters.errors import Invalid
from meters.quantities import Volume
from tokens.sts import credit, management
from tokens.sts.amounts import LARGEST_AMOUNT16
from tokens.sts.batch import (
    BatchKeys,
    BatchShape,
    BatchText,
    BatchValue,
    CreditBatch,
    TokenBatch,
    decode_digits,
    encode_bodies,
    issue_batch,
)
from tokens.sts.keys import (
    AlgorithmUnverified,
    DecoderKey,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    KeyLength,
)

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11
BODY = (1 << 48) - 1


@pytest.mark.parametrize(
    ("columns", "error", "facts"),
    [
        ({"tids": [1, 1 << 24]}, BatchValue, {"column": "tids", "row": 1}),
        ({"tids": [-1, 1]}, BatchValue, {"column": "tids", "row": 0}),
        ({"rnds": 16}, BatchValue, {"column": "rnds"}),
        ({"amounts": [0, LARGEST_AMOUNT16 * 100 + 1]}, BatchValue, {"row": 1}),
        ({"amounts": [0, 1 << 80]}, BatchValue, {"row": 1}),
        ({"amounts": [0]}, BatchShape, {"column": "amounts", "expected_rows": 2}),
        ({"amounts": [[0, 1]]}, BatchShape, {"column": "amounts"}),
        ({"amounts": [0, [1]]}, BatchShape, {"column": "amounts"}),
        ({"amounts": [0.5, 1]}, BatchShape, {"column": "amounts"}),
        ({"amounts": ["1", "2"]}, BatchShape, {"column": "amounts"}),
        ({"amounts": [None, 1 << 80]}, BatchShape, {"column": "amounts"}),
        ({"tids": 5}, BatchShape, {"column": "tids"}),
    ],
)
def test_wrong_columns(columns: Any, error: type[Invalid], facts: dict[str, Any]) -> None:
    given: Any = {"tids": [1, 2], "amounts": 100, "rnds": 5} | columns
    with pytest.raises(error) as raised:
        CreditBatch(credit.TransferCreditElectricity, **given)
    assert raised.value.facts().items() >= facts.items()


def test_wrong_bodies_and_keys() -> None:
    keys = BatchKeys.from_bytes(EA07, bytes(8))
    with pytest.raises(BatchValue):
        encode_bodies([BODY + 1], 0, keys)
    for rows, token_class, given_keys in (
        ([1, 2], 0, keys),
        ([1], 3, keys),
        ([1], 1, keys),
        ([1], 0, None),
    ):
        with pytest.raises(BatchShape):
            encode_bodies(rows, token_class, given_keys)
    with pytest.raises(BatchShape):
        decode_digits(["0" * 20, "0" * 20], keys)
    with pytest.raises(BatchShape):
        TokenBatch(
            [
                credit.TransferCreditWater(amount=Volume(1), tid=1, rnd=1),
                management.ClearCredit(value=0, tid=1, rnd=1),
            ]
        )
    with pytest.raises(BatchShape):
        issue_batch(CreditBatch(credit.TransferCreditGas, tids=[1, 2], amounts=1, rnds=1), keys)
    with pytest.raises(AlgorithmUnverified):
        BatchKeys.from_bytes(EncryptionAlgorithm.EA09, bytes(8))
    with pytest.raises(KeyLength):
        BatchKeys.from_bytes(EA11, bytes(24))
    with pytest.raises(KeyFieldInvalid):
        BatchKeys.of([DecoderKey(EA07, bytes(8)), DecoderKey(EA11, bytes(16))])
    with pytest.raises(BatchShape):
        BatchKeys(EA11, np.zeros(3, dtype=np.uint64))


@pytest.mark.parametrize(
    "text", ["1" * 19, "1" * 21, "", "7378697629483820646\u0664", "a" * 20, "73786976294838206464"]
)
def test_wrong_digits_name_their_row(text: str) -> None:
    keys = BatchKeys.from_bytes(EA07, bytes(16))
    with pytest.raises(BatchText) as raised:
        decode_digits(["0" * 20, text], keys)
    assert raised.value.facts() == {"column": "digits", "row": 1}


@pytest.mark.parametrize("character", [*"/:;?@`o \x00\x0f\x7f", "p"])
def test_every_place_must_hold_a_digit(character: str) -> None:
    keys = BatchKeys.from_bytes(EA07, bytes(8))
    for place in range(20):
        with pytest.raises(BatchText):
            decode_digits(["0" * place + character + "0" * (19 - place)], keys)
