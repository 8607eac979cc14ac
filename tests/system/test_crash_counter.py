"""The power goes at any instant of what a counter does besides plain sales, on both databases: it
has happened whole or not at all, and asked again it happens once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meters.quantities import Money
from meters.values import replace
from tests.databases import counted
from tests.system.chances import instants
from tests.system.crashpoints import CrashPoints, in_child
from tests.system.desks import PIECES, WHY, actor_at, count_of
from tests.system.everything import CHIEF, LAYLA, SHIFTS_AT, Office, new_office, office
from tests.system.invariants import broken_rules
from tests.vending.support import ADMIN, OPERATOR, POWER, WATER, request
from vending.drawer import Bankings, BankRequest, Drawers
from vending.requests import BasketRequest, Credit, DebtPayment
from vending.sale import Payment, Tender
from vending.service import VendingService
from vending.store.schema import BOOKS

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

TABLES = (*BOOKS, "outbox", "open_shifts")
CLERK = actor_at("clerk")
MEASURED = 1_000
"""The deed whose instants are counted; the others are numbered by the instant they die at."""


def basket_of(id: str, *, hold: bool = False) -> BasketRequest:
    """Electricity, water and something towards a debt, by card and in cash."""
    items = (
        Credit(POWER.number, Money(5_000)),
        Credit(WATER.number, Money(3_000)),
        DebtPayment(POWER.number, Money(1_000)),
    )
    handed = (Payment(Tender.CARD, Money(4_000), "slip 7"), Payment(Tender.CASH, Money(10_000)))
    return BasketRequest(id, items, handed, hold=hold)


def plan_key(made: Office, number: int) -> None:
    """The next sale of electricity begins with a key change."""
    if number:
        made.key_changes.mark_entered(CHIEF, POWER.number)
    krn = made.service.meter(ADMIN, POWER.number).meter.krn
    made.key_changes.plan(CHIEF, POWER.number, WHY, krn=3 if krn == 2 else 2)


def plan_and_hold(made: Office, number: int) -> None:
    plan_key(made, number)
    made.service.vend_basket(OPERATOR, replace(basket_of(f"v{number}"), hold=True, payments=()))


def after_void(made: Office, number: int) -> None:
    """The set that was taken back is out with a sale that stands."""
    made.service.vend(OPERATOR, request(f"v{number}:next"))


def open_and_sell(made: Office, number: int) -> None:
    made.drawers.open(CLERK, f"s{number}", Money(20_000))
    made.service.vend(CLERK, request(f"s{number}:sale", WATER))


def one_closed(made: Office, number: int) -> None:
    open_and_sell(made, number)
    made.drawers.close(CLERK, count_of(PIECES))


@dataclass(frozen=True)
class Deed:
    """Something that is done once, in one transaction."""

    owner: type
    method: str
    before: Callable[[Office, int], None]
    act: Callable[[Office, int], Any]
    rows: dict[str, int]
    """What it writes."""
    after: Callable[[Office, int], None] = lambda _, __: None


DEEDS = {
    "basket": Deed(
        VendingService,
        "vend_basket",
        plan_key,
        lambda made, n: made.service.vend_basket(OPERATOR, basket_of(f"v{n}")),
        {
            "entries": 3,
            "sales": 3,
            "idempotency": 3,
            "receipts": 1,
            # Two of the key change and two of the purchases.
            "tokens": 4,
            # Of the key change alone is it attested.
            "key_change_events": 1,
            "attestations": 1,
            # SMS, slip and webhook of each sale.
            "outbox": 9,
        },
    ),
    "void": Deed(
        VendingService,
        "void",
        plan_and_hold,
        lambda made, n: made.service.void(OPERATOR, f"v{n}", WHY),
        # The key change is planned anew.
        {
            "entries": 1,
            "voids": 1,
            "key_changes": 1,
            "key_change_events": 1,
            "attestations": 2,
            # The receiver is told of it, too.
            "outbox": 1,
        },
        after_void,
    ),
    "shift close": Deed(
        Drawers,
        "close",
        open_and_sell,
        lambda made, n: made.drawers.close(CLERK, count_of(PIECES), f"s{n}"),
        # Its Z report for the printer.
        {"entries": 1, "postings": 2, "shift_closes": 1, "open_shifts": -1, "outbox": 1},
    ),
    "banking": Deed(
        Bankings,
        "bank",
        one_closed,
        lambda made, n: made.bankings.bank(LAYLA, BankRequest(f"b{n}", SHIFTS_AT)),
        {"entries": 1, "postings": 2, "bankings": 1},
    ),
}


def child(place: Path | str, deed: Deed, number: int, at: int | None) -> str:
    points = CrashPoints(at)
    points.watch(deed.owner, deed.method)
    deed.act(office(place), number)
    return "\n".join(points.log)


@pytest.mark.parametrize("name", DEEDS)
def test_killed_at_every_instant(place: Path | str, tmp_path: Path, name: str) -> None:
    deed = DEEDS[name]
    new_office(place).close()
    output = tmp_path / "instants.txt"
    # The first sales of a month pay its charges too, and are no measure for those that follow.
    for number in (0, MEASURED - 1, MEASURED):
        _once(place, deed, number, None, output, happens=True)
    names = output.read_text("utf-8").split("\n")
    assert names[-1] == "after COMMIT"
    assert len(names) > 15
    for at in instants(names):
        # Reading ends with a commit too: it is the last one, and nothing else, that does it.
        _once(place, deed, at, at, output, happens=at == len(names))
    made = office(place)
    assert broken_rules(place, planned=True) == {}
    report = made.service.verify(ADMIN)
    assert report.ok, report.problem
    accounts = made.accounts.verify_accounts(ADMIN)
    assert accounts.ok, accounts.problems
    made.close()


def _once(
    place: Path | str, deed: Deed, number: int, at: int | None, output: Path, *, happens: bool
) -> None:
    """The deed in a process that dies at this instant, and again in ours."""
    made = office(place)
    deed.before(made, number)
    # A forked child must not share our connections.
    made.close()
    before = counted(TABLES, place)
    died = in_child(lambda: child(place, deed, number, at), output)
    assert died == (0 if at is None else -signal.SIGKILL), at
    made = office(place)
    # A server may notice only now that its client is dead: until then it holds the chain.
    first = deed.act(made, number)
    after = counted(TABLES, place)
    whole = {table: count + deed.rows.get(table, 0) for table, count in before.items()}
    if "postings" not in deed.rows:
        # As many as the sums of the day make.
        assert after["postings"] > before["postings"]
        whole["postings"] = after["postings"]
    assert after == whole, at
    if hasattr(first, "replayed"):
        assert first.replayed == happens, at
    assert deed.act(made, number) == first
    assert counted(TABLES, place) == whole, at
    deed.after(made, number)
    made.close()
