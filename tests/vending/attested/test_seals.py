"""Seals stand for attestations and for the trail: what was cut off behind one is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.attested.support import (
    LAST,
    found,
    links,
    named,
    problems,
    read,
    tamper,
    write_anew,
)
from tests.vending.support import ADMIN, OPERATOR
from vending.identity_checks import Argon2
from vending.ledger import ChainEnd, LedgerProblem, Seal, SealContent
from vending.ledger.attestations import digest_of
from vending.ledger.seals import hash_of
from vending.people import Act, Office, TrailProblem
from vending.people.writing import write_down
from vending.store import schema
from vending.store.house import SqlHouse


def with_a_trail(here: Counter, lines: int = 3) -> None:
    for number in range(lines):
        with SqlHouse(here.store).writing() as house:
            write_down(house, Act("sign_in", f"rami-{number}"), OPERATOR, here.clock())


def test_a_seal_stands_for_both_chains(here: Counter) -> None:
    with_a_trail(here)
    seal = here.keeping.seal(BILLING)
    assert seal.content.attested == links(here)[-1].end
    assert seal.content.trail is not None
    assert seal.content.trail.number == 3
    assert here.keeping.verify(CHIEF, seal.code).ok
    # The same again, until something more is attested.
    assert here.keeping.seal(BILLING) == seal
    read(here, 20_000)
    after = here.keeping.seal(BILLING)
    assert (after.number, after.content.attested) == (2, links(here)[-1].end)
    assert here.keeping.verify(CHIEF, after.code).ok
    # Of a day that is over it is not asked what was attested since.
    here.clock.forward(days=1)
    read(here, 30_000)
    assert here.keeping.seal(BILLING, after.day) == after


CUT = (
    "DELETE FROM readings WHERE id = 2",
    f"DELETE FROM attestations WHERE number = {LAST}",
    f"UPDATE attestation_head SET number = {LAST - 1}, "
    f"hash = (SELECT hash FROM attestations WHERE number = {LAST - 1})",
)
"""The last reading and everything that tells of it."""


def test_links_cut_off_show_only_against_a_seal(here: Counter) -> None:
    tamper(here, *CUT)
    assert found(here) is None


def test_links_cut_off_behind_a_seal_are_found(here: Counter) -> None:
    seal = here.keeping.seal(BILLING)
    tamper(here, *CUT)
    problem = found(here)
    assert problem == LedgerProblem(seal.entry, "seal_attested", f"1 {seal.day}")


def test_a_chain_written_anew_differs_from_the_seal(here: Counter) -> None:
    here.keeping.seal(BILLING)
    tamper(here, "UPDATE readings SET balance = 90000 WHERE id = 1")
    with here.store.reading() as books:
        row = books._db.execute(select(schema.readings).where(schema.readings.c.id == 1)).one()
    write_anew(here, reading_1=digest_of(row._asdict()))
    assert problems(here) == []
    assert named(here)[0] == "seal_attested"


def test_a_trail_cut_off_behind_a_seal_is_found(here: Counter) -> None:
    with_a_trail(here)
    seal = here.keeping.seal(BILLING)
    tamper(
        here,
        "DELETE FROM trail WHERE number > 1",
        "UPDATE trail_head SET number = 1, hash = (SELECT hash FROM trail)",
    )
    assert found(here) == LedgerProblem(seal.entry, "seal_trail", f"1 {seal.day}")
    assert of_the_trail(here) == TrailProblem(2, "sealed")
    # Lines that came behind the cut do not stand in for those that are gone.
    with_a_trail(here, lines=5)
    assert named(here)[0] == "seal_trail"
    assert of_the_trail(here) == TrailProblem(3, "sealed")


def of_the_trail(here: Counter) -> TrailProblem | None:
    return Office(SqlHouse(here.store), Argon2(cheap=True), here.clock).verify_trail(ADMIN)[1]


@pytest.mark.parametrize("document", ["x", "[]", "{}", '{"trail":[1]}'])
def test_a_seal_that_is_none_says_nothing_of_the_trail(here: Counter, document: str) -> None:
    with_a_trail(here)
    here.keeping.seal(BILLING)
    tamper(here, f"UPDATE seals SET document = '{document}'")
    assert of_the_trail(here) is None
    assert named(here)[0] == "seal_chain"


def test_a_trail_that_grew_and_was_cut_behind_the_seal_is_as_it_was(here: Counter) -> None:
    with_a_trail(here)
    here.keeping.seal(BILLING)
    with_a_trail(here)
    tamper(
        here,
        "DELETE FROM trail WHERE number > 3",
        "UPDATE trail_head SET number = 3, hash = (SELECT hash FROM trail WHERE number = 3)",
    )
    assert found(here) is None
    assert of_the_trail(here) is None


def put_seal(here: Counter, seal: Seal, content: SealContent) -> Seal:
    """The first seal with another content, under its own right hash."""
    other = replace(seal, document=content.document())
    other = replace(other, hash=hash_of(other))
    tamper(here)
    with here.store.engine.begin() as db:
        changed = {"document": other.document, "hash": other.hash}
        db.execute(schema.seals.update().where(schema.seals.c.number == 1).values(changed))
    return other


def test_a_seal_from_before_stays_valid_and_chained(here: Counter) -> None:
    seal = here.keeping.seal(BILLING)
    old = replace(seal.content, attested=None, trail=None)
    assert "attested" not in old.document()
    assert "trail" not in old.document()
    assert SealContent.read(old.document()) == old
    kept = put_seal(here, seal, old)
    assert here.keeping.verify(CHIEF, kept.code).ok
    # The next one follows on it and stands for more.
    after = here.keeping.seal(BILLING)
    assert (after.number, after.previous_hash) == (2, kept.hash)
    assert after.content.attested is not None
    assert here.keeping.verify(CHIEF, after.code).ok


@pytest.mark.parametrize(
    "end", [ChainEnd(0, "x"), ChainEnd(-1, "0" * 64), ChainEnd(10**30, "0" * 64), ChainEnd(3, "x")]
)
def test_a_seal_over_another_end(here: Counter, end: ChainEnd) -> None:
    seal = here.keeping.seal(BILLING)
    put_seal(here, seal, replace(seal.content, attested=end))
    assert named(here)[0] == "seal_attested"
