"""Papers that are no receipts go through the same queue to the same printer: each once, also after
a restart, and what is in the way is told."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from meters.quantities import Money
from meters.values import replace
from tests.vending.books.support import ZONE
from tests.vending.outbox.support import CHIEF
from tests.vending.printing import support
from tests.vending.printing.support import DESK, PLAN
from tests.vending.printing.test_device import PULSE, RASTER, answering, decoded, papers, well
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    chart,
    no_gateway,
    request,
    security,
)
from vending.accounting import BookReports
from vending.approvals import Approvals, Operators, own_acts
from vending.drawer import Bankings, BankRequest, Drawers, XReports, checked_count
from vending.drawer.errors import CountDiffers
from vending.keychanges import KeyChanges
from vending.operators import Operator, Settlement
from vending.outbox import Message, MessageState, Topic
from vending.paperorders import NoPrinter, PaperKind, PaperOrder, message_of, order_of
from vending.papers import PaperMaker
from vending.parties import Actor, Role
from vending.printing import DummyLine, EscPosPrinter, PrintedPerhaps, trouble
from vending.record import receipt_of
from vending.sending import OrderSender
from vending.store.approvals import SqlPeople
from vending.store.books import SqlBooks
from vending.store.drawer import SqlDrawers
from vending.store.key_changes import SqlKeyChanges
from vending.store.outbox import SqlOutbox

pytestmark = pytest.mark.system

BOSS = replace(CHIEF, point="P1")
ID = "0123456789abcdef01234567"
COUNTED = checked_count([("50", 1)], [], "ILS")


class Till(support.Till):
    """With a drawer, whose papers come out of the printer too."""

    def orders(self, devices: Mapping[str, EscPosPrinter]) -> OrderSender:
        kept = SqlDrawers(self.store)
        self.drawers = Drawers(kept, chart(), self.clock, outbox=PLAN)
        self.bankings = Bankings(kept, chart(), self.clock, outbox=PLAN)
        reports = BookReports(SqlBooks(self.store), chart(), self.clock, ZONE)
        self.x_reports = XReports(kept, chart(), self.clock, outbox=PLAN)
        self.maker = PaperMaker(self.service, self.drawers, self.x_reports, self.bankings, reports)
        return OrderSender(self.maker, DESK, self.spool, devices)

    def sold(self) -> None:
        """A shift with one sale, whose receipt is out."""
        self.drawers.open(OPERATOR, "s-1", Money(0))
        self.service.vend(OPERATOR, request())
        assert self.run() == (1, 0, 0)
        self.line.sent.clear()

    def keys(self) -> list[str]:
        return [one.message.key for one in self.outbox.messages(CHIEF)][::-1]

    def queue(self, order: PaperOrder, id: str = ID) -> None:
        self.service.paperwork.send(order, id)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    made = Till(tmp_path)
    made.sold()
    yield made
    made.store.close()


def test_a_z_report_comes_out_once_with_the_close_and_then_as_copies(till: Till) -> None:
    report = till.drawers.close(OPERATOR, COUNTED)
    till.drawers.close(OPERATOR, COUNTED, "s-1")
    assert till.run() == (1, 0, 0)
    assert till.run() == (0, 0, 0)
    (data,) = papers(till.line)
    wanted = DESK.press.png(DESK.paper(till.maker.draft(PaperOrder(PaperKind.Z, "s-1", OPERATOR))))
    with Image.open(io.BytesIO(wanted)) as image:
        assert decoded(data).tobytes() == image.tobytes()
    assert PULSE not in data, "the drawer has been counted"
    assert [till.drawers.send_copy(OPERATOR, "s-1").copy for _ in range(2)] == [1, 2]
    assert till.run() == (2, 0, 0)
    assert len(set(papers(till.line))) == 3, "each copy has its number"
    assert till.drawers.z(OPERATOR, "s-1").copies == 2
    assert till.keys()[1:] == ["paper:z:0:s-1", "paper:z:1:s-1", "paper:z:2:s-1"]
    assert report.copies == 0


def test_a_close_that_fails_prints_nothing(till: Till) -> None:
    till.drawers.close(OPERATOR, COUNTED)
    with pytest.raises(CountDiffers):
        till.drawers.close(OPERATOR, checked_count([("20", 1)], [], "ILS"), "s-1")
    assert till.run() == (1, 0, 0)


def test_where_there_is_no_printer_a_close_queues_nothing_and_a_copy_is_not_counted(
    till: Till,
) -> None:
    office = replace(CHIEF, point=None)
    till.x_reports.take(office, "x-1", "s-1")
    till.drawers.close(office, COUNTED, "s-1")
    assert till.run() == (0, 0, 0)
    with pytest.raises(NoPrinter):
        till.drawers.send_copy(office, "s-1")
    assert till.drawers.z(office, "s-1").copies == 0
    with pytest.raises(NoPrinter):
        till.x_reports.send_copy(office, "x-1")
    assert till.x_reports.report(office, "x-1").copies == 0
    till.bankings.bank(office, BankRequest("d-1", "P1"))
    with pytest.raises(NoPrinter):
        till.bankings.send_copy(office, "d-1")
    assert till.bankings.slip(office, "d-1").copies == 0
    with pytest.raises(NoPrinter):
        till.queue(PaperOrder(PaperKind.Z, "s-1", office))
    assert till.run() == (0, 0, 0)


def test_a_deposit_slip_comes_out_once_and_then_as_copies(till: Till) -> None:
    till.drawers.close(OPERATOR, COUNTED)
    for _ in range(2):
        till.bankings.bank(OPERATOR, BankRequest("d-1", "P1"))
    assert till.run() == (2, 0, 0)
    assert till.bankings.send_copy(OPERATOR, "d-1").copy == 1
    assert till.run() == (1, 0, 0)
    assert till.keys()[-2:] == ["paper:deposit:0:d-1", "paper:deposit:1:d-1"]
    assert len(set(papers(till.line))) == 3


def test_an_x_report_comes_out_once_when_it_is_taken_and_then_as_copies(till: Till) -> None:
    for _ in range(2):
        till.x_reports.take(OPERATOR, "x-1")
    assert till.run() == (1, 0, 0)
    (data,) = papers(till.line)
    wanted = DESK.press.png(DESK.paper(till.maker.draft(PaperOrder(PaperKind.X, "x-1", OPERATOR))))
    with Image.open(io.BytesIO(wanted)) as image:
        assert decoded(data).tobytes() == image.tobytes()
    assert PULSE not in data
    assert [till.x_reports.send_copy(OPERATOR, "x-1").copy for _ in range(2)] == [1, 2]
    # What was taken comes out, whatever became of its shift meanwhile.
    till.drawers.close(replace(CHIEF, point=None), COUNTED, "s-1")
    assert till.run() == (2, 0, 0)
    assert till.keys()[1:] == ["paper:x:0:x-1", "paper:x:1:x-1", "paper:x:2:x-1"]
    assert len(set(papers(till.line))) == 3, "each copy has its number"
    assert till.x_reports.report(OPERATOR, "x-1").copies == 2


def statement(till: Till) -> PaperOrder:
    return PaperOrder(PaperKind.STATEMENT, "A1", OPERATOR, first="2026-01-01", last="2026-12-31")


def key_slip(till: Till) -> PaperOrder:
    changes = KeyChanges(SqlKeyChanges(till.store), security(), no_gateway, till.clock)
    changes.plan(CHIEF, POWER.number, "Another tariff index", ti=2)
    assert till.service.vend(OPERATOR, request("v-2")).key_tokens
    assert till.run() == (1, 0, 0)
    till.line.sent.clear()
    return PaperOrder(PaperKind.KEY_SLIP, "v-2", OPERATOR)


def note(till: Till) -> PaperOrder:
    till.service.vend(OPERATOR, replace(request("v-2"), hold=True))
    till.service.void(OPERATOR, "v-2", "wrong customer")
    return PaperOrder(PaperKind.NOTE, "v-2", OPERATOR)


ASKED = pytest.mark.parametrize("ask", [statement, key_slip, note])


@ASKED
def test_what_is_asked_for_comes_out_once_however_often_it_is_pressed(
    till: Till, ask: Callable[[Till], PaperOrder]
) -> None:
    order = ask(till)
    for _ in range(3):
        till.queue(order)
    assert till.run() == (1, 0, 0)
    (data,) = papers(till.line)
    wanted = DESK.press.png(DESK.paper(till.maker.draft(order)))
    with Image.open(io.BytesIO(wanted)) as image:
        assert decoded(data).tobytes() == image.tobytes()
    assert PULSE not in data
    till.queue(order, ID[::-1])
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 2, "another wish is another paper"


@ASKED
def test_without_paper_it_waits_and_comes_out_when_it_is_tried_again(
    till: Till, ask: Callable[[Till], PaperOrder]
) -> None:
    order = ask(till)
    till.line.answer = answering(paper=0x72)
    till.queue(order)
    assert till.run() == (0, 1, 0)
    waiting = till.outbox.messages(CHIEF)[0]
    assert waiting.last_error == "printer.paper_out"
    assert papers(till.line) == []
    till.line.answer = well
    till.outbox.retry(OPERATOR, waiting.id)
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 1


def test_a_report_whose_end_was_not_seen_is_not_printed_again_after_a_restart(till: Till) -> None:
    class Dies(DummyLine):
        def send(self, data: bytes) -> None:
            super().send(data)
            if RASTER in data:
                raise BrokenPipeError

    till.line = Dies(well)
    till.outbox = till.worker()
    till.drawers.close(OPERATOR, COUNTED)
    assert till.run() == (0, 1, 0)
    assert len(papers(till.line)) == 1
    till.line = DummyLine(well)
    till.outbox = till.worker()
    till.clock.forward(minutes=1)
    assert till.run() == (0, 0, 1)
    assert papers(till.line) == []
    given_up = till.outbox.messages(CHIEF)[0]
    assert isinstance(trouble(given_up.last_error, "till"), PrintedPerhaps)
    till.drawers.send_copy(OPERATOR, "s-1")
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 1, "the way out: a copy, with its number"


def test_a_worker_that_died_before_the_first_byte_prints_it_once(till: Till) -> None:
    till.drawers.close(OPERATOR, COUNTED)
    now = till.clock()
    taken = SqlOutbox(till.store).take(now, now, [Topic.PRINT], [])
    assert taken is not None
    till.clock.forward(minutes=3)
    till.outbox = till.worker()
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 1


def test_an_x_report_that_was_ordered_before_any_was_kept_is_given_up(till: Till) -> None:
    """Such an order names the shift: there is no report of that id."""
    till.queue(PaperOrder(PaperKind.X, "s-1", OPERATOR))
    assert till.run() == (0, 0, 1)
    given_up = till.outbox.messages(CHIEF)[0]
    assert (given_up.state, given_up.last_error) == (
        MessageState.GIVEN_UP,
        "outbox.rejected: x_report.unknown",
    )


def test_a_paper_shows_what_whoever_asked_may_see(till: Till) -> None:
    """A clerk's X report is blind, and an agent's statement names nobody."""
    till.x_reports.take(BOSS, "x-1", "s-1")
    till.x_reports.send_copy(OPERATOR, "x-1")
    assert till.run() == (2, 0, 0)
    parts = []
    for who, copy in ((BOSS, 0), (OPERATOR, 1)):
        order = order_of(message_of(PaperOrder(PaperKind.X, "x-1", who, copy), "till"))
        assert order is not None
        wanted = DESK.paper(till.maker.draft(order))
        parts.append(str(wanted.data["parts"]))
        with Image.open(io.BytesIO(DESK.press.png(wanted))) as image:
            assert decoded(papers(till.line)[copy]).tobytes() == image.tobytes()
    assert ["50.00" in part for part in parts] == [True, False]
    people = SqlPeople(till.store)
    approvals = Approvals(people, own_acts("ILS"), till.clock)
    kiosk = Operator("Kiosk", "كشك", "Kiosk", Settlement.DEPOSIT, credit_limit=0, commission="0")
    Operators(people, approvals, chart()).register(ADMIN, kiosk)
    agent = Actor("Kiosk", Role.OPERATOR, "P1", "T5")
    for who, named in ((BOSS, True), (agent, False)):
        order = order_of(message_of(PaperOrder(PaperKind.STATEMENT, "A1", who), "till", ID))
        assert order is not None
        facts = str(DESK.paper(till.maker.draft(order), "en").data["facts"])
        assert ("Samira Awwad" in facts) is named


def test_a_printer_that_is_not_set_up_gets_them_as_pdf(till: Till) -> None:
    till.outbox = till.worker(described=False)
    till.drawers.close(OPERATOR, COUNTED)
    till.queue(statement(till))
    for _ in range(2):
        till.run()
    found = sorted((till.folder / "spool" / "till").iterdir())
    assert [one.name for one in found] == [f"paper=statement={ID}.pdf", "paper=z=0=s-1.pdf"]
    for one in found:
        assert one.read_bytes().startswith(b"%PDF-")
        assert one.stat().st_mode & 0o077 == 0
    assert papers(till.line) == []


def test_no_digits_wait_in_the_queue(till: Till) -> None:
    order = key_slip(till)
    till.queue(order)
    with till.store.reading() as books:
        record = books.sale("v-2")
    assert record is not None
    digits = [one.digits for one in receipt_of(record).key_tokens]
    assert digits
    queued: Message = till.outbox.messages(CHIEF)[0].message
    assert not [one for one in digits if one in str(queued)]
