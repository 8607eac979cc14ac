"""The receipt printer over the pages: one queue for all papers, and what becomes of each is told
with its way out."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from meters.quantities import Money
from meters.values import replace
from tests.vending.books.support import ZONE
from tests.vending.support import ADMIN, POWER, chart, request, service, town
from tests.vending.web.support import Api, api_over
from tests.vending.web.test_papers import CHIEF, PASSWORD, SAMIR, sign_in
from vending import trailed
from vending.accounting import BookReports
from vending.drawer import Bankings, Drawers, XReports, checked_count
from vending.outbox import MessageState, OutboxPlan, Topic
from vending.outbox_worker import Outbox
from vending.papers import PaperMaker
from vending.parties import Actor, Role
from vending.people import UserDraft
from vending.people.recording import recorded
from vending.printing import PaperOut, PrintedPerhaps, PrinterOff, PrintUnknown
from vending.sending import FolderPrinter, OrderSender, PrintSender
from vending.store.books import SqlBooks
from vending.store.drawer import SqlDrawers
from vending.store.outbox import SqlOutbox

pytestmark = pytest.mark.system

JOB = Actor("job:outbox", Role.TECHNICIAN)
PLAN = OutboxPlan(printers={"P1": "till"})
COUNTED = checked_count([("50", 1)], [], "ILS")
NO_PAPER = "انتهى ورق الطابعة"
PRINTED = "طُبعت"


@dataclass
class Roll:
    """A printer with a drawer that keeps what it was given; it can be in trouble."""

    width: int = 512
    printed: dict[str, bytes] = field(default_factory=dict)
    trouble: Exception | None = None
    opened: int = 0

    def print(self, key: str, png: bytes, *, cash: bool = False) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.printed.setdefault(key, png)

    def open_drawer(self) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.opened += 1


@dataclass
class Counter:
    """A clerk in a browser at a point with a printer."""

    api: Api
    roll: Roll
    worker: Outbox

    def run(self) -> tuple[int, int, int]:
        done = self.worker.deliver_due(JOB)
        return done.sent, done.waiting, done.given_up

    def page(self, path: str) -> str:
        answer = self.api.client.get(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def press(self, path: str, **form: str) -> str:
        """Where a form leads to."""
        answer = self.api.client.post(path, data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def form(self, page: str, action: str) -> str:
        """The whole address of the one form that begins so."""
        (found,) = set(re.findall(rf'action="({re.escape(action)}[^"]*)"', self.page(page)))
        return str(found)

    def tells(self, act: str) -> list[str]:
        return [one.subject for one in self.api.parts.office.trail(ADMIN) if one.act == act]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_over(tmp_path, town()) as made:
        made.client.headers.pop("Authorization")
        made.client.headers["Origin"] = "http://testserver"
        made.client.follow_redirects = False
        draft = UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda")
        admin = made.parts.office.begin(draft, PASSWORD).actor("T0")
        clerk = UserDraft("samir", Role.OPERATOR, "samir", "samir", point="P1")
        made.parts.office.add(admin, clerk, PASSWORD, must_change=False)
        sign_in(made, "samir", "T1")
        yield made


@pytest.fixture
def counter(api: Api, tmp_path: Path) -> Counter:
    parts, clock, kept = api.parts, api.clock, SqlDrawers(api.store)
    parts.service = service(api.store, clock, outbox=PLAN)
    parts.drawers = recorded(Drawers(kept, chart(), clock, outbox=PLAN), trailed.DRAWERS)
    parts.bankings = Bankings(kept, chart(), clock, outbox=PLAN)
    reports = BookReports(SqlBooks(api.store), chart(), clock, ZONE)
    parts.x_reports = recorded(XReports(kept, chart(), clock, outbox=PLAN), trailed.X_REPORTS)
    parts.paper_maker = PaperMaker(
        parts.service, parts.drawers, parts.x_reports, parts.bankings, reports
    )
    roll, spool = Roll(), FolderPrinter(tmp_path / "spool")
    receipts = PrintSender(parts.service, parts.papers, spool, {"till": roll})
    orders = OrderSender(parts.paper_maker, parts.papers, spool, {"till": roll})
    worker = Outbox(SqlOutbox(api.store), {Topic.PRINT: receipts}, clock, orders)
    return Counter(api, roll, worker)


def test_without_a_printer_a_copy_for_it_is_refused_in_words(api: Api) -> None:
    api.parts.service.vend(SAMIR, request())
    for path in (
        "/counter/sales/v-1/printer",
        f"/customers/10001/statement/A1/printer?id={'a' * 24}",
    ):
        answer = api.client.post(path)
        assert answer.status_code == 409
        assert "paper.no_printer" in answer.text
    assert api.parts.service.what_became(SAMIR, "v-1").copies == 0
    assert "/printer?" not in api.client.get("/customers/10001/statement").text


def test_what_became_of_a_receipt(counter: Counter) -> None:
    """The queue as the clerk sees it: on its way, out of paper, tried again, printed."""
    counter.api.parts.service.vend(SAMIR, request())
    path, client = "/counter/sales/v-1/printing", counter.api.client
    assert "hx-trigger" in counter.page(path)
    piece = client.get(path, headers={"HX-Request": "true"})
    assert piece.text.lstrip().startswith('<div class="printing"')
    # A link that htmx follows in the browser's place leads to the whole page.
    followed = client.get(path, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert followed.text.lstrip().startswith("<!doctype html>")
    counter.roll.trouble = PaperOut("till")
    assert counter.run() == (0, 1, 0)
    told = counter.page(path)
    assert 'role="alert"' in told
    assert "till" in told
    assert NO_PAPER in told
    counter.roll.trouble = None
    assert counter.press(f"{path}/again") == path
    assert counter.run() == (1, 0, 0)
    done = counter.page(path)
    assert PRINTED in done
    assert "hx-trigger" not in done
    assert "/again" not in done


def test_new_paper_lets_out_all_that_waits_for_that_printer(counter: Counter) -> None:
    counter.roll.trouble = PrinterOff("till")
    for number in range(3):
        counter.api.parts.service.vend(SAMIR, request(f"v-{number}"))
        counter.run()
        counter.api.clock.forward(minutes=1)
    counter.roll.trouble = None
    counter.press("/counter/sales/v-2/printing/again")
    assert counter.run() == (3, 0, 0)


def test_what_was_given_up_is_tried_again_unless_it_may_be_out(counter: Counter) -> None:
    counter.api.parts.service.vend(SAMIR, request())
    path = "/counter/sales/v-1/printing"
    counter.roll.trouble = PrinterOff("till")
    for _ in range(12):
        counter.run()
        counter.api.clock.forward(hours=6)
    (given_up,) = counter.api.parts.outbox.messages(ADMIN)
    assert given_up.state is MessageState.GIVEN_UP
    sign_in(counter.api, "samir", "T1")
    assert f'action="{path}/again"' in counter.page(path)
    counter.press(f"{path}/again")
    counter.roll.trouble = PrintUnknown("till")
    assert counter.run() == (0, 1, 0)
    assert "/again" not in counter.page(path), "it may be out: first look"
    counter.roll.trouble = PrintedPerhaps("till")
    counter.api.clock.forward(minutes=1)
    assert counter.run() == (0, 0, 1)
    told = counter.page(path)
    assert "/again" not in told
    assert 'role="alert"' in told
    assert 'action="/counter/sales/v-1/printer"' in told, "the way out is a copy"


def sold(counter: Counter) -> None:
    counter.api.parts.drawers.open(SAMIR, "s-1", Money(0))
    counter.api.parts.service.vend(SAMIR, request())
    assert counter.run() == (1, 0, 0)
    counter.roll.printed.clear()


UNCOUNTED = pytest.mark.parametrize(
    ("page", "action"),
    [
        ("/customers/10001/statement", "/customers/10001/statement/A1/printer"),
        ("/counter/sales/v-2", "/counter/sales/v-2/note/printer"),
        ("/counter/sales/v-3", "/counter/sales/v-3/key-slip/printer"),
    ],
)


@UNCOUNTED
def test_other_papers_come_out_of_the_printer_once(
    counter: Counter, page: str, action: str
) -> None:
    sold(counter)
    parts = counter.api.parts
    parts.service.vend(SAMIR, replace(request("v-2"), hold=True))
    parts.service.void(SAMIR, "v-2", "الرقم خطأ")
    parts.key_changes.plan(CHIEF, POWER.number, "Another tariff index", ti=2)
    parts.service.vend(SAMIR, request("v-3"))
    assert counter.run() == (1, 0, 0)
    counter.roll.printed.clear()
    form = counter.form(page, action)
    ways = {counter.press(form) for _ in range(3)}
    (way,) = ways
    counter.roll.trouble = PaperOut("till")
    assert counter.run() == (0, 1, 0)
    assert NO_PAPER in counter.page(way)
    counter.roll.trouble = None
    assert counter.press(counter.form(way, way)) == way
    assert counter.run() == (1, 0, 0)
    assert PRINTED in counter.page(way)
    (png,) = counter.roll.printed.values()
    with Image.open(io.BytesIO(png)) as image:
        assert image.width == 512
    assert len(counter.tells("printed_out")) == 1, "pressed thrice, told once"
    (back,) = re.findall(r'<a role="button"[^>]* href="([^"]+)" autofocus', counter.page(way))
    assert counter.page(back)
    refused = counter.api.client.post(f"{action}?id=../../x")
    assert refused.status_code == 409
    assert "paper.gone" in refused.text
    assert counter.run() == (0, 0, 0)


def test_closing_a_shift_brings_its_report_and_the_page_tells_of_it(counter: Counter) -> None:
    sold(counter)
    form = {"shift": "s-1", "pieces:50.00": "1"}
    assert counter.press("/shift/close", **form) == "/shift/s-1/z"
    before = counter.page("/shift/s-1/z")
    assert 'hx-get="/shift/s-1/printing"' in before
    assert "/z/paper?n=0" not in before, "the printer has the original"
    assert counter.api.client.get("/shift/s-1/z/paper").status_code == 409
    counter.roll.trouble = PaperOut("till")
    assert counter.run() == (0, 1, 0)
    assert NO_PAPER in counter.page("/shift/s-1/z")
    counter.roll.trouble = None
    counter.press(counter.form("/shift/s-1/z", "/shift/s-1/printing/again"))
    assert counter.run() == (1, 0, 0)
    assert PRINTED in counter.page("/shift/s-1/z")
    for number in (1, 2):
        assert counter.press("/shift/s-1/z/printer") == "/shift/s-1/printing"
        assert counter.run() == (1, 0, 0)
        assert counter.api.parts.drawers.z(SAMIR, "s-1").copies == number
    assert len(set(counter.roll.printed.values())) == 3
    assert list(counter.roll.printed) == [f"paper:z:{n}:s-1" for n in range(3)]
    assert counter.tells("z_copy") == ["s-1", "s-1"]
    assert 'href="/shift/s-1/z"' in counter.page("/shift/s-1/printing")


def test_an_x_report_comes_out_when_it_is_taken_and_the_page_tells_of_it(counter: Counter) -> None:
    sold(counter)
    client, x_reports = counter.api.client, counter.api.parts.x_reports
    for _ in range(2):
        assert counter.press("/shift/x", id="x-1") == "/shift/x/x-1"
    before = counter.page("/shift/x/x-1")
    assert 'hx-get="/shift/x/x-1/printing"' in before
    assert "/paper?n=0" not in before, "the printer has the original"
    assert client.get("/shift/x/x-1/paper").status_code == 409
    counter.roll.trouble = PaperOut("till")
    assert counter.run() == (0, 1, 0)
    assert NO_PAPER in counter.page("/shift/x/x-1")
    # The shift may be closed before its report is out.
    counter.api.parts.drawers.close(replace(CHIEF, point=None), COUNTED, "s-1")
    counter.roll.trouble = None
    way = "/shift/x/x-1/printing"
    assert counter.press(counter.form("/shift/x/x-1", f"{way}/again")) == way
    assert counter.run() == (1, 0, 0)
    assert PRINTED in counter.page("/shift/x/x-1")
    for number in (1, 2):
        assert counter.press("/shift/x/x-1/printer") == way
        assert counter.run() == (1, 0, 0)
        assert x_reports.report(SAMIR, "x-1").copies == number
    assert len(set(counter.roll.printed.values())) == 3
    assert list(counter.roll.printed) == [f"paper:x:{n}:x-1" for n in range(3)]
    assert (counter.tells("x_taken"), counter.tells("x_copy")) == (["x-1"], ["x-1", "x-1"])
    assert 'href="/shift/x/x-1"' in counter.page(way)


def test_a_banking_brings_its_slip(counter: Counter) -> None:
    sold(counter)
    counter.api.parts.drawers.close(SAMIR, COUNTED)
    page = counter.page("/shift/banked")
    (id,) = re.findall(r'name="id" value="([^"]+)"', page)
    here = f"/shift/banked/{id}"
    form = {"id": id, "point": "P1", "reference": "", "shift:s-1": "yes"}
    assert counter.press("/shift/banked", **form) == here
    assert "/paper?n=0" not in counter.page(here)
    assert counter.api.client.get(f"{here}/paper").status_code == 409
    assert counter.run() == (2, 0, 0)
    assert PRINTED in counter.page(here)
    assert counter.press(f"{here}/printer") == f"{here}/printing"
    assert counter.run() == (1, 0, 0)
    assert f'href="{here}"' in counter.page(f"{here}/printing")
    assert list(counter.roll.printed)[1:] == [f"paper:deposit:0:{id}", f"paper:deposit:1:{id}"]


def test_the_drawer_opens_for_cash_and_by_hand_which_stands_in_the_trail(counter: Counter) -> None:
    sold(counter)
    assert "/shift/drawer" not in counter.page("/shift"), "this point has none"
    assert counter.api.client.post("/shift/drawer").status_code == 422
    counter.api.parts.cash_drawers["P1"] = counter.roll
    cash = {"way": "in", "amount": "20", "reason": "change for the morning"}
    counter.press("/shift/cash", id="m-1", **cash)
    assert counter.roll.opened == 1
    counter.press("/shift/drawer")
    assert counter.press("/shift/drawer", counting="yes") == "/shift/count"
    assert "/shift/drawer" in counter.page("/shift/count")
    assert counter.roll.opened == 3
    assert counter.tells("drawer_opened") == ["P1", "P1"]
    counter.roll.trouble = PrinterOff("till")
    refused = counter.api.client.post("/shift/drawer")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    # The cash is booked, whether the drawer opens or not.
    assert counter.press("/shift/cash", id="m-2", **cash) == "/shift"
    assert counter.tells("drawer_opened") == ["P1", "P1"]
    refused = counter.api.client.post(
        "/shift/cash", data={**cash, "id": "m-3", "way": "out", "amount": "999"}
    )
    assert refused.status_code == 422


def test_in_practice_nothing_is_sent_to_the_printer(counter: Counter) -> None:
    sold(counter)
    counter.api.parts.cash_drawers["P1"] = counter.roll
    counter.press("/counter/practice", on="yes")
    counter.press("/shift/open", id="s-p", float="10")
    counter.press("/shift/cash", id="m", way="in", amount="5", reason="for practice")
    page = counter.page("/shift")
    assert "/printer" not in page
    assert "/shift/drawer" not in page
    assert counter.press("/shift/x", id="x-1") == "/shift/x/practice"
    assert "/printer" not in counter.page("/shift/x/practice")
    assert counter.api.client.post("/shift/x/practice/printer").status_code == 409
    assert counter.roll.opened == 0
    assert counter.run() == (0, 0, 0)
