"""What must hold in the books whatever has happened to the processes, the disk or the network.

`broken_rules` looks at the tables with a driver alone, nothing of the product's. A `Witness` keeps
what callers asked and were told, outside of everything that may die. `settle` asks once more for
what is in doubt, as every caller is told to, and `check` compares all three: books, witness, and
the product's own proof of its ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from meters.identity import Drn
from meters.quantities import Money
from tests.databases import plain
from tests.vending.support import ADMIN, OPERATOR, POWER, WATER
from vending.parties import Actor
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService

RULES: Final = {
    "a sale has a token": """
        SELECT s.vend_id FROM sales s LEFT JOIN tokens t ON t.vend_id = s.vend_id
        WHERE t.vend_id IS NULL""",
    "a token has a sale with an entry that was booked for it": """
        SELECT t.vend_id FROM tokens t LEFT JOIN sales s ON s.vend_id = t.vend_id
        LEFT JOIN entries e ON e.number = s.entry AND e.cause = t.vend_id
        WHERE e.number IS NULL""",
    "an entry has the sale it was booked for": """
        SELECT e.number FROM entries e LEFT JOIN sales s
        ON s.entry = e.number AND s.vend_id = e.cause
        WHERE e.kind = 'sale' AND s.vend_id IS NULL""",
    "an entry has postings": """
        SELECT e.number FROM entries e LEFT JOIN postings p ON p.entry = e.number
        WHERE p.entry IS NULL""",
    "a posting has an entry": """
        SELECT p.entry FROM postings p LEFT JOIN entries e ON p.entry = e.number
        WHERE e.number IS NULL""",
    "an entry sums to zero in every unit": """
        SELECT entry, unit FROM postings GROUP BY entry, unit HAVING sum(amount) <> 0""",
    "a sale is found again by its vend id": """
        SELECT s.vend_id FROM sales s LEFT JOIN idempotency i ON i.vend_id = s.vend_id
        WHERE i.vend_id IS NULL""",
    "a sale has a receipt at its point": """
        SELECT s.vend_id FROM sales s LEFT JOIN receipts r
        ON r.vend_id = s.vend_id AND r.point = s.point WHERE r.vend_id IS NULL""",
    "receipt numbers have no gap": """
        SELECT point FROM receipts GROUP BY point
        HAVING min(number) <> 1 OR max(number) <> count(*)""",
    "the counter of a point is its last receipt": """
        SELECT c.point FROM counters c LEFT JOIN receipts r ON r.point = c.point
        GROUP BY c.point, c.receipts HAVING c.receipts <> coalesce(max(r.number), 0)""",
    "entries have no gap": """
        SELECT count(*) FROM entries HAVING count(*) > 0
        AND (min(number) <> 1 OR max(number) <> count(*))""",
    "each entry carries the hash of the one before": """
        SELECT e.number FROM entries e JOIN entries f ON f.number = e.number - 1
        WHERE e.previous_hash <> f.hash""",
    "the end of the chain is the last entry": """
        SELECT c.number FROM chain c LEFT JOIN entries e
        ON e.number = c.number AND e.hash = c.hash
        WHERE c.number <> (SELECT coalesce(max(number), 0) FROM entries)
        OR (c.number > 0 AND e.number IS NULL)""",
    "a TID is used once per meter and base date": """
        SELECT pan, base_date, tid FROM tokens GROUP BY pan, base_date, tid
        HAVING count(*) > 1""",
    "no digits are given out twice": """
        SELECT count(*) FROM tokens GROUP BY digits HAVING count(*) > 1""",
    "a balance that is kept ready is the sum of its postings": """
        SELECT b.account, b.holder FROM balances b LEFT JOIN postings p
        ON p.account = b.account AND p.holder = b.holder AND p.unit = b.unit
        GROUP BY b.account, b.holder, b.unit, b.amount
        HAVING b.amount <> coalesce(sum(p.amount), 0)""",
}
"""Each rule, and a query that finds what breaks it."""


BACKENDS: Final = (
    "SELECT pid FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""PostgreSQL's processes that serve others on this database."""


@contextmanager
def looking(place: Path | str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Asks the database with its driver alone: what does this query find?"""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as db:
            yield lambda statement: db.execute(statement).fetchall()
    else:
        with plain(place) as server:
            yield lambda statement: server.execute(statement.encode()).fetchall()


def broken_rules(place: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    """Rules that do not hold, with what breaks them."""
    with looking(place) as ask:
        if isinstance(place, Path):
            assert ask("PRAGMA integrity_check") == [("ok",)]
            assert ask("PRAGMA foreign_key_check") == []
        found = {rule: ask(statement) for rule, statement in RULES.items()}
    return {rule: bad for rule, bad in found.items() if bad}


def stored_digits(place: Path | str) -> dict[str, tuple[str, ...]]:
    """The tokens of every sale, by vend id."""
    found: dict[str, tuple[str, ...]] = {}
    with looking(place) as ask:
        for vend_id, digits in ask("SELECT vend_id, digits FROM tokens ORDER BY vend_id, position"):
            found[vend_id] = (*found.get(vend_id, ()), digits)
    return found


# What is sold under load

MORE_METERS: Final = 6
"""Meters of the town beside the first two."""
_METERS = (POWER, WATER, *(Drn.from_serial("01", 5000 + i) for i in range(MORE_METERS)))
_TILLS = (OPERATOR, replace(OPERATOR, name="Lina", point="P2", terminal="T2"))


def order(vend_id: str) -> tuple[Actor, VendRequest]:
    """What is sold under this id, always the same: who asks again needs the id alone."""
    chosen = crc32(vend_id.encode())
    meter = _METERS[chosen % len(_METERS)]
    amount = Money(1000 + chosen // 8 % 4000)
    return _TILLS[chosen // 16 % 2], VendRequest(vend_id, meter.number, amount)


def digits_of(receipt: SaleReceipt) -> tuple[str, ...]:
    return tuple(token.digits for token in receipt.tokens)


@dataclass
class Witness:
    """What callers asked for and what they were told."""

    asked: set[str] = field(default_factory=set)
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def in_doubt(self) -> list[str]:
        """Asked for, and never answered."""
        return sorted(self.asked - self.told.keys())

    def ask(self, vend_ids: Iterable[str]) -> None:
        self.asked.update(vend_ids)

    def tell(self, vend_id: str, digits: Sequence[str]) -> None:
        """An answer came. It is the same one each time."""
        before = self.told.setdefault(vend_id, tuple(digits))
        # Not the digits themselves: a failing test prints them.
        assert before == tuple(digits), f"{vend_id}: other digits than before"


def settle(service: VendingService, witness: Witness) -> int:
    """Asks again for everything in doubt, twice: the second time nothing is sold. Returns how
    many of them had happened."""
    doubtful = witness.in_doubt
    first = service.vend_many([order(vend_id) for vend_id in doubtful])
    second = service.vend_many([order(vend_id) for vend_id in doubtful])
    happened = 0
    for vend_id, one, two in zip(doubtful, first, second, strict=True):
        assert isinstance(one, SaleReceipt), (vend_id, one)
        assert isinstance(two, SaleReceipt), (vend_id, two)
        happened += one.replayed
        assert two.replayed, vend_id
        witness.tell(vend_id, digits_of(one))
        witness.tell(vend_id, digits_of(two))
    return happened


def check(place: Path | str, service: VendingService, witness: Witness) -> None:
    """Everything that was told is in the books, with the same digits; nothing is in them that
    nobody asked for; every rule holds; and the product's own proof agrees."""
    assert broken_rules(place) == {}
    stored = stored_digits(place)
    assert stored.keys() <= witness.asked, "sold what nobody asked for"
    lost = sorted(witness.told.keys() - stored.keys())
    assert not lost, f"told and lost: {lost}"
    changed = [v for v, digits in witness.told.items() if stored[v] != digits]
    assert not changed, f"told and stored otherwise: {changed}"
    report = service.verify(ADMIN)
    assert report.ok, report.problem
    assert report.entries == len(stored)


def settle_and_check(place: Path | str, service: VendingService, witness: Witness) -> int:
    """Before and after asking again; then every id is exactly one sale. As `settle`."""
    check(place, service, witness)
    happened = settle(service, witness)
    check(place, service, witness)
    # All that was asked has been told by now, and all that was told is there.
    assert not witness.in_doubt
    return happened
