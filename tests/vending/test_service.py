"""The use cases on a real store with a real security module."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from meters.errors import RaseedError
from meters.identity import CheckDigitWrong, Drn, MeterNumberLength, NotDigits
from meters.quantities import Energy, Money, Volume
from meters.values import replace
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    START,
    TECHNICIAN,
    TEST_KEY,
    WATER,
    Town,
    request,
    security,
    town,
)
from tokens.sts import (
    AmountAboveKeyLimit,
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    KeyUnknown,
    MemorySecurityModule,
    TransferCreditElectricity,
    TransferCreditWater,
    VendingKey,
    decode_token,
    derive_decoder_key,
    tid_at,
)
from vending.clock import ClockWentBack
from vending.ground import BookedSale
from vending.keychanges import KeyChangeDue
from vending.parties import (
    Actor,
    CustomerUnknown,
    MeterUnknown,
    PointUnknown,
    Registration,
)
from vending.permissions import ActorNotAllowed
from vending.sale import SaleReceipt, Tender, VendRequest
from vending.tariff import (
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    CurrencyWrong,
    TariffCommodity,
    TariffMissing,
)
from vending.vend import VendIdReused, VendUnknown

STRANGE = Drn.from_serial("01", 9999).number
"""A right number that no meter here has."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path / "books.db")
    yield made
    made.store.close()


def counts(here: Town) -> dict[str, int]:
    with here.store.reading() as books:
        return {
            "entries": books.chain_head().number,
            "sales": len(books.sales(limit=1000)),
            "balance": books.balance("2010", "A1", "ILS"),
        }


def decoder_key(number: str) -> object:
    parameters = KeyParameters(
        dkga=Dkga.DKGA04,
        ea=EncryptionAlgorithm.EA07,
        key_type=KeyType.DUTK,
        sgc=SGC,
        ti=1,
        krn=1,
        ken=255,
        base_date=BaseDate.BASE_2014,
    )
    drn = POWER if number == POWER.number else WATER
    return derive_decoder_key(VendingKey(TEST_KEY), parameters, drn.pan)


def test_a_sale_of_electricity(here: Town) -> None:
    quoted = here.service.quote(OPERATOR, POWER.number, Money.from_text("50"))
    receipt = here.service.vend(OPERATOR, request())
    assert receipt.quote == quoted
    assert (receipt.number, receipt.receipt_code, receipt.copy) == (1, "P1-000001", 0)
    assert receipt.sold_at == START
    assert (receipt.buyer.account, receipt.buyer.name_ar) == ("10001", "سميرة عواد")
    (token,) = receipt.tokens
    opened = decode_token(token.digits, decoder_key(POWER.number))  # type: ignore[arg-type]
    assert opened == TransferCreditElectricity(
        amount=Energy(76_800), tid=tid_at(BaseDate.BASE_2014, START), rnd=5
    )
    assert token.quantity == Energy(76_800)
    (entry,) = here.service.entries(OPERATOR, "v-1")
    booked = {(p.account, p.holder, p.unit): p.amount for p in entry.entry.postings}
    assert booked == {
        ("1010", "P1", "ILS"): 5000,
        ("4010", "", "ILS"): -4310,
        ("2020", "", "ILS"): -690,
        ("6110", POWER.number, "Wh"): 76_800,
        ("6010", "", "Wh"): -76_800,
    }
    assert entry.number == receipt.journal_entry == 1
    assert here.service.verify(ADMIN).ok


def test_a_sale_of_water_carries_the_rest_over(here: Town) -> None:
    first = here.service.vend(OPERATOR, request("w-1", WATER, "100"))
    opened = decode_token(first.tokens[0].digits, decoder_key(WATER.number))  # type: ignore[arg-type]
    assert isinstance(opened, TransferCreditWater)
    assert opened.amount == Volume(13_900)
    assert first.quote.balance_after == Money(3)
    assert here.service.balance(OPERATOR, WATER.number) == Money(3)
    assert here.service.balance(OPERATOR, POWER.number) == Money(0)
    second = here.service.vend(OPERATOR, request("w-2", WATER, "0.69"))
    assert second.quote.balance_before == Money(3)
    assert second.quote.quantity == Volume(100)
    assert second.quote.balance_after == Money(0)
    assert here.service.balance(OPERATOR, WATER.number) == Money(0)
    assert here.service.verify(ADMIN).ok


def test_the_same_vend_id_is_the_same_sale(here: Town) -> None:
    first = here.service.vend(OPERATOR, request())
    here.clock.forward(days=400)
    colleague = replace(OPERATOR, name="Lina", terminal="T2")
    typed = VendRequest("v-1", " ".join(POWER.number), Money.from_text("50"))
    again = here.service.vend(colleague, typed)
    assert again == first
    assert again.tokens[0].digits == first.tokens[0].digits
    assert (first.replayed, again.replayed) == (False, True)
    assert counts(here)["entries"] == 1


@pytest.mark.parametrize(
    ("other", "actor", "differs"),
    [
        (request(amount="50.01"), OPERATOR, "amount"),
        (request(meter=WATER), OPERATOR, "meter"),
        (replace(request(), tender=Tender.CARD), OPERATOR, "tender"),
        (request(), replace(OPERATOR, point="P2"), "point"),
    ],
)
def test_the_same_vend_id_with_other_inputs(
    here: Town, other: VendRequest, actor: Actor, differs: str
) -> None:
    here.service.vend(OPERATOR, request())
    before = counts(here)
    with pytest.raises(VendIdReused) as error:
        here.service.vend(actor, other)
    assert error.value.differs == differs
    assert counts(here) == before


def test_receipts_are_numbered_per_point_without_gaps(here: Town) -> None:
    other = replace(OPERATOR, point="P2")
    numbers = []
    for i, actor in enumerate([OPERATOR, other, OPERATOR, OPERATOR, other]):
        numbers.append(here.service.vend(actor, request(f"v{i}")).receipt_code)
        with pytest.raises(AmountTooLow):
            here.service.vend(actor, request(f"low{i}", WATER, "0.01"))
    assert numbers == ["P1-000001", "P2-000001", "P1-000002", "P1-000003", "P2-000002"]


def test_two_sales_in_one_minute_have_two_tids(here: Town) -> None:
    tids = [here.service.vend(OPERATOR, request(f"v{i}")).tokens[0].tid for i in range(3)]
    other = here.service.vend(OPERATOR, request("w", WATER)).tokens[0].tid
    assert tids == [tids[0], tids[0] + 1, tids[0] + 2]
    assert other == tids[0]


def test_the_clock_may_stand_back_a_little_and_no_more(here: Town) -> None:
    first = here.service.vend(OPERATOR, request("v1"))
    here.clock.forward(minutes=-4)
    second = here.service.vend(OPERATOR, request("v2"))
    assert second.tokens[0].tid == first.tokens[0].tid + 1
    here.clock.forward(hours=-1)
    before = counts(here)
    with pytest.raises(ClockWentBack):
        here.service.vend(OPERATOR, request("v3", WATER))
    assert counts(here) == before
    assert here.service.vend(OPERATOR, request("v1")) == first
    here.clock.now = START
    here.service.vend(OPERATOR, request("v3", WATER))


def test_small_steps_back_do_not_add_up(here: Town) -> None:
    here.service.vend(OPERATOR, request("v1"))
    here.clock.forward(minutes=-4)
    here.service.vend(OPERATOR, request("v2", WATER))
    here.clock.forward(minutes=-4)
    with pytest.raises(ClockWentBack) as error:
        here.service.vend(OPERATOR, request("v3"))
    assert error.value.last.startswith("2026-11-23T09:30")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("01000010016", CheckDigitWrong),
        ("0100001001", MeterNumberLength),
        ("0100001001O", NotDigits),
        ("", MeterNumberLength),
        (STRANGE, MeterUnknown),
    ],
)
def test_a_mistyped_meter_number(here: Town, number: str, error: type[RaseedError]) -> None:
    before = counts(here)
    amount = Money.from_text("50")
    with pytest.raises(error):
        here.service.vend(OPERATOR, VendRequest("v", number, amount))
    with pytest.raises(error):
        here.service.quote(OPERATOR, number, amount)
    with pytest.raises(error):
        here.service.meter(OPERATOR, number)
    assert counts(here) == before


@pytest.mark.parametrize(
    "typed",
    ["01000010015", "0100-0010-015", "٠١٠٠٠٠١٠٠١٥", "600727 0100 0010 0154", "\u200f01000010015"],
)
def test_a_meter_number_typed_any_way(here: Town, typed: str) -> None:
    assert here.service.meter(OPERATOR, typed).meter.number == POWER


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (Money(0), AmountNotPositive),
        (Money(-5000), AmountNotPositive),
        (Money(1), AmountTooLow),
        (Money(500_001), AmountTooHigh),
        (Money(5000, "JOD"), CurrencyWrong),
    ],
)
def test_amounts_that_are_refused(here: Town, amount: Money, error: type[RaseedError]) -> None:
    before = counts(here)
    with pytest.raises(error):
        here.service.vend(OPERATOR, VendRequest("v", POWER.number, amount))
    with pytest.raises(error):
        here.service.quote(OPERATOR, POWER.number, amount)
    assert counts(here) == before


def test_who_may_sell_and_where(here: Town) -> None:
    for actor, error in (
        (TECHNICIAN, ActorNotAllowed),
        (ADMIN, ActorNotAllowed),
        (replace(OPERATOR, point=None), PointUnknown),
        (replace(OPERATOR, point="P9"), PointUnknown),
    ):
        with pytest.raises(error):
            here.service.vend(actor, request())
    with pytest.raises(ActorNotAllowed):
        here.service.register(OPERATOR, Registration())


def test_what_the_key_does_not_allow(here: Town) -> None:
    before = counts(here)
    limited = here.with_(security=security(unit_limit=100))
    with pytest.raises(AmountTooHigh) as error:
        limited.vend(OPERATOR, request())
    assert limited.vend(OPERATOR, request("most", amount=error.value.most)).quote.quantity == (
        Energy(10_000)
    )
    over = here.with_(security=security(issued_until=START - timedelta(days=1)))
    with pytest.raises(KeyChangeDue):
        over.vend(OPERATOR, request())
    without = here.with_(security=MemorySecurityModule([]))
    with pytest.raises(KeyUnknown):
        without.vend(OPERATOR, request())
    assert counts(here)["entries"] == before["entries"] + 1
    assert AmountAboveKeyLimit.code == "keys.amount_above_limit"


def test_a_tariff_for_another_commodity(here: Town) -> None:
    more = town(1)
    wrong = replace(more.agreements[2], tariff="water-domestic")
    registration = Registration(meters=more.meters[2:], agreements=(wrong,))
    with pytest.raises(TariffCommodity):
        here.service.register(ADMIN, registration)
    # Books written by another program may hold it all the same.
    with here.store.writing() as books:
        books.register(registration)
    with pytest.raises(TariffCommodity):
        here.service.vend(OPERATOR, request(meter=wrong.meter))


def test_no_active_tariff(here: Town) -> None:
    here.clock.now = START.replace(year=2025)
    with pytest.raises(TariffMissing):
        here.service.quote(OPERATOR, POWER.number, Money(5000))


def test_reprints_are_counted_copies_of_the_same_digits(here: Town) -> None:
    first = here.service.vend(OPERATOR, request())
    copies = [here.service.reprint(OPERATOR, "v-1") for _ in range(3)]
    assert [c.copy for c in copies] == [1, 2, 3]
    assert all(c.is_copy and replace(c, copy=0) == first for c in copies)
    status = here.service.what_became(OPERATOR, "v-1")
    assert (status.copies, status.receipt) == (3, first)
    assert here.service.vend(OPERATOR, request()).copy == 0
    for ask in (here.service.reprint, here.service.what_became, here.service.entries):
        with pytest.raises(VendUnknown):
            ask(OPERATOR, "nobody")


def test_looking_up(here: Town) -> None:
    ask = here.service
    assert [c.account for c in ask.customers(OPERATOR)] == ["10001", "10002"]
    assert [c.account for c in ask.customers(OPERATOR, after="10001")] == ["10002"]
    assert [c.account for c in ask.customers(OPERATOR, limit=1)] == ["10001"]
    for search, found in (
        ("samira", ["10001"]),
        ("شلالدة", ["10002"]),
        ("0599", ["10001"]),
        ("1000", ["10001", "10002"]),
        ("%", []),
        ("_", []),
    ):
        assert [c.account for c in ask.customers(OPERATOR, search)] == found
    customer, files = ask.customer(OPERATOR, " 10001 ")
    assert customer.name_en == "Samira Awwad"
    assert [f.meter.number for f in files] == [POWER, WATER]
    assert ask.customer(OPERATOR, "10002")[1] == []
    with pytest.raises(CustomerUnknown):
        ask.customer(OPERATOR, "10003")
    assert ask.meters(OPERATOR, limit=1) == [files[0]]
    assert ask.meters(OPERATOR, after=POWER.number) == [files[1]]
    assert [p.code for p in ask.points(OPERATOR)] == ["P1", "P2"]
    with pytest.raises(MeterUnknown):
        ask.readings(OPERATOR, STRANGE)
    assert ask.readings(OPERATOR, POWER.number) == []


def test_sales_are_listed_newest_first(here: Town) -> None:
    sold: list[SaleReceipt] = [
        here.service.vend(OPERATOR, request(f"v{i}", WATER if i % 2 else POWER)) for i in range(5)
    ]
    ask = here.service
    assert ask.sales(OPERATOR) == sold[::-1]
    assert ask.sales(OPERATOR, meter=WATER.number) == [sold[3], sold[1]]
    assert ask.sales(OPERATOR, before=3, limit=1) == [sold[1]]


def test_tokens_stay_out_of_reprs_logs_and_errors(
    here: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receipt = here.service.vend(OPERATOR, request())
    digits = receipt.tokens[0].digits
    with here.store.reading() as books:
        record = books.sale("v-1")
        entry = books.entries("v-1")[0]
    assert record is not None
    with pytest.raises(RaseedError) as error, here.store.writing() as books:
        # The same rows once more: the database refuses, and must not say what they hold.
        books.book([BookedSale(record, entry, ())])
    said = " ".join(
        [repr(receipt), repr(record), str(error.value), repr(error.value.facts()), caplog.text]
    )
    assert error.value.__cause__ is None
    assert digits not in said
    assert digits[:8] not in said
