"""The whole sale by keyboard, in both languages, counted in keystrokes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Clerk, Keyboard, Municipality, read

pytestmark = pytest.mark.system

MOST_STROKES = 12


def test_a_known_customer_is_served_in_a_dozen_keystrokes(
    desk: Page, clerk: Clerk, town_hall: Municipality
) -> None:
    before = town_hall.count("sales")
    keys = Keyboard(desk)
    expect(desk.locator("html")).to_have_attribute(
        "dir", "rtl" if clerk.language == "ar" else "ltr"
    )
    expect(desk.locator("#find")).to_be_focused()
    keys.type("10001")
    keys.press("Enter")
    expect(desk.locator("input[name^='amount:']").first).to_be_focused()
    keys.type("50")
    keys.press("Enter")
    expect(desk.locator("#sell")).to_be_focused()
    expect(desk.locator(".due")).to_contain_text("50.00")
    read(desk)
    keys.press("Enter")
    expect(desk.locator(".token").first).to_have_text(re.compile(r"^(\d{4} ){4}\d{4}$"))
    assert keys.strokes <= MOST_STROKES
    assert town_hall.count("sales") == before + 1
    # And the next customer stands there: the keyboard is at the button, a moment behind the digits.
    expect(desk.locator("main a[href='/counter'][autofocus]")).to_be_focused()
    keys.press("Enter")
    expect(desk.locator("#find")).to_be_focused()


def test_no_key_falls_between_two_pages(desk: Page) -> None:
    """The keyboard is at the amount in the very turn in which the customer comes up."""
    expect(desk.locator("#find")).to_be_focused()
    desk.evaluate(
        "document.addEventListener('htmx:afterSwap', () =>"
        " queueMicrotask(() => { at = document.activeElement.id }))"
    )
    desk.keyboard.type("10001")
    desk.keyboard.press("Enter")
    expect(desk.locator("input[name^='amount:']").first).to_be_focused()
    assert str(desk.evaluate("at")).startswith("amount-")
