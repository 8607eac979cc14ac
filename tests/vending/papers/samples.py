"""One of each paper, from a town whose counter was open for an afternoon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from meters.quantities import Money
from meters.values import replace
from tests.vending.books.support import ZONE
from tests.vending.support import OPERATOR, WATER, Town, chart, request
from vending.accounting import BookReports
from vending.drawer import Bankings, BankRequest, Beneficiary, Drawers, XReports, checked_count
from vending.keymoves import KeyMove
from vending.messages import Language
from vending.papers import (
    Letterhead,
    Paper,
    deposit_paper,
    key_paper,
    receipt_paper,
    shift_paper,
    statement_paper,
    taken_back_paper,
)
from vending.parties import Actor, Role
from vending.requests import BasketRequest, Credit
from vending.sale import KeyToken, Payment, Tender
from vending.store.books import SqlBooks
from vending.store.drawer import SqlDrawers

CHIEF = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
KEYS = (KeyToken(1, "38960871035177297376"), KeyToken(2, "05206052193677074119"))
MOVE = KeyMove("123457", 1, 1, "600001", 2, 7)
Make = Callable[[Language], Paper]


def samples(folder: Path, head: Letterhead) -> dict[str, Make]:
    """A maker for each paper by its name; the books are read once."""
    town = Town(folder / "raseed.db")
    service, clock = town.service, town.clock
    drawers = Drawers(SqlDrawers(town.store), chart(), clock)
    bank = Beneficiary("بلدية المثال", "بنك التلال", "PS00 1234")
    bankings = Bankings(SqlDrawers(town.store), chart(), clock, bank)
    drawers.open(OPERATOR, "s-1", Money(20000))
    items = (Credit("01000010015", Money(8000)), Credit(WATER.number, Money(3000)))
    paid = (Payment(Tender.CARD, Money(5000), "4711"), Payment(Tender.CASH, Money(10000)))
    service.vend_basket(OPERATOR, BasketRequest("b-1", items, paid))
    clock.forward(minutes=7)
    service.vend(OPERATOR, replace(request("v-2", amount="120.00"), hold=True))
    service.void(OPERATOR, "v-2", "الزبون أعطى رقم عداد آخر")
    clock.forward(minutes=9)
    service.vend(OPERATOR, request("v-3", amount="33.30"))
    drawers.cash_out(OPERATOR, "m-1", Money(5000), "إلى الخزنة")
    x_reports = XReports(SqlDrawers(town.store), chart(), clock)
    x, blind = x_reports.take(CHIEF, "x-1", "s-1"), x_reports.take(OPERATOR, "x-2")
    clock.forward(hours=3)
    counted = checked_count([("200", 1), ("20", 1), ("0.50", 6)], [("card", "50")], "ILS")
    z = drawers.close(OPERATOR, counted)
    banked = bankings.bank(OPERATOR, BankRequest("d-1", "P1", reference="BAG-17"))
    x_copy = x_reports.reprint(CHIEF, "x-1")
    statement = BookReports(SqlBooks(town.store), chart(), clock, ZONE).customer(CHIEF, "A1")
    basket = service.paperwork.print(CHIEF, "b-1")
    note = service.paperwork.taken_back(OPERATOR, "v-2")
    town.store.close()
    originals = [replace(one, copy=0) for one in basket.receipts]
    moved = [replace(originals[0], key_tokens=KEYS, key_move=MOVE), originals[1]]
    check = basket.check
    return {
        "receipt": lambda language: receipt_paper(moved, head, language, check=check),
        "copy": lambda language: receipt_paper(basket.receipts, head, language, check=check),
        "test": lambda language: receipt_paper(
            originals, head, language, check=check, practice=True
        ),
        "key_change": lambda language: key_paper(moved, head, language, check=check),
        "void": lambda language: taken_back_paper(
            note.receipt, note.void, note.code, head, language
        ),
        "x": lambda language: shift_paper(x, head, language),
        "x_copy": lambda language: shift_paper(x_copy, head, language),
        "x_blind": lambda language: shift_paper(blind, head, language),
        "z": lambda language: shift_paper(z, head, language),
        "z_copy": lambda language: shift_paper(replace(z, copy=1), head, language),
        "deposit": lambda language: deposit_paper(banked, head, language),
        "statement": lambda language: statement_paper(statement, head, language),
    }
