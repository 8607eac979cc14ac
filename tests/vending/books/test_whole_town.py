"""Every figure that is told of a small town's two months, reckoned anew from plain rows of its
journal, on both databases: reports, statements, papers, exports, and what customers are told."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests.vending.books.raw_books import (
    EARNED,
    TENDERS,
    Between,
    RawBooks,
    Row,
    half_up,
    lines_of,
)
from tests.vending.books.whole_deeds import WholeTown
from tests.vending.books.whole_town import BEGINS, CHANGE_OF_TIME, CHIEF, ENDS, HELD
from vending.accounting import Taking

pytestmark = pytest.mark.system

OCTOBER = BEGINS, date(2026, 10, 31)
NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
SPANS: tuple[Between, ...] = (
    (None, None),
    (CHANGE_OF_TIME, CHANGE_OF_TIME),
    OCTOBER,
    NOVEMBER,
    (date(2026, 12, 1), ENDS),
)
BLOCKS = {
    "electricity-domestic-blocks": (160_000, 400_000),
    "water-domestic-blocks": (10_000, 20_000),
}
"""Where they end."""


def days(between: Between) -> tuple[str | None, str | None]:
    first, last = (None if day is None else day.isoformat() for day in between)
    return first, last


def test_the_town_has_seen_what_there_is(town: WholeTown, raw: RawBooks) -> None:
    kinds = Counter(sale["kind"] for sale in raw.sales.values())
    assert set(kinds) == {
        *("credit", "allowance", "payment", "free_issue"),
        *("refund", "transfer", "correction", "engineering"),
    }
    assert kinds["credit"] > 200
    assert {entry["kind"] for entry in raw.entries.values()} >= {
        *("sale", "payment", "void", "refund", "debt", "adjustment", "write_off", "reversal"),
        *("banking", "cash_float", "cash_in", "cash_out", "over_short"),
    }
    assert {void["evidence"] for void in raw.voids.values()} >= {"refund", "not_in_log"}
    assert {line.rule for sale in raw.sales.values() for line in lines_of(sale)} >= {
        *("flat", "blocks", "vat", "monthly", "percent", "per_unit", "once"),
        *("percentage", "instalment", "paid", "free_units", "subsidy"),
    }
    moments = [entry["at"] for entry in raw.entries.values()]
    on_that_day = [at for at in moments if at.date() == CHANGE_OF_TIME and at.hour == 1]
    assert {at.utcoffset() for at in on_that_day} == {timedelta(hours=3), timedelta(hours=2)}
    assert any((at.hour, at.minute, at.second) == (23, 59, 59) for at in moments)
    assert any((at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0) for at in moments)
    assert town.house.bookkeeping.verify(CHIEF).ok
    assert town.house.accounts.verify_accounts(CHIEF).ok


def test_entries_balance_and_so_does_every_month(town: WholeTown, raw: RawBooks) -> None:
    for lines in raw.of.values():
        sums: Counter[str] = Counter()
        for line in lines:
            sums[line["unit"]] += line["amount"]
        assert not any(sums.values())
    for month in (None, "2026-10", "2026-11", "2026-12"):
        hand: dict[str, list[int]] = {}
        for line in raw.postings:
            row, of = hand.setdefault(line["account"], [0, 0, 0]), f"{raw.day(line['entry']):%Y-%m}"
            if month is not None and of < month:
                row[0] += line["amount"]
            elif month in (None, of):
                row[1 if line["amount"] > 0 else 2] += abs(line["amount"])
        found = town.house.reports.balances(CHIEF, month)
        told = {row.account: [row.opening, row.debit, row.credit] for row in found.rows}
        assert {k: v for k, v in told.items() if any(v)} == {
            k: v for k, v in hand.items() if any(v)
        }


def test_statements_of_accounts_and_who_holds_what(town: WholeTown, raw: RawBooks) -> None:
    reports = town.house.reports
    holders = {(line["account"], line["holder"]) for line in raw.postings}
    accounts = sorted({account for account, _ in holders})
    for account, holder in [*sorted(holders), *((account, "") for account in accounts)]:
        mine = [
            (line["entry"], line["amount"])
            for line in raw.postings
            if line["account"] == account and holder in ("", line["holder"])
        ]
        for between in SPANS[:3]:
            first, inside = between[0], raw.inside(between)
            opening = sum(n for entry, n in mine if first is not None and raw.day(entry) < first)
            lines = [(entry, n) for entry, n in mine if inside(entry)]
            found = reports.account(CHIEF, account, holder, *days(between))
            assert found.opening == opening
            assert [(line.entry, line.amount) for line in found.lines] == lines
            assert found.closing == opening + sum(n for _, n in lines)
    for account in accounts:
        for day in (CHANGE_OF_TIME, OCTOBER[1], ENDS):
            hand: Counter[str] = Counter()
            for line in raw.postings:
                if line["account"] == account and raw.day(line["entry"]) <= day:
                    hand[line["holder"]] += line["amount"]
            held = reports.holders(CHIEF, account, day.isoformat())
            assert {row.holder: row.amount for row in held.rows} == {
                who: n for who, n in hand.items() if n
            }
            assert held.total == sum(hand.values())


Takings = dict[tuple[str, str, str, str, bool], tuple[int, int, int, int]]


def told_takings(rows: list[Taking] | tuple[Taking, ...]) -> Takings:
    return {
        (row.point, row.day, row.operator, row.tender, row.on_deposit): (
            *(row.sales, row.amount),
            *(row.voids, row.given_back),
        )
        for row in rows
    }


def takings_by_hand(raw: RawBooks, between: Between, **whose: str) -> Takings:
    found: dict[tuple[str, str, str, str, bool], list[int]] = {}
    inside = raw.inside(between)
    for entry, sale, sign in raw.touched():
        if not inside(entry) or any(sale[name] != wanted for name, wanted in whose.items()):
            continue
        ways = raw.ways(entry, sale, sign) or {"no_money": 0}
        for tender, amount in ways.items():
            deposit = bool(sale["document"].get("on_deposit")) and tender != "no_money"
            key = sale["point"], f"{raw.day(entry)}", sale["operator"], tender, deposit
            row = found.setdefault(key, [0, 0, 0, 0])
            place = 0 if sign > 0 else 2
            row[place] += 1
            row[place + 1] += amount
    return {key: (a, b, c, d) for key, (a, b, c, d) in found.items()}


def test_takings_lie_where_the_ledger_says(town: WholeTown, raw: RawBooks) -> None:
    for between in ((BEGINS, ENDS), *SPANS[1:]):
        told = town.house.reports.takings(CHIEF, None, *days(between))
        assert told_takings(told) == takings_by_hand(raw, between)
    for point in ("P1", "P2", "P3"):
        told = town.house.reports.takings(CHIEF, point, *days(NOVEMBER))
        assert told_takings(told) == takings_by_hand(raw, NOVEMBER, point=point)


def test_statements_of_operators(town: WholeTown, raw: RawBooks) -> None:
    for name in sorted({sale["operator"] for sale in raw.sales.values()}):
        for between in SPANS:
            first, inside = between[0], raw.inside(between)
            found = town.house.reports.operator(CHIEF, name, *days(between))
            own = [(e, s) for e, sale, s in raw.touched() if sale["operator"] == name and inside(e)]
            assert found.sales == sum(sign > 0 for _, sign in own)
            assert found.voids == sum(sign < 0 for _, sign in own)
            assert found.commission == sum(raw.moved(entry, "5020") for entry, _ in own)
            assert told_takings(found.takings) == takings_by_hand(raw, between, operator=name)
            moved = {
                entry: -raw.moved(entry, "2030", holder=name.casefold())
                for entry, lines in raw.of.items()
                if any((x["account"], x["holder"]) == ("2030", name.casefold()) for x in lines)
            }
            opening = sum(n for e, n in moved.items() if first is not None and raw.day(e) < first)
            assert found.opening == opening
            assert [(x.entry, x.amount) for x in found.lines] == [
                (entry, n) for entry, n in sorted(moved.items()) if inside(entry)
            ]
            running = opening
            for line in found.lines:
                running += line.amount
                assert line.balance == running
            assert found.closing == running


def test_statements_of_customers(town: WholeTown, raw: RawBooks) -> None:
    """Each line is what its entry booked; each span begins where the one before ended."""
    for agreement in HELD:
        closed = (0, 0)
        for between in (SPANS[0], (None, OCTOBER[1]), NOVEMBER, SPANS[-1]):
            inside = raw.inside(between)
            found = town.house.reports.customer(CHIEF, agreement, *days(between))
            if between[0] is not None:
                assert (found.opening, found.opening_owed) == closed
            carried, owed = found.opening, found.opening_owed
            entries = {
                line["entry"]
                for line in raw.postings
                if line["account"] in ("2010", "1210") and line["holder"] == agreement
            } | {entry for entry, sale, _ in raw.touched() if sale["agreement"] == agreement}
            assert [line.entry for line in found.lines] == sorted(filter(inside, entries))
            for line in found.lines:
                moved = -raw.moved(line.entry, "2010", holder=agreement)
                debts = raw.moved(line.entry, "1210", holder=agreement)
                carried, owed = carried + moved, owed + debts
                assert (line.balance, line.owed, line.debts) == (carried, owed, debts)
                sale = raw.sold_in.get(line.entry) or raw.back_in.get(line.entry)
                if sale is None:
                    assert (line.paid, line.net, line.vat, line.quantity) == (0, 0, 0, 0)
                    continue
                money = raw.moved(line.entry, *TENDERS, "2030", "5020", "5040")
                assert line.paid == money
                assert line.vat == -raw.moved(line.entry, "2020")
                units = raw.moved(line.entry, "6110", "6120", holder=sale["meter"])
                assert line.quantity == units
                if line.kind != "refund":
                    assert moved == line.paid - line.net - line.vat
            assert (found.closing, found.closing_owed) == (carried, owed)
            closed = carried, owed
        view = town.house.accounts.account(CHIEF, agreement)
        assert sum(one.debt.owed.minor for one in view.debts) == closed[1]
        assert view.balance.minor == closed[0]


def test_what_sales_were_made_of_and_who_pays(town: WholeTown, raw: RawBooks) -> None:
    for between in SPANS:
        inside = raw.inside(between)
        found = town.house.reports.breakdown(CHIEF, *days(between))
        accounts: Counter[str] = Counter()
        parts: Counter[tuple[str, ...]] = Counter()
        for entry, sale, sign in raw.touched():
            if not inside(entry) or raw.is_refund(entry):
                continue
            for account in EARNED:
                accounts[account] -= raw.moved(entry, account)
            for line in lines_of(sale):
                code, rate = line.more.get("code", ""), line.rate
                if line.kind == "units" and sale["kind"] != "transfer":
                    parts["units", sale["commodity"], rate] += sign * line.base
                elif line.kind == "support":
                    parts["support", line.more["payer"], code, rate] += sign * line.amount
                elif line.kind == "tax":
                    parts["tax", sale["commodity"], code, rate] += sign * line.amount
                elif line.kind == "charge":
                    parts["charge", sale["commodity"], code] += sign * line.amount
        told: Counter[str] = Counter()
        told_parts: Counter[tuple[str, ...]] = Counter()
        for row in found:
            told[row.account] += row.net
            if row.kind == "units":
                told_parts["units", row.commodity, row.rate] += row.base
            elif row.kind == "support":
                told_parts["support", row.payer, row.code, row.rate] += row.net
            elif row.kind == "tax":
                told_parts["tax", row.commodity, row.code, row.rate] += row.net
            elif row.kind == "charge":
                told_parts["charge", row.commodity, row.code] += row.net
        assert {k: v for k, v in told.items() if v} == {k: v for k, v in accounts.items() if v}
        assert {k: v for k, v in told_parts.items() if v} == {k: v for k, v in parts.items() if v}


def test_lines_of_sales_are_what_their_rates_make(raw: RawBooks) -> None:
    for sale in raw.sales.values():
        lines = lines_of(sale)
        added = [line for line in lines if not line.more.get("included")]
        assert sum(line.amount for line in added) == sale["net"] + sale["vat"]
        assert sum(line.amount for line in lines if line.kind == "tax") == sale["vat"]
        whole = sale["net"] + sale["vat"] + sale["balance_after"]
        assert sale["tendered"] + sale["balance_before"] == whole
        for line in lines:
            rate = Fraction(line.rate)
            if line.rule in ("flat", "blocks"):
                exact = Fraction(line.base, 1000) * rate * 100
                assert (line.exact, line.amount) == (exact, half_up(exact))
            elif line.rule == "vat":
                under = 100 + rate if line.more.get("included") else 100
                assert (line.exact, line.amount) == (
                    line.base * rate / under,
                    half_up(line.base * rate / under),
                )


def test_blocks_fill_over_the_local_month(raw: RawBooks) -> None:
    """What is bought or given fills them; what was taken back leaves them; what was moved from an
    old meter had filled them before."""
    in_order = [raw.sold_in[entry] for entry in sorted(raw.sold_in)]
    looked_at = 0
    for sale in in_order:
        ends = BLOCKS.get(sale["tariff"])
        if ends is None or sale["kind"] not in ("credit", "correction"):
            continue
        looked_at += 1
        used = sum(
            other["quantity"]
            for other in in_order
            if other["agreement"] == sale["agreement"]
            and other["entry"] < sale["entry"]
            and month(raw, other) == month(raw, sale)
            and other["kind"] not in ("transfer", "engineering", "payment")
            and not undone_before(raw, other, sale["entry"])
        )
        assert sale["document"]["used_before"] == used
        left, expected = sale["quantity"], []
        for block, end in enumerate((*ends, used + left), start=1):
            part = min(left, max(0, end - used))
            if part:
                expected.append((block, part))
            left, used = left - part, used + part
        units = [(x.more["block"], x.base) for x in lines_of(sale) if x.kind == "units"]
        assert units == expected
    assert looked_at > 80


def month(raw: RawBooks, sale: Row) -> tuple[int, int]:
    day = raw.day(sale["entry"])
    return day.year, day.month


def undone_before(raw: RawBooks, sale: Row, entry: int) -> bool:
    void = raw.voids.get(sale["vend_id"])
    return void is not None and void["evidence"] != "refund" and bool(void["entry"] < entry)
