"""A meter exchanged: the agreement moves, the old meter is out of use, and what was left on it
comes along with two people; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import text

from meters.identity import Drn
from meters.quantities import Energy, Money
from meters.verdicts import TokenResult
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    RAMI,
    WHY,
    Office,
    P,
    W,
    new_meter,
)
from tests.vending.support import ADMIN, IN_CAPITALS, POWER, WATER, chart, no_gateway, security
from tokens.sts import BaseDate, EncryptionAlgorithm, KeyUnknown
from vending.accounting import BookReports
from vending.accounting.errors import AgreementUnknown
from vending.acts import Exchanged, Exchanges, NewMeter, Source
from vending.acts.errors import (
    MeterDiffers,
    NotExchanged,
    ReadingMissing,
    TransferredBefore,
    TransferTooMuch,
    UnitsAndSource,
)
from vending.admission import MeterRules, ModelUnknown, RowWrong
from vending.aftersale import Evidence, SaleState
from vending.approvals.errors import ApprovalIdReused, DocumentMalformed, OwnAct
from vending.delivery import MeterElsewhere
from vending.ids import IdInCapitals
from vending.keychanges import KeyChanges, KeyChangeState
from vending.parties import GatewayAddress, MeterUnknown, PartyExists, PlannedKey
from vending.permissions import ActorNotAllowed
from vending.requests import Units
from vending.sale import SaleKind, SaleReceipt, VendRequest
from vending.store.acts import SqlActs
from vending.store.books import SqlBooks
from vending.store.key_changes import SqlKeyChanges, SqlKeyChangesReading
from vending.store.reading import _LAST_BOUGHT
from vending.tariff import UnitsNotCarried
from vending.voids import GoneUnproved

F = FRESH.number


def exchanged(
    office: Office,
    id: str = "X-1",
    source: Source = Source.READING,
    units: str | None = None,
) -> Exchanged:
    told = None if units is None else Units(units)
    return office.exchanges.exchange(RAMI, id, "A1", new_meter(), source, WHY, told)


def used(office: Office) -> int:
    """Sells, types the token in, uses some of it, reads the meter: what is left, in Wh."""
    office.sell("v-1")
    assert office.type_in("v-1") is TokenResult.ACCEPT
    meter = office.meters[POWER]
    meter.set_load(meter.memory.balance - 41_250, office.town.clock())
    office.town.clock.forward(hours=1)
    meter.set_load(0, office.town.clock())
    return office.service.read_account(RAMI, P).account.balance.value


def test_from_the_old_meter_to_the_new_one(office: Office) -> None:
    left = used(office)
    office.sell_held("v-2")
    made = exchanged(office)
    assert made.file.meter.number == FRESH
    assert made.request.document["units"] == "41.2"
    assert left == 41_250
    # The old one is out of use at once, the agreement goes on.
    with pytest.raises(MeterUnknown):
        office.sell("v-3", P)
    assert office.service.meter(CLERK, F).agreement.number == "A1"
    office.service.show(CLERK, "v-2")
    void = office.service.void(CHIEF, "v-2", WHY)
    assert void.evidence is Evidence.METER_GONE
    with pytest.raises(OwnAct):
        office.approvals.approve(replace(CHIEF, name="Rami"), "X-1")
    before = office.balance("meters_electricity", P)
    done: SaleReceipt = office.approve("X-1")
    assert (done.kind, done.refers_to, done.buyer.meter) == (SaleKind.TRANSFER, P, F)
    assert done.quote.quantity == Energy(41_200)
    assert office.balance("meters_electricity", P) == before - 41_200
    assert office.balance("meters_electricity", F) == 41_200
    (entry,) = office.service.entries(CLERK, "X-1")
    assert sum(p.amount for p in entry.entry.postings) == 0
    assert office.type_in("X-1") is TokenResult.ACCEPT
    assert office.meters[FRESH].memory.balance == 41_200
    assert office.approve("X-1").vend_id == "X-1"
    office.sell("v-4", F)
    office.check()
    # Once for each old meter.
    with pytest.raises(TransferredBefore):
        office.ask("X-2", "transfer", agreement="A1", old_meter=P, units="1", source="photo")


def test_repeated_and_reused(office: Office) -> None:
    used(office)
    first = exchanged(office)
    # A newer reading of the old meter changes nothing about what was written down.
    assert exchanged(office) == first
    for source in (Source.READING, Source.PHOTO):
        with pytest.raises(ApprovalIdReused):
            exchanged(office, source=source, units="40")
    with pytest.raises(ApprovalIdReused):
        office.exchanges.exchange(
            replace(RAMI, name="Hani"), "X-1", "A1", new_meter(), Source.READING, WHY
        )
    office.check()


def test_what_an_exchange_needs(office: Office) -> None:
    office.sell("v-1")
    with pytest.raises(ActorNotAllowed):
        office.exchanges.exchange(CLERK, "X-1", "A1", new_meter(), Source.NONE, WHY)
    with pytest.raises(IdInCapitals):
        exchanged(office, IN_CAPITALS)
    with pytest.raises(AgreementUnknown):
        office.exchanges.exchange(RAMI, "X-1", "A99", new_meter(), Source.NONE, WHY)
    for source, units, error in (
        (Source.READING, None, ReadingMissing),
        (Source.PHOTO, None, UnitsAndSource),
        (Source.PHOTO, "0", UnitsAndSource),
        (Source.NONE, "5", UnitsAndSource),
        (Source.LAB, "3000.01", UnitsNotCarried),
    ):
        with pytest.raises(error):
            exchanged(office, source=source, units=units)
    with pytest.raises(PartyExists):
        office.exchanges.exchange(RAMI, "X-1", "A1", new_meter(WATER), Source.NONE, WHY)
    assert office.service.meter(CLERK, P).agreement.number == "A1"
    used_units = office.service.read_account(RAMI, P).account.balance
    assert used_units.is_zero
    with pytest.raises(TransferTooMuch):
        exchanged(office, units="0.1")
    assert exchanged(office, source=Source.LAB, units="7").request.document["units"] == "7"
    office.check()


def test_asked_for_again_when_nobody_decided(office: Office) -> None:
    used(office)
    made = exchanged(office, source=Source.NONE)
    assert office.approve("X-1")["units"] == "0"
    assert office.service.verify(ADMIN).entries == 1

    def ask(id: str, **change: str) -> None:
        document = {"agreement": "A1", "old_meter": P, "units": "41.2", "source": "reading"}
        office.ask(id, "transfer", **{**document, **change})

    for change, error in (
        ({"agreement": "A2"}, NotExchanged),
        ({"agreement": "A99"}, AgreementUnknown),
        ({"old_meter": F}, NotExchanged),
        ({"units": "41.3"}, TransferTooMuch),
        ({"source": "none"}, UnitsAndSource),
        ({"source": "guess"}, DocumentMalformed),
    ):
        with pytest.raises(error):
            ask("X-2", **change)
    with pytest.raises(DocumentMalformed):
        office.approvals.request(CLERK, "X-2", "transfer", dict(made.request.document), WHY)
    ask("X-2", units="50", source="lab")
    ask("X-3")
    assert office.approve("X-3").quote.quantity == Energy(41_200)
    with pytest.raises(TransferredBefore):
        office.approve("X-2")
    office.check()


def test_a_planned_key_change_goes_with_the_meter(office: Office) -> None:
    town = office.town
    keys = KeyChanges(
        SqlKeyChanges(town.store), office.service.ports.security, no_gateway, town.clock
    )
    keys.plan(ADMIN, P, "Another tariff index", ti=2)
    exchanged(office, source=Source.NONE)
    assert exchanged(office, source=Source.NONE).file.meter.number == FRESH
    (change,) = keys.of_meter(ADMIN, P)
    assert change.state is KeyChangeState.CANCELLED
    (event,) = change.events
    assert (event.actor, event.note) == (RAMI.name, f"{P} -> {F}: {WHY}")
    with town.store.reading() as books:
        old = SqlKeyChangesReading(books).meter(P)
    assert old is not None
    assert old.planned is None
    assert office.sell("v-1", F).key_tokens == ()


def test_the_last_purchase_goes_with_the_customer_not_with_the_meter(office: Office) -> None:
    bought = office.sell("v-1").quote
    exchanged(office, source=Source.NONE)
    assert office.service.last_bought(CLERK, F) == bought
    # On the shelf it is nobody's; and the next customer is told nothing of the one before.
    assert office.service.last_bought(CLERK, P) is None
    office.town.clock.forward(minutes=3)
    office.exchanges.exchange(RAMI, "X-2", "A3", new_meter(POWER), Source.NONE, WHY)
    assert office.service.last_bought(CLERK, P) is None
    other = office.sell("v-2", P, amount=2000).quote
    assert office.service.last_bought(CLERK, P) == other
    assert office.service.last_bought(CLERK, F) == bought


def test_the_last_purchase_is_looked_up_in_an_index(office: Office) -> None:
    """However long the book is: newest first, and the rest unread."""
    engine = office.town.store.engine
    asked = _LAST_BOUGHT.params(meter=P).compile(engine, compile_kwargs={"literal_binds": True})
    with engine.connect() as db:
        if engine.dialect.name == "sqlite":
            plan = [row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
            assert not any("TEMP B-TREE" in step for step in plan)
        else:
            # In a book of few pages an index is hardly worth its while: asked is what it can do.
            for other in ("seqscan", "bitmapscan", "sort"):
                db.execute(text(f"SET LOCAL enable_{other} = off"))
            # In a book without rows reading all sales backwards looks as cheap. Rolled back.
            db.execute(text("ALTER TABLE sales DROP CONSTRAINT uq_sales_entry"))
            plan = [row[0] for row in db.execute(text(f"EXPLAIN {asked}"))]
            assert not any("Sort" in step for step in plan)
    assert any("ix_sales_agreement_entry" in step for step in plan), plan


def test_a_set_that_is_out_stays_with_the_meter(office: Office) -> None:
    """Its sale was voided and a later one stands: put in again, the meter may need the set."""
    town = office.town
    keys = KeyChanges(
        SqlKeyChanges(town.store), office.service.ports.security, no_gateway, town.clock
    )
    keys.plan(ADMIN, P, "Another tariff index", ti=2)
    assert office.sell("v-1").key_tokens
    office.sell("v-2")
    office.service.void(CHIEF, "v-1", WHY)
    exchanged(office, source=Source.NONE)
    (change,) = keys.of_meter(ADMIN, P)
    assert change.state is KeyChangeState.ISSUED
    with town.store.reading() as books:
        old = SqlKeyChangesReading(books).meter(P)
    assert old is not None
    assert (old.ti, old.planned) == (1, PlannedKey(old.sgc, old.krn, 2))


def test_a_meter_from_the_shelf_has_a_second_life(office: Office) -> None:
    used(office)
    exchanged(office)
    office.approve("X-1")

    def put_in(
        id: str, agreement: str, new: NewMeter, source: Source, units: str = ""
    ) -> Exchanged:
        office.town.clock.forward(minutes=3)
        told = Units(units) if units else None
        return office.exchanges.exchange(RAMI, id, agreement, new, source, WHY, told)

    shelf = replace(new_meter(POWER), gateway=GatewayAddress("127.0.0.1", 502, 7))
    for field, other in (
        ("ti", replace(shelf, ti=2)),
        ("krn", replace(shelf, krn=2)),
        ("sgc", replace(shelf, sgc="600675")),
        ("ea", replace(shelf, ea=EncryptionAlgorithm.EA11)),
        ("ken", replace(shelf, ken=104)),
        ("counts_from", replace(shelf, base_date=BaseDate.BASE_1993)),
    ):
        with pytest.raises(MeterDiffers) as error:
            put_in("X-2", "A3", other, Source.NONE)
        assert error.value.field == field
    with pytest.raises(MeterDiffers) as error:
        put_in("X-2", "A2", shelf, Source.NONE)
    assert (error.value.field, error.value.recorded) == ("commodity", "electricity")
    with pytest.raises(PartyExists):
        put_in("X-2", "A3", new_meter(), Source.NONE)
    made = put_in("X-2", "A3", shelf, Source.NONE)
    assert (made.file.meter.number, made.file.meter.gateway) == (POWER, shelf.gateway)
    assert made == put_in("X-2", "A3", shelf, Source.NONE)
    sold = office.sell("v-7", P)
    assert sold.buyer.agreement == "A3"
    assert office.type_in("v-7") is TokenResult.ACCEPT
    # What was read before it was put in says nothing about what is left on it now.
    third = new_meter(Drn.from_serial("01", 7002))
    for units in ("", "3.5"):
        with pytest.raises(ReadingMissing):
            put_in("X-3", "A3", third, Source.READING, units)
    # Moved off it once in each of its lives.
    put_in("X-3", "A3", third, Source.LAB, "3.5")
    assert office.approve("X-3").quote.quantity == Energy(3_500)
    with pytest.raises(TransferredBefore):
        office.ask("X-4", "transfer", agreement="A3", old_meter=P, units="1", source="photo")
    with pytest.raises(NotExchanged):
        office.ask("X-4", "transfer", agreement="A1", old_meter=P, units="1", source="photo")
    office.check()


def test_a_token_is_not_pushed_to_a_meter_that_hangs_at_a_neighbours_now(office: Office) -> None:
    office.sell("v-1")
    exchanged(office, source=Source.NONE)
    office.town.clock.forward(minutes=3)
    # As the outbox does, which has tried in vain while the meter lay on the shelf.
    with pytest.raises(MeterUnknown):
        office.service.deliver(RAMI, "v-1")
    office.exchanges.exchange(RAMI, "X-2", "A3", new_meter(POWER), Source.NONE, WHY)
    with pytest.raises(MeterElsewhere):
        office.service.deliver(RAMI, "v-1")
    assert office.meters[POWER].memory.balance == 0
    # Its log can be asked all the same; nothing speaks for the token having come.
    assert office.service.reconcile(RAMI, "v-1").state is SaleState.ISSUED
    office.check()


def test_a_reading_of_an_earlier_life_moves_nothing_later_either(office: Office) -> None:
    used(office)
    exchanged(office)
    moved = office.approve("X-1").quote.quantity
    # Hung at a neighbour's, never read there, and taken down again.
    for id, new in (("X-2", new_meter(POWER)), ("X-3", new_meter(Drn.from_serial("01", 7002)))):
        office.town.clock.forward(minutes=3)
        office.exchanges.exchange(RAMI, id, "A3", new, Source.NONE, WHY)
        office.approve(id)
    wanted = {"agreement": "A3", "old_meter": P, "units": moved.to_text(), "source": "reading"}
    with pytest.raises(ReadingMissing):
        office.ask("X-4", "transfer", **wanted)
    office.check()


def test_what_was_left_is_moved_once_though_the_clock_is_put_back(office: Office) -> None:
    exchanged(office, source=Source.PHOTO, units="12.5")
    # It stood an hour ahead when the exchange was written down, and nothing was sold meanwhile.
    office.town.clock.forward(hours=-1)
    assert office.approve("X-1").quote.quantity == Energy(12_500)
    with pytest.raises(TransferredBefore):
        office.ask("X-2", "transfer", agreement="A1", old_meter=P, units="12.5", source="photo")
    office.check()


def test_a_request_of_an_earlier_life_moves_nothing_of_the_next(office: Office) -> None:
    exchanged(office, source=Source.PHOTO, units="12.5")
    office.ask("T-1", "transfer", agreement="A1", old_meter=P, units="12.5", source="photo")
    office.approve("X-1")
    # Mended, back in its place the same day, and down once more.
    third = new_meter(Drn.from_serial("01", 7002))
    for id, new in (("X-2", new_meter(POWER)), ("X-3", third)):
        office.town.clock.forward(minutes=3)
        office.exchanges.exchange(RAMI, id, "A1", new, Source.NONE, WHY)
        office.approve(id)
    with pytest.raises(NotExchanged):
        office.approve("T-1")
    # Asked for now, it is about what is left now.
    office.ask("T-2", "transfer", agreement="A1", old_meter=P, units="3", source="photo")
    assert office.approve("T-2").quote.quantity == Energy(3_000)
    office.check()


def test_a_reading_of_a_later_life_moves_nothing_to_the_one_before(office: Office) -> None:
    exchanged(office, source=Source.NONE)
    office.approve("X-1")
    # Hung at a neighbour's, who buys, and whose it is when it is read.
    office.town.clock.forward(minutes=3)
    office.exchanges.exchange(RAMI, "X-2", "A3", new_meter(POWER), Source.NONE, WHY)
    assert used(office) == 41_250
    wanted = {"agreement": "A1", "old_meter": P, "units": "41.2", "source": "reading"}
    with pytest.raises(ReadingMissing):
        office.ask("X-3", "transfer", **wanted)
    office.check()


def test_a_statement_tells_what_was_bought_on_every_meter(office: Office) -> None:
    reports = BookReports(SqlBooks(office.town.store), chart(), office.town.clock, UTC)
    office.sell("v-1")
    office.service.vend(CLERK, VendRequest("v-2", P, Money(3_000), hold=True))
    office.service.void(CHIEF, "v-2", WHY)
    before = reports.customer(CHIEF, "A1")
    assert [line.paid for line in before.lines] == [5_000, 3_000, -3_000]
    exchanged(office, source=Source.NONE)
    after = reports.customer(CHIEF, "A1")
    assert (after.meter, after.lines, after.closing) == (F, before.lines, before.closing)
    office.sell("v-3", F)
    assert [line.paid for line in reports.customer(CHIEF, "A1").lines][-1] == 5_000


def test_what_was_moved_to_the_new_meter_is_not_given_back_in_money_too(office: Office) -> None:
    used(office)
    exchanged(office)
    office.approve("X-1")
    office.lose()
    before = office.entries()
    with pytest.raises(GoneUnproved, match="moved_on"):
        office.service.void(CHIEF, "v-1", WHY)
    assert office.entries() == before
    office.check()


def test_a_meter_that_could_not_be_sold_to_is_not_put_in(office: Office) -> None:
    rules = MeterRules(security().keys, ("raseed-payment",))
    strict = Exchanges(SqlActs(office.town.store), office.town.clock, rules)
    for wrong, error in (
        (replace(new_meter(), krn=9), KeyUnknown),
        (replace(new_meter(), model="no-such"), ModelUnknown),
        (replace(new_meter(), gateway=GatewayAddress("a b", 502, 1)), RowWrong),
    ):
        with pytest.raises(error):
            strict.exchange(RAMI, "X-1", "A1", wrong, Source.NONE, WHY)
    put_in = strict.exchange(RAMI, "X-1", "A1", replace(new_meter(), ken=104), Source.NONE, WHY)
    meter = put_in.file.meter
    assert meter.number == FRESH
    # It was told another number than its key has by now: its first sale begins with the set.
    assert (meter.ken, meter.base_date) == (104, BaseDate.BASE_2014)
    assert len(office.sell("v-9", FRESH.number).key_tokens) == 2


def test_an_id_that_was_sold_names_no_exchange(office: Office) -> None:
    """What was left could never be transferred under it, and the old meter is off the wall."""
    office.sell("X-1", W)
    with pytest.raises(ApprovalIdReused):
        exchanged(office, "X-1", Source.PHOTO, "1")
    assert office.approvals.waiting(CLERK) == []
    assert exchanged(office, "X-2", Source.PHOTO, "1").request.id == "X-2"
