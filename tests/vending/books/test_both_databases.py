"""Bookkeeping does the same on SQLite and on PostgreSQL: same seals, sums, statements, files."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.vending.books.support import BILLING, CHIEF, SHORT, Office, move
from tests.vending.support import Town, chart
from vending.exports import FORMATS
from vending.ledger import joined
from vending.messages import Language
from vending.store import proving
from vending.store.books import SqlBooks

pytestmark = pytest.mark.system

KNOWN: dict[str, object] = {}
"""What the first database answered; the next must answer the same."""


def two_months(place: Path | str) -> Office:
    """Sales, an adjustment and its reversal, a gift to a customer, a closed month."""
    made = Office(Town(place))
    made.sell("a", "b", "c")
    made.keeping.seal(BILLING)
    made.keeping.adjust(BILLING, "ADJ-1", SHORT, "قياس: Short at the count")
    made.keeping.approve(CHIEF, "ADJ-1")
    made.keeping.adjust(BILLING, "GIFT", move(("4010", ""), ("2010", "A1"), 700), "Ran fast")
    made.keeping.approve(CHIEF, "GIFT")
    made.keeping.adjust(BILLING, "LATE", SHORT, "Not booked", booked_on="2026-11-23")
    made.keeping.void(CHIEF, "LATE", "A mistake of mine")
    made.town.clock.forward(days=10)
    made.sell("d", "e")
    made.keeping.reverse(BILLING, "REV-1", 4, "The money was found")
    made.keeping.approve(CHIEF, "REV-1")
    made.close_month("2026-11")
    made.keeping.reopen(CHIEF, "2026-11", "A slip came late")
    made.close_month("2026-11")
    made.keeping.seal(BILLING)
    return made


def told(here: Office) -> dict[str, object]:
    """Everything that the books answer."""
    reports = here.reports
    files = {}
    for name in ("hledger", "beancount", "csv", "sales-csv"):
        for month in (None, "2026-11", "2026-12"):
            out = BytesIO()
            with reports.journal(CHIEF, month) as view:
                FORMATS[name].write(view, out, Language.ARABIC)
            files[name, month] = out.getvalue().decode()
    return {
        "report": here.keeping.verify(CHIEF),
        "seals": reports.seals(CHIEF),
        "periods": reports.periods(CHIEF),
        "adjustments": reports.adjustments(CHIEF),
        "older adjustments": reports.adjustments(CHIEF, before="LATE"),
        "balances": [reports.balances(CHIEF, m) for m in (None, "2026-11", "2026-12")],
        "accounts": [reports.account(CHIEF, a.code, "", "2026-11-24") for a in chart().accounts()],
        "holders": [reports.holders(CHIEF, a.code, "2026-11-30") for a in chart().accounts()],
        "breakdowns": [reports.breakdown(CHIEF, d) for d in (None, "2026-11-24")],
        "entries": [reports.entry(CHIEF, number) for number in (1, 4)],
        "customers": [reports.customer(CHIEF, a) for a in ("A1", "A2")],
        "takings": reports.takings(CHIEF, None, "2026-11-01"),
        "checks": [asdict(reports.check(CHIEF, d)) for d in ("2026-11-23", "2026-12-03")],
        "files": files,
    }


def test_both_answer_the_same(place: Path | str) -> None:
    here = two_months(place)
    try:
        answers = told(here)
        assert here.keeping.verify(CHIEF).ok
        for name, answer in answers.items():
            assert answer == KNOWN.setdefault(name, answer), name
    finally:
        here.close()


def test_stretches_join_on_both(place: Path | str) -> None:
    here = two_months(place)
    try:
        alone = here.books.proved(chart())
        for workers in (2, 5):
            ends = [alone.entries * part // workers for part in range(1, workers + 1)]
            url = here.town.store.engine.url.render_as_string(hide_password=False)
            marked = [seal.entry for seal in here.reports.seals(CHIEF)]
            stretches = [
                proving._stretch(url, chart(), marked, begin, end)
                for begin, end in zip([0, *ends], ends, strict=False)
            ]
            whole = joined(stretches, ends)
            assert (whole.number, whole.hash) == (alone.entries, alone.head.hash)
            assert {mark.entry for mark in whole.marks} == set(marked)
        assert SqlBooks(here.town.store, 4).proved(chart()) == alone
    finally:
        here.close()


@pytest.mark.parametrize("table", ["seals", "period_acts", "adjustments", "decisions"])
def test_the_database_refuses_edits(place: Path | str, table: str) -> None:
    here = two_months(place)
    try:
        column = "state" if table == "decisions" else "reason" if table != "seals" else "actor"
        for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError), here.town.store.engine.begin() as db:
                db.execute(text(statement))
        assert here.keeping.verify(CHIEF).ok
    finally:
        here.close()
