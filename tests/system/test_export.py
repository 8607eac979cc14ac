"""The real hledger and the real bean-check read the exports and find our totals, Arabic account
names and all."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from tests.vending.books.support import BILLING, CHIEF, SHORT, Office, office
from tests.vending.support import WATER, request
from vending.exports import export_format
from vending.exports.plain import amount_text
from vending.messages import Language
from vending.parties import Actor, Role

pytestmark = pytest.mark.system

CLERK = Actor('سامر; أبو (خليل) | "x", y', Role.OPERATOR, "P1", "T1")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Office]:
    """Two months, both commodities, an adjustment and its reversal."""
    made = office(tmp_path / "books.db")
    made.sell("a", "b", "c")
    made.town.service.vend(CLERK, request("w", WATER, "61.37"))
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "Short at the count")
    made.keeping.approve(CHIEF, "ADJ-1")
    made.town.clock.forward(days=10)
    made.keeping.reverse(BILLING, "REV-1", 5, "The money was found")
    made.keeping.approve(CHIEF, "REV-1")
    made.sell("d", "e")
    yield made
    made.close()


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package {package})")
    return found


def run(*command: str) -> str:
    environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=60, env=environment, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def written(here: Office, name: str, language: Language, month: str | None = None) -> Path:
    path = here.town.path.parent / f"books-{language.value}{export_format(name).suffix}"
    with here.reports.journal(CHIEF, month) as view, path.open("w+b") as out:
        export_format(name).write(view, out, language)
    return path


def ours(here: Office) -> dict[str, Decimal]:
    return {
        row.account: Decimal(amount_text(row.closing, row.unit))
        for row in here.reports.balances(CHIEF).rows
    }


@pytest.mark.parametrize("month", [None, "2026-12"])
@pytest.mark.parametrize("language", Language)
def test_hledger_finds_our_totals(here: Office, language: Language, month: str | None) -> None:
    hledger = program("hledger", "hledger")
    path = str(written(here, "hledger", language, month))
    # Every transaction balances, every account and every commodity is declared.
    run(hledger, "-f", path, "check", "--strict")
    table = run(
        hledger, "-f", path, "balance", "--flat", "--depth", "2", "--no-total", "-E", "-O", "csv"
    )
    found = {}
    for row in csv.DictReader(StringIO(table)):
        code = row["account"].split(":")[1][:4]
        found[code] = Decimal(row["balance"].split()[0].strip('"'))
    assert found == ours(here)
    assert sum(found[code] for code in found if code < "6000") == 0


def test_hledger_shows_arabic_names(here: Office) -> None:
    hledger = program("hledger", "hledger")
    path = str(written(here, "hledger", Language.ARABIC))
    accounts = run(hledger, "-f", path, "accounts", "--used").splitlines()
    assert "assets:1010 صندوق نقطة البيع:P1" in accounts


@pytest.mark.parametrize("month", [None, "2026-12"])
@pytest.mark.parametrize("language", Language)
def test_bean_check_accepts_the_ledger(here: Office, language: Language, month: str | None) -> None:
    check = program("bean-check", "beancount")
    path = written(here, "beancount", language, month)
    assert run(check, "--no-cache", str(path)) == ""
