"""The keys of the counter: the same from every page, on any layout of the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import SAMIR, Municipality, ask, signed_in

pytestmark = pytest.mark.system

LEADS_TO: Final = {"F2": "/counter", "F4": "/shift", "F6": "/customers"}
FROM: Final = ("/", "/counter?find=10001", "/shift", "/shift/all", "/customers", "/faults")


@pytest.fixture(scope="module")
def till(chromium: Browser, town_hall: Municipality) -> Iterator[Page]:
    with signed_in(chromium, town_hall, SAMIR) as page:
        yield page


@pytest.mark.parametrize("path", FROM)
def test_a_key_leads_to_the_same_page_from_everywhere(till: Page, path: str) -> None:
    for key, where in LEADS_TO.items():
        till.goto(path)
        till.keyboard.press(key)
        expect(till).to_have_url(re.compile(f"{where}$"))


def test_on_a_customers_page_the_sale_is_theirs(till: Page) -> None:
    till.goto("/customers/10001")
    till.keyboard.press("F2")
    expect(till).to_have_url(re.compile(r"/counter\?account=10001$"))


def test_a_key_is_known_by_its_place(till: Page) -> None:
    """Whatever a layout calls the key."""
    till.goto("/")
    named = '{code: "F6", key: "Unidentified", bubbles: true, cancelable: true}'
    till.evaluate(f'document.body.dispatchEvent(new KeyboardEvent("keydown", {named}))')
    expect(till).to_have_url(re.compile("/customers$"))


def test_a_fault_is_reported_and_back(till: Page) -> None:
    till.goto("/counter?find=10001")
    till.keyboard.press("F7")
    expect(till).to_have_url(re.compile(r"/faults/new\?account=10001$"))
    till.keyboard.press("Escape")
    expect(till).to_have_url(re.compile(r"/counter\?account=10001$"))


def test_up_and_down_among_those_who_are_meant(till: Page) -> None:
    till.goto("/counter")
    expect(till.locator("#find")).to_be_focused()
    till.keyboard.insert_text("سميره")
    till.keyboard.press("Enter")
    found = till.locator(".found a")
    expect(found.first).to_be_focused()
    till.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_be_focused()
    till.keyboard.press("ArrowUp")
    expect(found.first).to_be_focused()
    till.locator("#find").focus()
    till.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    till.keyboard.press("ArrowDown")
    name = found.nth(1).locator("strong").inner_text()
    till.keyboard.press("Enter")
    expect(till.locator(".customer h1")).to_have_text(name)


def test_cash_that_is_handed_over_and_the_change(till: Page) -> None:
    ask(till, "35.50")
    till.keyboard.press("F3")
    expect(till.locator("input[name='paid:cash']")).to_be_focused()
    till.keyboard.type("100")
    till.wait_for_timeout(200)
    till.keyboard.press("Enter")
    expect(till.locator(".change")).to_contain_text("64.50")


def test_nothing_was_typed(till: Page) -> None:
    till.goto("/counter?find=10001")
    expect(till.locator("input[name^='amount:']").first).to_be_focused()
    till.keyboard.press("Enter")
    expect(till.locator("#problem")).to_be_visible()
    expect(till.locator("input[name^='amount:']").first).to_be_focused()
