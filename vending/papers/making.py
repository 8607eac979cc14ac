"""From what somebody asks for to the paper: looked up in the books as that person may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ..accounting import BookReports
from ..drawer import Bankings, Drawers, ShiftReport, XReports
from ..paperorders import PaperKind, PaperOrder
from ..printings import SalePaper
from ..service import VendingService
from .deposit import deposit_paper
from .desk import Draft
from .notes import key_paper, taken_back_paper
from .receipt import receipt_paper
from .shift import shift_paper
from .statement import statement_paper


@dataclass(frozen=True, slots=True)
class PaperMaker:
    """One instance serves many threads."""

    service: VendingService
    drawers: Drawers
    x_reports: XReports
    bankings: Bankings
    reports: BookReports

    def draft(self, order: PaperOrder) -> Draft:
        """The paper as the books have it now, but for its head and language. Raises what the use
        case that it asks raises."""
        return _DRAFTS[order.kind](self, order)

    def _key_slip(self, order: PaperOrder) -> Draft:
        made = self.service.paperwork.key_slip(order.actor, order.subject)
        first = made.receipts[0]
        build = partial(key_paper, made.receipts, check=made.check)
        return Draft(f"{first.receipt_code}-key", build, first.buyer.account)

    def _note(self, order: PaperOrder) -> Draft:
        found = self.service.paperwork.taken_back(order.actor, order.subject)
        build = partial(taken_back_paper, found.receipt, found.void, found.code)
        return Draft(found.code, build, found.receipt.buyer.account)

    def _x(self, order: PaperOrder) -> Draft:
        taken = self.x_reports.report(order.actor, order.subject)
        return shift_draft(replace(taken, copy=order.copy))

    def _z(self, order: PaperOrder) -> Draft:
        return shift_draft(replace(self.drawers.z(order.actor, order.subject), copy=order.copy))

    def _deposit(self, order: PaperOrder) -> Draft:
        banking = replace(self.bankings.slip(order.actor, order.subject), copy=order.copy)
        shifts = self.bankings.shift_codes(banking)
        return Draft(banking.code, partial(deposit_paper, banking, shifts=shifts))

    def _statement(self, order: PaperOrder) -> Draft:
        first, last = order.first or None, order.last or None
        found = self.reports.customer(order.actor, order.subject, first, last)
        # Names as this person may see them.
        customer, _ = self.service.customer(order.actor, found.account)
        seen = replace(found, name_ar=customer.name_ar, name_en=customer.name_en)
        build = partial(statement_paper, seen, first=first, last=last)
        return Draft(f"{found.account}-{found.agreement}", build, found.account)


_DRAFTS: Final[Mapping[PaperKind, Callable[[PaperMaker, PaperOrder], Draft]]] = {
    PaperKind.KEY_SLIP: PaperMaker._key_slip,
    PaperKind.NOTE: PaperMaker._note,
    PaperKind.X: PaperMaker._x,
    PaperKind.Z: PaperMaker._z,
    PaperKind.DEPOSIT: PaperMaker._deposit,
    PaperKind.STATEMENT: PaperMaker._statement,
}


def receipt_draft(made: SalePaper) -> Draft:
    """A receipt as it was printed: who may have it, `Paperwork` has said."""
    first = made.receipts[0]
    build = partial(receipt_paper, made.receipts, check=made.check)
    return Draft(first.receipt_code, build, first.buyer.account)


def shift_draft(report: ShiftReport) -> Draft:
    """An X or a Z report."""
    return Draft(report.code, partial(shift_paper, report))
