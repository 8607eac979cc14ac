"""Every page: as a wide screen and a telephone show it, by day and by night, for people who see it
and people who do not. SCREENS_FOLDER names a folder for pictures of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.support import Clerk, Municipality, nobody_yet, visiting
from tests.browser.tour import Demo
from tests.browser.walk import INSIDERS, Insider, around, first_run, inside, outside

pytestmark = pytest.mark.system

WIDTHS: Final = (1280, 360)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_TOO_WIDE: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest(".skip, .wide"))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, box]) => box.right > width + 1 || box.left < -1)
    .map(([e]) => `${e.tagName}.${e.className}`).slice(0, 5);
}"""


@pytest.fixture
def screen(chromium: Browser, town_hall: Municipality, clerk: Clerk) -> Iterator[Page]:
    locale = "ar-PS" if clerk.language == "ar" else "en"
    # What looks at the page brings a style of its own, which the page's policy refuses.
    theirs = ("Applying inline style",)
    with visiting(chromium, town_hall, expected=theirs, locale=locale) as page:
        yield page


@pytest.fixture(params=INSIDERS, ids=[one.name for one in INSIDERS])
def role(request: pytest.FixtureRequest) -> Insider:
    found: Insider = request.param
    return found


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with it, in words."""
    wrong = []
    for scheme in SCHEMES:
        # Without motion: colours would be on their way from one to the other.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate(_TOO_WIDE)
            wrong += [f"{name} at {width}: {wide}"] if wide else []
            _picture(page, f"{name}-{width}-{scheme}")
        found = Axe().run(page)
        for one in found.response["violations"]:
            where = [node["target"] for node in one["nodes"]][:3]
            wrong.append(f"{name} by {scheme}: {one['id']} {where}: {one['help']}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    return wrong


def _picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENS_FOLDER")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        language = page.locator("html").get_attribute("lang") or ""
        page.screenshot(path=Path(folder) / f"{language[:2]}-{name}.png", full_page=True)


def test_pages_before_the_door(screen: Page) -> None:
    wrong = [found for stop in outside(screen) for found in looked_at(screen, stop)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("locale", ["ar-PS", "en"])
def test_pages_from_the_first_run_on(chromium: Browser, tmp_path: Path, locale: str) -> None:
    code = "OLIVES-AND-OIL"
    with (
        nobody_yet(tmp_path, code) as town_hall,
        visiting(chromium, town_hall, expected=("Applying inline style",), locale=locale) as page,
    ):
        wrong = [found for stop in first_run(page, code) for found in looked_at(page, stop)]
    assert not wrong, "\n".join(wrong)


def test_pages_of_a_clerks_day(screen: Page, clerk: Clerk) -> None:
    wrong = [found for stop in inside(screen, clerk) for found in looked_at(screen, stop)]
    assert not wrong, "\n".join(wrong)


def test_pages_of_the_house(chromium: Browser, town_demo: Demo, role: Insider) -> None:
    """Customers, faults, the office, as each role of the demo's people meets them."""
    theirs = ("Applying inline style",)
    hall, secret = Municipality(town_demo.folder, town_demo.url), town_demo.secret(role.name)
    with visiting(chromium, hall, expected=theirs) as page:
        wrong = [found for stop in around(page, role, secret) for found in looked_at(page, stop)]
    assert not wrong, "\n".join(wrong)
