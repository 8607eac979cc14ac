"""A line on which answers take long: what comes late never comes up over what is newer, and what
changes something is waited for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Dialog, Page, Route, expect

from tests.browser.support import MAYA, SAMIR, Municipality, ask, read, signed_in
from vending import web
from vending.cli.listening import KEPT_S

pytestmark = pytest.mark.system

TOKEN = re.compile(r"^(\d{4} ){4}\d{4}$")
OTHER = "10002"


class Held:
    """Answers that are on their way."""

    def __init__(self) -> None:
        self._answers: list[tuple[Route, APIResponse]] = []

    def hold(self, route: Route) -> None:
        self._answers.append((route, route.fetch()))

    def wait(self, page: Page) -> None:
        """Until the first is there; the server has done what was asked by then."""
        while not self._answers:
            page.wait_for_timeout(20)

    def let_go(self, page: Page) -> None:
        """They come in, for those who still wait for them."""
        for route, answer in self._answers:
            route.fulfill(response=answer)
        page.wait_for_timeout(200)


@contextmanager
def slow(page: Page, pattern: str) -> Iterator[Held]:
    """Answers from addresses like `pattern` are held."""
    held = Held()
    page.route(pattern, held.hold)
    try:
        yield held
    finally:
        page.unroute(pattern)


@pytest.fixture
def till(chromium: Browser, town_hall: Municipality) -> Iterator[Page]:
    with signed_in(chromium, town_hall, MAYA) as page:
        yield page


@pytest.mark.parametrize("meanwhile", ["F2", "F4", "F8", "F9", "Escape", "Enter", "a click"])
def test_a_sale_on_its_way_is_waited_for(
    till: Page, town_hall: Municipality, meanwhile: str
) -> None:
    before = town_hall.count("sales")
    ask(till, "50")
    with slow(till, "**/counter/sell") as held:
        till.keyboard.press("Enter")
        held.wait(till)
        assert town_hall.count("sales") == before + 1
        if meanwhile == "a click":
            till.locator("header a[href='/customers']").click()
        else:
            till.keyboard.press(meanwhile)
        # What stands there stands, and who is impatient is told why.
        expect(till.locator("#waiting")).to_be_visible()
        expect(till.locator("#sell")).to_be_visible()
        held.let_go(till)
    expect(till.locator(".token").first).to_have_text(TOKEN)
    expect(till.locator("#waiting")).to_be_hidden()
    # And the keys serve again.
    till.keyboard.press("F2")
    expect(till.locator("#find")).to_be_focused()
    assert town_hall.count("sales") == before + 1


def test_who_leaves_while_a_sale_is_on_its_way_is_asked(till: Page) -> None:
    """By a new load of the page, the way back, the cross of the window."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    till.on("dialog", stay)
    ask(till, "50")
    with slow(till, "**/counter/sell") as held:
        till.keyboard.press("Enter")
        held.wait(till)
        till.evaluate("setTimeout(() => location.reload())")
        expect(till.locator("#waiting")).to_be_visible()
        assert asked == ["beforeunload"]
        held.let_go(till)
    expect(till.locator(".token").first).to_have_text(TOKEN)
    # Afterwards nobody is.
    till.reload()
    assert len(asked) == 1


def test_who_waits_long_is_told(chromium: Browser, town_hall: Municipality) -> None:
    with signed_in(chromium, town_hall, SAMIR) as page:
        ask(page, "50")
        with slow(page, "**/counter/sell") as held:
            page.keyboard.press("Enter")
            expect(page.locator("#waiting")).to_be_hidden()
            held.wait(page)
            expect(page.locator("#waiting")).to_contain_text("بانتظار الجواب")
            held.let_go(page)
        expect(page.locator(".token").first).to_have_text(TOKEN)


def test_an_older_quote_never_comes_up_over_a_newer_customer(
    till: Page, town_hall: Municipality
) -> None:
    """Enter would sell to who left."""
    before = town_hall.count("sales")
    till.goto("/counter?find=10001")
    expect(till.locator("input[name^='amount:']").first).to_be_focused()
    with slow(till, "**/counter/preview") as held:
        till.keyboard.type("50")
        till.keyboard.press("Enter")
        held.wait(till)
        till.keyboard.press("F2")
        expect(till.locator("#find")).to_be_focused()
        till.keyboard.type(OTHER)
        till.keyboard.press("Enter")
        expect(till.locator("input[name=account]")).to_have_value(OTHER)
        held.let_go(till)
        expect(till.locator("input[name=account]")).to_have_value(OTHER)
        expect(till.locator("#sell")).to_have_count(0)
    read(till)
    till.keyboard.press("Enter")
    assert town_hall.count("sales") == before


def test_an_older_page_never_comes_up_over_a_newer_one(till: Page) -> None:
    with slow(till, "**/shift") as held:
        till.keyboard.press("F4")
        held.wait(till)
        till.keyboard.press("F2")
        expect(till.locator("#find")).to_be_focused()
        till.keyboard.type("100")
        held.let_go(till)
        expect(till.locator("#find")).to_have_value("100")
    expect(till.locator("html")).not_to_have_attribute("aria-busy", "true")


def test_a_line_is_kept_from_one_click_to_the_next() -> None:
    """The pages' heartbeat comes before the server would hang up: no step of a sale waits for a
    new line."""
    script = (Path(web.__file__).parent / "static" / "raseed.js").read_text("utf-8")
    (beat_ms,) = re.findall(r"SLOW_BEAT = ([\d_]+);", script)
    assert int(beat_ms) / 1000 < KEPT_S / 2
