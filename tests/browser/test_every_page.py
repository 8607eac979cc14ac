"""Every page: as a wide screen and a telephone show it, by day and by night, for people who see it
and people who do not. SCREENS_FOLDER names a folder for pictures of all of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.support import Clerk, Municipality, nobody_yet, visiting
from tests.browser.tour import Demo
from tests.browser.walk import (
    FIRST_RUN,
    INSIDE,
    INSIDERS,
    OUTSIDE,
    Insider,
    around,
    first_run,
    inside,
    outside,
)
from vending.web.pages import ground

pytestmark = pytest.mark.system

WIDTHS: Final = (1280, 360)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
NO_PAGES: Final = (
    "/logo",
    "/counter/preview",
    "/counter/sell",
    "/counter/sales/{vend_id}/paper",
    "/counter/sales/{vend_id}/key-slip",
    "/counter/sales/{vend_id}/note",
    "/customers/{account}/statement/{agreement}",
    "/shift/x/{id}/paper",
    "/shift/{id}/z/paper",
    "/shift/banked/{id}/paper",
)
"""A picture, addresses that only lead on, and papers."""
_TOO_WIDE: Final = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest(".skip, .wide"))
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([, box]) => box.right > width + 1 || box.left < -1)
    .map(([e]) => `${e.tagName}.${e.className}`).slice(0, 5);
}"""

_AMBIGUOUS: Final = """() => {
  const found = {};
  for (const one of document.querySelectorAll("main [data-key]")) {
    const where = one.href || (one.form && one.form.action) || one.tagName;
    (found[one.dataset.key] ??= new Set()).add(where);
  }
  return Object.keys(found).filter((key) => found[key].size > 1);
}"""
"""Keys that mean two things on one page."""


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


def page_of(url: str) -> str:
    """The route of a page's address, as it is written where it is served."""
    path = urlsplit(url).path
    for part in ground._PARTS:
        for route in part.router.routes:
            if "GET" in route.methods and route.path_regex.fullmatch(path):
                return str(route.path_format)
    return ""


def all_right(page: Page, way: Iterable[str], must: Iterable[str] = ()) -> None:
    """Looks at the page at every stop of the way, which comes by the pages that it must."""
    wrong, seen = [], set()
    for stop in way:
        seen.add(page_of(page.url))
        wrong += looked_at(page, stop)
    wrong += [f"{one} was not come by" for one in must if one not in seen]
    assert not wrong, "\n".join(wrong)


def test_no_page_is_left_out() -> None:
    """Whoever adds a page adds it to a way."""
    routes = [route for part in ground._PARTS for route in part.router.routes]
    pages = {route.path_format for route in routes if "GET" in route.methods}
    walked = {*OUTSIDE, *FIRST_RUN, *INSIDE}
    walked |= {page_of(path) for insider in INSIDERS for path in insider.paths}
    assert pages - walked == {path for path in pages if path.startswith(NO_PAGES)}
    assert walked <= pages


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with it, in words."""
    wrong = [f"{name}: {key} means two things" for key in page.evaluate(_AMBIGUOUS)]
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
    all_right(screen, outside(screen), OUTSIDE)


@pytest.mark.parametrize("locale", ["ar-PS", "en"])
def test_pages_from_the_first_run_on(chromium: Browser, tmp_path: Path, locale: str) -> None:
    code = "OLIVES-AND-OIL"
    with (
        nobody_yet(tmp_path, code) as town_hall,
        visiting(chromium, town_hall, expected=("Applying inline style",), locale=locale) as page,
    ):
        all_right(page, first_run(page, code), FIRST_RUN)


def test_pages_of_a_clerks_day(screen: Page, clerk: Clerk) -> None:
    all_right(screen, inside(screen, clerk), INSIDE)


def test_pages_of_the_house(chromium: Browser, town_demo: Demo, role: Insider) -> None:
    """Customers, faults, the office, as each role of the demo's people meets them."""
    theirs = ("Applying inline style",)
    hall, secret = Municipality(town_demo.folder, town_demo.url), town_demo.secret(role.name)
    with visiting(chromium, hall, expected=theirs) as page:
        all_right(page, around(page, role, secret), map(page_of, role.paths))
