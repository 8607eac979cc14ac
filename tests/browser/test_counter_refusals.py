"""What stands in the way of a sale, at the screen: told before the money is taken where it can be,
and in any case what became of the money, and the way on with everything that was typed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from meters.quantities import Money
from tests.browser.support import (
    CHROMIUM,
    MAYA,
    PASSWORD,
    Municipality,
    ask,
    close_till,
    count_till,
    municipality,
    read,
    signed_in,
)
from tests.vending.cli.support import PASSPHRASE
from tests.vending.support import OPERATOR, POWER
from vending.keys import Passphrase
from vending.parties import Actor, Role
from vending.sale import VendRequest
from vending.settings import Settings
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

SUPERVISOR = Actor("boss", Role.SUPERVISOR)
NOTHING = "Nothing was sold and no money was booked"
NOT_YET = "Do not take the money yet"
TOKEN = re.compile(r"^(\d{4} ){4}\d{4}$")


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Municipality]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    folder: Path = tmp_path_factory.mktemp("refusals")
    with municipality(folder, RASEED_DATABASE__BUSY_TIMEOUT_SECONDS="0.3") as made:
        yield made


@pytest.fixture
def till(chromium: Browser, hall: Municipality) -> Iterator[Page]:
    with signed_in(chromium, hall, MAYA) as page:
        yield page


@contextmanager
def stands(hall: Municipality, *statements: str) -> Iterator[None]:
    """The books as somebody in the office has left them, for a while: one statement there, one
    back."""
    there, back = statements
    with closing(sqlite3.connect(hall.folder / "raseed.db")) as db:
        with db:
            db.execute(there)
        try:
            yield
        finally:
            with db:
                db.execute(back)


def point(**terms: int) -> tuple[str, str]:
    """Terms of Maya's point, and none again."""
    ((name, value),) = terms.items()
    none = "0" if name == "needs_shift" else "NULL"
    change = f"UPDATE points SET {name} = {{}} WHERE code = 'P2'"
    return change.format(value), change.format(none)


def barred(kind: str, subject: str) -> tuple[str, str]:
    values = f"('{kind}', '{subject}', 'The seal is broken', '2026-01-01 00:00:00.000000')"
    return (
        f"INSERT INTO blocks (kind, subject, reason, since) VALUES {values}",
        f"DELETE FROM blocks WHERE subject = '{subject}'",
    )


REFUSALS = {
    "meter": (barred("meter", POWER.number), "The seal is broken"),
    "terminal": (barred("terminal", "P2/T2"), "The seal is broken"),
    "at once": (point(most_per_sale=2_000), "20.00"),
    "a day": (point(most_per_day=1), "is left for today"),
    "till": (point(most_in_till=1), "Bank the cash"),
    "shift": (point(needs_shift=1), "without an open shift"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_told_before_the_money_is_taken(till: Page, hall: Municipality, name: str) -> None:
    (there, back), words = REFUSALS[name]
    before = hall.count("sales")
    with stands(hall, there, back):
        ask(till, "50")
        warning = till.locator("main .warning").first
        expect(warning).to_contain_text(NOT_YET)
        expect(warning).to_contain_text(words)
        # Whoever goes on nevertheless is told what became of the money.
        till.keyboard.press("Enter")
        expect(till.locator("#problem")).to_contain_text(words)
        expect(till.locator("main")).to_contain_text(NOTHING)
        assert hall.count("sales") == before
    # What was in the way is gone: what was typed is still there, and it is sold once.
    till.get_by_role("button", name="Show again what it gives").click()
    expect(till.locator("#sell")).to_be_focused()
    expect(till.locator(".due")).to_contain_text("50.00")
    expect(till.locator("main")).not_to_contain_text(NOT_YET)
    read(till)
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)
    assert hall.count("sales") == before + 1


def test_from_a_missing_shift_to_the_sale(till: Page, hall: Municipality) -> None:
    with stands(hall, *point(needs_shift=1)):
        ask(till, "50")
        till.keyboard.press("Enter")
        way = till.get_by_role("button", name="To the till")
        expect(way).to_be_focused()
        till.keyboard.press("Enter")
        expect(till.locator("[name=float]")).to_be_focused()
        till.keyboard.type("100")
        till.keyboard.press("Enter")
        expect(till.locator("#find")).to_be_focused()
        ask(till, "50")
        till.keyboard.press("Enter")
        expect(till.locator(".token").first).to_have_text(TOKEN)
        count_till(till, {"50.00": 3})
        close_till(till)


def test_a_price_that_has_changed_meanwhile(till: Page, hall: Municipality) -> None:
    ask(till, "50")
    # Somebody else sells to the same meter: what the quote was made from is not so any more.
    with open_raseed(Settings(data=hall.folder), Passphrase(PASSPHRASE)) as raseed:
        sold = VendRequest("meanwhile", POWER.number, Money.from_text("20.00"))
        raseed.service.vend(OPERATOR, sold)
    before = hall.count("sales")
    till.keyboard.press("Enter")
    expect(till.locator("#problem")).to_contain_text("has changed")
    expect(till.locator("main")).to_contain_text(NOTHING)
    again = till.get_by_role("button", name="Show again what it gives")
    expect(again).to_be_focused()
    till.keyboard.press("Enter")
    expect(till.locator("#sell")).to_be_focused()
    read(till)
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)
    assert hall.count("sales") == before + 1


def test_books_that_are_held_by_another_program(till: Page, hall: Municipality) -> None:
    before = hall.count("sales")
    ask(till, "35.50")
    till.locator("details.paying summary").click()
    till.locator("input[name='paid:cash']").fill("100")
    with closing(sqlite3.connect(hall.folder / "raseed.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        read(till)
        till.keyboard.press("Enter")
        expect(till.locator("main")).to_contain_text(NOTHING)
        db.execute("ROLLBACK")
    again = till.get_by_role("button", name="Sell it now, once")
    expect(again).to_be_focused()
    read(till)
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)
    expect(till.locator(".change")).to_contain_text("64.50")
    assert hall.count("sales") == before + 1


def test_a_session_that_ends_before_the_confirmation(till: Page, hall: Municipality) -> None:
    before = hall.count("sales")
    ask(till, "50")
    with open_raseed(Settings(data=hall.folder)) as raseed:
        for session in raseed.office.sessions(SUPERVISOR):
            raseed.office.end_session(SUPERVISOR, session.digest, "her shift is over")
    till.keyboard.press("Enter")
    expect(till.locator("main")).to_contain_text("nothing was sold and no money was booked")
    assert hall.count("sales") == before
    till.locator("[name=name]").fill(MAYA.name)
    till.locator("[name=password]").fill(PASSWORD)
    till.keyboard.press("Enter")
    till.wait_for_url("**/counter")
    assert hall.count("sales") == before


def test_a_sale_that_never_was(till: Page) -> None:
    till.goto("/counter/sales/c-000000000000000000000000")
    expect(till.locator("main")).to_contain_text("no money was booked under this number")
    expect(till.get_by_role("button", name="New sale").last).to_be_focused()
