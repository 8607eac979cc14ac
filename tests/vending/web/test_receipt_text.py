"""The receipt that is written directly is the documented one, byte for byte."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meters.account import Commodity
from meters.quantities import Energy, Money, Volume
from meters.values import replace
from tests.vending.support import START
from vending.keymoves import KeyMove
from vending.sale import (
    BasketReceipt,
    Buyer,
    IssuedToken,
    KeyToken,
    Paid,
    Payment,
    SaleKind,
    SaleReceipt,
    Seller,
    Tender,
)
from vending.shapes import BasketOut, ReceiptOut
from vending.shapes.receipts import basket_json, receipt_json
from vending.tariff import Label, Limited, LineKind, Quote, QuoteLine
from vending.tariff.rounding import Rounding

TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["سميرة", 'a"\\\n\x7f'])
MONEY = st.builds(Money, st.integers(-(2**50), 2**50), st.sampled_from(["ILS", "JOD"]))
UNITS = st.builds(Energy, st.integers(0, 2**40)) | st.builds(Volume, st.integers(0, 2**40))
MOMENTS = st.sampled_from([START, START.replace(microsecond=0), START.replace(microsecond=120)])
DIGITS = st.text("0123456789", min_size=20, max_size=20) | st.just("")


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


PAYMENTS = st.lists(st.builds(Payment, st.sampled_from(Tender), MONEY, TEXT), max_size=2).map(tuple)
LINES = st.builds(
    QuoteLine,
    rule=TEXT,
    base=MONEY | UNITS,
    rate=TEXT,
    exact=st.just(Fraction(1, 3)),
    rounding=st.sampled_from(Rounding),
    amount=MONEY,
    kind=st.sampled_from(LineKind),
    code=TEXT,
    label=some(st.builds(Label, TEXT, TEXT)),
    included=st.booleans(),
    block=st.integers(0, 3),
    limited=some(st.sampled_from(Limited)),
    reason=TEXT,
    left=some(MONEY),
)
QUOTES = st.builds(
    Quote,
    tariff=TEXT,
    tariff_version=st.integers(1, 9),
    tariff_name_ar=TEXT,
    tariff_name_en=TEXT,
    commodity=st.sampled_from(Commodity),
    tendered=MONEY,
    balance_before=MONEY,
    quantity=UNITS,
    lines=st.lists(LINES, max_size=2).map(tuple),
    net=MONEY,
    vat=MONEY,
    balance_after=MONEY,
)
RECEIPTS = st.builds(
    SaleReceipt,
    vend_id=TEXT,
    number=st.integers(1, 10**9),
    sold_at=MOMENTS,
    buyer=st.builds(
        Buyer,
        **dict.fromkeys(("account", "name_ar", "name_en", "quarter", "address"), TEXT),
        agreement=TEXT,
        meter=TEXT,
        pan=TEXT,
        commodity=st.sampled_from(Commodity),
    ),
    seller=st.builds(Seller, TEXT, TEXT, TEXT, TEXT, TEXT),
    tender=st.sampled_from(Tender),
    quote=QUOTES,
    tokens=st.lists(
        st.builds(IssuedToken, TEXT, DIGITS, st.integers(0, 2**24), some(UNITS)), max_size=2
    ).map(tuple),
    journal_entry=st.integers(1, 2**60),
    copy=st.integers(0, 2),
    kind=st.sampled_from(SaleKind),
    basket=some(TEXT),
    shift=some(TEXT),
    paid=some(st.builds(Paid, PAYMENTS, MONEY, MONEY, MONEY)),
    reason=TEXT,
    requested_by=TEXT,
    refers_to=TEXT,
    quote_id=TEXT,
    key_tokens=st.lists(st.builds(KeyToken, st.integers(1, 4), DIGITS), max_size=2).map(tuple),
    key_move=some(
        st.builds(KeyMove, TEXT, *[st.integers(0, 9)] * 2, TEXT, *[st.integers(0, 9)] * 2)
    ),
    commission=some(MONEY),
    held=st.booleans(),
    replayed=st.booleans(),
)


@given(RECEIPTS)
def test_a_receipt_is_what_is_documented(receipt: SaleReceipt) -> None:
    assert receipt_json(receipt) == ReceiptOut.of(receipt).model_dump_json().encode()
    basket = BasketReceipt((receipt, replace(receipt, basket=receipt.vend_id, paid=None)))
    assert basket_json(basket) == BasketOut.of(basket).model_dump_json().encode()
