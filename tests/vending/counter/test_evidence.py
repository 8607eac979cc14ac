"""Binding quotes, held digits, voids by evidence, and key changes that come with a sale; against a
simulated meter's own acceptance and token log, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from meters.gateway import Gateway
from meters.identity import Drn
from meters.quantities import Energy, Money
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.vending.counter.support import owe
from tests.vending.meters import in_town
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
    chart,
    tariffs,
    town,
)
from tokens.sts import (
    BaseDate,
    Dkga,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    MemorySecurityModule,
    VendingKey,
)
from vending.accounts import Accounts
from vending.aftersale import Evidence, SaleState
from vending.keychanges.changes import KeyChange
from vending.keymoves import KeyMove
from vending.messages import Language, words_for
from vending.parties import Meter, Registration, Role
from vending.requests import BasketRequest, Credit, DebtPayment, Postponement, Units
from vending.service import VendingService
from vending.sold import SaleVoided
from vending.store.accounts import SqlAccounts
from vending.store.key_changes import SqlKeyChangesWriting
from vending.store.schema import metadata
from vending.tariff import QuoteChanged, QuoteExpired, QuoteIdReused, QuoteMissing
from vending.tariff.months import PLACE
from vending.voids import (
    GoneUnproved,
    NotProved,
    TokenTaken,
    VoidNotAllowed,
    VoidReasonMissing,
    VoidUnseen,
)

T = metadata.tables
P = POWER.number
SPARE = Drn.from_serial("01", 9001)
CHIEF = replace(OPERATOR, name="Layla", role=Role.SUPERVISOR)
WHY = "wrong customer"


def key(krn: int) -> KeyRecord:
    attributes = KeyAttributes(
        ref=KeyRef(SGC, krn),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
    )
    return KeyRecord(attributes, VendingKey(TEST_KEY[:-1] + bytes([krn])))


@dataclass
class Rig:
    town: Town
    meter: PaymentMeter
    gateway: DirectGateway
    service: VendingService

    def sell(self, vend_id: str, *, hold: bool = False, amount: str = "50.00") -> None:
        ask = Credit(P, Money.from_text(amount))
        self.service.vend_basket(OPERATOR, BasketRequest(vend_id, (ask,), hold=hold))

    def type_in(self, digits: str) -> TokenResult:
        return self.meter.enter_token(digits, self.town.clock()).result

    def balances(self) -> list[tuple[object, ...]]:
        with self.town.store.reading() as books:
            return sorted(tuple(row) for row in books._db.execute(T["balances"].select()) if row[3])

    def account(self) -> str | None:
        with self.town.store.reading() as books:
            return books.account_document("A1")


@pytest.fixture
def rig(place: Path | str) -> Iterator[Rig]:
    here = Town(place)
    with here.store.writing() as books:
        spare = replace(town().meters[0], number=SPARE)
        books.register(Registration(meters=(spare,)))
    meter = in_town(secret=key(1).secret)
    gateway = DirectGateway(meter, POWER, here.clock)

    def gateway_for(wanted: Meter) -> Gateway:
        assert wanted.number == POWER
        return gateway

    keys = MemorySecurityModule([key(1), key(2)])
    yield Rig(here, meter, gateway, here.with_(gateway_for=gateway_for, security=keys))
    accounts = Accounts(SqlAccounts(here.store), tariffs(), chart(), here.clock, PLACE)
    assert accounts.verify_accounts(ADMIN).ok
    here.store.close()


# Quotes


def test_a_quote_binds_line_by_line(rig: Rig) -> None:
    promise = rig.service.bind(OPERATOR, P, Money(5000))
    rig.town.clock.forward(minutes=14)
    item = Credit(P, Money(5000), quote_id=promise.id)
    sold = rig.service.vend_basket(OPERATOR, BasketRequest("v-1", (item,))).leading
    assert sold.quote == promise.quote
    assert sold.quote_id == promise.id
    assert rig.service.what_became(OPERATOR, "v-1").receipt == sold


def test_a_quote_by_units_binds_too(rig: Rig) -> None:
    promise = rig.service.bind(OPERATOR, P, Units("20"), quote_id="q-1")
    item = Credit(P, Units("20"), quote_id="q-1")
    sold = rig.service.vend_basket(OPERATOR, BasketRequest("v-1", (item,))).leading
    assert sold.quote == promise.quote
    assert sold.quote.quantity == Energy(20_000)


def test_a_quote_is_made_once_under_its_id(rig: Rig) -> None:
    promise = rig.service.bind(OPERATOR, P, Money(5000), quote_id="q-1")
    rig.sell("v-0", amount="10.05")
    assert rig.service.bind(OPERATOR, P, Money(5000), quote_id="q-1") == promise
    with pytest.raises(QuoteIdReused):
        rig.service.bind(OPERATOR, P, Money(6000), quote_id="q-1")
    with pytest.raises(QuoteIdReused):
        rig.service.bind(OPERATOR, WATER.number, Money(5000), quote_id="q-1")


@pytest.mark.parametrize(
    ("amount", "changed"), [(5000, ["balance", "month", "charges"]), (4000, ["amount"])]
)
def test_a_quote_whose_ground_has_moved_is_refused(
    rig: Rig, amount: int, changed: list[str]
) -> None:
    promise = rig.service.bind(OPERATOR, P, Money(5000))
    if amount == 5000:
        rig.sell("v-0", amount="10.05")
    with pytest.raises(QuoteChanged) as error:
        rig.service.vend_basket(
            OPERATOR, BasketRequest("v-1", (Credit(P, Money(amount), promise.id),))
        )
    assert set(error.value.changed) <= set(changed)
    assert error.value.changed
    assert rig.service.verify(ADMIN).entries == (amount == 5000)


@pytest.mark.parametrize("forged", ["quantity", "net", "made_at"])
def test_a_quote_whose_row_was_changed_is_refused(rig: Rig, forged: str) -> None:
    """The row may be changed by who may write; it sells no more than what it was made from."""
    promise = rig.service.bind(OPERATOR, P, Money(5000))
    quotes = T["quotes"]
    with rig.town.store.writing() as books:
        (text,) = books._db.execute(select(quotes.c.document)).one()
        document = json.loads(text)
        if forged == "made_at":
            changed = quotes.update().values(made_at=promise.made_at - timedelta(days=40))
        else:
            document["quote"][forged] *= 20
            changed = quotes.update().values(document=json.dumps(document))
        books._db.execute(changed)
    item = Credit(P, Money(5000), promise.id)
    with pytest.raises(QuoteChanged) as error:
        rig.service.vend_basket(OPERATOR, BasketRequest("v-1", (item,)))
    assert error.value.changed == ["price"]
    assert rig.service.verify(ADMIN).entries == 0


def test_a_quote_ends_and_an_unknown_one_says_so(rig: Rig) -> None:
    promise = rig.service.bind(OPERATOR, P, Money(5000))
    rig.town.clock.forward(minutes=15)
    for quote_id, error in ((promise.id, QuoteExpired), ("nonsense", QuoteMissing)):
        with pytest.raises(error):
            rig.service.vend_basket(
                OPERATOR, BasketRequest("v-1", (Credit(P, Money(5000), quote_id),))
            )
    later = (Postponement("x", "why not"),)
    fresh = rig.service.bind(OPERATOR, P, Money(5000))
    item = Credit(P, Money(5000), fresh.id, later)
    with pytest.raises(QuoteChanged):
        rig.service.vend_basket(OPERATOR, BasketRequest("v-1", (item,)))


def test_old_quotes_are_given_up(rig: Rig) -> None:
    rig.service.bind(OPERATOR, P, Money(5000), quote_id="old")
    rig.town.clock.forward(hours=24)
    rig.service.bind(OPERATOR, P, Money(5000), quote_id="new")
    assert rig.service.forget_quotes() == 0
    rig.town.clock.forward(minutes=16)
    assert rig.service.forget_quotes() == 1


# Held digits


def test_held_digits_are_shown_once_asked_for(rig: Rig) -> None:
    rig.sell("v-1", hold=True)
    again = rig.service.vend_basket(
        OPERATOR, BasketRequest("v-1", (Credit(P, Money(5000)),), hold=True)
    )
    assert again.leading.held
    assert again.leading.tokens[0].digits == ""
    assert rig.service.what_became(OPERATOR, "v-1").receipt.tokens[0].digits == ""
    shown = rig.service.show(OPERATOR, "v-1")
    assert rig.type_in(shown.tokens[0].digits) is TokenResult.ACCEPT
    assert not shown.held
    after = rig.service.vend_basket(
        OPERATOR, BasketRequest("v-1", (Credit(P, Money(5000)),), hold=True)
    )
    assert after.leading.tokens == shown.tokens


# Voids


def test_a_sale_nobody_has_seen_is_voided_without_reading_a_meter(rig: Rig) -> None:
    rig.sell("v-0", amount="10.05")
    before = (rig.balances(), rig.account())
    rig.sell("v-1", hold=True)
    rig.gateway.reachable = False
    with pytest.raises(VoidReasonMissing):
        rig.service.void(OPERATOR, "v-1", "no")
    void = rig.service.void(OPERATOR, "v-1", WHY)
    assert void.evidence is Evidence.NOT_SHOWN
    assert rig.service.void(OPERATOR, "v-1", WHY) == void
    assert (rig.balances(), rig.account()) == before
    for refused in (
        lambda: rig.service.show(OPERATOR, "v-1"),
        lambda: rig.service.reprint(OPERATOR, "v-1"),
        lambda: rig.service.deliver(OPERATOR, "v-1"),
        lambda: rig.sell("v-1", hold=True),
    ):
        with pytest.raises(SaleVoided):
            refused()
    assert rig.service.what_became(OPERATOR, "v-1").void == void
    assert rig.service.verify(ADMIN).ok


def test_a_token_that_the_meter_has_not_seen_is_voided_by_its_log(rig: Rig) -> None:
    rig.sell("v-1")
    rig.gateway.reachable = False
    with pytest.raises(VoidUnseen) as error:
        rig.service.void(OPERATOR, "v-1", WHY)
    for language in Language:
        told = words_for(error.value, language)
        assert POWER.number in told
        assert "type" not in told
    assert "refund" in words_for(error.value, Language.ENGLISH)
    rig.gateway.reachable = True
    void = rig.service.void(OPERATOR, "v-1", WHY)
    assert void.evidence is Evidence.NOT_IN_LOG
    assert rig.balances() == []
    sold, back = rig.service.entries(OPERATOR, "v-1")
    assert [(p.account, p.holder, -p.amount) for p in back.entry.postings] == [
        (p.account, p.holder, p.amount) for p in sold.entry.postings
    ]
    assert back.entry.kind == "void"
    assert rig.service.verify(ADMIN).ok


def test_a_token_that_the_meter_has_taken_is_not_voided(rig: Rig) -> None:
    rig.sell("v-1")
    rig.type_in(rig.service.reprint(OPERATOR, "v-1").tokens[0].digits)
    with pytest.raises(TokenTaken):
        rig.service.void(CHIEF, "v-1", WHY)
    assert rig.service.what_became(OPERATOR, "v-1").void is None


def test_a_delivered_token_stays_taken_when_its_meter_is_gone(rig: Rig) -> None:
    rig.sell("v-1")
    rig.service.deliver(TECHNICIAN, "v-1")
    rig.sell("v-2")
    with rig.town.store.writing() as books:
        # Another meter hangs in its place now.
        books._db.execute(
            T["agreements"]
            .update()
            .where(T["agreements"].c.number == "A1")
            .values(meter=SPARE.number)
        )
    with pytest.raises(TokenTaken):
        rig.service.void(CHIEF, "v-1", WHY)
    rig.gateway.reachable = False
    with pytest.raises(GoneUnproved, match="nothing_read"):
        rig.service.void(CHIEF, "v-2", WHY)
    rig.gateway.reachable = True
    assert rig.service.void(CHIEF, "v-2", WHY).evidence is Evidence.NOT_IN_LOG


def test_a_log_that_has_a_gap_proves_nothing(rig: Rig) -> None:
    rig.sell("v-1")
    for _ in range(40):
        rig.type_in("1" * 20)
        rig.town.clock.forward(minutes=30)
    assert min(entry.sequence for entry in rig.meter.memory.log) > 1
    with pytest.raises(NotProved) as error:
        rig.service.void(CHIEF, "v-1", WHY)
    assert error.value.why == "log_too_short"


def test_who_may_void_where(rig: Rig) -> None:
    rig.sell("v-1")
    with pytest.raises(VoidNotAllowed, match="other_point"):
        rig.service.void(replace(OPERATOR, point="P2"), "v-1", WHY)
    with pytest.raises(VoidNotAllowed, match="other_shift"):
        rig.service.void(replace(OPERATOR, name="Rana"), "v-1", WHY)
    assert rig.service.void(CHIEF, "v-1", WHY).actor == "Layla"


def test_what_is_spent_of_the_balance_cannot_be_given_back_again(rig: Rig) -> None:
    rig.sell("v-1", amount="10.00")
    put_aside = rig.service.balance(OPERATOR, P)
    rig.sell("v-2", amount="10.01")
    left = rig.service.balance(OPERATOR, P)
    assert Money(0) < left < put_aside
    with pytest.raises(VoidNotAllowed, match="balance_used"):
        rig.service.void(CHIEF, "v-1", WHY)
    assert rig.service.balance(OPERATOR, P) == left
    # Once the one that spent it is taken back, it is there again.
    rig.service.void(CHIEF, "v-2", WHY)
    assert rig.service.balance(OPERATOR, P) == put_aside
    rig.service.void(CHIEF, "v-1", WHY)
    assert rig.service.balance(OPERATOR, P).is_zero
    assert rig.service.verify(ADMIN).ok


def test_a_tampered_void_is_named(rig: Rig) -> None:
    rig.sell("v-1", hold=True)
    rig.service.void(OPERATOR, "v-1", WHY)
    kind = rig.town.store.engine.dialect.name
    from vending.store import triggers

    with rig.town.store.writing() as books:
        for statement in triggers.drop(kind, "voids"):
            books._db.exec_driver_sql(statement)
        books._db.execute(T["voids"].update().values(reason="something else"))
    report = rig.service.verify(ADMIN)
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (2, "content")


# Key changes


def plan(rig: Rig, krn: int, ti: int = 1) -> None:
    change = KeyChange(0, P, KeyMove(SGC, 1, 1, SGC, krn, ti), "new revision", START, "Huda")
    with rig.town.store.writing() as books:
        SqlKeyChangesWriting(books).plan(P, change)


def test_key_change_tokens_come_first_with_the_next_sale_and_once(rig: Rig) -> None:
    plan(rig, 2)
    two = BasketRequest("b-1", (Credit(P, Money(2000)), Credit(P, Money(3000))))
    first, second = rig.service.vend_basket(OPERATOR, two).receipts
    assert [token.section for token in first.key_tokens] == [1, 2]
    assert second.key_tokens == ()
    assert (first.buyer.krn, second.buyer.krn) == (2, 2)
    assert rig.type_in(first.tokens[0].digits) is TokenResult.CRC_ERROR
    for token, result in zip(
        first.key_tokens, (TokenResult.FIRST_KCT, TokenResult.ACCEPT), strict=True
    ):
        assert rig.type_in(token.digits) in (result, TokenResult.SECOND_KCT)
    assert rig.type_in(first.tokens[0].digits) is TokenResult.ACCEPT
    assert rig.type_in(second.tokens[0].digits) is TokenResult.ACCEPT
    file = rig.service.meter(OPERATOR, P)
    assert (file.meter.krn, file.meter.planned) == (2, None)
    with rig.town.store.reading() as books:
        events = books._db.execute(T["key_change_events"].select()).all()
    assert [(e.state, e.vend_id) for e in events] == [("issued", "b-1")]
    assert rig.service.verify(ADMIN).ok


def test_a_set_is_pushed_in_order_before_the_credit(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1")
    delivery = rig.service.deliver(TECHNICIAN, "v-1")
    assert delivery.state is SaleState.DELIVERED
    assert rig.meter.memory.credited == 76_800
    rig.sell("v-2")
    assert rig.service.deliver(TECHNICIAN, "v-2").state is SaleState.DELIVERED


def test_a_basket_that_is_taken_back_takes_its_set_along(rig: Rig) -> None:
    """From its end: what was only paid, and what was taken back itself, keeps no set out."""
    owe(rig.town, old="300.00")
    plan(rig, 2)
    items = (Credit(P, Money(5000)), Credit(P, Money(2000)), DebtPayment(P, Money(500)))
    rig.service.vend_basket(OPERATOR, BasketRequest("b-1", items, hold=True))
    rig.service.void(OPERATOR, "b-1+2", WHY)
    assert rig.service.meter(OPERATOR, P).meter.krn == 2
    rig.service.void(OPERATOR, "b-1", WHY)
    meter = rig.service.meter(OPERATOR, P).meter
    assert (meter.krn, meter.planned is not None) == (1, True)
    rig.sell("v-2")
    receipt = rig.service.reprint(OPERATOR, "v-2")
    digits = [t.digits for t in receipt.key_tokens] + [t.digits for t in receipt.tokens]
    assert all(rig.type_in(one).is_taken for one in digits)


def test_a_voided_set_goes_out_again_with_the_same_digits(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1", hold=True)
    rig.service.void(OPERATOR, "v-1", WHY)
    file = rig.service.meter(OPERATOR, P)
    assert file.meter.krn == 1
    rig.sell("v-2")
    receipt = rig.service.reprint(OPERATOR, "v-2")
    assert len(receipt.key_tokens) == 2
    digits = [t.digits for t in receipt.key_tokens] + [t.digits for t in receipt.tokens]
    assert all(rig.type_in(one).is_taken for one in digits)
