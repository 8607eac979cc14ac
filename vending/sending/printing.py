"""Slips on paper: to receipt printers as pictures, or as text into a folder that a printing program
watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..outbox_ports import Queued, SendRejected
from ..papers import PaperDesk, receipt_paper
from ..paperwork import COPY, SalePaper
from ..parties import Actor, Role
from ..printing import Device, PrintedPerhaps
from ..sale import SaleReceipt, Tender
from ..service import VendingService
from .files import write_once
from .texts import slip_text


class Printer(Protocol):
    """Whatever puts a slip of text on paper."""

    def print(self, key: str, printer: str, slip: str) -> None:
        """Once per key, however often it is called. Raises NotSent, SendUnknown, SendRejected."""
        ...


@dataclass(frozen=True, slots=True)
class PrintSender:
    """Makes the paper from the books and hands it to the printer of that name, or to the folder
    where no such printer is set up."""

    service: VendingService
    desk: PaperDesk
    folder: Printer
    devices: Mapping[str, Device] = field(default_factory=dict)

    def send(self, queued: Queued, receipt: SaleReceipt, now: datetime) -> None:  # noqa: ARG002
        """Raises also the printer's errors, all of which say whether it is tried again."""
        message = queued.message
        paper = self._paper(message.key, receipt.vend_id)
        if paper is None:
            # Another message of the basket has it on its paper.
            return
        language = self.desk.language_of(receipt.buyer.account)
        device = self.devices.get(message.target)
        if device is None:
            slips = [slip_text(one, language) for one in paper.receipts]
            self.folder.print(message.key, message.target, "\n".join(slips))
            return
        made = receipt_paper(paper.receipts, self.desk.letterhead(), language, check=paper.check)
        png = self.desk.press.png(made, device.width)
        try:
            device.print(message.key, png, cash=_is_cash(paper))
        except PrintedPerhaps as error:
            raise SendRejected(message.target, error.code) from None

    def _paper(self, key: str, vend_id: str) -> SalePaper | None:
        if key.startswith(COPY):
            return self.service.paperwork.copy_queued(key, vend_id)
        return self.service.paperwork.print_queued(Actor(key, Role.TECHNICIAN), vend_id)


@dataclass(frozen=True, slots=True)
class PracticePrinter:
    """Papers of sales that were practised: marked TEST, made from nothing that is booked, and sent
    at once, for there is no queue that would remember them."""

    desk: PaperDesk
    devices: Mapping[str, Device] = field(default_factory=dict)

    def has(self, printer: str) -> bool:
        """Whether a printer of this name is set up; a folder gets nothing in practice."""
        return printer in self.devices

    def print(self, key: str, printer: str, receipts: Sequence[SaleReceipt]) -> None:
        """Once per key; the cash drawer stays shut. Raises the printer's errors."""
        device, head = self.devices[printer], self.desk.letterhead()
        made = receipt_paper(receipts, head, self.desk.language, check="", practice=True)
        device.print(key, self.desk.press.png(made, device.width))


def _is_cash(paper: SalePaper) -> bool:
    """Whether the drawer is needed: coins came in with this paper, or change went out."""
    first = paper.receipts[0]
    if first.copy:
        return False
    if first.paid is None:
        return first.tender is Tender.CASH and first.quote.tendered.minor > 0
    return any(one.tender is Tender.CASH for one in first.paid.payments)


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """A folder per printer; UTF-8 text files, named by key, that appear whole. Whoever prints one
    moves it into the folder `done` beside it (`files.DONE`)."""

    spool: Path

    def print(self, key: str, printer: str, slip: str) -> None:
        write_once(self.spool / printer, key, slip)
