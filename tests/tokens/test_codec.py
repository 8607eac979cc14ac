"""Every kind, both ciphers: to digits and back; and any digits are judged, never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.quantities import Energy, Volume
from meters.verdicts import TokenResult
from tests.tokens.strategies import EA07, EA11, any_token, decoder_keys
from tokens.sts import (
    BaseDate,
    DecoderKey,
    EncryptionAlgorithm,
    Stamp,
    Token,
    TokenFieldInvalid,
    TokenWithTid,
    TransferCreditElectricity,
    decode_token,
    encode_token,
    explain,
    kind_named,
    kinds,
)
from tokens.sts.codec import KeyMissing

KEY = DecoderKey(EA07, bytes.fromhex("e653341f9d5bf36f"))


@pytest.mark.parametrize("ea", [EA07, EA11])
@given(data=st.data())
def test_every_kind_comes_back(ea: EncryptionAlgorithm, data: st.DataObject) -> None:
    token, key = data.draw(any_token(ea)), data.draw(decoder_keys(ea))
    digits = encode_token(token, key)
    opened = decode_token(digits, key)
    assert type(opened) is type(token)
    assert isinstance(opened, Token)
    # What was rounded up once is exact from then on.
    assert encode_token(opened, key) == digits
    stamp = Stamp(getattr(opened, "tid", 0), getattr(opened, "rnd", 0))
    assert type(opened).from_fields(opened.to_fields(), stamp) == opened


@pytest.mark.parametrize("ea", [EA07, EA11])
@given(data=st.data())
def test_another_key_does_not_open_an_encrypted_token(
    ea: EncryptionAlgorithm, data: st.DataObject
) -> None:
    token = data.draw(any_token(ea).filter(lambda t: t.token_class != 1))
    key, other = data.draw(decoder_keys(ea)), data.draw(decoder_keys(ea))
    digits = encode_token(token, key)
    opened = decode_token(digits, other)
    if key.secret == other.secret:
        assert isinstance(opened, Token)
    # One wrong key in 65 536 meets the CRC by chance; it must not give the same token.
    elif isinstance(opened, Token):
        assert opened != token


@given(number=st.integers(0, 2**66 - 1), ea=st.sampled_from([EA07, EA11]), data=st.data())
def test_any_digits_get_a_verdict(
    number: int, ea: EncryptionAlgorithm, data: st.DataObject
) -> None:
    key = data.draw(decoder_keys(ea))
    digits = f"{number:020d}"
    opened = decode_token(digits, key)
    if isinstance(opened, Token):
        assert encode_token(opened, key) == digits or opened.has_tid
    else:
        assert opened in {
            TokenResult.CRC_ERROR,
            TokenResult.FUNCTION_ERROR,
            TokenResult.FORMAT_ERROR,
        }
    assert explain(digits, key, BaseDate.BASE_2014)


@given(
    body=st.integers(0, 2**48 - 1),
    token_class=st.integers(0, 2),
    ea=st.sampled_from([EA07, EA11]),
    data=st.data(),
)
def test_authentic_nonsense_gets_a_verdict(
    body: int, token_class: int, ea: EncryptionAlgorithm, data: st.DataObject
) -> None:
    """Blocks with a right CRC reach every field parser: no exception but the typed ones."""
    from tokens.sts.crc import token_crc, token_crc_currency
    from tokens.sts.digits import insert_class

    key = data.draw(decoder_keys(ea))
    currency = token_class == 0 and 4 <= body >> 44 <= 7
    crc = (token_crc_currency if currency else token_crc)(token_class, body)
    block = body << 16 | crc
    digits = insert_class(block if token_class == 1 else key.encrypt(block), token_class)
    opened = decode_token(digits, key)
    assert opened is not TokenResult.CRC_ERROR
    assert explain(digits, key, BaseDate.BASE_1993)


def test_class_3_is_refused() -> None:
    digits = f"{3 << 27:020d}"
    assert decode_token(digits, KEY) is TokenResult.FUNCTION_ERROR
    assert not explain(digits, KEY, BaseDate.BASE_2014)[-1].ok


def test_an_encrypted_token_needs_a_key() -> None:
    with pytest.raises(KeyMissing):
        decode_token("23716100501183194197", None)
    steps = explain("23716100501183194197", None, BaseDate.BASE_1993)
    assert [step.name for step in steps] == ["digits", "class", "decryption"]


def test_each_kind_has_a_name_and_a_row() -> None:
    listed = list(kinds())
    assert len(listed) == len(set(listed)) == 23
    for row in listed:
        ea = EA11 if "4th" in row.name or row.__name__ == "Set3rdSectionDecoderKey" else EA07
        assert kind_named(row.name, ea) is row
        assert issubclass(row, TokenWithTid) == row.has_tid


def test_wrong_unit_is_a_mistake_in_code() -> None:
    with pytest.raises(TypeError):
        TransferCreditElectricity(amount=Volume(100), tid=1, rnd=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(("tid", "rnd"), [(-1, 0), (2**24, 0), (0, 16), (0, -1)])
def test_fields_outside_their_bits_are_refused(tid: int, rnd: int) -> None:
    with pytest.raises(TokenFieldInvalid):
        TransferCreditElectricity(amount=Energy(100), tid=tid, rnd=rnd)


@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["amount", "limit_w", "register", "rate", "wmf", "index", "value", "control"]
        ),
        st.one_of(st.text(max_size=12), st.integers(), st.booleans(), st.none()),
    ),
    data=st.data(),
)
def test_any_fields_build_or_raise_a_typed_error(
    fields: dict[str, object], data: st.DataObject
) -> None:
    row = data.draw(st.sampled_from(list(kinds())))
    try:
        token = row.from_fields(fields, Stamp(1, 1))
        encode_token(token, KEY)
    except RaseedError:
        return
    assert isinstance(token, row)


def test_explain_tells_tid_amount_and_crc() -> None:
    told = {s.name: s.result for s in explain("23716100501183194197", KEY, BaseDate.BASE_1993)}
    assert told["TID"].startswith("5871715 = 2004-03-01 13:55 UTC")
    assert told["amount"] == "0.1 kWh"
    assert told["CRC"].startswith("right")
    assert "transfer_credit_electricity" in told["subclass"]


def test_explain_shows_no_part_of_a_key() -> None:
    digits = "51638423060042734509"  # published key change TI 01 -> 02, first section
    told = explain(digits, KEY, BaseDate.BASE_1993)
    assert any("not shown" in step.result for step in told)
    assert not any("060b8643" in step.result for step in told)


def test_secrets_have_no_repr() -> None:
    from tokens.sts import VendingKey

    secret = bytes.fromhex("e653341f9d5bf36f")
    for shown in (repr(KEY), str(KEY), repr(VendingKey(secret)), f"{VendingKey(secret)}"):
        assert "e653" not in shown.lower()
        assert "\\xe6" not in shown
