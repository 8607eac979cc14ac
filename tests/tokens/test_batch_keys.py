"""Derivation and key changes of many meters against those of one; PANs checked as singly."""

from __future__ import annotations

import hmac
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.errors import Invalid
from meters.identity import CheckDigitWrong, Drn, IssuerUnknown, MeterPan
from tests import examples
from tokens.sts.batch import (
    BatchKeys,
    BatchText,
    KeyChangeBatch,
    derive_batch_dkga02,
    derive_batch_dkga04,
    issue_batch,
    pan_column,
    texts,
)
from tokens.sts.codec import encode_token
from tokens.sts.dkga import derive_decoder_key
from tokens.sts.keychange import key_change_set
from tokens.sts.keys import (
    Dkga,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    KeyLength,
    KeyParameters,
    KeyType,
    VendingKey,
)
from tokens.sts.tid import BaseDate

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


@st.composite
def parameters(draw: st.DrawFn, dkga: Dkga, ea: EncryptionAlgorithm) -> KeyParameters:
    return KeyParameters(
        dkga=dkga,
        ea=ea,
        key_type=draw(st.sampled_from([KeyType.DDTK, KeyType.DUTK, KeyType.DCTK])),
        sgc=f"{draw(st.integers(0, 999_999)):06d}",
        ti=draw(st.integers(0, 99)),
        krn=draw(st.integers(1, 9)),
        ken=draw(st.integers(0, 255)),
        base_date=draw(st.sampled_from(list(BaseDate))),
    )


makers = st.sampled_from(["00", "01", "99", "0000", "0001", "1234", "9999"])
pans = st.lists(
    st.builds(Drn.from_serial, makers, st.integers(0, 99_999_999)).map(lambda drn: drn.pan),
    min_size=1,
    max_size=5,
)
ROUTES = [(Dkga.DKGA02, EA07), (Dkga.DKGA04, EA07), (Dkga.DKGA04, EA11)]


def derived(key: VendingKey, params: KeyParameters, meters: Any) -> BatchKeys:
    derive = derive_batch_dkga02 if params.dkga is Dkga.DKGA02 else derive_batch_dkga04
    return derive(key, params, meters)


def secrets_of(keys: BatchKeys) -> list[bytes]:
    size = keys.ea.key_bytes
    run = keys.secret.astype(">u8").tobytes()
    return [run[at : at + size] for at in range(0, len(run), size)]


@settings(max_examples=examples(60))
@given(data=st.data(), route=st.sampled_from(ROUTES), meters=pans)
def test_derivations(
    data: st.DataObject, route: tuple[Dkga, EncryptionAlgorithm], meters: list[MeterPan]
) -> None:
    params = data.draw(parameters(*route))
    size = params.dkga.vending_key_bytes
    key = VendingKey(data.draw(st.binary(min_size=size, max_size=size)))
    single = [derive_decoder_key(key, params, pan).secret for pan in meters]
    assert secrets_of(derived(key, params, meters)) == single
    numbers = [pan.number for pan in meters]
    assert secrets_of(derived(key, params, numbers)) == single
    assert secrets_of(derived(key, params, np.array(numbers, dtype="S18"))) == single


def test_dkga04_is_hmac() -> None:
    """The kept SHA-256 states are HMAC: the worked example of section 4.5, and the library's."""
    secret = bytes.fromhex("abababababababab949494949494949401234567")
    params = KeyParameters(Dkga.DKGA04, EA11, KeyType.DUTK, "123457", 1, 1, 255, BaseDate.BASE_1993)
    keys = derive_batch_dkga04(VendingKey(secret), params, ["600727000000000009"])
    assert secrets_of(keys) == [bytes.fromhex("f94b6ed353c3bfdb113e2d3a7ea3c41d")]
    message = bytes.fromhex(
        "04023034023933023131023031000406313233343537013201311236303037323730303030303030303030"
        "303900000080"
    )
    assert secrets_of(keys) == [hmac.digest(secret, message, "sha256")[:16]]


@settings(max_examples=examples(60))
@given(
    data=st.data(),
    route=st.sampled_from(ROUTES),
    meters=pans,
    ro=st.booleans(),
    three=st.booleans(),
)
def test_key_change_sets(
    data: st.DataObject,
    route: tuple[Dkga, EncryptionAlgorithm],
    meters: list[MeterPan],
    ro: bool,
    three: bool,
) -> None:
    size = route[0].vending_key_bytes
    key = VendingKey(data.draw(st.binary(min_size=size, max_size=size)))
    old, new = data.draw(parameters(*route)), data.draw(parameters(*route))
    digits = issue_batch(
        KeyChangeBatch(derived(key, new, meters), new, ro=ro, three_tokens=three),
        derived(key, old, meters),
    )
    for row, pan in enumerate(meters):
        current = derive_decoder_key(key, old, pan)
        sections = key_change_set(derive_decoder_key(key, new, pan), new, ro=ro, three_tokens=three)
        expected = [encode_token(section, current) for section in sections]
        assert texts(digits[row]) == expected
    assert digits.shape == (len(meters), 4 if route[1] is EA11 else 2 + three)


@given(st.text(min_size=18, max_size=18, alphabet="0123456789") | st.text(max_size=20))
def test_pans_are_checked_as_singly(text: str) -> None:
    try:
        single: MeterPan | None = MeterPan(text)
    except Invalid:
        single = None
    if single is not None:
        assert pan_column([text]).tolist() == [text.encode()]
    else:
        with pytest.raises((BatchText, IssuerUnknown, CheckDigitWrong)):
            pan_column([text])


@given(st.sampled_from(["01", "0001", "9999"]), st.integers(0, 99_999_999), st.integers(0, 17))
def test_a_changed_pan_digit_is_noticed(maker: str, serial: int, place: int) -> None:
    number = Drn.from_serial(maker, serial).pan.number
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert pan_column([number, number]).tolist() == [number.encode()] * 2
    with pytest.raises((IssuerUnknown, CheckDigitWrong)):
        pan_column([number, wrong])


def test_derivation_refusals() -> None:
    params = KeyParameters(Dkga.DKGA04, EA11, KeyType.DUTK, "123457", 1, 1, 255, BaseDate.BASE_1993)
    meters = ["600727000000000009"]
    with pytest.raises(KeyLength):
        derive_batch_dkga04(VendingKey(bytes(8)), params, meters)
    with pytest.raises(KeyFieldInvalid):
        derive_batch_dkga02(VendingKey(bytes(8)), params, meters)
    keys = derive_batch_dkga04(VendingKey(bytes(20)), params, meters)
    factory = replace(params, key_type=KeyType.DITK)
    with pytest.raises(KeyFieldInvalid):
        KeyChangeBatch(keys, factory, ro=False)
    with pytest.raises(KeyFieldInvalid):
        KeyChangeBatch(BatchKeys.from_bytes(EA07, bytes(8)), params, ro=False)
    with pytest.raises(KeyFieldInvalid):
        issue_batch(KeyChangeBatch(keys, params, ro=False), BatchKeys.from_bytes(EA07, bytes(8)))


def test_keys_are_not_told() -> None:
    keys = BatchKeys.from_bytes(EA07, bytes.fromhex("e653341f9d5bf36f"))
    assert repr(keys) == str(keys) == "BatchKeys(EA07, <1 secret keys>)"
    with pytest.raises(TypeError):
        pickle.dumps(keys)
