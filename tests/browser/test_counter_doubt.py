"""When the answer to a confirmation is lost behind the server, or the server takes nothing more in:
what the clerk is told of the money, and how it is settled by the number of the sale."""

from __future__ import annotations

import json
import re
import selectors
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support import CHROMIUM, MAYA, Municipality, ask, municipality, read, signed_in
from tests.databases import Postgres, plain
from tests.system.proxy import Cut, Proxy, proxy
from tests.system.test_lost_answers import COMMIT, ROWS, server_of, through
from tests.vending.cli.support import shell
from tests.vending.support import WATER
from vending.web.writer import MOST_WAITING

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

NOTHING: Final = "Nothing was sold and no money was booked"
NOBODY_KNOWS: Final = "Nobody knows yet whether it was sold"
TOKEN: Final = re.compile(r"^(\d{4} ){4}\d{4}$")


@dataclass(frozen=True, slots=True)
class Far:
    """A municipality whose database is elsewhere, and the line to it."""

    hall: Municipality
    line: Proxy
    database: str

    def sales(self) -> int:
        with plain(self.database) as db:
            (row,) = db.execute("SELECT count(*) FROM sales").fetchall()
            return int(row[0])


@pytest.fixture(scope="module")
def far(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    folder: Path = tmp_path_factory.mktemp("far")
    with postgres.lending() as server:
        there = server.new()
        with (
            proxy(server_of(there)) as line,
            municipality(folder, database=there, RASEED_DATABASE__URL=through(there, line)) as hall,
        ):
            yield Far(hall, line, there)


@pytest.mark.parametrize("where", [Cut.BEFORE, Cut.AFTER], ids=["not booked", "booked"])
def test_the_answer_to_the_commit_is_lost(chromium: Browser, far: Far, where: Cut) -> None:
    before, cuts = far.sales(), far.line.cuts
    with signed_in(chromium, far.hall, MAYA) as till:
        ask(till, "50")
        far.line.cut(where, COMMIT, behind=ROWS)
        till.keyboard.press("Enter")
        main = till.locator("main")
        expect(main).to_contain_text(NOBODY_KNOWS)
        expect(main).not_to_contain_text(NOTHING)
        assert far.line.cuts == cuts + 1
        # Neither sold again nor priced anew before somebody has looked.
        expect(till.locator("main form[action='/counter/sell']")).to_have_count(0)
        expect(till.locator("main form[action='/counter/preview']")).to_have_count(0)
        look = till.get_by_role("button", name="Look what became of it")
        expect(look).to_be_focused()
        till.keyboard.press("Enter")
        if where is Cut.AFTER:
            expect(main).to_contain_text("It was sold and the money is booked")
            again = till.get_by_role("button", name="Show the digits again")
            expect(again).to_be_focused()
            till.keyboard.press("Enter")
            expect(till.locator(".token").first).to_have_text(TOKEN)
            assert far.sales() == before + 1
        else:
            expect(main).to_contain_text("no money was booked under this number")
            assert far.sales() == before
            _sells_on(till)
            assert far.sales() == before + 1


def test_the_database_is_away_for_a_moment(chromium: Browser, far: Far) -> None:
    """Before anything of the sale was written: it is offered again, with all that was typed."""
    before = far.sales()
    with signed_in(chromium, far.hall, MAYA) as till:
        ask(till, "50")
        till.keyboard.press("F3")
        till.keyboard.type("100")
        far.line.cut(Cut.BEFORE, ROWS)
        read(till)
        till.keyboard.press("Enter")
        expect(till.locator("main")).to_contain_text(NOTHING)
        again = till.get_by_role("button", name="Sell it now, once")
        expect(again).to_be_focused()
        read(till)
        till.keyboard.press("Enter")
        expect(till.locator(".token").first).to_have_text(TOKEN)
        expect(till.locator(".change")).to_contain_text("50.00")
    assert far.sales() == before + 1


def _sells_on(till: Page) -> None:
    """The next sale goes as ever."""
    ask(till, "50")
    till.keyboard.press("Enter")
    expect(till.locator(".token").first).to_have_text(TOKEN)


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Municipality]:
    """A municipality that waits for its books as long as the test holds them."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with municipality(tmp_path, RASEED_DATABASE__BUSY_TIMEOUT_SECONDS="30") as hall:
        yield hall


def test_more_wait_than_can_be_served(chromium: Browser, near: Municipality) -> None:
    made = shell(near.folder).run(
        *("apikey", "create", "many", "--role", "operator", "--point", "P1"),
        *("--terminal", "crowd", "--scope", "vend", "--json"),
    )
    key = str(made.json["api_key"])
    with signed_in(chromium, near, MAYA) as till, ExitStack() as lines:
        ask(till, "35.50")
        till.keyboard.press("F3")
        till.keyboard.type("100")
        with closing(sqlite3.connect(near.folder / "raseed.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            _crowd(near.url, key, lines)
            read(till)
            till.keyboard.press("Enter")
            expect(till.locator("main")).to_contain_text(NOTHING)
            expect(till.locator("#problem")).to_contain_text("wait")
            again = till.get_by_role("button", name="Sell it now, once")
            expect(again).to_be_focused()
            db.execute("ROLLBACK")
        # The crowd asked for one and the same sale, over and over.
        read(till)
        till.keyboard.press("Enter")
        expect(till.locator(".token").first).to_have_text(TOKEN, timeout=30_000)
        expect(till.locator(".change")).to_contain_text("64.50")
    assert near.count("sales WHERE vend_id LIKE ?", "c-%") == 1


def _crowd(url: str, key: str, lines: ExitStack) -> None:
    """So many callers that the server turns some away; they stay in line until `lines` ends."""
    where = urlsplit(url)
    body = json.dumps({"vend_id": "crowd", "meter": WATER.number, "amount": "20.00"})
    request = (
        f"POST /api/v1/vends HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    waiting = lines.enter_context(selectors.DefaultSelector())
    for _ in range(MOST_WAITING + 8):
        line = lines.enter_context(socket.create_connection((where.hostname, where.port)))
        line.sendall(request)
        waiting.register(line, selectors.EVENT_READ)
    answered = waiting.select(20)
    assert answered, "nobody was turned away"
    first = answered[0][0].fileobj
    assert isinstance(first, socket.socket)
    assert b" 503 " in first.recv(100)
