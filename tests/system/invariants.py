"""What must hold in the books whatever has happened to the processes, the disk or the network.

`broken_rules` looks at the tables with a driver alone, nothing of the product's. A `Witness` keeps
what callers asked and were told, outside of everything that may die. `settle` asks once more for
what is in doubt, as every caller is told to, and `check` compares all three: books, witness, and
the product's own proofs of its ledger and its accounts.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from meters.quantities import Money
from tests.databases import plain
from tests.system.deeds import do
from tests.system.desks import Desk
from tests.system.documents import DOCUMENTS, Ask
from tests.system.everything import LINA, METERS, PLAN
from tests.system.rules import PLAN_RULES, RULES
from tests.vending.accounts.support import ZONE
from tests.vending.support import ADMIN, OPERATOR
from vending.accounts import Accounts
from vending.parties import Actor
from vending.sale import SaleReceipt, VendRequest
from vending.service import VendingService
from vending.store import SqlStore
from vending.store.accounts import SqlAccounts

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


def broken_rules(place: Path | str, *, planned: bool = False) -> dict[str, list[Any]]:
    """Rules that do not hold, with what breaks them. `planned`: every sale has queued what PLAN
    says."""
    statements = {**RULES, **(PLAN_RULES if planned else {})}
    with looking(place) as ask:
        if isinstance(place, Path):
            assert ask("PRAGMA integrity_check") == [("ok",)]
            assert ask("PRAGMA foreign_key_check") == []
        found = {rule: ask(statement) for rule, statement in statements.items()}
        found |= {rule: find(ask) for rule, find in DOCUMENTS.items()}
    return {rule: bad for rule, bad in found.items() if bad}


def stored_digits(place: Path | str) -> dict[str, tuple[str, ...]]:
    """The tokens of every sale, by vend id."""
    found: dict[str, tuple[str, ...]] = {}
    with looking(place) as ask:
        for vend_id, digits in ask("SELECT vend_id, digits FROM tokens ORDER BY vend_id, position"):
            found[vend_id] = (*found.get(vend_id, ()), digits)
    return found


# What is sold under load, where plain sales are enough (`deeds.py` has everything else)

_TILLS = (OPERATOR, LINA)


def order(vend_id: str) -> tuple[Actor, VendRequest]:
    """What is sold under this id, always the same: who asks again needs the id alone."""
    chosen = crc32(vend_id.encode())
    meter = METERS[chosen % len(METERS)]
    amount = Money(1000 + chosen // 8 % 4000)
    return _TILLS[chosen // 16 % 2], VendRequest(vend_id, meter.number, amount)


def digits_of(receipt: SaleReceipt) -> tuple[str, ...]:
    return tuple(token.digits for token in receipt.tokens)


_ROOT: Final = re.compile(r"[+:]")


def root_of(id: str) -> str:
    """Under which id somebody asked for what has this one: `b-1+2` and `b-1:out` come of `b-1`."""
    return _ROOT.split(id, maxsplit=1)[0]


@dataclass
class Witness:
    """What callers asked for and what they were told."""

    asked: dict[str, None] = field(default_factory=dict)
    """Ids, in the order in which they were asked for."""
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Digits by vend id."""
    done: set[str] = field(default_factory=set)
    """Ids whose last word has been told."""
    facts: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """What else was told, by what it is about and its id; see `desks.py`."""

    @property
    def in_doubt(self) -> list[str]:
        """Asked for, and never answered to the end; in the order in which each caller would have
        gone on. What a clerk began stands in the way of what the same clerk does later: a shift
        that is open, of another."""
        return [id for id in self.asked if id not in self.done]

    def ask(self, ids: Iterable[str]) -> None:
        self.asked.update(dict.fromkeys(ids))

    def tell(self, vend_id: str, digits: Sequence[str]) -> None:
        """An answer came. It is the same one each time."""
        self.hear(("sold", vend_id, *digits))
        self.end(vend_id)

    def hear(self, fact: Sequence[str]) -> None:
        """One fact that was told. It is the same one each time, but that what was refused may be
        done later."""
        what, id, *values = fact
        if what == "sold":
            before = self.told.setdefault(id, tuple(values))
            # Not the digits themselves: a failing test prints them.
            assert before == tuple(values), f"{id}: other digits than before"
            self.facts.pop(("no", id), None)
        else:
            kept = self.facts.setdefault((what, id), tuple(values))
            assert what == "no" or kept == tuple(values), (fact, kept)

    def end(self, id: str) -> None:
        """The last word about this id has been told."""
        self.done.add(id)


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


def settle_deeds(place: Path | str, desk: Desk, witness: Witness) -> int:
    """The same for deeds of every kind. How many of them had at least begun."""
    doubtful = witness.in_doubt
    with looking(place) as ask:
        begun = {root_of(id) for ids in _made(ask).values() for id in ids}
    for _ in range(2):
        for id in doubtful:
            for fact in do(desk, id):
                witness.hear(fact)
            witness.end(id)
    return len(begun.intersection(doubtful))


def check(place: Path | str, service: VendingService, witness: Witness) -> None:
    """Everything that was told is in the books, with the same digits; nothing is in them that
    nobody asked for; every rule holds; and the product's own proofs agree."""
    ports = service._ports
    assert broken_rules(place, planned=ports.outbox == PLAN) == {}
    stored = stored_digits(place)
    with looking(place) as ask:
        made = _made(ask)
        entries = ask("SELECT count(*) FROM entries")[0][0]
    for table, ids in made.items():
        strange = {root_of(id) for id in ids} - witness.asked.keys()
        assert not strange, f"{table} that nobody asked for: {strange}"
    lost = sorted(witness.told.keys() - made["sales"])
    assert not lost, f"told and lost: {lost}"
    changed = [v for v, digits in witness.told.items() if stored.get(v, ()) != digits]
    assert not changed, f"told and stored otherwise: {changed}"
    for (what, id), values in witness.facts.items():
        assert FACTS[what](place, made, id, values), (what, id, values)
    report = service.verify(ADMIN)
    assert report.ok, report.problem
    assert report.entries == entries
    accounts = Accounts(
        SqlAccounts(store_of(service)), ports.tariffs, ports.chart, ports.clock, ZONE
    ).verify_accounts(ADMIN)
    assert accounts.ok, accounts.problems


def store_of(service: VendingService) -> SqlStore:
    """The store that it stands on."""
    store = service._ports.store
    assert isinstance(store, SqlStore)
    return store


Made = dict[str, set[str]]
"""Ids that callers made, by table."""
_IDS: Final = {
    "sales": "SELECT vend_id FROM sales",
    "voids": "SELECT vend_id FROM voids",
    "quotes": "SELECT id FROM quotes",
    "shifts": "SELECT id FROM shifts",
    "cash moves": "SELECT id FROM cash_moves",
    "bankings": "SELECT id FROM bankings",
}


def _made(ask: Ask) -> Made:
    made = {table: {id for (id,) in ask(statement)} for table, statement in _IDS.items()}
    # A debt that was taken over has none: its code names it.
    documents = ask("SELECT document FROM account_events WHERE kind <> 'debt_added'")
    made["events"] = {json.loads(document)["id"] for (document,) in documents}
    return made


def _row(table: str, by: str, *columns: str) -> Callable[..., bool]:
    """Whether the row of this id says what was told."""

    def find(place: Path | str, made: Made, id: str, values: tuple[str, ...]) -> bool:
        names = ", ".join(columns)
        statement = f"SELECT {names} FROM {table} WHERE {by} = '{id}'"
        with looking(place) as ask:
            return [tuple(str(value) for value in row) for row in ask(statement)] == [values]

    return find


FACTS: Final[dict[str, Callable[[Path | str, Made, str, tuple[str, ...]], bool]]] = {
    "held": lambda _, made, id, __: id in made["sales"],
    "no": lambda _, made, id, __: id not in made["sales"],
    "voided": lambda _, made, id, __: id in made["voids"],
    "event": lambda _, made, id, __: id in made["events"],
    "opened": lambda _, made, id, __: id in made["shifts"],
    "closed": _row("shift_closes", "shift", "expected"),
    "banked": _row("bankings", "id", "amount"),
}
"""What was told besides digits: whether the books say it too."""


def settle_and_check(place: Path | str, service: VendingService, witness: Witness) -> int:
    """Before and after asking again; then every id is exactly one sale. As `settle`."""
    check(place, service, witness)
    happened = settle(service, witness)
    check(place, service, witness)
    # All that was asked has been told by now, and all that was told is there.
    assert not witness.in_doubt
    return happened


def settle_and_check_deeds(
    place: Path | str, desk: Desk, service: VendingService, witness: Witness
) -> int:
    """The same for deeds of every kind."""
    check(place, service, witness)
    happened = settle_deeds(place, desk, witness)
    check(place, service, witness)
    assert not witness.in_doubt
    return happened
