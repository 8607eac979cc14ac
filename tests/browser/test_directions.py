"""Where things stand on an Arabic page: digits read from left to right, whatever is around them.
Measured on the screen, not read from the markup."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from tests.browser.support import SAMIR, Municipality, ask, signed_in

pytestmark = pytest.mark.system

# The box of each character of an element's text, in the order of the text.
_CHARACTERS = """(element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (let i = 0; i < node.length; i++) {
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      if (box.width && node.data[i].trim()) found.push([node.data[i], box.left, box.top]);
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def sold(chromium: Browser, town_hall: Municipality) -> Iterator[Page]:
    """The Arabic page of a sale."""
    with signed_in(chromium, town_hall, SAMIR) as page:
        ask(page, "50")
        page.keyboard.press("Enter")
        expect(page.locator(".token").first).to_be_visible()
        yield page


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def in_order(locator: Locator) -> bool:
    """Whether each character stands to the right of the one before it (or on the next row)."""
    boxes = locator.evaluate(_CHARACTERS)
    assert len(boxes) > 1
    return all(b[1] > a[1] or b[2] > a[2] for a, b in pairwise(boxes))


def test_the_groups_of_a_token_stand_in_their_order(sold: Page) -> None:
    token = sold.locator(".token").first
    boxes = [box(span) for span in token.locator("span").all()]
    assert len(boxes) == 5
    assert len({round(one["y"]) for one in boxes}) == 1
    assert all(a["x"] + a["width"] < b["x"] for a, b in pairwise(boxes))
    assert in_order(token)


def test_on_a_telephone_too(sold: Page) -> None:
    sold.set_viewport_size({"width": 360, "height": 800})
    boxes = [box(span) for span in sold.locator(".token").first.locator("span").all()]
    sold.set_viewport_size({"width": 1280, "height": 800})
    rows = [(round(one["y"]), one["x"]) for one in boxes]
    assert rows == sorted(rows)
    assert len({y for y, _ in rows}) == 1


def test_the_page_itself_runs_from_right_to_left(sold: Page) -> None:
    mark, out = box(sold.locator(".mark")), box(sold.locator(".bar-end"))
    assert out["x"] < mark["x"]
    heading = sold.locator(".service h2").first
    word, number = heading.evaluate(
        """(h) => [h.firstChild, h.querySelector("bdi")].map((node) => {
             const range = document.createRange(); range.selectNode(node);
             return range.getBoundingClientRect().left; })"""
    )
    assert number < word


@pytest.mark.parametrize("path", ["/counter?find=10001", "/counter/last", "/counter?find=سميرة"])
def test_numbers_telephones_and_dates_read_from_left_to_right(sold: Page, path: str) -> None:
    other = sold.context.new_page()
    other.goto(path)
    pieces = other.locator("main bdi[dir=ltr]").all()
    assert len(pieces) >= 4
    for piece in pieces:
        if len(piece.inner_text().replace(" ", "")) > 1:
            assert in_order(piece), piece.inner_text()
    other.close()


def test_no_number_stands_unprotected(sold: Page) -> None:
    """A row of digits with a sign in it would turn around in an Arabic line."""
    bare = sold.evaluate(
        """() => {
          const walker = document.createTreeWalker(document.querySelector("main"), 4);
          const found = [];
          while (walker.nextNode()) {
            const node = walker.currentNode;
            const isolated = node.parentElement.closest("[dir=ltr], kbd, input, option");
            if (!isolated && /[0-9][0-9 .:+-]*[0-9]/.test(node.data)) found.push(node.data.trim());
          }
          return found;
        }"""
    )
    assert bare == []


def test_the_keyboard_writes_amounts_from_left_to_right(sold: Page) -> None:
    other = sold.context.new_page()
    other.goto("/counter?find=10001")
    field = other.locator("input[name^='amount:']").first
    assert field.evaluate("(e) => getComputedStyle(e).direction") == "ltr"
    other.close()
