"""A mixed day, added up again by hand: from what each sale told when it was made, and from plain
rows of the ledger. Every figure of every report must be the same, on both databases."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from sqlalchemy import text

from meters.account import Commodity
from tests.vending.books.mixed_day import BEFORE, DAY, HEAD, OLD, MixedDay
from tests.vending.books.support import BILLING, CHIEF, ZONE
from tests.vending.support import OPERATOR, POWER, Town, chart, request
from vending.accounting import BookReports, Difference
from vending.accounting import reports as reports_module
from vending.accounting.errors import StatementTooLong
from vending.aftersale import Evidence, SaleState
from vending.exports import FORMATS
from vending.jobs import Closing
from vending.messages import Language
from vending.operators import OperatorUnknown
from vending.permissions import ActorNotAllowed
from vending.persons import person
from vending.requests import BasketRequest, Credit, Units
from vending.sale import SaleKind, SaleReceipt, Tender
from vending.store.books import SqlBooks
from vending.voids import VoidNotAllowed

pytestmark = pytest.mark.system

ACCOUNTS = {
    Tender.CASH: "1010",
    Tender.CARD: "1020",
    Tender.CHEQUE: "1030",
    Tender.WALLET: "1040",
    Tender.TRANSFER: "1050",
}
YESTERDAY = {"y-1", "y-2"}


def by_hand(sale: SaleReceipt) -> Counter[str]:
    """What was paid, by way of paying."""
    found: Counter[str] = Counter()
    for part in sale.parts:
        found[part.tender.value] += part.amount.minor
    if not sale.parts and not sale.quote.tendered.is_zero:
        found[sale.tender.value] = sale.quote.tendered.minor
    return found


def earned_by(sale: SaleReceipt) -> int:
    return 0 if sale.commission is None else sale.commission.minor


def back_by_hand(day: MixedDay, vend_id: str) -> Counter[str]:
    """What was given back of it, taken back or refunded: what was paid, to the coin."""
    return by_hand(day.sold[vend_id])


def rows(day: MixedDay, statement: str, **values: object) -> list[tuple[object, ...]]:
    """Plain rows, read past everything of ours."""
    with day.store.engine.connect() as db:
        return [tuple(row) for row in db.execute(text(statement), values)]


def balance(day: MixedDay, account: str, holder: str) -> int:
    ((amount,),) = rows(
        day,
        "SELECT COALESCE(SUM(amount), 0) FROM postings WHERE account = :a AND holder = :h",
        a=account,
        h=holder,
    )
    return int(str(amount))


def test_the_day_is_as_mixed_as_it_says(day: MixedDay) -> None:
    assert {sale.kind for sale in day.sold.values()} >= set(SaleKind) - {
        SaleKind.REFUND,
        SaleKind.CORRECTION,
    }
    assert {sale.tender for sale in day.sold.values()} > {Tender.MIXED, Tender.WALLET}
    assert {sale.rounding for sale in day.sold.values()} >= {4, 1, -3, 0}
    assert {void.evidence for void in day.voids.values()} == {
        Evidence.NOT_SHOWN,
        Evidence.NOT_IN_LOG,
        Evidence.REFUND,
    }
    assert day.sold["k-1"].key_tokens
    assert day.sold["k-1+2"].buyer.krn == 2
    assert day.sold["r-1"].commission is not None
    assert day.keeping.verify(BILLING).ok


def test_the_check_is_what_the_sales_told(day: MixedDay) -> None:
    check = day.reports.check(BILLING, DAY)
    assert check.differences == ()
    today = [sale for vend_id, sale in day.sold.items() if vend_id not in YESTERDAY]
    assert check.sales == len(today)
    assert check.baskets == len({sale.receipt_code for sale in today})
    assert check.tokens == sum(len(sale.tokens) + len(sale.key_tokens) for sale in today)
    refunds = [v for v in day.voids.values() if v.evidence is Evidence.REFUND]
    assert (check.voids, check.refunds) == (len(day.voids) - len(refunds), len(refunds))
    made: Counter[tuple[int, str]] = Counter()
    for sale in today:
        made.update((sale.buyer.krn, token.kind) for token in sale.tokens)
        move = sale.key_move
        made.update((move.from_krn, f"key_change_{t.section}") for t in sale.key_tokens if move)
    assert {(use.krn, use.kind): use.tokens for use in check.keys} == made
    # Each of them is, opened with its key, what the books say.
    assert {(use.krn, use.kind): use.opened for use in check.keys} == made
    for row in check.receipts:
        numbers = {sale.number for sale in today if sale.seller.point == row.point}
        assert (row.first, row.last, row.held) == (min(numbers), max(numbers), len(numbers))
    told: Counter[tuple[str, str]] = Counter()
    back: Counter[tuple[str, str]] = Counter()
    for vend_id, sale in day.sold.items():
        for where, parts, factor in (
            (told, by_hand(sale), vend_id not in YESTERDAY),
            (back, back_by_hand(day, vend_id) if vend_id in day.voids else Counter(), -1),
        ):
            for tender, amount in parts.items():
                account = ACCOUNTS[Tender(tender)], sale.seller.point
                if sale.on_deposit:
                    account = "2030", person(sale.seller.operator)
                where[account] += factor * amount
    for one in check.money:
        if one.account in ACCOUNTS.values():
            key = one.account, one.holder
            assert (one.told, one.booked, one.back) == (told[key], told[key], back[key]), key
    (rounding,) = [row for row in check.money if row.account == "5040"]
    assert rounding.told == -sum(sale.rounding for sale in today)
    (given,) = [row for row in check.money if row.account == "5050"]
    assert given.back == sum(day.sold[v.vend_id].quote.tendered.minor for v in refunds)
    earned = {v: earned_by(sale) for v, sale in day.sold.items()}
    undone = [v for v, void in day.voids.items() if void.evidence is not Evidence.REFUND]
    (commission,) = [row for row in check.money if row.account == "5020"]
    assert commission.told == sum(earned.values())
    assert commission.back == -sum(earned.get(v, 0) for v in undone)
    (deposit,) = [row for row in check.money if row.account == "2030"]
    assert deposit.told == told["2030", "rana"] - sum(earned.values())
    assert day.reports.check(BILLING, BEFORE).ok


def test_takings_are_the_parts_and_lie_where_the_ledger_says(day: MixedDay) -> None:
    found = day.reports.takings(CHIEF, None, BEFORE, DAY)
    apart = [one for date in (BEFORE, DAY) for one in day.reports.takings(CHIEF, None, date, date)]
    assert sorted(apart) == sorted(found)
    wanted: dict[tuple[str, str, str, str], list[int]] = {}

    def add(date: str, sale: SaleReceipt, parts: Counter[str], place: int) -> None:
        for tender, amount in (parts or Counter({"no_money": 0})).items():
            key = sale.seller.point, date, sale.seller.operator, tender
            one = wanted.setdefault(key, [0, 0, 0, 0])
            one[place] += 1
            one[place + 1] += amount if place == 0 else -amount

    for vend_id, sale in day.sold.items():
        add(BEFORE if vend_id in YESTERDAY else DAY, sale, by_hand(sale), 0)
    for vend_id in day.voids:
        add(DAY, day.sold[vend_id], back_by_hand(day, vend_id), 2)
    assert {
        (t.point, t.day, t.operator, t.tender): [t.sales, t.amount, t.voids, t.given_back]
        for t in found
    } == wanted
    for tender, account in ACCOUNTS.items():
        for point in ("P1", "P2"):
            lies = balance(day, account, point)
            taken = [t.net for t in found if (t.tender, t.point) == (tender.value, point)]
            on_deposit = [t.net for t in found if t.on_deposit and t.point == point]
            assert lies == sum(taken) - (sum(on_deposit) if tender is Tender.CASH else 0)
    assert all(t.on_deposit == (t.operator == "Rana") for t in found)


def test_a_customer_sees_debts_paid_and_what_was_taken_back(day: MixedDay) -> None:
    told = day.reports.customer(CHIEF, "A1")
    assert told.closing_owed == balance(day, "1210", "A1") > 0
    assert told.closing == -balance(day, "2010", "A1")
    paid = {line.sale_kind: -line.debts for line in told.lines if line.kind == "payment"}
    assert paid == {"payment": 2000}
    taken = sum(
        line.amount.minor
        for sale in day.sold.values()
        if sale.vend_id not in day.voids and sale.buyer.agreement == "A1"
        for line in sale.quote.lines
        if line.code == "arrears"
    )
    assert told.closing_owed == 15_000 - taken
    kinds = {line.receipt: (line.kind, line.sale_kind) for line in told.lines if line.receipt}
    assert kinds[day.sold["t-1"].receipt_code] == ("sale", "transfer")
    assert kinds[day.sold["v-2"].receipt_code] == ("void", "credit")
    bought = [(line.quantity, line.paid) for line in told.lines if line.receipt]
    own = [s for v, s in day.sold.items() if s.buyer.agreement == "A1" and v != "v-2"]
    assert sum(units for units, _ in bought) == sum(s.quote.quantity.value for s in own)
    assert sum(money for _, money in bought) == sum(s.quote.tendered.minor for s in own)
    for agreement in ("A1", "A2", "A3", "A4"):
        whole = day.reports.customer(CHIEF, agreement)
        moved = sum(
            line.paid - line.net - line.vat for line in whole.lines if line.kind != "refund"
        )
        assert whole.opening + moved == whole.closing, agreement
        later = day.reports.customer(CHIEF, agreement, DAY)
        before = day.reports.customer(CHIEF, agreement, None, BEFORE)
        assert (later.opening, later.opening_owed) == (before.closing, before.closing_owed)
        assert (later.closing, later.closing_owed) == (whole.closing, whole.closing_owed)
        tokens = sum(line.tokens for line in whole.lines)
        sold = [s for s in day.sold.values() if s.buyer.agreement == agreement]
        assert tokens == sum(len(s.tokens) + len(s.key_tokens) for s in sold)
        # Each line on its own day, of what was sold the day before and then taken back, too.
        entries = [line.entry for line in (*before.lines, *later.lines)]
        assert entries == [line.entry for line in whole.lines] == sorted(entries)
    water = day.reports.customer(CHIEF, "A2")
    (refund,) = [line for line in water.lines if line.receipt == "P1-000011" and line.paid < 0]
    assert (refund.kind, refund.paid, refund.net, refund.quantity) == ("refund", -4099, 0, 0)


def test_a_line_of_an_account_names_the_receipt_of_its_basket(day: MixedDay) -> None:
    """Whichever of its sales the line is of, and of what was taken back of it."""
    told = {
        (line.kind, line.cause): line.receipt
        for code in ("1010", "2010", "2030", "4010", "4020", "6010", "6020")
        for line in day.reports.account(CHIEF, code).lines
    }
    assert {kind for kind, _ in told} >= {"sale", "void", "refund"}
    for (kind, cause), receipt in told.items():
        sale = day.sold.get(cause)
        assert receipt == ("" if sale is None else sale.receipt_code), (kind, cause)


def test_an_operator_sees_what_became_of_the_deposit(day: MixedDay) -> None:
    told = day.reports.operator(CHIEF, "Rana", DAY)
    own = {v: sale for v, sale in day.sold.items() if sale.seller.operator == "Rana"}
    assert (told.settlement, told.sales, told.voids) == ("deposit", len(own), 2)
    assert told.opening == 50_000
    assert told.closing == -balance(day, "2030", "rana")
    sold = sum(sum(by_hand(sale).values()) for sale in own.values())
    back = sum(sum(back_by_hand(day, v).values()) for v in own if v in day.voids)
    earned = sum(earned_by(s) for v, s in own.items() if v != "r-4")
    assert told.commission == earned
    assert told.closing == 50_000 - sold + back + earned
    assert sum(taking.net for taking in told.takings) == sold - back
    assert [line.balance for line in told.lines][-1] == told.closing
    assert [line.receipt for line in told.lines].count("P2-000004") == 2
    # The account itself knows the person, too, however the name is written.
    assert day.reports.account(CHIEF, "2030", "api:RANA").closing == -told.closing
    assert day.reports.operator(CHIEF, "Rana", None, BEFORE).lines[0].kind == "adjustment"
    by_till = day.reports.operator(OPERATOR, OPERATOR.name)
    assert (by_till.settlement, by_till.lines, by_till.commission) == ("", (), 0)
    with pytest.raises(ActorNotAllowed):
        day.reports.operator(OPERATOR, "Rana")
    for nobody in ("Nobody", "", "\0"):
        with pytest.raises(OperatorUnknown):
            day.reports.operator(CHIEF, nobody)


def test_a_deposit_that_moved_too_often_for_one_statement(
    day: MixedDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_module, "MOST_LINES", 1)
    with pytest.raises(StatementTooLong) as refused:
        day.reports.operator(CHIEF, "Rana")
    assert (refused.value.account, refused.value.most) == ("2030:rana", 1)


def test_exports_sum_to_the_ledger(day: MixedDay) -> None:
    out = BytesIO()
    with day.reports.journal(CHIEF) as view:
        FORMATS["sales-csv"].write(view, out, Language.ENGLISH)
    sales = list(csv.DictReader(StringIO(out.getvalue().decode("utf-8-sig"))))
    assert len(sales) == len(day.sold) + len(day.voids)
    entries = [int(row["entry"]) for row in sales]
    assert entries == sorted(entries)
    # What was refunded was sold all the same; what is carried is told by sales alone.
    refunds = [row for row in sales if row["kind"] == "refund"]
    assert {(row["net"], row["vat"], row["units"]) for row in refunds} == {
        ("0.00", "0.00", "0.000")
    }
    assert {row["kind"] for row in sales if row["balance_after"] == ""} == {"void", "refund"}
    for tender, account in ACCOUNTS.items():
        at_points = [row for row in sales if not row["on_deposit"]]
        lies = sum(balance(day, account, point) for point in ("P1", "P2"))
        assert sum(Decimal(row[tender.value]) for row in at_points) * 100 == lies
    meters = {"kWh": ("6110", 1000), "m3": ("6120", 1000)}
    for unit, (account, factor) in meters.items():
        issued = sum(Decimal(row["units"]) for row in sales if row["unit"] == unit) * factor
        ((booked,),) = rows(
            day,
            "SELECT SUM(amount) FROM postings WHERE account = :a AND holder <> :old",
            a=account,
            old=OLD.number,
        )
        assert issued == booked
    commission = sum(Decimal(row["commission"]) for row in sales)
    assert commission * 100 == balance(day, "5020", "")
    # By these a bank's list of cards and cheques is ticked off: also what was given back of them.
    told = Counter(row["reference"] for row in sales if row["reference"])
    kept: Counter[str] = Counter()
    for vend_id, sale in day.sold.items():
        parts = [f"{p.tender.value} {p.reference}" for p in sale.parts if p.reference]
        if parts:
            kept["; ".join(parts)] += 2 if vend_id in day.voids else 1
    assert told == kept
    assert set(told) == {"card slip 7", "cheque 9"}
    for name in ("hledger", "beancount"):
        out = BytesIO()
        with day.reports.journal(CHIEF) as view:
            FORMATS[name].write(view, out, Language.ENGLISH)
        written = out.getvalue().decode()
        unit = "token" if name == "hledger" else "TOKEN"
        assert f"  1 {unit}" in written or f" 1 {unit}" in written
        assert f"-1 {unit}" in written
        assert "2030" in written
        assert "Rana" in written


CHECKERS = {
    "hledger": ["hledger", "check", "--strict", "-f"],
    "beancount": ["bean-check"],
}


@pytest.mark.system
@pytest.mark.parametrize("name", CHECKERS)
def test_other_programs_find_the_day_in_order(tmp_path: Path, name: str) -> None:
    program, *options = CHECKERS[name]
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    day = MixedDay(tmp_path / "books.db")
    written = tmp_path / f"day.{name}"
    try:
        for language in Language:
            for month in (None, "2026-11"):
                with day.reports.journal(CHIEF, month) as view, written.open("wb") as file:
                    FORMATS[name].write(view, file, language)
                done = subprocess.run(
                    [found, *options, str(written)], capture_output=True, timeout=60, check=False
                )
                assert done.returncode == 0, done.stderr.decode()
    finally:
        day.close()


def test_only_sales_of_the_day_are_sealed_and_the_check_is_kept(day: MixedDay) -> None:
    """Yesterday is done after midnight, once; the same day is not done before it is over."""
    job = Closing(day.closing)
    assert [one.check.day for one in job.run()] == [BEFORE]
    assert job.run() == []
    day.clock.forward(days=2)
    (first, second) = job.run()
    assert (first.check.day, second.check.day) == (DAY, "2026-11-24")
    assert first.seal is not None
    content = first.seal.content
    assert content.differences == ()
    balances = day.reports.balances(CHIEF).rows
    assert list(content.sums) == [(r.account, r.unit, r.closing) for r in balances if r.closing]
    receipts = {row.point: row.held for row in content.receipts}
    assert sum(receipts.values()) == first.check.baskets
    tokens = {row.kind: row.tokens for row in content.tokens}
    made: Counter[str] = Counter()
    for use in first.check.keys:
        made[use.kind] += use.tokens
    assert tokens == made
    kept = day.reports.check(CHIEF, DAY).kept
    assert kept is not None
    assert (kept.seal, kept.actor, kept.differences) == (2, "job:closing", ())
    assert day.keeping.verify(CHIEF, first.seal.code).ok
    # Sealed by hand before the job comes: the day is checked all the same, and once.
    day.clock.forward(days=1)
    day.keeping.seal(BILLING)
    (late,) = job.run()
    assert (late.check.day, late.seal) == ("2026-11-25", None)
    assert job.run() == []
    assert day.keeping.verify(CHIEF).ok


def test_what_was_voided_and_yet_taken_is_told(
    day: MixedDay, caplog: pytest.LogCaptureFixture
) -> None:
    """The customer kept the paper of a voided sale and types it in afterwards."""
    assert day.sold["v-2"].buyer.commodity is Commodity.ELECTRICITY
    assert day.type_in(day.sold["v-2"].tokens[0].digits)
    assert day.reports.check(CHIEF, DAY).ok, "nobody has read the meter since"
    day.clock.forward(days=1)
    assert day.service.reconcile(HEAD, "v-2").state is SaleState.DELIVERED
    gone = Difference("voided_yet_taken", "v-2", 0, 1)
    assert day.reports.check(CHIEF, DAY).differences == (gone,)
    assert day.reports.check(CHIEF).differences == (gone,), "on the day when it was found out, too"
    day.clock.forward(days=1)
    Closing(day.closing).run()
    assert "does not agree: voided_yet_taken v-2 is 1, not 0" in caplog.text
    kept = day.reports.check(CHIEF, "2026-11-24").kept
    assert kept is not None
    assert kept.differences == (gone,)
    assert day.keeping.verify(CHIEF).ok


def test_less_than_half_a_coin_is_sold_for_nothing(place: Path | str) -> None:
    """What is due then is the municipality's loss, not a sale that cannot be booked."""
    here = Town(place)
    try:
        for number in range(40):
            here.clock.forward(minutes=1)
            here.service.vend(OPERATOR, request(f"v-{number}", amount=f"40.{50 + number}"))
            due = here.service.quote(OPERATOR, POWER.number, Units("0.1")).tendered.minor
            if 0 < due < 5:
                break
        assert 0 < due < 5
        basket = BasketRequest("b-1", (Credit(POWER.number, Units("0.1")),))
        (sale,) = here.service.vend_basket(OPERATOR, basket).receipts
        assert (sale.parts, sale.rounding) == ((), -due)
        with pytest.raises(VoidNotAllowed):
            here.service._voiding.refund(HEAD, "b-1", "Layla", "The wrong customer", "a-1")
        reports = BookReports(SqlBooks(here.store), chart(), here.clock, ZONE)
        check = reports.check(CHIEF)
        assert check.ok
        assert [row.booked for row in check.money if row.account == "5040"] == [due]
        assert {t.tender: t.sales for t in reports.takings(CHIEF)}["no_money"] == 1
    finally:
        here.store.close()
