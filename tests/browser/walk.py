"""A walk through every page that there is, stop by stop, for tests that look at each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.support import (
    BOSS,
    PASSWORD,
    Clerk,
    close_till,
    count_till,
    read,
    sign_in,
)
from vending.demo import people


@dataclass(frozen=True, slots=True)
class Insider:
    """Somebody of the demo, and the pages that belong to their work."""

    name: str
    paths: tuple[str, ...]


OUTSIDE: Final = ("/sign-in", "/set-up", "/device")
FIRST_RUN: Final = (
    "/setup",
    "/municipality",
    "/points",
    "/customers/new",
    "/customers/{account}/change",
    "/customers/{account}/meter",
    "/devices",
    "/keys",
    "/people/{name}",
    "/trail",
    "/clock",
)
INSIDE: Final = (
    "/",
    "/counter",
    "/counter/last",
    "/counter/practice/last",
    "/counter/sales/{vend_id}",
    "/counter/sales/{subject}/printing",
    "/customers",
    "/customers/{account}",
    "/customers/{account}/statement",
    "/customers/{account}/statement/{subject}/printing",
    "/faults",
    "/faults/new",
    "/faults/{number}",
    "/me",
    "/shift",
    "/shift/all",
    "/shift/banked",
    "/shift/banked/{id}",
    "/shift/banked/{subject}/printing",
    "/shift/count",
    "/shift/x/{id}",
    "/shift/x/{subject}/printing",
    "/shift/{id}/z",
    "/shift/{subject}/printing",
)
"""Addresses of pages, as routes write them, that a way through them comes by for certain."""

_OFFICE: Final = (
    "/office",
    "/approvals",
    "/blocks",
    "/people",
    "/people/samir",
    "/devices",
    "/keys",
)
_CUSTOMERS: Final = (
    "/customers",
    "/customers?find=zzz",
    "/customers/1007",
    "/customers/1007/statement",
)
INSIDERS: Final = (
    Insider("rana", ("/", *_CUSTOMERS, "/faults/new?account=1014", "/shift/all", "/counter/last")),
    Insider("maya", ("/", *_CUSTOMERS, "/faults", "/faults/new?account=1014", "/shift/all")),
    Insider("nadia", ("/", *_OFFICE, "/shift/all", "/customers/1007")),
    Insider("basem", ("/", *_OFFICE, "/sessions", "/trail", "/clock", "/faults?state=all")),
    Insider("adnan", ("/", *_OFFICE, "/sessions", "/trail", "/municipality", "/faults?state=all")),
    Insider("fadi", ("/", "/faults", "/customers/1007")),
)


def around(page: Page, who: Insider, secret: str) -> Iterator[str]:
    """The pages of one role, behind their door; `secret` of their second factor, if they need
    one."""
    page.goto(f"/sign-in?terminal={people.TERMINALS.get(who.name, '')}")
    page.locator("[name=name]").fill(who.name)
    page.locator("[name=password]").fill(people.PASSWORD)
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now() if secret else "")
    page.keyboard.press("Enter")
    expect(page.locator(".doors").first).to_be_visible(timeout=30_000)
    for path in who.paths:
        page.goto(path)
        yield who.name + path.replace("/", "-").replace("?", "-").replace("=", "-")


def outside(page: Page) -> Iterator[str]:
    """What is seen before anybody is let in. The administrator has no second factor yet."""
    page.goto("/device")
    yield "device"
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
        ("/points", "points"),
        ("/customers/new", "customer-new"),
        ("/customers/9001/meter", "customer-meter"),
        ("/customers/9001/change", "customer-change"),
        ("/people", "people"),
        ("/people/amal", "person"),
        ("/sessions", "sessions"),
        ("/devices", "devices"),
        ("/keys", "keys"),
        ("/trail", "trail"),
        ("/clock", "clock"),
        ("/shift/all", "shifts"),
        ("/customers/9001", "customer-office"),
        ("/me", "me-office"),
    ):
        page.goto(path)
        yield name
    for path, name in (("/devices", "device-key"), ("/keys", "program-key")):
        page.goto(path)
        making = page.locator(f"form[action='{path}']")
        making.locator("[name=name]").fill("till-9")
        making.locator("[name=terminal]").fill("T9")
        making.locator("button").click()
        expect(page.locator("code.key")).to_be_visible()
        yield name


def inside(page: Page, clerk: Clerk) -> Iterator[str]:
    """A clerk's day."""
    sign_in(page, clerk, "/")
    yield "home"
    page.goto("/counter/sales/c-nothing")
    yield "never-sold"
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
    copying = page.locator("form[action^='/counter/sales/'][action$='/copy']")
    sale = (copying.get_attribute("action") or "").removesuffix("/copy")
    page.keyboard.press("F8")
    expect(page.locator(".copy-mark")).to_be_visible()
    yield "copy"
    page.goto(f"{sale}/printing")
    yield "printing"
    page.goto("/counter")
    page.locator("button[name=on]").click()
    expect(page.locator(".practice-mark")).to_be_visible()
    yield "practice"
    yield from _practised(page)
    page.locator(".practice-bar button").click()
    expect(page.locator(".practice-mark")).to_be_hidden()
    yield from _till(page)
    for path, name in (
        ("/customers", "customers"),
        ("/customers/10001", "customer-file"),
        ("/customers/10001/statement", "statement"),
        ("/customers/10001/statement/A1/printing", "statement-printing"),
        ("/shift/s-1/printing", "shift-printing"),
        ("/shift/x/x-1/printing", "x-report-printing"),
        ("/shift/banked/b-1/printing", "banked-printing"),
        ("/faults", "faults"),
        ("/faults/new?account=10001", "fault-new"),
    ):
        page.goto(path)
        yield name
    page.locator("[name=text]").fill("بلا كهرباء منذ أمس")
    page.locator("form[action='/faults'] button").click()
    page.wait_for_url(re.compile(r"/faults/\d+$"))
    yield "fault"
    page.goto("/me")
    yield "me"
    page.locator("[name=old]").fill("wrong password")
    page.locator("[name=new]").fill("a new one of mine")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_be_visible()
    yield "me-wrong"


def _practised(page: Page) -> Iterator[str]:
    page.goto("/shift")
    page.locator("[name=float]").fill("100")
    page.keyboard.press("Enter")
    page.wait_for_url("**/counter")
    page.goto("/counter?find=10001")
    page.locator("input[name^='amount:']").first.fill("50")
    page.keyboard.press("Enter")
    expect(page.locator("#sell")).to_be_focused()
    yield "practice-preview"
    read(page)
    page.keyboard.press("Enter")
    expect(page.locator(".token").first).to_be_visible()
    yield "practice-sold"
    page.keyboard.press("F9")
    page.wait_for_url("**/counter/practice/last")
    yield "practice-became"
    page.keyboard.press("F8")
    expect(page.locator(".copy-mark")).to_be_visible()
    yield "practice-copy"
    count_till(page, {"50.00": 3})
    close_till(page)
    yield "practice-z"
    page.goto("/customers/10001")
    yield "practice-customer"


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
    yield "shift-standing"
    page.keyboard.press("F10")
    page.wait_for_url("**/shift/x/*")
    yield "x-report"
    page.locator("form[action$='/copy'] button").click()
    expect(page.locator(".copy-mark")).to_be_visible()
    yield "x-report-copy"
    page.goto("/shift")
    yield "shift-with-x-report"
    page.goto("/shift/count")
    yield "shift-count"
    count_till(page, {"50.00": 3})
    yield "shift-counted"
    close_till(page)
    yield "shift-z"
    page.goto("/shift/all")
    yield "shift-all"
    page.goto("/shift/banked")
    yield "bank"
    page.locator("form[method=post][action='/shift/banked'] button").click()
    page.wait_for_url("**/shift/banked/*")
    page.locator("details summary").click()
    yield "slip"
