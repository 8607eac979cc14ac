"""The right to a paper: the original once, at the terminal that sold; then copies with numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from meters.quantities import Money
from meters.values import replace
from tests.vending.support import OPERATOR, WATER, Town, chart, request
from vending.drawer import Drawers, checked_count
from vending.paperorders import PaperKind, PaperOrder
from vending.paperwork import NothingTakenBack, Paperwork
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.printings import PaperGone
from vending.record import content_hash
from vending.requests import BasketRequest, Credit
from vending.sale import SaleReceipt
from vending.sold import SaleVoided
from vending.store.drawer import SqlDrawers
from vending.vend import VendUnknown

ELSEWHERE = Actor("Samir", Role.OPERATOR, "P1", "T2")
CHIEF = Actor("Omar", Role.SUPERVISOR, "P1", "T9")
PRINTER = Actor("print:v-1", Role.TECHNICIAN)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "raseed.db")


@pytest.fixture
def papers(town: Town) -> Paperwork:
    return town.service.paperwork


def sell(town: Town, vend_id: str = "v-1") -> SaleReceipt:
    return town.service.vend(OPERATOR, request(vend_id))


def numbers(town: Town, vend_id: str = "v-1") -> list[int]:
    with town.store.reading() as books:
        return [one.copy for one in books.printings(vend_id)]


def test_the_original_is_printed_once_and_then_copies(town: Town, papers: Paperwork) -> None:
    sold = sell(town)
    first, second, third = (papers.print(OPERATOR, "v-1") for _ in range(3))
    assert [one.receipts[0].copy for one in (first, second, third)] == [0, 1, 2]
    assert first.receipts[0] == sold
    assert second.receipts[0].tokens == sold.tokens
    assert numbers(town) == [0, 1, 2]
    assert town.service.what_became(OPERATOR, "v-1").copies == 2


def test_the_check_is_the_hash_that_the_books_hold(town: Town, papers: Paperwork) -> None:
    sell(town)
    with town.store.reading() as books:
        record = books.sale("v-1")
        (entry,) = books.entries("v-1")
    assert record is not None
    assert papers.print(OPERATOR, "v-1").check == content_hash(record) == entry.entry.content_hash


@pytest.mark.parametrize("actor", [ELSEWHERE, CHIEF], ids=["terminal", "person"])
def test_another_terminal_gets_a_copy(town: Town, papers: Paperwork, actor: Actor) -> None:
    sell(town)
    assert papers.print(actor, "v-1").receipts[0].copy == 1
    assert papers.print(OPERATOR, "v-1").receipts[0].copy == 2, "after a copy there is no original"


def test_without_shifts_an_original_waits_an_hour(town: Town, papers: Paperwork) -> None:
    sell(town, "v-1")
    sell(town, "v-2")
    town.clock.forward(minutes=60)
    assert papers.print(OPERATOR, "v-1").receipts[0].copy == 0
    town.clock.forward(seconds=1)
    assert papers.print(OPERATOR, "v-2").receipts[0].copy == 1


def test_with_shifts_it_waits_until_the_shift_ends(town: Town, papers: Paperwork) -> None:
    drawers = Drawers(SqlDrawers(town.store), chart(), town.clock)
    drawers.open(OPERATOR, "s-1", Money(0))
    sell(town, "v-1")
    sell(town, "v-2")
    town.clock.forward(hours=6)
    assert papers.print(OPERATOR, "v-1").receipts[0].copy == 0
    report = drawers.x(CHIEF, "s-1")
    assert report.expected == 10000
    drawers.close(OPERATOR, checked_count([("100", 1)], [], "ILS"))
    drawers.open(OPERATOR, "s-2", Money(0))
    assert papers.print(OPERATOR, "v-2").receipts[0].copy == 1


def test_what_was_printed_is_fetched_again_for_a_while(town: Town, papers: Paperwork) -> None:
    sell(town)
    made = papers.print(OPERATOR, "v-1")
    assert papers.again(OPERATOR, "v-1", 0) == made
    assert numbers(town) == [0], "fetching is no printing"
    with pytest.raises(PaperGone):
        papers.again(CHIEF, "v-1", 0)
    with pytest.raises(PaperGone):
        papers.again(replace(OPERATOR, point="P2"), "v-1", 0)
    with pytest.raises(PaperGone):
        papers.again(OPERATOR, "v-1", 1)
    town.clock.forward(minutes=15, seconds=1)
    with pytest.raises(PaperGone):
        papers.again(OPERATOR, "v-1", 0)


def test_only_the_worker_makes_papers_for_printers(town: Town, papers: Paperwork) -> None:
    """A paper carries digits: whoever is none of those who sell has it of no queue either."""
    sell(town)
    for role in set(Role) - {Role.TECHNICIAN}:
        anybody = Actor("print:v-1", role, "P1", "T1")
        with pytest.raises(ActorNotAllowed):
            papers.print_queued(anybody, "v-1")
        with pytest.raises(ActorNotAllowed):
            papers.copy_queued(replace(anybody, name="copy:1:v-1"), "v-1")
    assert numbers(town) == []
    slip = PaperOrder(PaperKind.KEY_SLIP, "v-1", Actor("Rami", Role.AUDITOR, "P1", "T1"))
    with pytest.raises(ActorNotAllowed):
        papers.send(slip, "id-1")


def test_a_basket_is_one_paper(town: Town, papers: Paperwork) -> None:
    items = tuple(Credit(m, Money(2000)) for m in ("01000010015", WATER.number))
    town.service.vend_basket(OPERATOR, BasketRequest("b-1", items, ()))
    town.service.reprint(CHIEF, "b-1")
    town.clock.forward(seconds=1)
    made = papers.print(OPERATOR, "b-1")
    assert [one.copy for one in made.receipts] == [2, 0], "each sale has its own number"
    assert len({one.receipt_code for one in made.receipts}) == 1
    assert papers.again(OPERATOR, "b-1", 2) == made


def test_the_printer_of_a_sale_has_the_original_unless_somebody_was_earlier(
    town: Town, papers: Paperwork
) -> None:
    sell(town)
    first = papers.print_queued(PRINTER, "v-1")
    assert first is not None
    assert first.receipts[0].copy == 0
    assert papers.print_queued(PRINTER, "v-1") == first, "the same message again"
    assert numbers(town) == [0]
    assert papers.print(OPERATOR, "v-1").receipts[0].copy == 1
    sell(town, "v-2")
    papers.print(OPERATOR, "v-2")
    late = replace(PRINTER, name="print:v-2")
    for _ in range(2):
        made = papers.print_queued(late, "v-2")
        assert made is not None
        assert made.receipts[0].copy == 1


def test_a_basket_comes_out_of_the_printer_as_one_paper(town: Town, papers: Paperwork) -> None:
    items = tuple(Credit(m, Money(2000)) for m in ("01000010015", WATER.number))
    town.service.vend_basket(OPERATOR, BasketRequest("b-1", items, ()))
    lead, other = (replace(PRINTER, name=f"print:{id}") for id in ("b-1", "b-1+2"))
    made = papers.print_queued(other, "b-1+2")
    assert made is not None
    assert [one.vend_id for one in made.receipts] == ["b-1", "b-1+2"]
    assert papers.print_queued(lead, "b-1") is None
    assert papers.print_queued(other, "b-1+2") == made


def test_of_a_held_basket_only_what_was_shown_is_printed(town: Town, papers: Paperwork) -> None:
    items = tuple(Credit(m, Money(2000)) for m in ("01000010015", WATER.number))
    town.service.vend_basket(OPERATOR, BasketRequest("b-1", items, (), hold=True))
    lead, other = (replace(PRINTER, name=f"print:{id}") for id in ("b-1", "b-1+2"))
    assert papers.print_queued(lead, "b-1") is None
    town.service.show(OPERATOR, "b-1")
    made = papers.print_queued(lead, "b-1")
    assert made is not None
    assert [one.vend_id for one in made.receipts] == ["b-1"]
    town.service.show(OPERATOR, "b-1+2")
    late = papers.print_queued(other, "b-1+2")
    assert late is not None
    assert [one.vend_id for one in late.receipts] == ["b-1+2"]


def test_a_sale_that_is_taken_back_has_a_note_and_no_receipt(town: Town, papers: Paperwork) -> None:
    sell(town)
    with pytest.raises(NothingTakenBack):
        papers.taken_back(OPERATOR, "v-1")
    held = replace(request("v-2"), hold=True)
    town.service.vend(OPERATOR, held)
    town.service.void(OPERATOR, "v-2", "wrong customer")
    for ask in (papers.print, papers.copy):
        with pytest.raises(SaleVoided):
            ask(OPERATOR, "v-2")
    note = papers.taken_back(OPERATOR, "v-2")
    assert note.void.reason == "wrong customer"
    assert all(token.digits == "" for token in note.receipt.tokens)


@pytest.mark.parametrize(("gone", "rest"), [("b-1+2", "b-1"), ("b-1", "b-1+2")])
def test_what_stands_of_a_basket_is_printed_though_one_of_it_was_taken_back(
    town: Town, papers: Paperwork, gone: str, rest: str
) -> None:
    items = tuple(Credit(m, Money(2000)) for m in ("01000010015", WATER.number))
    town.service.vend_basket(OPERATOR, BasketRequest("b-1", items, (), hold=True))
    town.service.void(OPERATOR, gone, "not wanted")
    for ask in (papers.print, papers.copy):
        made = ask(OPERATOR, "b-1")
        assert [one.vend_id for one in made.receipts] == [rest]
        assert made.receipts[0].tokens[0].digits
    again = papers.again(OPERATOR, rest, 1)
    assert [one.vend_id for one in again.receipts] == [rest]
    town.service.vend_basket(OPERATOR, BasketRequest("b-2", items, (), hold=True))
    for one in ("b-2", "b-2+2"):
        town.service.void(OPERATOR, one, "not wanted")
    with pytest.raises(SaleVoided):
        papers.print(OPERATOR, "b-2")


def test_notes_have_a_series_without_gaps_at_each_point(town: Town, papers: Paperwork) -> None:
    east = replace(OPERATOR, point="P2")
    for number, who in enumerate((OPERATOR, east, OPERATOR, OPERATOR), start=1):
        sell(town, f"between-{number}")
        town.service.vend(who, replace(request(f"v-{number}"), hold=True))
        town.service.void(who, f"v-{number}", "wrong customer")
    codes = [papers.taken_back(OPERATOR, f"v-{n}").code for n in (4, 3, 2, 1)]
    assert codes == ["P1-N0003", "P1-N0002", "P2-N0001", "P1-N0001"]


def test_held_digits_count_as_shown_once_they_are_on_paper(town: Town, papers: Paperwork) -> None:
    town.service.vend(OPERATOR, replace(request("v-1"), hold=True))
    made = papers.print(OPERATOR, "v-1").receipts[0]
    assert made.tokens[0].digits
    assert not made.held
    assert not town.service.what_became(OPERATOR, "v-1").receipt.held


def test_strangers_and_unknown_sales(town: Town, papers: Paperwork) -> None:
    sell(town)
    with pytest.raises(ActorNotAllowed):
        papers.print(Actor("Rami", Role.TECHNICIAN), "v-1")
    with pytest.raises(VendUnknown):
        papers.print(OPERATOR, "v-9")
    assert numbers(town) == []
