"""The first ten minutes of README.md, by keyboard in both languages; the guide shows each step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
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

README = (ROOT / "README.md").read_text("utf-8")


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


def test_the_text_says_what_is_done() -> None:
    steps = README.split("## Your first ten minutes at the counter")[1].split("\n## ")[0]
    for who in WALKERS:
        assert f"`{who.name}`" in steps
        assert f"terminal={who.terminal}" in steps
        assert people.TERMINALS[who.name] == who.terminal
    for told in (PASSWORD, SELLS_TO, OWES, "F4", "F8", "F9", "270.00"):
        assert told in steps, told
    assert people.PASSWORD == PASSWORD


@pytest.mark.parametrize(("file", "language"), [("operator.md", "en"), ("operator.ar.md", "ar")])
def test_the_guide_shows_every_picture_that_is_taken(file: str, language: str) -> None:
    text = (ROOT / "docs" / file).read_text("utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(pictures/(\w+)/([\w-]+)\.png\)", text)
    assert {name for _, name in shown} == set(PICTURES)
    assert {folder for folder, _ in shown} == {language}
