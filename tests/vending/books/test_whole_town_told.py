"""What people are handed of the small town's two months: reports of shifts, deposit slips,
receipts, sentences, and files for other programs. All of it against plain rows of the journal."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from tests.vending.books.raw_books import TENDERS, RawBooks, Row, lines_of, local
from tests.vending.books.whole_deeds import WholeTown
from tests.vending.books.whole_town import CHIEF
from vending.explaining import explained
from vending.exports import FORMATS
from vending.messages import Language
from vending.papers import Letterhead
from vending.papers.receipt import receipt_paper
from vending.papers.shift import shift_paper
from vending.papers.words import Speech
from vending.tariff import explain

pytestmark = pytest.mark.system

MONTHS = (None, "2026-10", "2026-11", "2026-12")
FIGURES = (
    ("vat", "2020", -1),
    ("debts", "1210", -1),
    ("commission", "5020", 1),
    ("rounding", "5040", -1),
    ("on_deposit", "2030", 1),
    ("refunds", "5050", 1),
)
UNITS = (("electricity", "6110"), ("water", "6120"), ("tokens", "6130"))
SCALE = {"ILS": (100, "ILS"), "Wh": (1000, "kWh"), "l": (1000, "m3"), "token": (1, "token")}
HEAD = Letterhead(name_ar="بلدية المثال", name_en="Example Municipality")
_MARKS = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


def plain(text: str) -> str:
    return text.translate(_MARKS)


def shekels(text: str) -> int:
    found = re.fullmatch(r"(-?[\d,]+\.\d\d) ₪", plain(text))
    assert found is not None, text
    return int(Decimal(found[1].replace(",", "")) * 100)


# Shifts and the bank


def entries_of(raw: RawBooks, shift: str, last: int | None = None) -> tuple[list[int], list[int]]:
    """Of its sales, and of what was taken back out of its drawer; up to an entry."""
    sold = [sale["entry"] for sale in raw.sales.values() if sale["shift"] == shift]
    back = [void["entry"] for void in raw.voids.values() if void["shift"] == shift]
    if last is None:
        return sold, back
    return [n for n in sold if n <= last], [n for n in back if n <= last]


def totals(raw: RawBooks, account: str, sold: list[int], back: list[int]) -> list[int]:
    return [sum(raw.moved(entry, account) for entry in some) for some in (sold, back)]


def test_z_reports(town: WholeTown, raw: RawBooks) -> None:
    moves = raw.rows("SELECT * FROM cash_moves")
    closes = {row["shift"]: row for row in raw.rows("SELECT * FROM shift_closes")}
    assert len(closes) > 8
    assert set(closes) == set(town.closed_shifts)
    for shift, close in closes.items():
        report = town.house.drawers.z(CHIEF, shift)
        tally = report.tally
        sold, back = entries_of(raw, shift)
        assert (tally.sales, tally.voids) == (len(sold), len(back))
        cash: Counter[str] = Counter()
        for move in moves:
            if move["shift"] == shift:
                cash[move["kind"]] += move["amount"]
        told = tally.opening_float, tally.cash_in, tally.cash_out
        assert told == (cash["float"], cash["in"], cash["out"])
        by_tender = {name: totals(raw, code, sold, back) for code, name in TENDERS.items()}
        assert {one.tender: [one.sales, one.voids] for one in tally.tenders} == {
            name: sums for name, sums in by_tender.items() if name == "cash" or any(sums)
        }
        expected = cash["float"] + cash["in"] - cash["out"] + sum(by_tender["cash"])
        assert report.count is not None
        assert (tally.expected, close["expected"]) == (expected, expected)
        assert close["counted"] == report.count.cash
        booked = 0 if close["entry"] is None else raw.moved(close["entry"], "1010")
        assert booked == report.count.cash - expected
        by_kind: dict[str, list[int]] = {}
        for some, place in ((sold, 0), (back, 1)):
            for entry in some:
                sale = raw.sold_in[entry] if place == 0 else raw.back_in[entry]
                row = by_kind.setdefault(sale["kind"], [0, 0, 0])
                row[place] += 1
                row[2] += raw.moved(entry, *TENDERS)
        assert {one.kind: [one.sales, one.voids, one.taken] for one in tally.kinds} == by_kind
        units = {name: totals(raw, code, sold, back) for name, code in UNITS}
        assert {one.commodity: [one.sales, one.voids] for one in tally.units} == {
            name: sums for name, sums in units.items() if any(sums)
        }
        figures = {n: sign * sum(totals(raw, code, sold, back)) for n, code, sign in FIGURES}
        assert {one.name: one.amount for one in tally.figures} == {
            name: amount for name, amount in figures.items() if amount
        }
        for language in Language:
            drawer = shift_paper(report, HEAD, language).data["parts"][0]
            opening, into, out, there = (shekels(row["value"]) for row in drawer["rows"])
            assert (opening, into, out, there) == (*told, expected)
        assert report.at == local(close["closed_at"])


def test_x_reports_are_what_was_sold_by_then(town: WholeTown, raw: RawBooks) -> None:
    taken = raw.rows("SELECT * FROM x_reports")
    assert taken
    for row in taken:
        report = town.house.x_reports.report(CHIEF, row["id"])
        sold, back = entries_of(raw, row["shift"], row["after_entry"])
        assert (report.tally.sales, report.tally.voids) == (len(sold), len(back))
        by_tender = {name: totals(raw, code, sold, back) for code, name in TENDERS.items()}
        told = {one.tender: [one.sales, one.voids] for one in report.tally.tenders}
        assert told == {
            name: sums for name, sums in by_tender.items() if name != "cash" and any(sums)
        }, "an operator's, who counts blind, tells no cash"


def test_deposit_slips(town: WholeTown, raw: RawBooks) -> None:
    counted = {row["shift"]: row["counted"] for row in raw.rows("SELECT * FROM shift_closes")}
    assert town.bankings
    banked: Counter[str] = Counter()
    for id in town.bankings:
        slip = town.house.bankings.slip(CHIEF, id)
        lines = {tender.value: amount for tender, amount in slip.lines}
        out = {name: -raw.moved(slip.entry, code) for code, name in TENDERS.items()}
        assert lines == {name: amount for name, amount in out.items() if amount}
        assert raw.moved(slip.entry, "1120") == slip.amount == sum(lines.values())
        banked.update(slip.shifts)
        if slip.shifts:
            assert lines.get("cash", 0) == sum(counted[shift] for shift in slip.shifts)
    assert set(banked.values()) <= {1}


# What customers are told


def baskets(raw: RawBooks) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for entry in sorted(raw.sold_in):
        sale = raw.sold_in[entry]
        found.setdefault(sale["basket"] or sale["vend_id"], []).append(sale)
    return found


def test_receipts_add_up(town: WholeTown, raw: RawBooks) -> None:
    ways = {Speech(Language.ENGLISH).say(tender) for tender in TENDERS.values()}
    for lead, sales in baskets(raw).items():
        receipts = [one.receipt for one in town.house.service.basket(CHIEF, lead)]
        assert [receipt.vend_id for receipt in receipts] == [sale["vend_id"] for sale in sales]
        paper = receipt_paper(receipts, HEAD, Language.ENGLISH, check="0" * 64).data
        for sale, service in zip(sales, paper["services"], strict=True):
            rows = [(plain(row["name"]), shekels(row["value"])) for row in service["lines"]]
            names = [name for name, _ in rows]
            before = names.index("Before tax")
            head = 1 + ("From the balance before" in names)
            taxes = [line for line in lines_of(sale) if line.kind == "tax"]
            added = sum(x.amount for x in lines_of(sale) if x.kind != "tax")
            several = sum(x.amount for x in taxes) if len(taxes) > 1 else 0
            assert sum(amount for _, amount in rows[head:before]) == added + several
            figures = dict(rows)
            assert figures["Before tax"] == sale["net"]
            assert rows[before + 1][1] == sale["vat"]
            assert figures["Total with tax"] == sale["net"] + sale["vat"]
            left = figures.get("Stays on the balance for next time", 0)
            begun = figures.get("From the balance before", 0)
            assert figures["Paid for this"] + begun == figures["Total with tax"] + left
        due = sum(sale["tendered"] for sale in sales)
        if due:
            paid = [(plain(row["name"]), shekels(row["value"])) for row in paper["paid"]]
            came = sum(amount for name, amount in paid if name in ways)
            rounding = sum(amount for name, amount in paid if "ounding" in name)
            assert paid[0][1] == due
            assert came == due + rounding
            assert rounding == -sum(raw.moved(sale["entry"], "5040") for sale in sales)
            if not sales[0]["document"].get("on_deposit"):
                assert came == sum(raw.moved(sale["entry"], *TENDERS) for sale in sales)
            change = dict(paid).get("Change", 0)
            kept = sales[0]["document"].get("paid")
            if kept and kept["change"]:
                assert change == kept["change"] == kept["handed"] - came


def owed(raw: RawBooks, agreement: str, last: int) -> int:
    """Debts from before, after an entry."""
    return sum(
        line["amount"]
        for line in raw.postings
        if (line["account"], line["holder"]) == ("1210", agreement) and line["entry"] <= last
    )


def numbers(sentence: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:\.\d+)?", plain(sentence)))


def test_sentences_tell_the_same_in_both_languages_and_add_up(
    town: WholeTown, raw: RawBooks
) -> None:
    """What was paid, and was on the balance, is what the units took, the charges and debts, and
    what is left."""
    before: dict[str, str] = {}
    told: Counter[str] = Counter()
    for entry in sorted(raw.sold_in):
        sale = raw.sold_in[entry]
        receipt = town.house.service.what_became(CHIEF, sale["vend_id"]).receipt
        last = before.get(sale["agreement"])
        previous = (
            None if last is None else town.house.service.what_became(CHIEF, last).receipt.quote
        )
        codes = [reason.code for reason in explain(receipt.quote, previous)]
        english = explained(receipt.quote, previous, Language.ENGLISH)
        arabic = explained(receipt.quote, previous, Language.ARABIC)
        told.update(codes)
        for one, other in zip(english, arabic, strict=True):
            assert numbers(one) == numbers(other)
            assert "{" not in one + other
            assert "None" not in one + other
        if sale["kind"] in ("free_issue", "refund", "transfer"):
            assert codes[0] == f"given_{sale['kind']}"
            assert "bought" not in english[0]
            continue
        spent = 0
        for code, sentence in zip(codes, english, strict=True):
            money = [int(Decimal(text) * 100) for text in re.findall(r"(\d+\.\d\d) ILS", sentence)]
            if code == "bought":
                paid, balance, units = money
                spent += paid + balance - units
                assert (paid, balance) == (sale["tendered"], sale["balance_before"])
            elif code == "bought_alone":
                paid, units = money
                spent += paid - units
                assert paid == sale["tendered"]
            elif code.startswith(("charge_month", "charge_rest", "charge_once", "debt_taken")):
                spent -= money[-2]
            elif code in ("carried", "kept_on_balance"):
                spent -= money[0]
                assert money[0] == sale["balance_after"]
        assert spent == 0, (sale["vend_id"], english)
        if sale["kind"] in ("credit", "correction"):
            left = [
                int(Decimal(re.findall(r"(\d+\.\d\d) ILS", sentence)[-1]) * 100)
                for code, sentence in zip(codes, english, strict=True)
                if code.startswith("debt_")
            ]
            assert sum(left) == owed(raw, sale["agreement"], entry)
        if sale["kind"] in ("credit", "correction"):
            before[sale["agreement"]] = sale["vend_id"]
    assert len(told) > 30


# Files for other programs


def exported(town: WholeTown, name: str, month: str | None, language: Language) -> bytes:
    out = BytesIO()
    with town.house.reports.journal(CHIEF, month) as view:
        FORMATS[name].write(view, out, language)
    return out.getvalue()


Balances = dict[tuple[str, str], Decimal]


def balances(raw: RawBooks, month: str | None, *, opening: bool) -> Balances:
    """By account and unit as people write it, up to the end of a month; without `opening` what
    moved in it."""
    sums: Counter[tuple[str, str]] = Counter()
    for line in raw.postings:
        of = f"{raw.day(line['entry']):%Y-%m}"
        if month is None or of == month or (opening and of < month):
            sums[line["account"], line["unit"]] += line["amount"]
    return {
        (account, SCALE[unit][1]): Decimal(n) / SCALE[unit][0]
        for (account, unit), n in sums.items()
        if n
    }


def summed(rows: list[tuple[str, str, Decimal]]) -> Balances:
    sums: Balances = {}
    for account, unit, amount in rows:
        sums[account, unit] = sums.get((account, unit), Decimal(0)) + amount
    return {key: amount for key, amount in sums.items() if amount}


@pytest.mark.parametrize("month", MONTHS)
def test_tables_are_the_journal(town: WholeTown, raw: RawBooks, month: str | None) -> None:
    text = exported(town, "csv", month, Language.ARABIC).decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    wanted = [x for x in raw.postings if month in (None, f"{raw.day(x['entry']):%Y-%m}")]
    assert [
        (r["entry"], r["ledger_account"], r["holder"], f"{r['day']} {r['time']}") for r in rows
    ] == [
        (
            str(line["entry"]),
            line["account"],
            line["holder"],
            f"{raw.entries[line['entry']]['at']:%Y-%m-%d %H:%M:%S}",
        )
        for line in wanted
    ]
    moved = [
        (r["ledger_account"], r["unit"], Decimal(r["debit"]) - Decimal(r["credit"])) for r in rows
    ]
    assert summed(moved) == balances(raw, month, opening=False)
    text = exported(town, "sales-csv", month, Language.ARABIC).decode("utf-8-sig")
    sales = {int(row["entry"]): row for row in csv.DictReader(text.splitlines())}
    touched = [one for one in raw.touched() if month in (None, f"{raw.day(one[0]):%Y-%m}")]
    assert list(sales) == [entry for entry, _, _ in touched]
    for entry, sale, sign in touched:
        row = {
            n: Decimal(sales[entry][n]) * 100
            for n in ("amount", "net", "vat", "rounding", "commission")
        }
        ways = {n: int(Decimal(sales[entry][n]) * 100) for n in TENDERS.values()}
        assert {n: amount for n, amount in ways.items() if amount} == raw.ways(entry, sale, sign)
        assert sum(ways.values()) == row["amount"] + row["rounding"]
        assert row["amount"] == sign * sale["tendered"]
        assert row["vat"] == -raw.moved(entry, "2020")
        assert row["rounding"] == -raw.moved(entry, "5040")
        assert row["commission"] == raw.moved(entry, "5020")
        assert row["net"] == (0 if raw.is_refund(entry) else sign * sale["net"])


@pytest.mark.parametrize("month", MONTHS)
def test_hledger_finds_what_the_journal_holds(
    town: WholeTown, raw: RawBooks, month: str | None, tmp_path: Path
) -> None:
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not installed")
    written = tmp_path / "town.journal"
    written.write_bytes(exported(town, "hledger", month, Language.ENGLISH))
    run(program, "check", "--strict", "-f", str(written))
    asked = ("bal", "-f", str(written), "--flat", "-N", "-O", "csv", "--layout=bare")
    rows = csv.reader(run(program, *asked).splitlines()[1:])
    found = [(name.split(":")[1][:4], unit.strip('"'), Decimal(n)) for name, unit, n in rows]
    assert summed(found) == balances(raw, month, opening=True)


@pytest.mark.parametrize("month", MONTHS)
def test_beancount_finds_what_the_journal_holds(
    town: WholeTown, raw: RawBooks, month: str | None, tmp_path: Path
) -> None:
    check, query = shutil.which("bean-check"), shutil.which("bean-query")
    if check is None or query is None:
        pytest.skip("beancount is not installed")
    written = tmp_path / "town.beancount"
    written.write_bytes(exported(town, "beancount", month, Language.ENGLISH))
    assert not run(check, str(written))
    asked = "select account, currency, sum(number) group by account, currency"
    rows = list(csv.reader(run(query, "-f", "csv", str(written), asked).splitlines()[1:]))
    units = {"KWH": "kWh", "M3": "m3", "TOKEN": "token", "ILS": "ILS"}
    found = []
    for name, unit, amount in rows:
        code = re.search(r"\b(\d{4})\b", name)
        assert code is not None
        found.append((code[1], units[unit.strip()], Decimal(amount.strip())))
    assert summed(found) == balances(raw, month, opening=True)


def run(program: str, *options: str) -> str:
    done = subprocess.run([program, *options], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
