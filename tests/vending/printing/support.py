"""A counter with a receipt printer, and the worker that serves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.vending.outbox.support import JOB
from tests.vending.printing.test_device import well
from tests.vending.support import ADMIN, SetClock, new_store, service, town
from vending.messages import Language
from vending.outbox import OutboxPlan, Topic
from vending.outbox_ports import PaperSender
from vending.outbox_worker import Outbox
from vending.papers import Letterhead, PaperDesk, Press
from vending.printing import DummyLine, EscPosPrinter, Journal
from vending.sending import FolderPrinter, PrintSender
from vending.store.outbox import SqlOutbox

PLAN = OutboxPlan(printers={"P1": "till"})
DESK = PaperDesk(Press(), Letterhead, Language.ARABIC)


class Till:
    """It prints receipts; what else it prints is `orders`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.line = folder, SetClock(), DummyLine(well)
        self.spool = FolderPrinter(folder / "spool")
        self.store = new_store(folder / "raseed.db")
        self.service = service(self.store, self.clock, outbox=PLAN)
        self.service.register(ADMIN, town())
        self.outbox = self.worker()

    def orders(self, devices: Mapping[str, EscPosPrinter]) -> PaperSender | None:
        return None

    def worker(self, *, described: bool = True) -> Outbox:
        """As after a start of the process; the printer is one that the settings describe or not."""
        device = EscPosPrinter("till", self.line, Journal(self.folder / "done"), cash_drawer=True)
        devices = {"till": device} if described else {}
        receipts = PrintSender(self.service, DESK, self.spool, devices)
        kept = SqlOutbox(self.store)
        return Outbox(kept, {Topic.PRINT: receipts}, self.clock, self.orders(devices))

    def run(self) -> tuple[int, int, int]:
        done = self.outbox.deliver_due(JOB)
        return done.sent, done.waiting, done.given_up
