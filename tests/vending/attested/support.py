"""Books with rows of every kind that is attested, and somebody who edits them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert, select, text

from meters.account import Commodity, MeterAccount, Supply, SupplyState
from meters.quantities import Energy
from meters.verdicts import TokenResult
from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.books.support import SHORT
from tests.vending.support import ADMIN, POWER
from vending.aftersale import MeterReading
from vending.ledger import ChainEnd, LedgerProblem
from vending.ledger.attestations import Attestation, attested
from vending.operators import Operator, Settlement
from vending.store import attestation_proof, schema
from vending.store.approvals import SqlPeople
from vending.store.attesting import KINDS
from vending.store.triggers import drop

RANA = Operator("rana", "رنا", "Rana", Settlement.DEPOSIT, 5_000, commission="2.5")


def read(here: Counter, wh: int) -> None:
    """One reading of the electricity meter."""
    account = MeterAccount(
        commodity=Commodity.ELECTRICITY,
        balance=Energy(wh),
        total_supplied=Energy(1_000_000),
        supply=Supply(True, SupplyState.CONNECTED, frozenset()),
        tokens_accepted=3,
        last_result=TokenResult.ACCEPT,
        read_at=here.clock(),
    )
    with here.store.writing() as books:
        books.add_reading(MeterReading(POWER.number, account, "Rami"))


def prepared(place: Path | str) -> Counter:
    """Eight links: a debt and that it is disputed, requests ADJ-1 and ADJ-2 of which the first was
    posted, Rana with terms that were changed once, two readings."""
    made = Counter(place)
    made.debt()
    made.accounts.dispute(BILLING, "A1", "arrears", "It was paid in cash", "d-1")
    for id in ("ADJ-1", "ADJ-2"):
        made.keeping.adjust(BILLING, id, SHORT, "Counted twice")
    made.keeping.approve(CHIEF, "ADJ-1")
    for operator in (RANA, replace(RANA, credit_limit=2_000)):
        with SqlPeople(made.store).writing() as people:
            if people.operator(RANA.code) is None:
                people.add_operator(operator)
            else:
                people.change_operator(operator)
    for wh in (40_000, 30_000):
        made.clock.forward(minutes=1)
        read(made, wh)
    assert found(made) is None
    return made


def found(here: Counter) -> LedgerProblem | None:
    """By both ways in which the books are proved."""
    problem = here.keeping.verify(CHIEF).problem
    if problem is None or not problem.what.startswith("seal_"):
        assert here.service.verify(ADMIN).problem == problem
    return problem


def named(here: Counter) -> tuple[str, str]:
    problem = found(here)
    assert problem is not None
    return problem.what, problem.detail


def problems(here: Counter) -> list[LedgerProblem]:
    """What this proof alone finds."""
    with here.store.reading() as books:
        return list(attestation_proof.attestation_problems(books._db))


def tamper(here: Counter, *statements: str) -> None:
    """Drops the triggers and edits, as one could who owns the database."""
    engine = here.store.engine
    guarded = {kind.table.name for kind in KINDS.values()}.intersection(schema.BOOKS)
    with engine.begin() as db:
        for table in sorted({*guarded, "attestations", "trail", "seals"}):
            for statement in drop(engine.dialect.name, table):
                db.execute(text(statement.replace("TRIGGER ", "TRIGGER IF EXISTS ")))
        for statement in statements:
            assert db.execute(text(statement)).rowcount > 0, statement


def links(here: Counter) -> list[Attestation]:
    with here.store.reading() as books:
        chosen = select(schema.attestations).order_by(schema.attestations.c.number)
        return [Attestation(*row) for row in books._db.execute(chosen)]


def write_anew(here: Counter, **digests: str) -> None:
    """The whole chain with other digests, each link right: `kind_key` to the digest."""
    anew, end = [], ChainEnd()
    for link in links(here):
        digest = digests.get(f"{link.kind}_{link.key}", link.digest)
        anew.append(attested(link.kind, link.key, digest, end))
        end = anew[-1].end
    tamper(here, "DELETE FROM attestations")
    with here.store.engine.begin() as db:
        db.execute(insert(schema.attestations), [link._asdict() for link in anew])
        db.execute(schema.attestation_head.update().values(number=end.number, hash=end.hash))


def columns_of(table: str, *, without: str = "", **to: str) -> str:
    names = [c.name for c in schema.metadata.tables[table].columns if c.name != without]
    values = ", ".join(to.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table}"
