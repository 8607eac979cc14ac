"""A real browser before a real server. The fixtures of pytest-playwright are replaced by our own:
theirs keep an event loop running in this thread to the end of the session, and what is tested
after them in the same process could run none of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.support import CHROMIUM, CLERKS, Clerk, Municipality, municipality, signed_in
from tests.browser.tour import Demo, demo


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's browser: nothing is downloaded."""
    return {"executable_path": str(CHROMIUM), "args": ["--no-sandbox"]}


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def chromium(driver: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    browser = driver.chromium.launch(**browser_type_launch_args)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def town_hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Municipality]:
    """A fresh municipality for each file of tests, served by a process of its own."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    folder: Path = tmp_path_factory.mktemp("town-hall")
    with municipality(folder) as made:
        yield made


@pytest.fixture(scope="session")
def town_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`raseed demo` with its scenes played, once for all who look around in it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    folder = tmp_path_factory.mktemp("tour") / "demo"
    with demo(folder) as url:
        yield Demo(url, folder)


@pytest.fixture(params=CLERKS, ids=[clerk.language for clerk in CLERKS])
def clerk(request: pytest.FixtureRequest) -> Clerk:
    """One who reads Arabic, one who reads English."""
    found: Clerk = request.param
    return found


@pytest.fixture
def desk(chromium: Browser, town_hall: Municipality, clerk: Clerk) -> Iterator[Page]:
    """The clerk before the screen, signed in. What the page says to nobody fails the test."""
    with signed_in(chromium, town_hall, clerk) as page:
        yield page
