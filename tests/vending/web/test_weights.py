"""What goes over the line of a remote quarter: pages, styles and scripts are compressed for whoever
can read that, and read the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from tests.vending.web.pages_support import Visit, house_over
from tests.vending.web.support import api_with_meters
from vending.exports import FORMATS
from vending.web.pages.assets import FILES, address, content

PLAIN: Final = {"Accept-Encoding": "identity"}
LETTERS: Final = [name for name in FILES if name.endswith(".woff2")]
LINKED: Final = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    with house_over(tmp_path) as house:
        yield house.visit()


def weight(answer: httpx2.Response) -> int:
    """Bytes of the body on the line."""
    assert answer.status_code == 200
    return int(answer.headers["Content-Length"])


def test_a_first_visit_without_letters_is_forty_thousand_bytes(visit: Visit) -> None:
    home = visit.get("/")
    linked = set(LINKED.findall(home.text))
    assert {address("pico.css"), address("htmx.js"), address("raseed.js")} <= linked
    drawn = [path for path in linked if not path.endswith(".woff2")]
    assert weight(home) + sum(weight(visit.get(path)) for path in drawn) < 40_000


def test_a_page_is_the_same_for_whoever_cannot_unpack_it(visit: Visit) -> None:
    packed, plain = visit.get("/"), visit.client.get("/", headers=PLAIN)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert weight(packed) < weight(plain) / 2
    # A store of pages on the way must not hand the one to who needs the other.
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("name", LETTERS)
def test_letters_are_packed_already(visit: Visit, name: str) -> None:
    answer = visit.get(address(name))
    assert "Content-Encoding" not in answer.headers
    assert answer.content == content(name)


@pytest.mark.parametrize("name", list(FORMATS))
def test_exports_are_packed_once(tmp_path: Path, name: str) -> None:
    with api_with_meters(tmp_path) as api:
        for number in range(9):
            api.vend(f"v-{number}")
        answer = api.get(f"/ledger/export/{name}")
    assert len(answer.content) > 1024
    assert answer.headers.get("Content-Encoding") == (None if name == "xlsx" else "gzip")


def test_a_sale_by_program_is_answered_as_it_is(tmp_path: Path) -> None:
    """To pack it would cost each sale more than the line gains."""
    with api_with_meters(tmp_path) as api:
        sold = api.vend()
    assert sold.status_code == 201
    assert len(sold.content) > 1024
    assert "Content-Encoding" not in sold.headers
