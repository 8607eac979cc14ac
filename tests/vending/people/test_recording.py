"""A line of the trail goes with its act: both are there, or neither is."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meters.quantities import Money
from tests.vending.support import SetClock, new_store, town
from vending import trailed
from vending.accounting import Bookkeeping
from vending.accounts import Accounts
from vending.acts import Exchanges
from vending.api_keys import ApiScope, KeyOffice
from vending.approvals import Approvals, Blocks, Operators
from vending.drawer import Bankings, Drawers
from vending.keychanges import KeyChanges
from vending.masking import MASK
from vending.outbox_worker import Outbox
from vending.parties import Actor, Role
from vending.people import TrailLine
from vending.people.recording import Rule, plain, recorded
from vending.registry import Register
from vending.service import VendingService
from vending.store import SqlStore
from vending.store.house import SqlHouse, tell_acts
from vending.tariffdesk import TariffDesk

ACTOR = Actor("rami", Role.SUPERVISOR, "P1", "T1")
TABLE: list[tuple[type, trailed.Rules]] = [
    (VendingService, trailed.REGISTER),
    (Approvals, trailed.APPROVALS),
    (Blocks, trailed.BLOCKS),
    (Operators, trailed.OPERATORS),
    (Exchanges, trailed.EXCHANGES),
    (Accounts, trailed.ACCOUNTS),
    (Bookkeeping, trailed.BOOKKEEPING),
    (Drawers, trailed.DRAWERS),
    (Bankings, trailed.BANKINGS),
    (Register, trailed.PARTIES),
    (KeyChanges, trailed.KEY_CHANGES),
    (TariffDesk, trailed.TARIFFS),
    (Outbox, trailed.OUTBOX),
    (KeyOffice, trailed.API_KEYS),
]


class Counting:
    """A use case that writes something of its own."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def do(self, actor: Actor, id: str, amount: Money, reason: str, *, fail: bool = False) -> int:
        with self._store.writing() as books:
            books.register(town())
            if fail:
                raise ValueError(reason)
        with self._store.writing():
            pass
        return len(id) + amount.minor + len(actor.name)

    def again(self, actor: Actor, id: str) -> int:
        with self._store.writing():
            pass
        return len(id) + len(actor.name)

    also = again

    def look(self, actor: Actor, id: str) -> str:
        with self._store.writing() as books:
            books.nothing_to_keep()
        return actor.name + id


RULES = {
    "do": Rule("done", "id", ("amount",), once=True),
    "again": Rule("done_again", "id", once=True),
    "also": Rule("done_also", "id", once=True),
    "look": Rule("looked", "id"),
}


HUDA = replace(ACTOR, name="huda")
ONCE = [("again", ACTOR, "a"), ("again", ACTOR, "b"), ("again", HUDA, "a"), ("also", ACTOR, "a")]


@pytest.fixture
def store(place: Path | str) -> Iterator[SqlStore]:
    made = new_store(place)
    tell_acts(made, SetClock())
    yield made
    made.close()


def lines(store: SqlStore) -> list[TrailLine]:
    with SqlHouse(store).reading() as house:
        return house.trail(0, 10)


def test_a_line_is_written_with_the_act_and_once(store: SqlStore) -> None:
    counting = recorded(Counting(store), RULES)
    amount = Money(1250, "ILS")
    with pytest.raises(ValueError, match="why"):
        counting.do(ACTOR, "a", amount, "why", fail=True)
    assert counting.look(ACTOR, "a") == "ramia"
    assert not lines(store)
    counting.do(ACTOR, "a", amount=amount, reason="12345678901234567890")
    (line,) = lines(store)
    assert (line.act, line.subject, line.actor, line.terminal) == ("done", "a", "rami", "T1")
    assert (line.reason, line.after) == (MASK, '{"amount":"12.50 ILS"}')
    # What nobody recorded has none.
    with store.writing():
        pass
    assert len(lines(store)) == 1


def test_of_one_person_one_act_and_one_subject_there_is_one_line(store: SqlStore) -> None:
    counting = recorded(Counting(store), RULES)
    for act, actor, id in ONCE + ONCE[::-1]:
        getattr(counting, act)(actor, id)
    told = [(one.act, one.actor, one.subject) for one in lines(store)][::-1]
    assert told == [(RULES[act].act, actor.name, id) for act, actor, id in ONCE]
    with SqlHouse(store).reading() as house:
        for asked, numbers in (
            ((0, 2), [4, 3]),
            ((3, 2), [2, 1]),
            ((2, 2), [1]),
            ((1, 2), []),
            ((0, 9, "a"), [4, 3, 1]),
            ((4, 9, "a", "rami"), [1]),
        ):
            assert [line.number for line in house.trail(*asked)] == numbers


def test_what_was_typed_is_kept_in_one_line(store: SqlStore) -> None:
    """The act keeps its reason so; the trail must not keep the act from being done."""
    counting = recorded(Counting(store), RULES)
    typed = " torn\x00off\nby\u202e the \x07wind 1234567890\x001234567890 "
    counting.do(ACTOR, "a\x00b", Money(1250, "ILS"), typed)
    (line,) = lines(store)
    assert (line.subject, line.reason) == ("a b", f"torn off by the wind {MASK}")


def test_values_are_plain_and_hide_what_is_hidden() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    assert plain({"r": Role.AUDITOR, "t": at, "n": None, "s": frozenset({ApiScope.READ})}) == {
        "r": "auditor",
        "t": "2026-11-23T00:00:00+00:00",
        "n": None,
        "s": ["read"],
    }


@pytest.mark.parametrize(("kind", "rules"), TABLE, ids=lambda one: getattr(one, "__name__", ""))
def test_the_table_names_calls_and_arguments_that_exist(kind: type, rules: trailed.Rules) -> None:
    for name, rule in rules.items():
        arguments = list(inspect.signature(getattr(kind, name)).parameters)
        assert arguments[1] == "actor"
        assert set(rule.after) <= set(arguments)
        head = rule.subject.partition(".")[0]
        assert head in arguments or "." not in rule.subject
        assert rule.reason in arguments or rule.reason == "reason"
