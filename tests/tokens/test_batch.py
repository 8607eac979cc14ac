"""A batch gives, row by row, the digits that single tokens give."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.quantities import ConnectionTime, Energy, Power, Quantity, Volume
from tests import examples
from tokens.sts import credit, management
from tokens.sts.amounts import LARGEST_AMOUNT16, encode_amount16, encode_currency20
from tokens.sts.batch import (
    BatchKeys,
    CreditBatch,
    CurrencyBatch,
    ManagementBatch,
    TokenBatch,
    decode_digits,
    encode_bodies,
    issue_batch,
    texts,
)
from tokens.sts.batch_amounts import LARGEST_COLUMN, amount16, currency20
from tokens.sts.batch_codec import crc_fields
from tokens.sts.codec import OpenedBlock, encode_token, open_block
from tokens.sts.crc import token_crc, token_crc_currency
from tokens.sts.digits import insert_class
from tokens.sts.display import InitiateMeterTest1
from tokens.sts.keys import (
    DecoderKey,
    EncryptionAlgorithm,
)
from tokens.sts.kinds import Token

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11
BODY = (1 << 48) - 1

eas = st.sampled_from([EA07, EA11])
tids = st.integers(0, 0xFFFFFF)
nibbles = st.integers(0, 15)
sixteen = st.integers(0, 0xFFFF)


@st.composite
def decoder_keys(draw: st.DrawFn, ea: EncryptionAlgorithm, count: int) -> list[DecoderKey]:
    size = ea.key_bytes
    return [DecoderKey(ea, draw(st.binary(min_size=size, max_size=size))) for _ in range(count)]


CREDITS: list[tuple[Any, type[Quantity]]] = [
    (credit.TransferCreditElectricity, Energy),
    (credit.TransferCreditWater, Volume),
    (credit.TransferCreditGas, Volume),
    (credit.TransferCreditTime, ConnectionTime),
]
CURRENCIES: list[Any] = [
    credit.TransferCurrencyElectricity,
    credit.TransferCurrencyWater,
    credit.TransferCurrencyGas,
    credit.TransferCurrencyTime,
]
REGISTERS: list[Any] = [
    management.ClearCredit,
    management.SetTariffRate,
    management.ClearTamperCondition,
    management.SetWaterMeterFactor,
]
LIMITS: list[Any] = [management.SetMaximumPowerLimit, management.SetMaxPhasePowerUnbalanceLimit]


def agree(tokens: list[Any], batch: Any, keys: list[DecoderKey]) -> None:
    """The batch's digits are the single tokens', and open to their bodies again."""
    rows = BatchKeys.of(keys)
    digits = issue_batch(batch, rows)
    expected = [encode_token(token, key) for token, key in zip(tokens, keys, strict=True)]
    assert texts(digits) == expected
    opened = decode_digits(digits, rows)
    assert opened.bodies.tolist() == [token.body() for token in tokens]
    assert opened.classes.tolist() == [token.token_class for token in tokens]
    assert opened.crc_ok.all()


@settings(max_examples=examples(60))
@given(data=st.data(), ea=eas, row=st.sampled_from(CREDITS), count=st.integers(1, 5))
def test_credit_rows(data: st.DataObject, ea: EncryptionAlgorithm, row: Any, count: int) -> None:
    kind, quantity = row
    largest = LARGEST_AMOUNT16 * 10 ** (quantity.decimals - 1)
    some = st.integers(0, largest) | st.integers(0, 300_000) | st.just(largest)
    amounts = data.draw(st.lists(some, min_size=count, max_size=count))
    minutes = data.draw(st.lists(tids, min_size=count, max_size=count))
    rnds = data.draw(st.lists(nibbles, min_size=count, max_size=count))
    tokens = [
        kind(amount=quantity(a), tid=t, rnd=r)
        for a, t, r in zip(amounts, minutes, rnds, strict=True)
    ]
    keys = data.draw(decoder_keys(ea, count))
    agree(tokens, CreditBatch(kind, tids=minutes, amounts=amounts, rnds=rnds), keys)
    agree(tokens, TokenBatch(tokens), keys)


@settings(max_examples=examples(60))
@given(data=st.data(), ea=eas, kind=st.sampled_from(CURRENCIES), count=st.integers(1, 5))
def test_currency_rows(data: st.DataObject, ea: EncryptionAlgorithm, kind: Any, count: int) -> None:
    some = st.integers(-LARGEST_COLUMN, LARGEST_COLUMN) | st.integers(-200_000, 200_000)
    units = data.draw(st.lists(some, min_size=count, max_size=count))
    minutes = data.draw(st.lists(tids, min_size=count, max_size=count))
    tokens = [kind(units=u, tid=t) for u, t in zip(units, minutes, strict=True)]
    keys = data.draw(decoder_keys(ea, count))
    agree(tokens, CurrencyBatch(kind, tids=minutes, units=units), keys)


@settings(max_examples=examples(60))
@given(data=st.data(), ea=eas, kind=st.sampled_from(REGISTERS + LIMITS), count=st.integers(1, 5))
def test_management_rows(
    data: st.DataObject, ea: EncryptionAlgorithm, kind: Any, count: int
) -> None:
    most = st.integers(0, LARGEST_AMOUNT16) if kind in LIMITS else sixteen
    values = data.draw(st.lists(most, min_size=count, max_size=count))
    minutes = data.draw(st.lists(tids, min_size=count, max_size=count))
    tokens = [
        kind(limit=Power(v), tid=t, rnd=7) if kind in LIMITS else kind(value=v, tid=t, rnd=7)
        for v, t in zip(values, minutes, strict=True)
    ]
    keys = data.draw(decoder_keys(ea, count))
    agree(tokens, ManagementBatch(kind, tids=minutes, values=values, rnds=7), keys)


@given(index=st.integers(0, 63), value=st.integers(0, 1023), tid=tids, rnd=nibbles)
def test_extended_set_row(index: int, value: int, tid: int, rnd: int) -> None:
    token = management.ExtendedSet(index=index, value=value, tid=tid, rnd=rnd)
    batch = ManagementBatch(
        management.ExtendedSet, tids=[tid], values=[index << 10 | value], rnds=rnd
    )
    agree([token], batch, [DecoderKey(EA07, bytes(range(8)))])


def test_class_1_needs_no_key() -> None:
    tokens: list[Token] = [InitiateMeterTest1(control=n, manufacturer_code=0) for n in (1, 1 << 17)]
    digits = issue_batch(TokenBatch(tokens), None)
    assert texts(digits) == [encode_token(token, None) for token in tokens]
    keys = BatchKeys.from_bytes(EA11, bytes(32))
    opened = decode_digits(digits, keys)
    assert opened.classes.tolist() == [1, 1]
    assert opened.crc_ok.all()
    assert opened.bodies.tolist() == [token.body() for token in tokens]


# Bodies straight through: every class and the edges of the 66-bit number.

edge_bodies = st.sampled_from([0, 1, BODY, BODY - 1, 1 << 47, 0x4000_0000_0000, 0x7FFF_FFFF_FFFF])
bodies = st.integers(0, BODY) | edge_bodies


@settings(max_examples=examples(80))
@given(rows=st.lists(bodies, max_size=70), token_class=st.sampled_from([0, 2]), ea=eas)
def test_any_body(rows: list[int], token_class: int, ea: EncryptionAlgorithm) -> None:
    secret = bytes(range(7, 7 + ea.key_bytes))
    keys = BatchKeys.from_bytes(ea, secret * len(rows))
    digits = encode_bodies(rows, token_class, keys)
    single = DecoderKey(ea, secret)
    for body, text in zip(rows, texts(digits), strict=True):
        opened = open_block(text, single)
        assert isinstance(opened, OpenedBlock)
        assert (opened.token_class, opened.body) == (token_class, body)
        assert opened.crc == opened.crc_expected
    back = decode_digits(texts(digits), keys)
    assert back.bodies.tolist() == rows
    assert back.crc_ok.all()


@given(blocks=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20), other=st.integers(0, 3))
def test_any_digits_open_as_singly(blocks: list[int], other: int) -> None:
    """Whatever 66 bits are typed: class, body and CRC verdict are those of the single path."""
    secret = bytes.fromhex("e653341f9d5bf36f")
    typed = [insert_class(block, other) for block in blocks] + ["73786976294838206463", "0" * 20]
    opened = decode_digits(typed, BatchKeys.from_bytes(EA07, secret * len(typed)))
    single = DecoderKey(EA07, secret)
    for row, text in enumerate(typed):
        expected = open_block(text, single)
        if not isinstance(expected, OpenedBlock):
            assert opened.classes[row] == 3
            continue
        assert opened.classes[row] == expected.token_class
        assert opened.bodies[row] == expected.body
        good = expected.crc == expected.crc_expected
        assert bool(opened.crc_ok[row]) is good


def test_one_wrong_digit_fails_the_crc_in_its_row_alone() -> None:
    keys = BatchKeys.from_bytes(EA07, bytes(range(24)))
    digits = texts(encode_bodies([5, 6, 7], 2, keys))
    digits[1] = digits[1][:-1] + str((int(digits[1][-1]) + 1) % 10)
    assert decode_digits(digits, keys).crc_ok.tolist() == [True, False, True]


@given(rows=st.lists(bodies, min_size=1, max_size=20), token_class=st.integers(0, 2))
def test_crc_fields(rows: list[int], token_class: int) -> None:
    fields = crc_fields(np.array(rows, dtype=np.uint64), token_class)
    for body, field in zip(rows, fields.tolist(), strict=True):
        currency = token_class == 0 and 4 <= body >> 44 <= 7
        assert field == (token_crc_currency if currency else token_crc)(token_class, body)


# Amount fields.


@given(st.lists(st.integers(0, LARGEST_AMOUNT16), min_size=1, max_size=20))
def test_amount16(units: list[int]) -> None:
    fields = amount16(np.array(units, dtype=np.uint64))
    assert fields.tolist() == [encode_amount16(u) for u in units]


@given(st.lists(st.integers(-LARGEST_COLUMN, LARGEST_COLUMN), min_size=1, max_size=20))
def test_currency20(units: list[int]) -> None:
    fields = currency20(np.array(units, dtype=np.int64))
    assert fields.tolist() == [encode_currency20(u) for u in units]


def test_amount_borders() -> None:
    """Every value around the ends and starts of the ranges, in one column."""
    ends = [16383 * 10**e + 16384 * (10**e - 1) // 9 for e in range(16)]
    starts = [16384 * (10**e - 1) // 9 for e in range(16)]
    near = {v + d for v in (*ends, *starts) for d in range(-11, 12)}
    small = sorted(v for v in near if 0 <= v <= LARGEST_AMOUNT16)
    assert amount16(np.array(small, dtype=np.uint64)).tolist() == [
        encode_amount16(v) for v in small
    ]
    wide = sorted(v for v in near | {-v for v in near} if abs(v) <= LARGEST_COLUMN)
    assert currency20(np.array(wide, dtype=np.int64)).tolist() == [
        encode_currency20(v) for v in wide
    ]


def test_a_batch_of_none() -> None:
    keys = BatchKeys.from_bytes(EA11, b"")
    empty = CreditBatch(credit.TransferCreditWater, tids=[], amounts=1, rnds=1)
    assert texts(issue_batch(empty, keys)) == []
    assert len(decode_digits([], keys).bodies) == 0


def test_batches_longer_than_a_chunk() -> None:
    count = 33_000
    minutes = np.arange(count, dtype=np.int32) * 37 % (1 << 24)
    amounts = np.arange(count) * 7919 % 20_000_000
    keys = BatchKeys(EA07, np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    batch = CreditBatch(
        credit.TransferCreditElectricity, tids=minutes, amounts=amounts, rnds=minutes % 16
    )
    digits = issue_batch(batch, keys)
    opened = decode_digits(digits, keys)
    assert opened.crc_ok.all()
    for row in (0, 16383, 16384, 32767, 32768, count - 1):
        token = credit.TransferCreditElectricity(
            amount=Energy(int(amounts[row])), tid=int(minutes[row]), rnd=int(minutes[row]) % 16
        )
        key = DecoderKey(EA07, int(keys.secret[row]).to_bytes(8, "big"))
        assert digits[row].decode() == encode_token(token, key)
