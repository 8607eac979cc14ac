"""Exports say what the journal says, in names that other programs read, and run nothing."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]

from tests.vending.books.support import BILLING, CHIEF, SHORT, Office, move, office
from tests.vending.support import WATER, put_operator, request
from vending.exports import FORMATS, ExportUnknown, export_format, rows, workbook
from vending.exports.plain import amount_text, shown_unit, words
from vending.messages import Language, term
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.sale import SaleKind, Tender

pytestmark = pytest.mark.system

SLY = Actor('=HYPERLINK("x")', Role.OPERATOR, "P1", "+T1")
"""An operator's name that a spreadsheet would run."""
ARABIC = Actor("سامر; أبو, خليل", Role.OPERATOR, "P1", "T1")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    made.town.service.vend(SLY, request("-1-1", WATER, "60"))
    made.town.service.vend(ARABIC, request("f", WATER, "60"))
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "Short at the count")
    made.keeping.approve(CHIEF, "ADJ-1")
    made.town.clock.forward(days=10)
    made.sell("g")
    yield made
    made.close()


def exported(
    here: Office, name: str, language: Language = Language.ARABIC, month: str | None = None
) -> bytes:
    out = BytesIO()
    with here.reports.journal(CHIEF, month) as view:
        export_format(name).write(view, out, language)
    return out.getvalue()


def totals(here: Office) -> dict[str, Decimal]:
    return {
        row.account: Decimal(amount_text(row.closing, row.unit))
        for row in here.reports.balances(CHIEF).rows
    }


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("name", "posting"), [("hledger", 4), ("beancount", 2)])
def test_totals_per_account_are_ours(
    here: Office, name: str, posting: int, language: Language
) -> None:
    text = exported(here, name, language).decode()
    found: dict[str, Decimal] = {}
    form = re.compile(
        rf'^ {{{posting}}}\w+:(\d{{4}})\S?.*?[ ]+(-?[\d.]+) "?(ILS|k?Wh|KWH|m3|M3)"?$'
    )
    for line in text.splitlines():
        if match := form.match(line):
            found[match[1]] = found.get(match[1], Decimal(0)) + Decimal(match[2])
    assert found == totals(here)


def test_holders_whose_names_look_alike_stay_apart(here: Office) -> None:
    """Beancount's names have no spaces and no points."""
    codes = ["a b", "a-b", "a.b", "a-b-c"]
    for code in codes:
        put_operator(here.town.store, code, settlement="deposit")
        lines = move(("1120", ""), ("2030", code), 100 + len(code))
        here.keeping.adjust(BILLING, code.replace(" ", "_"), lines, "Paid in at the bank")
        here.keeping.approve(CHIEF, code.replace(" ", "_"))
    text = exported(here, "beancount", Language.ENGLISH).decode()
    names = re.findall(r"^\S+ open (\S+:2030\S*) ILS$", text, re.MULTILINE)
    assert len(names) == len(set(names)) == len(codes)
    booked = {
        name: re.findall(rf"^  {re.escape(name)} (\S+) ILS$", text, re.MULTILINE) for name in names
    }
    assert sorted(booked.values()) == sorted([f"-{(100 + len(code)) / 100:.2f}"] for code in codes)


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u200f", "\u202b \u200e", "\ufeff", "\t"])
def test_a_formula_is_one_behind_what_nobody_sees(before: str, sign: str) -> None:
    assert rows.is_formula(f"{before}{sign}1+1")
    assert not rows.is_formula(f"{before.strip()}x{sign}1")


def test_csv_reads_back(here: Office) -> None:
    text = exported(here, "csv").decode("utf-8-sig")
    read = list(csv.DictReader(StringIO(text)))
    assert tuple(read[0]) == rows.JOURNAL
    sums: dict[str, Decimal] = {}
    for row in read:
        moved = Decimal(row["debit"]) - Decimal(row["credit"])
        sums[row["ledger_account"]] = sums.get(row["ledger_account"], Decimal(0)) + moved
    assert sums == totals(here)
    assert {row["actor"] for row in read} >= {"'" + SLY.name, ARABIC.name}
    assert "'-1-1" in {row["cause"] for row in read}
    sales = list(csv.DictReader(StringIO(exported(here, "sales-csv").decode("utf-8-sig"))))
    assert [row["receipt"] for row in sales][:2] == ["P1-000001", "P1-000002"]
    assert sales[1]["meter"] == WATER.number
    assert sum(Decimal(row["amount"]) for row in sales) == totals(here)["1010"] + 5


def test_no_export_holds_a_token(here: Office) -> None:
    with here.town.store.reading() as books:
        digits = [t.digits for v in "abc" for t in (books.sale(v) or pytest.fail(v)).tokens]
    for name in FORMATS:
        content = exported(here, name)
        if name == "xlsx":
            with ZipFile(BytesIO(content)) as parts:
                content = b"".join(parts.read(part) for part in parts.namelist())
        assert not any(one.encode() in content for one in digits), name


def sheets(content: bytes) -> list[ET.Element]:
    with ZipFile(BytesIO(content)) as parts:
        names = sorted(n for n in parts.namelist() if n.startswith("xl/worksheets/sheet"))
        return [ET.fromstring(parts.read(name)) for name in names]


def cells(sheet: ET.Element) -> list[list[tuple[str, str]]]:
    """(type, text) of each cell; `inlineStr` is text, `n` a number."""
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.findall("{*}c")]
        for row in sheet.findall(".//{*}row")
    ]


def test_the_workbook_keeps_numbers_of_things_as_text(here: Office) -> None:
    balances, journal, sales = (cells(sheet) for sheet in sheets(exported(here, "xlsx")))
    assert [len(sheet) for sheet in (balances, sales)] == [1 + len(totals(here)), 1 + 6]
    at = {name: place for place, name in enumerate(rows.SALES)}
    for name in ("entry", "receipt", "account", "meter"):
        assert sales[1][at[name]][0] == "inlineStr"
    assert sales[2][at["meter"]] == ("inlineStr", WATER.number)
    assert [Decimal(row[at["amount"]][1]) for row in sales[1:3]] == [Decimal("50.05")] * 2
    assert sales[1][at["amount"]][0] == "n"
    at = {name: place for place, name in enumerate(rows.JOURNAL)}
    assert SLY.name in {row[at["actor"]][1] for row in journal}
    assert {row[at["actor"]][0] for row in journal} == {"inlineStr"}
    found = {row[0][1]: Decimal(row[5][1]) for row in balances[1:]}
    assert found == totals(here)


@pytest.mark.parametrize(
    ("amount", "kind"),
    [
        ("9999999999999.99", "n"),
        ("-9999999999999.99", "n"),
        ("100000000000000.00", "n"),
        # The nearest numbers of a spreadsheet are another amount.
        ("92233720368547758.07", "inlineStr"),
        ("-92233720368547758.07", "inlineStr"),
        ("99999999999999.999", "inlineStr"),
    ],
)
def test_no_amount_becomes_another_in_the_workbook(amount: str, kind: str) -> None:
    out = BytesIO()
    book = Workbook(out, {"constant_memory": True})
    workbook._Sheets(book, Language.ENGLISH).add("balances", ("debit",), [(Decimal(amount),)])
    book.close()
    (sheet,) = sheets(out.getvalue())
    ((told, text),) = cells(sheet)[1]
    assert (told, Decimal(text)) == (kind, Decimal(amount))


@pytest.mark.parametrize("language", Language)
def test_the_workbook_runs_nothing_and_faces_its_reader(here: Office, language: Language) -> None:
    for sheet in sheets(exported(here, "xlsx", language)):
        assert sheet.findall(".//{*}f") == []
        (view,) = sheet.findall(".//{*}sheetView")
        assert (view.get("rightToLeft") == "1") is (language is Language.ARABIC)


@pytest.mark.parametrize(
    ("language", "entry", "sale", "tender"),
    [(Language.ARABIC, "تسوية", "بيع", "نقد"), (Language.ENGLISH, "adjustment", "sale", "cash")],
)
def test_the_workbook_speaks_its_readers_language(
    here: Office, language: Language, entry: str, sale: str, tender: str
) -> None:
    """Its own words too, not the names that programs know them by."""
    _, journal, sales = (cells(sheet) for sheet in sheets(exported(here, "xlsx", language)))
    at = {name: place for place, name in enumerate(rows.JOURNAL)}
    assert entry in {row[at["kind"]][1] for row in journal[1:]}
    at = {name: place for place, name in enumerate(rows.SALES)}
    assert {row[at["sale_kind"]][1] for row in sales[1:]} == {sale}
    assert tender in {row[at["tender"]][1] for row in sales[1:]}
    known = [f"sale_{kind.value}" for kind in SaleKind] + [one.value for one in Tender]
    assert [word for word in known if term(word, Language.ARABIC) == word] == []


def test_a_long_journal_goes_on_in_another_sheet(
    here: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 10)
    found = [cells(sheet) for sheet in sheets(exported(here, "xlsx"))]
    assert all(len(sheet) <= 11 for sheet in found)
    with here.reports.journal(CHIEF) as view:
        postings = sum(len(posted.entry.postings) for posted in view.entries())
    journal = [sheet for sheet in found if len(sheet[0]) == len(rows.JOURNAL)]
    assert sum(len(sheet) - 1 for sheet in journal) == postings


def test_a_month_begins_with_what_stood_there(here: Office) -> None:
    text = exported(here, "hledger", Language.ENGLISH, "2026-12").decode()
    assert "2026-12-01 opening balances" in text
    assert text.count(") sale ") == 1
    found = Decimal(0)
    for amount in re.findall(r"^ +assets:1010.*  (-?[\d.]+) ILS$", text, re.MULTILINE):
        found += Decimal(amount)
    assert found == totals(here)["1010"]


def test_only_what_is_known_and_allowed(here: Office) -> None:
    with pytest.raises(ExportUnknown):
        export_format("pdf")
    with pytest.raises(ActorNotAllowed), here.reports.journal(ARABIC):
        pass


def test_words_lose_what_would_turn_a_line_around() -> None:
    assert words("a\n b\u202e  c;d", ";") == "a b c-d"
    assert [amount_text(1, "ILS"), amount_text(-1, "Wh"), amount_text(1500, "l")] == [
        "0.01",
        "-0.001",
        "1.500",
    ]
    assert [amount_text(-2, "token"), shown_unit("token")] == ["-2", "token"]
    assert [shown_unit(unit) for unit in ("ILS", "Wh", "l")] == ["ILS", "kWh", "m3"]
    assert [rows.is_formula(text) for text in ("=1", "+1", "-1", "@x", "\tx", "x=", "")] == [
        True,
        True,
        True,
        True,
        True,
        False,
        False,
    ]
