"""A clerk's day in the browser: in by the door, the till opened, sales, cash out, counted blind
with a shortage; and out again when a supervisor says so. Also without any script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import (
    MAYA,
    PASSWORD,
    SAMIR,
    Municipality,
    ask,
    close_till,
    count_till,
    sign_in,
    signed_in,
    visiting,
)
from vending.parties import Actor, Role
from vending.settings import Settings
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

SUPERVISOR = Actor("boss", Role.SUPERVISOR)


def sell(page: Page, amount: str) -> None:
    ask(page, amount)
    page.keyboard.press("Enter")
    expect(page.locator(".token").first).to_be_visible()


def test_from_open_to_z_with_a_shortage(chromium: Browser, town_hall: Municipality) -> None:
    with signed_in(chromium, town_hall, MAYA) as page:
        page.goto("/shift")
        expect(page.locator("[name=float]")).to_be_focused()
        page.keyboard.type("100")
        page.keyboard.press("Enter")
        expect(page.locator("#find")).to_be_focused()
        sell(page, "50")
        sell(page, "30")
        page.goto("/shift")
        page.locator("details:not(.strips) summary").click()
        page.get_by_label("From the drawer into the safe").check()
        page.get_by_label("How much").fill("60")
        page.get_by_label("Why").fill("to the safe")
        page.keyboard.press("Enter")
        expect(page.locator("table").first).to_contain_text("60.00")
        # 100 + 50 + 30 - 60 = 120, and nobody is told before the count.
        expect(page.locator("main")).not_to_contain_text("120.00")
        count_till(page, {"50.00": 2, "5.00": 1})
        expect(page.locator("main")).to_contain_text("105.00")
        expect(page.locator("main")).not_to_contain_text("120.00")
        # One note was forgotten: back to the count, which stands as it was typed.
        page.keyboard.press("Escape")
        fifties = page.locator("input[inputmode=numeric][name='pieces:50.00']")
        expect(fifties).to_have_value("2")
        expect(page.locator("main")).not_to_contain_text("120.00")
        fifties.press("Enter")
        expect(page.locator("form[action='/shift/close'] button")).to_be_focused()
        close_till(page)
        cash = page.get_by_role("row").filter(has_text=re.compile("^ *cash"))
        for sum_ in ("120.00", "105.00", "-15.00"):
            expect(cash).to_contain_text(sum_)


def test_wrong_passwords_wait(chromium: Browser, town_hall: Municipality) -> None:
    with visiting(chromium, town_hall, locale="en") as page:
        page.goto("/sign-in")
        for _ in range(5):
            page.locator("[name=name]").fill("somebody")
            page.locator("[name=password]").fill("not the password")
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            expect(page.locator("#problem")).to_be_visible()
        expect(page.locator("#problem")).to_contain_text(re.compile(r"\d+"))
        # Another person at the same address is not kept waiting.
        sign_in(page, SAMIR)


def test_a_session_that_is_ended_is_out_at_the_next_click(
    chromium: Browser, town_hall: Municipality
) -> None:
    with signed_in(chromium, town_hall, SAMIR) as page:
        with open_raseed(Settings(data=town_hall.folder)) as raseed:
            for session in raseed.office.sessions(SUPERVISOR):
                if session.user == SAMIR.name:
                    raseed.office.end_session(SUPERVISOR, session.digest, "his shift is over")
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type("10001")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/sign-in\?next=/counter$"))
        # And back to where he was.
        expect(page.locator("[name=name]")).to_be_focused()
        page.keyboard.type(SAMIR.name)
        page.keyboard.press("Tab")
        page.keyboard.insert_text(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/counter")


def test_a_day_without_script(chromium: Browser, town_hall: Municipality) -> None:
    before = town_hall.count("sales")
    with signed_in(chromium, town_hall, SAMIR, java_script_enabled=False) as page:
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type("10001")
        page.keyboard.press("Enter")
        page.wait_for_url("**find=10001")
        expect(page.locator("input[name^='amount:']").first).to_be_focused()
        page.keyboard.type("50")
        page.keyboard.press("Enter")
        page.wait_for_url("**/preview")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sell")
        assert re.fullmatch(r"(\d{4} ){4}\d{4}", page.locator(".token").first.inner_text())
        page.reload()
        assert "مرتين" in page.locator(".done").first.inner_text()
    assert town_hall.count("sales") == before + 1
