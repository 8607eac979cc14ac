"""A list of sales from a spreadsheet: nothing is sold while a row is written wrongly, each row once
however often the file is sent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.support import POWER, WATER
from vending.cli.lists import MOST_BYTES, MOST_ROWS, ListColumns, ListTooLong, ListUnusable
from vending.cli.sales_file import read_sales
from vending.requests import Allowance, BasketRequest, Credit, DebtPayment, Units
from vending.sale import Payment, Tender

from .support import Shell, Told

P, W = POWER.number, WATER.number


def sent(town: Shell, text: str, *more: str, **environment: str) -> Told:
    """The answer to a file of this text."""
    file = town.folder / "list.csv"
    file.write_text(text, "utf-8")
    return town.run("vend-many", str(file), "--point", "P1", *more, **environment)


def outcomes(told: Told) -> list[tuple[str, str]]:
    return [(row["vend_id"], row["outcome"]) for row in told.json["sales"]]


def test_a_list_is_sold_once(town: Shell) -> None:
    bank = f"""vend_id,meter,amount,units,tender,reference
bank-1,{P},50.00,,transfer,TR-1
bank-2,{W},,10,card,
bank-3,{W},20.00,,,
"""
    told = sent(town, bank)
    assert told.code == 0
    assert [line.split(": ") for line in told.out.splitlines()] == [
        ["Sold now", "3"], ["Sold before", "0"], ["Not sold", "0"],
    ]  # fmt: skip
    again = sent(town, bank + f"bank-4,{P},10,,wallet,W-1\n", "--json")
    assert outcomes(again) == [
        ("bank-1", "replayed"), ("bank-2", "replayed"), ("bank-3", "replayed"), ("bank-4", "sold"),
    ]  # fmt: skip
    baskets = [row["basket"] for row in again.json["sales"]]
    assert all(basket["sales"][0]["tokens"][0]["digits"] for basket in baskets)
    assert [basket["sales"][0]["tender"] for basket in baskets] == [
        "transfer", "card", "cash", "wallet",
    ]  # fmt: skip
    # One path: what the list sold is what `vend` of this id sold.
    alone = town.run("vend", W, "20", "--id", "bank-3", "--point", "P1", "--json")
    assert alone.json["replayed"]
    assert town.run("ledger", "verify", "--json").json["entries"] == 4


def test_nothing_is_sold_while_a_row_is_wrong(town: Shell) -> None:
    text = f"""vend_id,kind,meter,amount,units
a,,{P},50,
b,credit,{P},fifty,
c,gift,{P},50,
d,,{P},50,10
e,,01000000015,50,
a,,{W},20,
,,{P},20,
f,,{P},20,5,00
g,allowance,{P},20,
"""
    told = sent(town, text)
    assert told.code == 2
    assert "Nothing was done" in told.err
    rows = [line.split() for line in told.out.splitlines() if line[:1].isdigit()]
    assert {row[0]: row[-1].strip("[]") for row in rows} == {
        "3": "quantity.not_a_number",
        "4": "vend.row_kind",
        "5": "vend.row_asks",
        "6": "meter.check_digit",
        "7": "vend.id_repeated",
        "8": "vend.id_malformed",
        "9": "list.row_cells",
        "10": "vend.row_asks",
    }
    assert "Not sold: 9" in told.out
    assert town.run("sale", "list", "--json").json == []
    by_code = {row["problem"]["code"] for row in sent(town, text, "--json").json["sales"]}
    assert "list.not_tried" in by_code


def test_what_is_refused_spoils_no_other_row(town: Shell) -> None:
    town.run("block", "set", "meter", W, "--reason", "Seal is broken")
    told = sent(town, f"vend_id,meter,amount\na,{P},50\nb,{W},50\nc,{P},30\n", RASEED_LANG="ar")
    assert told.code == 3
    assert "vend.blocked" in told.out
    assert "بيع الآن" in told.out
    assert [row["vend_id"] for row in town.run("sale", "list", "--json").json] == ["c", "a"]


def test_a_fault_that_nobody_foresaw(town: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("vending.counter.entry_of", broken)
    told = sent(town, f"vend_id,meter,amount\na,{P},50\n")
    assert told.code == 70
    assert "unexpected" in told.out
    assert "a fault of ours" not in told.out + told.err


FORMS = [
    ("vend_id,meter,amount\na,{P},50\n", "utf-8"),
    ("vend_id;meter;amount\r\na;{P};50\r\n", "utf-8-sig"),
    ("Meter\tVend_ID\t amount \n{P}\ta\t 50.00\n\n\t\t\n", "utf-8"),
    ('meter,amount,vend_id,kind\n"{P}","٥٠","a",credit', "utf-8"),
]


@pytest.mark.parametrize(("text", "encoding"), FORMS)
def test_as_spreadsheets_save_it(tmp_path: Path, text: str, encoding: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(text.replace("{P}", P).encode(encoding))
    (row,) = read_sales(file, "ILS")
    assert (row.cells.line, row.cells.texts["vend_id"]) == (2, "a")
    assert row.asked == BasketRequest("a", (Credit(P, Money(5000)),))


ROWS = [
    ("a,credit,{P},50,,,,", Credit(P, Money(5000)), (), None),
    ("a,,{P},,10,,card,", Credit(P, Units("10")), (), Tender.CARD),
    ("a,allowance,{P},,,,,", Allowance(P), (), None),
    ("a,payment,{P},30,,,cash,", DebtPayment(P, Money(3000)), (), Tender.CASH),
    (
        "a,payment,{P},30,,arrears,cheque,Nr 4",
        DebtPayment(P, Money(3000), "arrears"),
        (Payment(Tender.CHEQUE, Money(3000), "Nr 4"),),
        None,
    ),
]


@pytest.mark.parametrize(("cells", "item", "payments", "tender"), ROWS)
def test_every_kind_of_row(
    tmp_path: Path, cells: str, item: Any, payments: Any, tender: Tender | None
) -> None:
    file = tmp_path / "list.csv"
    head = "vend_id,kind,meter,amount,units,debt,tender,reference"
    file.write_text(f"{head}\n{cells.replace('{P}', P)}\n", "utf-8")
    (row,) = read_sales(file, "ILS")
    assert row.asked == BasketRequest("a", (item,), payments, tender=tender)


WRONG = [
    ("a,,{P},,,,,", "vend.row_asks"),
    ("a,payment,{P},,5,,,", "vend.row_asks"),
    ("a,,{P},50,,arrears,,", "vend.row_asks"),
    ("a,,{P},,10,,card,slip 4", "vend.row_asks"),
    ("a,,{P},50,,,,slip 4", "vend.row_asks"),
    ("a,,{P},,ten,,,", "quantity.not_a_number"),
    ("a,,{P},50,,,gold,", "vend.tender_unknown"),
    ("a,,{P},50,,,mixed,", "vend.tender_unknown"),
    ("a b,,{P},50,,,,", "vend.id_malformed"),
    ("a", "meter.number_length"),
]


@pytest.mark.parametrize(("cells", "code"), WRONG)
def test_what_is_wrong_with_a_row(tmp_path: Path, cells: str, code: str) -> None:
    file = tmp_path / "list.csv"
    head = "vend_id,kind,meter,amount,units,debt,tender,reference"
    file.write_text(f"{head}\n{cells.replace('{P}', P)}\n", "utf-8")
    (row,) = read_sales(file, "ILS")
    assert isinstance(row.asked, RaseedError)
    assert row.asked.code == code


FILES = [
    ("vend_id,amount\n", "list.columns"),
    ("vend_id,meter,price\n", "list.columns"),
    ("vend_id,meter,meter\n", "list.columns"),
    ("", "list.columns"),
    ('vend_id,meter\na,"b', "list.unusable"),
    ("vend_id,meter\n" + "a,b\n" * (MOST_ROWS + 1), "list.too_long"),
    ("vend_id,meter\n" + "x" * MOST_BYTES, "list.too_long"),
    ("vend_id,meter\n\udcff", "list.unusable"),
]


@pytest.mark.parametrize(("text", "code"), FILES, ids=range(len(FILES)))
def test_a_file_that_is_no_list(town: Shell, text: str, code: str) -> None:
    file = town.folder / "list.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    told = town.run("vend-many", str(file), "--point", "P1")
    assert (told.code, told.out) == (2, "")
    assert f"[{code}]" in told.err


def test_no_file(town: Shell) -> None:
    told = town.run("vend-many", str(town.folder / "none.csv"))
    assert "list.unusable" in told.err


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
@example(b"vend_id,meter\na,\0\n")
@example(b"vend_id,meter\n\x0b\x1c\n")
def test_whatever_a_file_holds(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "list.csv"
    for content in (raw, b"vend_id,kind,meter,amount,units\n" + raw):
        file.write_bytes(content)
        with suppress(ListUnusable, ListColumns, ListTooLong):
            read_sales(file, "ILS")
