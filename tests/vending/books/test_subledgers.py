"""Who holds what of an account, and what sales were made of: both come to what the journal says."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from meters.quantities import Money, Volume
from meters.values import replace
from tests.vending.books.mixed_day import BEFORE, DAY, MixedDay
from tests.vending.books.support import BILLING, CHIEF
from tests.vending.cli.support import town_shell
from tests.vending.support import (
    OPERATOR,
    TECHNICIAN,
    WATER,
    SetClock,
    chart,
    new_store,
    request,
    service,
    town,
)
from tests.vending.tariff.worked import HEAD
from tests.vending.web.support import Api, api_over
from vending.accounting import BreakdownRow
from vending.accounting.breakdown import CONTAINED, PricedSale, breakdown_of
from vending.accounting.errors import AccountUnknown, DayMalformed, SoldUnreadable
from vending.aftersale import Evidence
from vending.permissions import ActorNotAllowed
from vending.sale import SaleKind, VendRequest
from vending.store.triggers import drop
from vending.tariff import AccountState, LineKind, QuoteRequest, TariffBook, parse_tariffs, quote
from vending.tariff.kept import kept_line

SALES = ("sale", "payment", "void")
SOLD_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def booked(day: MixedDay, first: str = "", last: str = "9999") -> Counter[str]:
    """By account of money: what sales and voids moved in it, credit above 0, read past everything
    of ours."""
    found: Counter[str] = Counter()
    with day.store.engine.connect() as db:
        statement = text(
            "SELECT e.at, e.kind, p.account, p.amount FROM postings p"
            " JOIN entries e ON e.number = p.entry WHERE p.unit = 'ILS'"
        )
        for at, kind, account, amount in db.execute(statement):
            # No entry of this day and the evening before it is near to midnight.
            if kind in SALES and first <= str(at)[:10] <= last:
                found[account] -= amount
    return found


def sums(rows: list[BreakdownRow]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row.account] += row.net
    return found


@pytest.mark.system
def test_a_breakdown_comes_to_what_sales_and_voids_have_booked(day: MixedDay) -> None:
    for first, last in ((None, None), (DAY, DAY), (None, BEFORE), (BEFORE, DAY)):
        ours = sums(day.reports.breakdown(CHIEF, first, last))
        theirs = booked(day, first or "", last or "9999")
        assert set(ours) <= set(theirs)
        assert all(theirs[account] == amount for account, amount in ours.items())
        missing = {a for a in theirs if a[0] == "4"} | {"2020"}
        assert missing <= set(ours)


@pytest.mark.system
def test_a_breakdown_tells_what_each_line_of_the_sales_told(day: MixedDay) -> None:
    """Of each sale that stands, and is not a move of units, every line once."""
    gone = {v for v, void in day.voids.items() if void.evidence is not Evidence.REFUND}
    told: Counter[tuple[str, str, str, str]] = Counter()
    base: Counter[tuple[str, str, str, str]] = Counter()
    for vend_id, sale in day.sold.items():
        if vend_id in gone or sale.kind is SaleKind.TRANSFER:
            continue
        for line in sale.quote.lines:
            rate = line.rate if line.kind not in (LineKind.DEBT, LineKind.CHARGE) else ""
            key = (sale.quote.commodity.value, line.kind.value, rate, line.payer)
            told[key] += line.amount.minor
            if line.kind is LineKind.UNITS or line.kind is LineKind.SUPPORT:
                base[key] += line.base.value if hasattr(line.base, "value") else 0
    ours: Counter[tuple[str, str, str, str]] = Counter()
    units: Counter[tuple[str, str, str, str]] = Counter()
    for row in day.reports.breakdown(BILLING):
        if row.kind == CONTAINED:
            continue
        key = (row.commodity, row.kind, row.rate, row.payer)
        ours[key] += row.net
        if row.unit in ("Wh", "l"):
            units[key] += row.base
    assert +ours == +told
    assert -ours == -told
    assert +units == +base
    assert any(payer == "social-fund" for *_, payer in ours)


@pytest.mark.system
def test_a_move_of_units_is_in_no_breakdown_when_it_is_taken_back(day: MixedDay) -> None:
    before = day.reports.breakdown(CHIEF)
    day.void("t-1")
    assert day.reports.breakdown(CHIEF) == before


@pytest.mark.system
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_void_whose_sale_cannot_be_read_is_named_by_its_own_entry(day: MixedDay) -> None:
    """On the day of the void nothing else of the sale is looked for."""
    with day.store.writing() as books:
        for statement in drop(books._db.dialect.name, "sales"):
            books._db.exec_driver_sql(statement)
        books._db.execute(text("UPDATE sales SET document = '{\"parts\": 5' WHERE vend_id = 'y-2'"))
    for ask in (
        lambda: day.reports.breakdown(CHIEF, DAY),
        lambda: day.reports.takings(CHIEF, None, DAY),
    ):
        with pytest.raises(SoldUnreadable) as named:
            ask()
        assert named.value.entry == day.voids["y-2"].entry


@pytest.mark.system
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_void_that_cannot_be_read_is_named(day: MixedDay) -> None:
    with day.store.writing() as books:
        for statement in drop(books._db.dialect.name, "voids"):
            books._db.exec_driver_sql(statement)
        books._db.execute(text("UPDATE voids SET document = 'x' WHERE vend_id = 'r-4'"))
    with pytest.raises(SoldUnreadable) as named:
        day.reports.takings(CHIEF, None, DAY)
    assert named.value.entry == day.voids["r-4"].entry


INCLUDED = """
price = { rule = "flat", rate = "5.80", rounding = "half_up" }
vat = { percent = "16", rounding = "half_up", mode = "included" }
charges = [
  { rule = "percent", code = "sewage", name_ar = "ص", name_en = "S", percent = "50", rounding = "half_up", book = "sewage" },
]
"""  # noqa: E501


@pytest.mark.parametrize("is_void", [False, True])
def test_a_contained_tax_is_taken_out_of_the_account_that_its_price_went_to(is_void: bool) -> None:
    """10 m3 for 58.00, 8.00 of it tax, and half as much for sewage; as the journal books them."""
    tariff = TariffBook(parse_tariffs(HEAD.format(commodity="water") + INCLUDED, "t")).active(
        "worked", SOLD_AT
    )
    asked = QuoteRequest(Volume(10_000))
    lines = quote(tariff, asked, AccountState(Money(0)), SOLD_AT).lines
    document = json.dumps({"lines": [kept_line(line) for line in lines]})
    rows = breakdown_of([PricedSale(1, "water", "ILS", document, is_void)], chart())
    role = {chart().role(name).code: name for name in ("sales_water", "sewage", "vat_due")}
    net: Counter[str] = Counter()
    for row in rows:
        net[role[row.account]] += row.net
    sign = -1 if is_void else 1
    assert net == {"sales_water": sign * 5000, "sewage": sign * 2500, "vat_due": sign * 1200}
    taxed = [row.base for row in rows if row.kind == LineKind.TAX.value]
    assert taxed == [sign * 5000, sign * 2500]


def test_a_line_that_took_nothing_is_left_out_but_of_units_and_taxes() -> None:
    tariff = TariffBook(parse_tariffs(HEAD.format(commodity="water") + INCLUDED, "t")).active(
        "worked", SOLD_AT
    )
    lines = quote(tariff, QuoteRequest(Volume(10_000)), AccountState(Money(0)), SOLD_AT).lines
    kinds = {LineKind.UNITS, LineKind.CHARGE, LineKind.TAX}
    assert {line.kind for line in lines} == kinds
    free = [replace(line, amount=Money(0)) for line in lines]
    document = json.dumps({"lines": [kept_line(line) for line in free]})
    rows = breakdown_of([PricedSale(1, "water", "ILS", document, False)], chart())
    told = {row.kind for row in rows} - {CONTAINED}
    assert told == {kind.value for kind in kinds - {LineKind.CHARGE}}


@pytest.mark.system
def test_shares_come_to_what_stands_in_each_account(day: MixedDay) -> None:
    for code, stands in ((r.account, r.closing) for r in day.reports.balances(CHIEF).rows):
        found = day.reports.holders(CHIEF, code)
        assert found.total == stands
        assert all(row.amount for row in found.rows)
        assert len({row.holder for row in found.rows}) == len(found.rows)
        for row in found.rows:
            if row.holder:
                assert day.reports.account(CHIEF, code, row.holder).closing == row.amount
    (owed,) = day.reports.holders(CHIEF, "1210").rows
    assert (owed.holder, owed.name_en) == ("A1", "Samira Awwad")
    before = day.reports.holders(CHIEF, "2030", BEFORE)
    assert [(row.holder, row.amount) for row in before.rows] == [("rana", -50_000)]
    assert day.reports.holders(CHIEF, "1210", BEFORE).rows == ()


@pytest.mark.system
def test_who_may_ask_and_for_what(day: MixedDay) -> None:
    with pytest.raises(ActorNotAllowed):
        day.reports.holders(OPERATOR, "1210")
    with pytest.raises(ActorNotAllowed):
        day.reports.breakdown(TECHNICIAN)
    with pytest.raises(AccountUnknown):
        day.reports.holders(CHIEF, "9999")
    with pytest.raises(DayMalformed):
        day.reports.holders(CHIEF, "1210", "yesterday")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        made.parts.service.vend(OPERATOR, request("v-1"))
        made.clock.forward(days=1)
        made.parts.service.vend(OPERATOR, request("v-2", WATER, "20.00"))
        yield made


def test_at_the_api(api: Api) -> None:
    tills = api.get("/ledger/accounts/1010/holders").json()
    assert tills["total"] == {"value": "70.00", "unit": "ILS"}
    assert [(one["holder"], one["name"]["en"]) for one in tills["holders"]] == [("P1", "Town hall")]
    day = (api.clock() - timedelta(days=1)).date().isoformat()
    before = api.get("/ledger/accounts/1010/holders", params={"on": day}).json()
    assert before["total"]["value"] == "50.00"
    units, taxes = (
        [row for row in api.get("/ledger/breakdown", params=span).json() if row["kind"] == kind]
        for kind, span in (("units", {}), ("tax", {"to": day}))
    )
    assert [row["account"] for row in units] == ["4010", "4020"]
    (tax,) = taxes
    assert (tax["rate"], tax["base"]["value"], tax["net"]["value"]) == ("16", "43.10", "6.90")
    entry = api.get("/ledger/entries/2").json()
    assert (entry["cause"], entry["kind"], entry["point"]) == ("v-2", "sale", "P1")
    assert entry == api.get("/vends/v-2/entries").json()[0]
    nothing = api.get("/ledger/entries/3")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "ledger.entry.unknown")
    unknown = api.get("/ledger/accounts/1010:P1/holders")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "ledger.account.unknown")


def test_on_the_command_line(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    store = new_store(tmp_path / "raseed.db")
    service(store, SetClock()).vend(OPERATOR, VendRequest("v-1", WATER.number, Money(5000)))
    store.close()
    told = shell.run("ledger", "holders", "1010", "--json").json
    assert [row["amount"]["value"] for row in told["holders"]] == ["50.00"]
    shown = shell.run("ledger", "holders", "1010", RASEED_LANG="ar", COLUMNS="200")
    assert "البلدية" in shown.out
    rows = shell.run("ledger", "breakdown", "--json").json
    assert [(row["account"], row["kind"]) for row in rows] == [("2020", "tax"), ("4020", "units")]
    assert shell.run("ledger", "entry", "2").code == 2
    page = shell.run("ledger", "breakdown", COLUMNS="200").out.splitlines()
    assert page[1].split()[:4] == ["2020", "water", "VAT", "16"]


def test_who_approves_sees_what_is_moved(tmp_path: Path) -> None:
    """Asked for by one, and looked at by the other before it is posted; then by its entry."""
    shell = town_shell(tmp_path)
    asked = ("ledger", "adjust", "5.00", "--debit", "4010", "--credit", "2010:A1", "--id", "ADJ-1")
    assert shell.run(*asked, "--reason", "The meter ran fast", LOGNAME="layla").code == 0
    listed = shell.run("ledger", "adjustments", "--pending", LOGNAME="omar", COLUMNS="200")
    assert "4010 5.00 ILS, 2010:A1 -5.00 ILS" in listed.out
    assert shell.run("ledger", "approve", "ADJ-1", LOGNAME="omar").code == 0
    entry = shell.run("ledger", "entry", "1", "--json").json
    assert (entry["cause"], entry["kind"]) == ("ADJ-1", "adjustment")
    assert [line["amount"]["value"] for line in entry["postings"]] == ["5.00", "-5.00"]
    shown = shell.run("ledger", "entry", "1", RASEED_LANG="ar", COLUMNS="200")
    assert "تسوية" in shown.out


def damage(path: Path) -> None:
    """The document of the second sale is none."""
    with closing(sqlite3.connect(path)) as held, held:
        for statement in drop("sqlite", "sales"):
            held.execute(statement)
        held.execute("UPDATE sales SET document = '{\"parts\": 5' WHERE vend_id = 'v-2'")


def test_a_sale_that_cannot_be_read_is_named(api: Api) -> None:
    """Instead of an incident that nobody can look for: what sums sales up needs all of them."""
    damage(api.path)
    span = {"from": "2026-11-01"}
    for path in ("/ledger/takings", "/ledger/breakdown", "/operators/Samir/statement"):
        answer = api.get(path, params=span)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (500, "ledger.sold_unreadable")
        assert problem["facts"] == {"entry": 2}
        # On days before it, it is in nobody's way.
        assert api.get(path, params={**span, "to": "2026-11-23"}).status_code == 200
    assert api.get("/ledger/entries/2").json()["cause"] == "v-2"


def test_an_export_that_fails_leaves_no_file_behind(tmp_path: Path) -> None:
    """One cut short would look like a whole one."""
    shell = town_shell(tmp_path)
    store = new_store(tmp_path / "raseed.db")
    for vend_id in ("v-1", "v-2"):
        service(store, SetClock()).vend(OPERATOR, request(vend_id))
    store.close()
    damage(tmp_path / "raseed.db")
    out = tmp_path / "sales.csv"
    told = shell.run("ledger", "export", "sales-csv", "--out", str(out))
    assert (told.code, "[ledger.sold_unreadable]" in told.err) == (70, True)
    assert not out.exists()
    assert shell.run("ledger", "export", "csv", "--out", str(out)).code == 0
    assert shell.run("ledger", "export", "csv", "--out", str(out)).code == 2
    assert out.read_text("utf-8-sig").startswith("entry,")
