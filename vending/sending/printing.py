"""Papers: to receipt printers as pictures, or into a folder that a printing program watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from meters.errors import Invalid, Refused

from ..outbox import Message
from ..outbox_ports import Queued, SendRejected, Sold
from ..paperorders import PaperOrder
from ..papers import PaperDesk, PaperMaker, receipt_draft, receipt_paper
from ..paperwork import COPY
from ..parties import Actor, Role
from ..printing import Device, PrintedPerhaps
from ..printings import SalePaper
from ..sale import SaleReceipt, Tender
from ..service import VendingService
from .files import write_once
from .texts import slip_text


class Printer(Protocol):
    """Whatever puts on paper what it is given: once per key, however often it is called. Both
    raise NotSent, SendUnknown, SendRejected."""

    def print(self, key: str, printer: str, slip: str) -> None:
        """A slip of text."""
        ...

    def print_pdf(self, key: str, printer: str, pdf: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class PrintSender:
    """Makes the paper of a sale from the books and hands it to the printer of that name, or to the
    folder where no such printer is set up."""

    service: VendingService
    desk: PaperDesk
    folder: Printer
    devices: Mapping[str, Device] = field(default_factory=dict)

    def send(self, queued: Queued, sold: Sold, now: datetime) -> None:  # noqa: ARG002
        """Raises also the printer's errors, all of which say whether it is tried again."""
        message = queued.message
        paper = self._paper(message.key, sold.receipt.vend_id)
        if paper is None:
            # Another message of the basket has it on its paper.
            return
        device = self.devices.get(message.target)
        if device is None:
            language = self.desk.language_of(sold.receipt.buyer.account)
            slips = [slip_text(one, language) for one in paper.receipts]
            self.folder.print(message.key, message.target, "\n".join(slips))
            return
        png = self.desk.press.png(self.desk.paper(receipt_draft(paper)), device.width)
        _print(device, message, png, cash=_is_cash(paper))

    def _paper(self, key: str, vend_id: str) -> SalePaper | None:
        worker = Actor(key, Role.TECHNICIAN)
        if key.startswith(COPY):
            return self.service.paperwork.copy_queued(worker, vend_id)
        return self.service.paperwork.print_queued(worker, vend_id)


@dataclass(frozen=True, slots=True)
class OrderSender:
    """The same for papers that are no receipts; the folder gets them as PDF."""

    maker: PaperMaker
    desk: PaperDesk
    folder: Printer
    devices: Mapping[str, Device] = field(default_factory=dict)

    def send(self, queued: Queued, order: PaperOrder) -> None:
        """Raises also the printer's errors. What there is no paper of (no report has such an id)
        is rejected."""
        message, press = queued.message, self.desk.press
        try:
            draft = self.maker.draft(order)
        except (Invalid, Refused) as error:
            raise SendRejected(message.target, error.code) from None
        paper = self.desk.paper(draft, order.language)
        device = self.devices.get(message.target)
        if device is None:
            self.folder.print_pdf(message.key, message.target, press.pdf(paper))
            return
        _print(device, message, press.png(paper, device.width))


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


def _print(device: Device, message: Message, png: bytes, *, cash: bool = False) -> None:
    """Once. A printing that may have been before is not tried again by itself."""
    try:
        device.print(message.key, png, cash=cash)
    except PrintedPerhaps as error:
        raise SendRejected(message.target, error.code) from None


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
    """A folder per printer; files named by key (slips as UTF-8 text, other papers as PDF) that
    appear whole. Whoever prints one moves it into the folder `done` beside it (`files.DONE`)."""

    spool: Path

    def print(self, key: str, printer: str, slip: str) -> None:
        write_once(self.spool / printer, f"{key}.txt", slip.encode())

    def print_pdf(self, key: str, printer: str, pdf: bytes) -> None:
        write_once(self.spool / printer, f"{key}.pdf", pdf)
