"""A municipality with people who sign in, served by a process, and their way in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pydantic import SecretStr

from tests.system.test_api_process import Server
from tests.vending.cli.support import town_shell
from tests.vending.support import ADMIN, town
from vending.parties import Customer, Registration, Role
from vending.people import UserDraft
from vending.settings import DatabaseSettings, Settings
from vending.wiring import open_raseed

CHROMIUM: Final = Path("/usr/bin/chromium")
PASSWORD: Final = "زيت وزعتر على السطح"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody at a counter."""

    name: str
    language: str
    terminal: str


SAMIR: Final = Clerk("samir", "ar", "T1")
MAYA: Final = Clerk("maya", "en", "T2")
CLERKS: Final = (SAMIR, MAYA)
BOSS: Final = "huda"
PATIENCE_MS: Final = 20_000
"""For what is to appear: a busy machine may take its time, and what never appears still fails."""
expect.set_options(timeout=PATIENCE_MS)
_EXPECTED: Final = (
    "Failed to load resource", "htmx:sendError", "htmx:sendAbort", "htmx:afterRequest",
)  # fmt: skip
"""What the browser and htmx tell of a lost connection and of a 422: both are part of the tests."""


_NEIGHBOURS: Final = Registration(
    customers=(
        Customer("10003", "سميرة عبد الرحمن العواودة", "Samira Abdelrahman Awawdeh", "0599000003"),
        Customer("10004", "جمعية سيدات الحي الشرقي التعاونية للتنمية", "", "022220004"),
    )
)
"""Somebody of nearly the same name, and a name that is long."""


@dataclass(frozen=True, slots=True)
class Municipality:
    """Its folder and where it is served."""

    folder: Path
    url: str
    """Without a path."""

    def count(self, what: str, *values: Any) -> int:
        """How many rows, told by nothing of the product's."""
        with closing(sqlite3.connect(self.folder / "raseed.db")) as db:
            (found,) = db.execute(f"SELECT count(*) FROM {what}", values).fetchone()
            return int(found)


@contextmanager
def municipality(
    folder: Path,
    registration: Registration | None = None,
    *,
    database: str = "",
    **settings: str,
) -> Iterator[Municipality]:
    """`town()` (or other parties) with an administrator and two clerks at its points. `settings`:
    more of the server's environment. `database`: the URL of an empty one, instead of a file in the
    folder."""
    town_shell(folder, registration)
    here = Settings(data=folder)
    if database:
        kept = DatabaseSettings(url=SecretStr(database))
        here = here.model_copy(update={"database": kept})
    with open_raseed(here, create=bool(database)) as raseed:
        if database:
            raseed.service.register(ADMIN, registration or town())
        raseed.service.register(ADMIN, _NEIGHBOURS)
        boss = raseed.office.begin(UserDraft(BOSS, Role.ADMINISTRATOR, "هدى", "Huda"), PASSWORD)
        for clerk, point in zip(CLERKS, ("P1", "P2"), strict=True):
            draft = UserDraft(
                clerk.name,
                Role.OPERATOR,
                "سمير" if clerk is SAMIR else "مايا",
                clerk.name.title(),
                point=point,
                language=clerk.language,
            )
            raseed.office.add(boss.actor("setup"), draft, PASSWORD, must_change=False)
    server = Server(folder, RASEED_JOBS__ENABLED="false", **settings)
    try:
        yield Municipality(folder, server.url.removesuffix("/api/v1"))
    finally:
        server.stop()


@contextmanager
def nobody_yet(folder: Path, code: str) -> Iterator[Municipality]:
    """`town()` before its first run, which asks for this code."""
    town_shell(folder)
    server = Server(folder, RASEED_JOBS__ENABLED="false", RASEED_WEB__SETUP_CODE=code)
    try:
        yield Municipality(folder, server.url.removesuffix("/api/v1"))
    finally:
        server.stop()


@contextmanager
def visiting(
    browser: Browser, town_hall: Municipality, *, expected: tuple[str, ...] = (), **options: Any
) -> Iterator[Page]:
    """A new visitor's page. What the browser complains about (errors in scripts, what the policy
    refuses) is an error here, but for what begins as `expected`."""
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED + expected):
            wrong.append(message.text)

    context = browser.new_context(base_url=town_hall.url, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", said)
    try:
        yield page
    finally:
        context.close()
    assert not wrong, "\n".join(wrong)


def sign_in(page: Page, clerk: Clerk, next: str = "/counter") -> None:
    page.goto(f"/sign-in?next={next}&terminal={clerk.terminal}")
    expect(page.locator("[name=name]")).to_be_focused()
    page.keyboard.type(clerk.name)
    page.keyboard.press("Tab")
    page.keyboard.insert_text(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{next}")


@contextmanager
def signed_in(
    browser: Browser, town_hall: Municipality, clerk: Clerk, **options: Any
) -> Iterator[Page]:
    with visiting(browser, town_hall, **options) as page:
        sign_in(page, clerk)
        yield page


def read(page: Page) -> None:
    """A moment to look at what has come up. Enter sooner than that is not taken for a person's."""
    page.wait_for_timeout(300)


def ask(page: Page, amount: str) -> None:
    """The first meter of account 10001, so much money, as far as the confirmation."""
    page.goto("/counter?find=10001")
    expect(page.locator("input[name^='amount:']").first).to_be_focused()
    page.keyboard.type(amount)
    page.keyboard.press("Enter")
    expect(page.locator("#sell")).to_be_focused()
    read(page)


def count_till(page: Page, pieces: Mapping[str, int]) -> None:
    """Counts so many of each note and coin, as far as the sum."""
    page.goto("/shift/count")
    for face, number in pieces.items():
        page.locator(f"[name='pieces:{face}']").fill(str(number))
    page.keyboard.press("Enter")
    expect(page.locator("form[action='/shift/close'] button")).to_be_focused()


def close_till(page: Page) -> None:
    """On the sum that stands there."""
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/z")


class Keyboard:
    """Fingers that are counted."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.strokes = 0

    def type(self, text: str) -> None:
        self._page.keyboard.type(text)
        self.strokes += len(text)

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)
        self.strokes += 1
