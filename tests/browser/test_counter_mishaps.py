"""What goes wrong at a counter: a scanner that presses Enter, a key held down, three fast clicks, a
line that is cut while a sale is confirmed. There is one sale, or none, and the screen says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import SAMIR, Municipality, ask, read, signed_in
from tests.system.proxy import Cut, Proxy, proxy
from tests.vending.support import POWER

pytestmark = pytest.mark.system

TOKEN = re.compile(r"^(\d{4} ){4}\d{4}$")


@pytest.fixture
def till(chromium: Browser, town_hall: Municipality) -> Iterator[Page]:
    with signed_in(chromium, town_hall, SAMIR) as page:
        yield page


def scan(page: Page, code: str) -> None:
    """As a scanner types: everything at once, and Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_scan_finds_the_meter_and_asks_for_the_amount(till: Page) -> None:
    scan(till, f"raseed:{POWER.number}")
    expect(till.locator(f"#amount-{POWER.number}")).to_be_focused()


def test_a_scan_never_confirms(till: Page, town_hall: Municipality) -> None:
    before = town_hall.count("sales")
    till.goto("/counter?find=10001")
    amount = till.locator(f"#amount-{POWER.number}")
    expect(amount).to_be_focused()
    # Into the amount: a form that could be sent; it only shows what it would give.
    scan(till, "20")
    expect(till.locator("#sell")).to_be_focused()
    # And while the confirmation stands there with the keyboard.
    read(till)
    scan(till, POWER.number)
    read(till)
    expect(till.locator("#sell")).to_be_focused()
    assert town_hall.count("sales") == before


def test_a_key_that_is_held_down_never_confirms(till: Page, town_hall: Municipality) -> None:
    before = town_hall.count("sales")
    till.goto("/counter?find=10001")
    expect(till.locator(f"#amount-{POWER.number}")).to_be_focused()
    till.keyboard.type("20")
    till.keyboard.down("Enter")
    expect(till.locator("#sell")).to_be_focused()
    for _ in range(5):
        # The same key again without having been let go: what holding it does.
        till.wait_for_timeout(100)
        till.keyboard.down("Enter")
    till.keyboard.up("Enter")
    till.wait_for_timeout(200)
    assert town_hall.count("sales") == before
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)
    assert town_hall.count("sales") == before + 1


def test_three_fast_clicks_make_one_sale(till: Page, town_hall: Municipality) -> None:
    before = town_hall.count("sales")
    ask(till, "50")
    asked: list[str] = []
    till.on("request", lambda request: asked.append(urlsplit(request.url).path))
    till.locator("#sell").click(click_count=3, delay=5)
    expect(till.locator(".token").first).to_have_text(TOKEN)
    assert asked.count("/counter/sell") == 1
    assert town_hall.count("sales") == before + 1


def test_loading_the_page_again_sells_nothing_again(till: Page, town_hall: Municipality) -> None:
    ask(till, "50")
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)
    before = town_hall.count("sales")
    till.reload()
    expect(till.locator("input[name^='amount:']").first).to_be_focused()
    till.go_back()
    till.go_forward()
    assert town_hall.count("sales") == before


def test_digits_stay_in_no_storage_of_the_browser(till: Page) -> None:
    ask(till, "50")
    till.keyboard.press("Enter")
    digits = till.locator(".token").first.inner_text()
    kept = till.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert digits.replace(" ", "") not in kept.replace(" ", "")
    assert digits not in kept


@pytest.fixture
def between(town_hall: Municipality) -> Iterator[Proxy]:
    with proxy(("127.0.0.1", urlsplit(town_hall.url).port or 0)) as made:
        yield made


@pytest.mark.parametrize("where", [Cut.BEFORE, Cut.AFTER], ids=["before", "after"])
def test_a_line_that_is_cut_while_confirming(
    chromium: Browser, town_hall: Municipality, between: Proxy, where: Cut
) -> None:
    before = town_hall.count("sales")
    away = Municipality(town_hall.folder, f"http://127.0.0.1:{between.port}")
    with signed_in(chromium, away, SAMIR) as page:
        ask(page, "35.50")
        page.locator("details.paying summary").click()
        page.locator("input[name='paid:cash']").fill("100")
        between.cut(where, b"POST /counter/sell", stays=True)
        read(page)
        page.keyboard.press("Enter")
        banner = page.locator("#link-down")
        expect(banner).to_be_visible()
        assert between.cuts == 1
        # What was typed stands, and the page with it.
        expect(page.locator("input[name='paid:cash']")).to_have_value("100")
        between.heal()
        expect(banner).to_be_hidden()
        page.locator("#sell").click()
        expect(page.locator(".token").first).to_have_text(TOKEN)
        replayed = page.locator(".done").inner_text()
        assert ("مرتين" in replayed) == (where is Cut.AFTER)
    assert town_hall.count("sales") == before + 1
