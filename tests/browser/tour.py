"""The first ten minutes of README.md as a person does them, by what stands on the screen.

`python -m tests.browser.tour FOLDER` starts the demo, goes this way in both languages with a real
browser, and leaves the pictures of the operator's guide in FOLDER/ar and FOLDER/en.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page, ViewportSize, sync_playwright

from .support import CHROMIUM, read

ROOT: Final = Path(__file__).parents[2]
SELLS_TO: Final = "1014"
OWES: Final = "1007"
FLOAT: Final = 200
AMOUNT: Final = "input[name^='amount:']:focus"
"""Where the keyboard is when a customer comes up."""
VIEW: Final[ViewportSize] = {"width": 1000, "height": 700}


@dataclass(frozen=True, slots=True)
class Walker:
    """Who goes, and what the buttons are called in their language."""

    language: str
    locale: str
    name: str
    terminal: str
    statement: str
    delivered: str
    """That the meter has taken the digits."""
    find: str
    """What is typed to find SELLS_TO: an account, or a part of a name."""


WALKERS: Final = (
    Walker("en", "en", "maya", "T1-3", "Statement of account", "The meter has taken", SELLS_TO),
    Walker("ar", "ar-PS", "samir", "T1-2", "كشف حساب", "أخذ العداد الأرقام", SELLS_TO),
)
PASSWORD: Final = "demo-olives"
PICTURES: Final = (
    "sign-in", "home", "open-shift", "find", "customer", "preview", "sold", "what-became",
    "copy", "debts", "paid", "statement", "till", "count", "counted", "z", "practice",
)  # fmt: skip
"""In the order in which they are taken; the guide shows each."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs."""

    url: str
    folder: Path

    def secret(self, name: str) -> str:
        """Of somebody's second factor, which the demo prints; empty for who needs none."""
        with closing(sqlite3.connect(self.folder / "data" / "raseed.db")) as db:
            asked = "SELECT second FROM users WHERE name = ?"
            (found,) = db.execute(asked, (name,)).fetchone()
        return str(found or "")


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A demo with its scenes played; where its counter is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "vending.cli", "demo", "--port", "0", "--folder", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "LC_ALL": "C.UTF-8"},
    )
    assert process.stdout is not None
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C ends it" in line:
                break
        found = re.search(r"The counter is open at (http://[\d.:]+)", "".join(said))
        assert found is not None, "".join(said[-20:])
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


class Camera:
    """Takes the pictures of one walk."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        self.taken: list[str] = []

    def take(self, name: str) -> None:
        self.taken.append(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._folder / f"{name}.png", full_page=True)


def walk(page: Page, url: str, who: Walker, camera: Camera) -> None:
    """Sell, look what became of it, copy, take a debt payment, close the till."""
    page.goto(f"{url}/sign-in?terminal={who.terminal}")
    page.fill("input[name=name]", who.name)
    page.fill("input[name=password]", PASSWORD)
    camera.take("sign-in")
    page.keyboard.press("Enter")
    page.wait_for_selector(".doors")
    camera.take("home")
    _open(page, camera)
    _sell(page, who, camera)
    _debt(page, url, who, camera)
    _close(page, camera)
    _practise(page, url, camera)


def _open(page: Page, camera: Camera) -> None:
    page.keyboard.press("F4")
    page.wait_for_selector("input[name=float]")
    camera.take("open-shift")
    page.fill("input[name=float]", str(FLOAT))
    page.keyboard.press("Enter")
    page.wait_for_selector("#find:focus")


def _sell(page: Page, who: Walker, camera: Camera) -> None:
    camera.take("find")
    page.keyboard.type(who.find)
    page.keyboard.press("Enter")
    page.wait_for_selector(AMOUNT)
    page.keyboard.type("50")
    camera.take("customer")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sell:focus")
    camera.take("preview")
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".token")
    camera.take("sold")
    first = page.locator(".token").first.inner_text().split()
    page.keyboard.press("F9")
    page.wait_for_selector("form[action$='/void']", state="attached")
    camera.take("what-became")
    page.keyboard.press("F8")
    page.wait_for_selector(".copy-mark")
    assert page.locator(".token").first.inner_text().split() == first
    camera.take("copy")
    page.locator("form[action$='/push'] button").first.click()
    page.wait_for_selector("form[action$='/void']", state="attached")
    assert who.delivered in page.locator("main").inner_text()


def _debt(page: Page, url: str, who: Walker, camera: Camera) -> None:
    page.keyboard.press("F6")
    page.wait_for_selector("#find:focus")
    page.keyboard.type(OWES)
    page.keyboard.press("Enter")
    page.wait_for_selector(".owing")
    camera.take("debts")
    page.keyboard.press("F3")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sell:focus")
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".done")
    camera.take("paid")
    page.goto(f"{url}/customers/{OWES}")
    page.get_by_role("link", name=who.statement).first.click()
    page.wait_for_selector("input[name=first]")
    camera.take("statement")


def _close(page: Page, camera: Camera) -> None:
    page.keyboard.press("F4")
    page.wait_for_selector("a[href='/shift/count']:focus")
    camera.take("till")
    page.keyboard.press("Enter")
    page.wait_for_selector("input[name='pieces:200.00']")
    # 200 to begin with, 50 for units, 20 of a debt: 270 in the drawer.
    for face, pieces in (("200.00", "1"), ("50.00", "1"), ("20.00", "1")):
        page.fill(f"input[name='pieces:{face}']", pieces)
    camera.take("count")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action='/shift/close'] button:focus")
    camera.take("counted")
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/z")
    camera.take("z")
    assert page.locator("td.owed").count() == 0, "the drawer differs from the books"


def _practise(page: Page, url: str, camera: Camera) -> None:
    page.goto(f"{url}/counter")
    page.click("button[name=on]")
    page.wait_for_selector(".practice-mark")
    page.goto(f"{url}/shift")
    page.fill("input[name=float]", str(FLOAT))
    page.keyboard.press("Enter")
    page.wait_for_selector("#find:focus")
    page.goto(f"{url}/counter?find={SELLS_TO}")
    page.wait_for_selector(AMOUNT)
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sell:focus")
    read(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(".token")
    camera.take("practice")
    assert set(page.locator(".token").first.inner_text()) == {"0", " "}
    page.click(".practice-bar button")
    page.wait_for_selector(".practice-mark", state="detached")


def main(folder: Path) -> None:
    """Raises what a step of the way raises."""
    with (
        TemporaryDirectory(prefix="raseed-tour-") as work,
        demo(Path(work) / "demo") as url,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for who in WALKERS:
            context = browser.new_context(locale=who.locale, viewport=VIEW)
            camera = Camera(context.new_page(), folder / who.language)
            walk(camera.page, url, who, camera)
            assert tuple(camera.taken) == PICTURES
            context.close()
        browser.close()


if __name__ == "__main__":
    if not CHROMIUM.exists():
        sys.exit(f"{CHROMIUM} is not installed: the pictures need a browser")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
