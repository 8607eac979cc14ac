"""From a sale through the queue to a receipt printer: once, and with a way out of trouble."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from meters.quantities import Money
from meters.values import replace
from tests.vending.outbox.support import CHIEF, JOB
from tests.vending.printing.support import DESK, Till
from tests.vending.printing.test_device import (
    PULSE,
    RASTER,
    answering,
    decoded,
    papers,
    well,
)
from tests.vending.support import (
    OPERATOR,
    POWER,
    WATER,
    request,
)
from vending.messages import Language
from vending.outbox import MessageState, Topic
from vending.outbox_worker import Outbox
from vending.paperorders import NoPrinter
from vending.papers import Letterhead, receipt_paper
from vending.printing import DummyLine, PrintedPerhaps, trouble
from vending.requests import BasketRequest, Credit
from vending.sale import Payment, Tender
from vending.sending import FolderPrinter, PrintSender
from vending.store.outbox import SqlOutbox

pytestmark = pytest.mark.system


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    made = Till(tmp_path)
    yield made
    made.store.close()


def test_the_original_comes_out_once(till: Till) -> None:
    sold = till.service.vend(OPERATOR, request())
    assert till.run() == (1, 0, 0)
    assert till.run() == (0, 0, 0)
    (data,) = papers(till.line)
    with till.store.reading() as books:
        (entry,) = books.entries("v-1")
    wanted = DESK.press.png(
        receipt_paper([sold], Letterhead(), Language.ARABIC, check=entry.entry.content_hash)
    )
    with Image.open(io.BytesIO(wanted)) as image:
        assert decoded(data).tobytes() == image.tobytes()
    assert PULSE in data
    assert till.service.paperwork.print(OPERATOR, "v-1").receipts[0].copy == 1


def test_a_basket_is_one_paper_and_card_money_needs_no_drawer(till: Till) -> None:
    items = tuple(Credit(meter.number, Money(2000)) for meter in (POWER, WATER))
    paid = (Payment(Tender.CARD, Money(4000), "4711"),)
    till.service.vend_basket(OPERATOR, BasketRequest("b-1", items, paid))
    assert till.run() == (2, 0, 0)
    (data,) = papers(till.line)
    assert PULSE not in data


def test_without_paper_it_waits_and_the_reason_is_told(till: Till) -> None:
    till.line.answer = answering(paper=0x72)
    till.service.vend(OPERATOR, request())
    assert till.run() == (0, 1, 0)
    (waiting,) = till.outbox.messages(CHIEF)
    assert waiting.last_error == "printer.paper_out"
    assert papers(till.line) == []
    till.line.answer = well
    till.outbox.retry(OPERATOR, waiting.id)
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 1
    assert till.service.what_became(OPERATOR, "v-1").copies == 0, "it was the original all along"


def test_a_paper_whose_end_was_not_seen_is_not_printed_again_after_a_restart(till: Till) -> None:
    class Dies(DummyLine):
        def send(self, data: bytes) -> None:
            super().send(data)
            if RASTER in data:
                raise BrokenPipeError

    till.line = Dies(well)
    till.outbox = till.worker()
    till.service.vend(OPERATOR, request())
    assert till.run() == (0, 1, 0)
    assert till.outbox.messages(CHIEF)[0].last_error == "printer.unknown"
    sent = len(papers(till.line))
    till.line = DummyLine(well)
    till.outbox = till.worker()
    till.clock.forward(minutes=1)
    assert till.run() == (0, 0, 1)
    assert (sent, len(papers(till.line))) == (1, 0)
    (given_up,) = till.outbox.messages(CHIEF)
    assert given_up.state is MessageState.GIVEN_UP
    assert isinstance(trouble(given_up.last_error, "till"), PrintedPerhaps)
    # The way out: a copy, with its number.
    made = till.service.paperwork.send_copy(OPERATOR, "v-1")
    assert made.receipts[0].copy == 1
    assert till.run() == (1, 0, 0)
    assert len(papers(till.line)) == 1


def test_copies_for_the_printer_are_counted_and_open_no_drawer(till: Till) -> None:
    till.service.vend(OPERATOR, request())
    till.run()
    for number in (1, 2):
        assert till.service.paperwork.send_copy(OPERATOR, "v-1").receipts[0].copy == number
    assert till.run() == (2, 0, 0)
    original, first, second = papers(till.line)
    assert len({original, first, second}) == 3
    assert PULSE not in first + second
    assert till.service.what_became(OPERATOR, "v-1").copies == 2
    with pytest.raises(NoPrinter):
        till.service.paperwork.send_copy(replace(OPERATOR, point="P2"), "v-1")


def test_a_sale_that_was_taken_back_is_not_printed(till: Till) -> None:
    till.service.vend(OPERATOR, replace(request(), hold=True))
    till.service.void(OPERATOR, "v-1", "wrong customer")
    assert till.run() == (0, 0, 0)
    assert papers(till.line) == []


def test_a_printer_that_is_not_set_up_is_a_folder_of_text(till: Till) -> None:
    sender = PrintSender(till.service, DESK, FolderPrinter(till.folder / "spool"))
    outbox = Outbox(SqlOutbox(till.store), {Topic.PRINT: sender}, till.clock)
    sold = till.service.vend(OPERATOR, request())
    till.service.paperwork.send_copy(OPERATOR, "v-1")
    assert outbox.deliver_due(JOB).sent == 2
    slips = {path.name: path.read_text("utf-8") for path in (till.folder / "spool/till").iterdir()}
    assert all(sold.tokens[0].grouped in slip for slip in slips.values())
    assert "نسخة: \u20661\u2069" in slips["copy=1=v-1.txt"]
    assert "نسخة: \u20662\u2069" in slips["print=v-1.txt"], (
        "a copy was earlier: no original is left"
    )
