"""Two people act at once, each at a program of their own on one database, without luck: all that
the second does happens between two transactions of the first.

Who writes is alone with the books, and who reads sees one moment. So whatever can go wrong between
two acts goes wrong between two transactions of one of them: where it has read, and does not yet
write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

import pytest
from sqlalchemy import select

from meters.errors import Broken, RaseedError
from meters.gateway import Gateway
from meters.identity import Drn
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.system.everything import CHIEF, key_records, keys, prepare
from tests.vending.meters import in_town
from tests.vending.support import ADMIN, SetClock, new_store
from vending import wiring
from vending.parties import Actor, Meter, Role
from vending.people import UserDraft
from vending.running import Raseed
from vending.settings import Settings
from vending.store import SqlStore, open_store
from vending.store.schema import metadata

Act = Callable[[Raseed], object]
PASSWORD: Final = "زيت وزعتر على السطح"
HUDA, NOUR = (Actor(name, Role.ADMINISTRATOR) for name in ("huda", "nour"))
"""Administrators who sign in."""
DONE: Final = "done"
MOST_STEPS: Final = 30
"""Transactions of one act."""
_TELL_THE_ORDER: Final = frozenset(
    {"trail", "trail_head", "attestations", "attestation_head", "sign_in_tries", "seals"}
)
"""Tables that say in which order things were written, or what was tried in vain."""


class PlainHashes:
    """Passwords are hashed at once, and alike each time."""

    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def verify(self, password: str, hashed: str) -> bool:
        return hashed == self.hash(password)


@dataclass
class Bytes:
    """Random ones that are the same in every run of one act."""

    whose: str
    drawn: int = 0

    def __call__(self, number: int) -> bytes:
        self.drawn += 1
        return sha256(f"{self.whose} {self.drawn}".encode()).digest()[:number]


@dataclass
class Street:
    """The meters behind their lines: as they came from the factory, and then what they were
    told."""

    clock: SetClock
    meters: dict[Drn, PaymentMeter] = field(default_factory=dict)

    def gateway_for(self, meter: Meter) -> Gateway:
        (old, *_) = key_records()
        if meter.number not in self.meters:
            self.meters[meter.number] = in_town(
                meter.number, meter.commodity, secret=old.secret, most=900_000
            )
        return DirectGateway(self.meters[meter.number], meter.number, self.clock)


@contextmanager
def program(
    place: Path | str, street: Street, whose: str = "", patience_s: float = 5
) -> Iterator[Raseed]:
    """The whole product on these books, at chance's usual places always with the same values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "Argon2", PlainHashes)
        patch.setattr(wiring, "random_nibbles", lambda: lambda: 5)
        patch.setattr(wiring, "secrets", SimpleNamespace(token_bytes=Bytes(whose)))
        store = open_store(place, busy_timeout_s=patience_s)
        made = wiring.compose(Settings(), store, keys(), street.gateway_for, street.clock)
    with made:
        yield made


def founded(place: Path | str, before: Act) -> datetime:
    """Everything prepared on a new database, and `before`; answers the time by then."""
    clock = SetClock()
    if isinstance(place, Path):
        place.write_bytes(_founded())
    else:
        with program(place, Street(clock)) as made:
            _found(made)
    with program(place, Street(clock), "before") as made:
        before(made)
    return clock.now


@cache
def _founded() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "founded.db"
        new_store(path).close()
        with program(path, Street(SetClock())) as made:
            _found(made)
        return path.read_bytes()


def _found(made: Raseed) -> None:
    prepare(made.service, made.accounts, made.operators)
    draft = UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda")
    made.office.begin(draft, PASSWORD)
    draft = UserDraft("nour", Role.ADMINISTRATOR, "نور", "Nour")
    made.office.add(HUDA, draft, PASSWORD, must_change=False)
    draft = UserDraft("samir", Role.OPERATOR, "سمير", "Samir", point="P1")
    made.office.add(HUDA, draft, PASSWORD, must_change=False)


def told(act: Act, made: Raseed) -> str:
    """DONE, or the code of why not. What nobody has foreseen is raised."""
    try:
        act(made)
    except Broken:
        raise
    except RaseedError as error:
        return error.code
    return DONE


@dataclass
class _Steps:
    """Counts a program's transactions; before one of them something happens."""

    at: int
    then: Callable[[], None]
    begun: int = 0
    inside: int = 0

    def watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def begin(*args: Any, **named: Any) -> Iterator[Any]:
            if not self.inside:
                self.begun += 1
                if self.begun == self.at:
                    self.then()
            self.inside += 1
            try:
                with real(*args, **named) as books:
                    yield books
            finally:
                self.inside -= 1

        return begin


@contextmanager
def interrupted(store: SqlStore, at: int, then: Callable[[], None]) -> Iterator[_Steps]:
    """`then` happens right before the transaction `at` of this program, counted from 1."""
    steps = _Steps(at, then)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "reading", steps.watched(store.reading))
        patch.setattr(store, "writing", steps.watched(store.writing))
        yield steps


@dataclass(frozen=True)
class Ended:
    """How it ended for each, and what is in the books."""

    outcomes: tuple[str, str]
    rows: Mapping[str, list[tuple[Any, ...]]]

    def differs(self, other: Ended) -> dict[str, Any]:
        """Tables, with the rows that only one of the two has."""
        return {
            name: [
                row
                for row in [*rows, *other.rows[name]]
                if (row in rows) ^ (row in other.rows[name])
            ]
            for name, rows in self.rows.items()
            if rows != other.rows[name]
        }


def rows_of(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    """Of all tables, but those that tell the order."""
    with store.reading() as books:
        found = {
            table.name: sorted(map(tuple, books._db.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name not in _TELL_THE_ORDER
        }
        seals = metadata.tables["seals"].c
        sealed = books._db.execute(select(seals.day, seals.entry).order_by(seals.number))
        return {**found, "seals": sorted(map(tuple, sealed))}


def right(made: Raseed) -> None:
    """The product's own proofs."""
    report = made.bookkeeping.verify(ADMIN)
    assert report.ok, report.problem
    accounts = made.accounts.verify_accounts(ADMIN)
    assert accounts.ok, accounts.problems
    day = made.reports.check(CHIEF)
    assert day.ok, day.differences
    assert made.office.verify_trail(ADMIN)[1] is None


def run(
    place: Path | str, now: datetime, acts: tuple[Act, Act], first: int, at: int = 0
) -> tuple[Ended, int]:
    """Both acts; `first` says which of the two begins, the other one comes right before its
    transaction `at`, or behind it. Answers also how many transactions the first one had."""
    street = Street(SetClock(now))
    with program(place, street, "one") as one, program(place, street, "other") as other:
        programs, outcomes = (one, other), ["", ""]

        def does(which: int) -> None:
            outcomes[which] = told(acts[which], programs[which])

        with interrupted(programs[first].store, at, lambda: does(1 - first)) as steps:
            does(first)
        if not at:
            does(1 - first)
        right(one)
        return Ended((outcomes[0], outcomes[1]), rows_of(one.store)), steps.begun
