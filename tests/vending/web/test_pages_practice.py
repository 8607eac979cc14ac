"""Practice as pages, without script: the same steps and refusals in a frame of their own, a till to
practise with, TEST papers, and nothing in the books."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.vending.printing.test_device import answering, papers, printer, well
from tests.vending.support import POWER, WATER, service
from tests.vending.web.pages_support import TOKEN, House, Visit, form, house_over
from vending.messages import Language
from vending.outbox import OutboxPlan
from vending.papers import Letterhead, Paper, PaperDesk, Press
from vending.printing import DummyLine
from vending.printing.escpos import PAPER_END
from vending.sending import PracticePrinter

pytestmark = pytest.mark.system

FRAME = 'class="practice"'
ZEROS = "<span>0000</span> <span>0000</span> <span>0000</span> <span>0000</span> <span>0000</span>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_over(tmp_path) as made:
        yield made


@pytest.fixture
def till(house: House) -> Visit:
    return house.visit()


@pytest.fixture
def learner(till: Visit) -> Visit:
    page = till.post("/counter/practice", {"on": "yes"})
    assert FRAME in page.text
    return till


@dataclass
class Remembering(Press):
    """A press that shows what it was to set."""

    def __post_init__(self) -> None:
        super().__init__()
        self.seen: list[Paper] = []

    def pdf(self, paper: Paper) -> bytes:
        self.seen.append(paper)
        return super().pdf(paper)


@pytest.fixture
def press(house: House) -> Remembering:
    made = Remembering()
    house.api.parts.papers = PaperDesk(made, Letterhead, Language.ENGLISH)
    return made


def previewed(till: Visit, **typed: str) -> httpx2.Response:
    asked = till.get("/counter?find=10001")
    return till.send(asked, "/counter/preview", **(typed or {f"amount:{POWER.number}": "50"}))


def closed(till: Visit, **counted: str) -> httpx2.Response:
    """The shift, on this count."""
    sum_ = till.send(till.get("/shift/count"), "/shift/count", **counted)
    return till.send(sum_, "/shift/close")


def needs_shift(house: House) -> None:
    with closing(sqlite3.connect(house.api.path)) as db, db:
        db.execute("UPDATE points SET needs_shift = 1")


def books(house: House) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(house.api.path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {table: db.execute(f'SELECT * FROM "{table}"').fetchall() for (table,) in tables}


class TestSales:
    def test_nothing_is_booked(self, house: House, learner: Visit) -> None:
        before = books(house)
        page = previewed(
            learner, **{f"amount:{POWER.number}": "50", f"amount:{WATER.number}": "20"}
        )
        assert "70.00" in page.text
        assert FRAME in page.text
        sold = learner.send(page, "/counter/sell", **{"paid:cash": "100"})
        assert sold.text.count(ZEROS) == 2
        assert "30.00" in sold.text
        assert "/push" not in sold.text
        assert books(house) == before

    def test_a_practice_form_stays_practice(self, house: House, learner: Visit) -> None:
        page = previewed(learner)
        learner.post("/counter/practice", {})
        sold = learner.send(page, "/counter/sell")
        assert FRAME in sold.text
        assert house.sales() == 0

    def test_a_real_form_sells_nothing_in_practice(self, house: House, till: Visit) -> None:
        page = previewed(till)
        till.post("/counter/practice", {"on": "yes"})
        told = till.send(page, "/counter/sell")
        assert told.status_code == 422
        assert "Nothing was sold and no money was booked" in told.text
        assert house.sales() == 0

    def test_a_refusal_is_the_real_one(self, house: House, learner: Visit) -> None:
        needs_shift(house)
        told = learner.send(previewed(learner), "/counter/sell")
        assert told.status_code == 422
        assert "Nothing was sold and no money was booked" in told.text
        assert 'href="/shift"' in told.text
        assert FRAME in told.text

    def test_it_ends_with_the_session(self, learner: Visit) -> None:
        learner.post("/sign-out", {})
        learner.sign_in("maya")
        assert FRAME not in learner.get("/counter").text


@pytest.mark.parametrize(
    "path", ["/", "/shift", "/shift/all", "/customers", "/customers/10001", "/faults", "/nowhere"]
)
def test_every_page_stands_in_the_frame(learner: Visit, path: str) -> None:
    page = learner.get(path)
    assert FRAME in page.text
    assert form(page, "/counter/practice").fields == {}
    learner.post("/counter/practice", {})
    assert FRAME not in learner.get(path).text


@pytest.mark.parametrize(
    "path",
    [
        "/counter/last/copy",
        "/counter/sales/x/copy",
        "/counter/sales/x/void",
        "/counter/sales/x/push",
        "/counter/sales/x/paper",
        "/counter/sales/x/printer",
        "/shift/s-1/z/copy",
        "/shift/x/x-1/copy",
        "/shift/x/x-1/printer",
        # Of shifts whose ids begin as acts do that are practised.
        "/shift/open-1/z/copy",
        "/shift/x-1/z/copy",
        "/faults/new",
    ],
)
def test_nothing_real_is_done(house: House, learner: Visit, path: str) -> None:
    before = books(house)
    told = learner.post(path, {"reason": "a good reason"})
    assert told.status_code == 409
    assert "practice.on" in told.text
    assert FRAME in told.text
    assert books(house) == before


class TestAfterwards:
    def test_nothing_was_practised_yet(self, till: Visit) -> None:
        till.send(previewed(till), "/counter/sell")
        till.post("/counter/practice", {"on": "yes"})
        # The real sale at this terminal is none of practice.
        for told in (
            till.get("/counter/last"),
            till.post("/counter/practice/last/copy", {}),
        ):
            assert told.status_code == 422
            assert "No sale was practised yet" in told.text
            assert FRAME in told.text

    def test_the_last_one_again_and_what_became_of_it(self, house: House, learner: Visit) -> None:
        before = books(house)
        asked = {f"amount:{POWER.number}": "50", f"amount:{WATER.number}": "20"}
        learner.send(previewed(learner, **asked), "/counter/sell", **{"paid:cash": "100"})
        house.api.clock.forward(seconds=20)
        told = learner.get("/counter/last")
        assert told.url.path == "/counter/practice/last"
        assert "It was sold in practice" in told.text
        assert "the money is booked." in told.text
        for sum_ in ("50.00", "20.00"):
            assert sum_ in told.text
        assert "/void" not in told.text
        assert "0 copies" in told.text
        for number in (1, 2):
            copy = learner.post("/counter/practice/last/copy", {})
            assert copy.text.count(ZEROS) == 2
            assert f'COPY <bdi dir="ltr">{number}</bdi>' in copy.text
            assert "30.00" in copy.text
        assert "2 copies" in learner.get("/counter/last").text
        assert books(house) == before

    def test_also_when_the_drawer_is_closed(self, house: House, learner: Visit) -> None:
        needs_shift(house)
        learner.send(learner.get("/shift"), "/shift/open", float="100")
        learner.send(previewed(learner), "/counter/sell")
        closed(learner, **{"pieces:50.00": "3"})
        assert "50.00" in learner.get("/counter/last").text

    def test_the_paper_of_a_copy_says_so(self, learner: Visit, press: Remembering) -> None:
        learner.send(previewed(learner), "/counter/sell")
        copy = learner.post("/counter/practice/last/copy", {})
        learner.send(copy, "/counter/practice/paper")
        (made,) = press.seen
        assert "TEST" in made.data["mark"]
        assert "COPY" in made.data["mark"]

    def test_it_is_gone_with_practice(self, learner: Visit) -> None:
        learner.send(previewed(learner), "/counter/sell")
        learner.post("/counter/practice", {})
        learner.post("/counter/practice", {"on": "yes"})
        assert learner.get("/counter/last").status_code == 422
        learner.send(previewed(learner), "/counter/sell")
        assert "raseed_practised" in learner.client.cookies
        learner.post("/sign-out", {})
        assert "raseed_practised" not in learner.client.cookies

    @pytest.mark.parametrize("kept", ["", ".", ".AAAA", ".%%", ".W1tbW1s", ".WzEsMCxbXV0="])
    def test_a_forged_one_is_none(self, learner: Visit, kept: str) -> None:
        mark = learner.client.cookies["raseed_practice"]
        learner.client.cookies.set("raseed_practised", mark + kept)
        assert learner.get("/counter/last").status_code == 422


class TestTill:
    def test_a_whole_day(self, house: House, learner: Visit) -> None:
        needs_shift(house)
        before = books(house)
        opened = learner.send(learner.get("/shift"), "/shift/open", float="100")
        assert opened.url.path == "/counter"
        page = previewed(learner)
        for _ in range(2):
            # The same form again is the same sale: fifty shekels, not a hundred.
            assert ZEROS in learner.send(page, "/counter/sell").text
        learner.send(
            learner.get("/shift"), "/shift/cash", way="out", amount="30", reason="to the safe"
        )
        standing = learner.get("/shift")
        assert "P1-S0000" in standing.text
        assert "120.00" not in standing.text
        z = closed(learner, **{"pieces:50.00": "2", "pieces:10.00": "1"})
        assert z.url.path == "/shift/practice/z"
        for told in (FRAME, "120.00", "110.00", "-10.00"):
            assert told in z.text
        # Closed is closed: the next sale is refused as a real one would be.
        assert "Nothing was sold" in learner.send(previewed(learner), "/counter/sell").text
        assert "/shift/open" in learner.get("/shift").text
        assert books(house) == before

    def test_a_mistake_is_told_as_ever(self, learner: Visit) -> None:
        learner.send(learner.get("/shift"), "/shift/open", float="100")
        page = learner.get("/shift")
        assert learner.send(page, "/shift/cash", way="in", amount="5").status_code == 422
        short = {"way": "out", "amount": "100.10", "reason": "to the safe"}
        assert learner.send(page, "/shift/cash", **short).status_code == 422

    def test_the_real_shift_is_not_touched(self, house: House, till: Visit) -> None:
        till.send(till.get("/shift"), "/shift/open", float="200")
        before = books(house)
        till.post("/counter/practice", {"on": "yes"})
        till.send(till.get("/shift"), "/shift/open", float="1")
        closed(till, **{"pieces:1.00": "1"})
        assert books(house) == before
        till.post("/counter/practice", {})
        assert "P1-S0001" in till.get("/shift").text

    def test_x_reports_are_counted_and_none_is_kept(self, house: House, learner: Visit) -> None:
        assert learner.get("/shift/x/practice").status_code == 404
        learner.send(learner.get("/shift"), "/shift/open", float="100")
        before, page = books(house), learner.get("/shift")
        for _ in range(2):
            assert "P1-S0000-X1" in learner.send(page, "/shift/x").text
        second = learner.send(learner.get("/shift"), "/shift/x")
        assert "P1-S0000-X2" in second.text
        assert FRAME in second.text
        assert "/copy" not in second.text
        closed(learner, **{"pieces:100.00": "1"})
        assert learner.get("/shift/x/practice").status_code == 404
        assert books(house) == before

    def test_a_real_x_report_may_be_looked_at(self, till: Visit) -> None:
        till.send(till.get("/shift"), "/shift/open", float="200")
        real = till.send(till.get("/shift"), "/shift/x").url.path
        till.post("/counter/practice", {"on": "yes"})
        assert "P1-S0001-X1" in till.get(real).text
        assert "/copy" not in till.get(real).text

    @pytest.mark.parametrize("kept", ["", ".", ".AAAA", ".%%", "." + "W1tbW1s" * 40])
    def test_a_forged_drawer_is_none(self, learner: Visit, kept: str) -> None:
        cookies = learner.client.cookies
        mark = cookies["raseed_practice"]
        cookies.delete("raseed_practice")
        cookies.set("raseed_practice", mark + kept)
        page = learner.get("/shift")
        assert page.status_code == 200
        assert "/shift/open" in page.text


class TestPapers:
    def test_the_receipt_says_test(self, learner: Visit, press: Remembering) -> None:
        page = previewed(learner, **{f"amount:{POWER.number}": "50", f"amount:{WATER.number}": "9"})
        sold = learner.send(page, "/counter/sell")
        paper = learner.send(sold, "/counter/practice/paper", language="en")
        assert paper.headers["content-type"] == "application/pdf"
        (made,) = press.seen
        assert made.data["mark"] == "TEST"
        assert len(made.data["services"]) == 2
        assert "P1-000000" in str(made.data["facts"])

    def test_x_and_z_say_test(self, learner: Visit, press: Remembering) -> None:
        learner.send(learner.get("/shift"), "/shift/open", float="100")
        taken = learner.send(learner.get("/shift"), "/shift/x")
        assert taken.url.path == "/shift/x/practice"
        learner.get("/shift/x/practice/paper?n=0")
        closed(learner, **{"pieces:100.00": "1"})
        learner.get("/shift/practice/z/paper?n=0")
        assert [made.data["mark"] for made in press.seen] == ["TEST", "TEST"]

    def test_a_real_paper_looked_at_in_practice_says_test(
        self, till: Visit, press: Remembering
    ) -> None:
        till.send(previewed(till), "/counter/sell")
        till.post("/counter/practice", {"on": "yes"})
        till.get("/customers/10001/statement/A1")
        (made,) = press.seen
        assert made.data["mark"] == "TEST"


class TestPrinter:
    @pytest.fixture
    def line(self, house: House, tmp_path: Path) -> DummyLine:
        line, parts = DummyLine(well), house.api.parts
        parts.service = service(
            house.api.store, house.api.clock, outbox=OutboxPlan(printers={"P1": "till"})
        )
        device = replace(printer(tmp_path, line), cash_drawer=True)
        parts.practice_printer = PracticePrinter(parts.papers, {"till": device})
        return line

    def test_a_test_paper_comes_out_once(
        self, house: House, learner: Visit, line: DummyLine
    ) -> None:
        before = books(house)
        sold = learner.send(previewed(learner), "/counter/sell")
        for _ in range(2):
            told = learner.send(sold, "/counter/practice/printer")
            assert told.status_code == 200
            assert FRAME in told.text
        assert len(papers(line)) == 1
        # And the drawer with the money stays shut.
        assert not any(b"\x1bp" in data for data in line.sent)
        assert books(house) == before

    def test_what_is_in_its_way_is_told(
        self, house: House, learner: Visit, line: DummyLine
    ) -> None:
        line.answer = answering(paper=PAPER_END | 0x12)
        told = learner.send(
            learner.send(previewed(learner), "/counter/sell"), "/counter/practice/printer"
        )
        assert told.status_code == 422
        assert "paper" in told.text
        assert TOKEN.search(told.text) is None
