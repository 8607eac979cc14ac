"""The first ten minutes of README.md, by keyboard in both languages; the guide shows each step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Browser

from tests.browser.tour import (
    OWES,
    PASSWORD,
    PICTURES,
    ROOT,
    SELLS_TO,
    VIEW,
    WALKERS,
    Camera,
    Demo,
    Walker,
    walk,
)
from vending.demo import people
from vending.messages import Language
from vending.web.pages.catalogs import catalog_file

README = (ROOT / "README.md").read_text("utf-8")


def _guide(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def _part(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n")[1].split("\n## ")[0]


STEPS = {
    "en": _part(README, "Your first ten minutes at the counter"),
    "ar": _part(_guide("operator.ar.md"), "أول عشر دقائق"),
}
"""The same way in both languages."""


@pytest.mark.system
@pytest.mark.parametrize("who", WALKERS, ids=[who.language for who in WALKERS])
def test_the_first_ten_minutes(
    chromium: Browser, town_demo: Demo, who: Walker, tmp_path: Path
) -> None:
    context = chromium.new_context(locale=who.locale, viewport=VIEW)
    page = context.new_page()
    camera = Camera(page, tmp_path)
    walk(page, town_demo.url, who, camera)
    context.close()
    assert tuple(camera.taken) == PICTURES
    assert all((tmp_path / f"{name}.png").stat().st_size > 5000 for name in PICTURES)


def test_both_clerks_are_told_how_to_come_in() -> None:
    for who in WALKERS:
        assert people.TERMINALS[who.name] == who.terminal
        for text in (STEPS[who.language], STEPS["en"]):
            assert f"`{who.name}`" in text
            assert f"terminal={who.terminal}" in text
    assert people.PASSWORD == PASSWORD


@pytest.mark.parametrize("language", STEPS)
def test_the_text_says_what_is_done(language: str) -> None:
    keys = [f"<kbd>F{number}</kbd>" for number in (3, 4, 6, 8, 9, 10)]
    for told in (PASSWORD, SELLS_TO, OWES, *keys, "270.00"):
        assert told in STEPS[language], told


GUIDES = {
    "README.md": (STEPS["en"], Language.ENGLISH, '"([^"]+)"'),
    "operator.md": (_guide("operator.md"), Language.ENGLISH, '"([^"]+)"'),
    "operator.ar.md": (_guide("operator.ar.md"), Language.ARABIC, "«([^»]+)»"),
}
NOT_ON_THE_SCREEN = {"The counter is open", "I have lost the paper", "ضاعت الورقة"}


@pytest.mark.parametrize("name", GUIDES)
def test_the_guides_call_things_what_the_screen_calls_them(name: str) -> None:
    """What stands in quotation marks is read on a page; `...` is a gap in it."""
    text, language, marks = GUIDES[name]
    quoted = set(re.findall(marks, " ".join(text.split()))) - NOT_ON_THE_SCREEN
    with catalog_file(language).open("rb") as source:
        pages = [str(one.string or one.id) for one in read_po(source)]
    assert quoted
    for told in sorted(quoted):
        parts = map(re.escape, told.rstrip(".").split("..."))
        assert any(re.search(".+".join(parts), said) for said in pages), told


@pytest.mark.parametrize(("file", "language"), [("operator.md", "en"), ("operator.ar.md", "ar")])
def test_the_guide_shows_every_picture_that_is_taken(file: str, language: str) -> None:
    text = _guide(file)
    shown = re.findall(r"!\[[^\]]+\]\(pictures/(\w+)/([\w-]+)\.png\)", text)
    assert {name for _, name in shown} == set(PICTURES)
    assert {folder for folder, _ in shown} == {language}
