"""A walk through every page that there is, stop by stop, for tests that look at each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.support import BOSS, PASSWORD, Clerk, read, sign_in


def outside(page: Page) -> Iterator[str]:
    """What is seen before anybody is let in. The administrator has no second factor yet."""
    page.goto("/sign-in")
    yield "sign-in"
    page.locator("[name=name]").fill("nobody")
    page.locator("[name=password]").fill("wrong password")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    yield "sign-in-wrong"
    page.locator("[name=name]").fill(BOSS)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/set-up")
    yield "set-up-second-factor"


def first_run(page: Page, code: str) -> Iterator[str]:
    """From the set-up code to a municipality that has a name."""
    page.goto("/")
    page.wait_for_url("**/setup")
    yield "setup"
    for typed in ("WRONG-CODE", code):
        page.locator("[name=code]").fill(typed)
        page.locator("[name=name]").fill("amal")
        page.locator("[name=name_ar]").fill("أمل")
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        if typed != code:
            expect(page.locator("#problem")).to_be_visible()
            yield "setup-wrong"
    page.wait_for_url("**/set-up")
    yield from office(page)


def office(page: Page) -> Iterator[str]:
    """An administrator's pages, from the second factor on."""
    secret = page.locator("[name=secret]").input_value()
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.keyboard.press("Enter")
    page.wait_for_url("**/municipality")
    page.locator("[name=name_ar]").fill("بلدية الزيتونة")
    page.locator("[name=name_en]").fill("Zaytouna Municipality")
    page.locator("[name=vat]").fill("16")
    page.keyboard.press("Enter")
    expect(page.locator("[name=reason]")).to_be_visible()
    yield "municipality"
    page.locator("#samples button").click()
    expect(page.locator("form[action='/samples/remove']")).to_be_visible()
    yield "municipality-samples"
    for path, name in (
        ("/", "home-office"),
        ("/office", "office"),
        ("/approvals", "approvals"),
        ("/blocks", "blocks"),
        ("/people", "people"),
        ("/people/amal", "person"),
        ("/sessions", "sessions"),
        ("/devices", "devices"),
        ("/keys", "keys"),
        ("/trail", "trail"),
        ("/shift/all", "shifts"),
        ("/customers/9001", "customer-office"),
        ("/me", "me-office"),
    ):
        page.goto(path)
        yield name


def inside(page: Page, clerk: Clerk) -> Iterator[str]:
    """A clerk's day."""
    sign_in(page, clerk, "/")
    yield "home"
    page.goto("/nowhere")
    yield "problem"
    page.goto("/shift")
    yield "shift-open"
    page.locator("[name=float]").fill("100")
    page.keyboard.press("Enter")
    page.wait_for_url("**/counter")
    yield "find"
    for text, name in (
        ("nobody", "find-none"),
        ("01000010016", "find-wrong"),
        ("سميره", "find-many"),
    ):
        page.goto(f"/counter?find={text}")
        yield name
    yield from _sale(page)
    page.goto("/counter/last")
    page.locator("details summary").first.click()
    yield "became"
    page.keyboard.press("F8")
    expect(page.locator(".copy-mark")).to_be_visible()
    yield "copy"
    page.goto("/counter")
    page.locator("button[name=on]").click()
    expect(page.locator(".practice-mark")).to_be_visible()
    yield "practice"
    page.locator(".keys form button").click()
    expect(page.locator(".practice-mark")).to_be_hidden()
    yield from _till(page)
    for path, name in (
        ("/customers", "customers"),
        ("/customers/10001", "customer-file"),
        ("/customers/10001/statement", "statement"),
        ("/faults", "faults"),
        ("/me", "me"),
    ):
        page.goto(path)
        yield name
    page.locator("[name=old]").fill("wrong password")
    page.locator("[name=new]").fill("a new one of mine")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    yield "me-wrong"


def _sale(page: Page) -> Iterator[str]:
    page.goto("/counter?find=10001")
    amounts = page.locator("input[name^='amount:']")
    yield "customer"
    amounts.first.fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    yield "customer-wrong"
    amounts.nth(0).fill("50")
    amounts.nth(1).fill("20")
    page.keyboard.press("Enter")
    expect(page.locator("#sell")).to_be_focused()
    page.locator("details.paying summary").click()
    yield "preview"
    page.locator("input[name='paid:cash']").fill("10")
    read(page)
    page.keyboard.press("Enter")
    expect(page.locator(".error")).to_be_visible()
    yield "not-sold"
    page.goto("/counter?find=10001")
    amounts.nth(0).fill("50")
    amounts.nth(1).fill("20")
    page.keyboard.press("Enter")
    expect(page.locator("#sell")).to_be_focused()
    page.locator("details.paying summary").click()
    page.locator("input[name='paid:cash']").fill("100")
    read(page)
    page.keyboard.press("Enter")
    expect(page.locator(".token")).to_have_count(2)
    page.locator("details summary").first.click()
    yield "sold"


def _till(page: Page) -> Iterator[str]:
    page.goto("/shift")
    for summary in page.locator("details summary").all():
        summary.click()
    yield "shift-x"
    page.goto("/shift/count")
    yield "shift-count"
    page.locator("[name='pieces:50.00']").fill("3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/z")
    yield "shift-z"
    page.goto("/shift/all")
    yield "shift-all"
    page.goto("/shift/banked")
    yield "bank"
    page.locator("form[method=post][action='/shift/banked'] button").click()
    page.wait_for_url("**/shift/banked/*")
    page.locator("details summary").click()
    yield "slip"
