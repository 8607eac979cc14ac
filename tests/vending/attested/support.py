"""Books with rows of every kind that is attested, and somebody who edits them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select, text

from meters.account import Commodity, MeterAccount, Supply, SupplyState
from meters.quantities import Energy
from meters.verdicts import TokenResult
from tests.vending.accounts.support import BILLING, CHIEF, Counter
from tests.vending.books.support import SHORT
from tests.vending.support import ADMIN, OPERATOR, POWER, SGC, WATER, put_point, request
from vending.aftersale import DeliveryEvent, MeterReading, SaleState
from vending.approvals import Approval, ApprovalDecision, ApprovalState
from vending.approvals.approval import ApprovalStep, StepState
from vending.blocking import Block
from vending.keychanges.changes import KeyChange, KeyChangeEvent, KeyChangeState
from vending.keymoves import KeyMove
from vending.ledger import ChainEnd, LedgerProblem
from vending.ledger.attestations import Attestation, attested
from vending.operators import Operator, Settlement
from vending.requests import BasketRequest, Credit
from vending.store import SqlStore, attestation_proof, schema
from vending.store.approvals import SqlPeople
from vending.store.attesting import KINDS
from vending.store.key_changes import SqlKeyChangesWriting
from vending.store.tariffs import SqlTariffs
from vending.store.triggers import drop
from vending.tariff.rows import ActKind, KeptVersion, TariffAct

RANA = Operator("rana", "رنا", "Rana", Settlement.DEPOSIT, 5_000, commission="2.5")


def read(here: Counter, wh: int) -> None:
    """One reading of the electricity meter."""
    put_reading(here.store, here.clock(), wh)


def put_reading(store: SqlStore, at: datetime, wh: int) -> None:
    account = MeterAccount(
        commodity=Commodity.ELECTRICITY,
        balance=Energy(wh),
        total_supplied=Energy(1_000_000),
        supply=Supply(True, SupplyState.CONNECTED, frozenset()),
        tokens_accepted=3,
        last_result=TokenResult.ACCEPT,
        read_at=at,
    )
    with store.writing() as books:
        books.add_reading(MeterReading(POWER.number, account, "Rami"))


LAST: Final = 35
"""Number of the last link."""
WRITTEN: Final = (
    ("point", "P1"),
    ("point", "P2"),
    ("account_event", "A1:1"),
    ("account_event", "A1:2"),
    ("adjustment", "ADJ-1"),
    ("adjustment", "ADJ-2"),
    ("adjustment", "ADJ-3"),
    ("adjustment_decision", "ADJ-1"),
    ("adjustment_decision", "ADJ-3"),
    ("operator", "rana"),
    ("operator", "rana"),
    ("point", "P2"),
    ("point", "P2"),
    ("approval", "A-1"),
    ("approval_decision", "A-1"),
    ("approval_step", "A-1:1"),
    ("approval_step", "A-1:2"),
    ("approval", "A-2"),
    ("approval", "A-3"),
    ("tariff_file", "night:1"),
    ("tariff_approval", "night:1:approved"),
    ("tariff_file", "night:2"),
    ("tariff_approval", "night:1:retired"),
    ("key_change", "1"),
    ("key_change_event", "1:1"),
    ("key_change", "2"),
    ("key_change_event", "2:1"),
    ("block_event", "1"),
    ("block_event", "2"),
    ("block_event", "3"),
    ("showing", "v-h"),
    ("delivery_event", "v-0:1"),
    ("delivery_event", "v-0:2"),
    ("reading", "1"),
    ("reading", "2"),
)
"""What the links are of, in their order."""


def prepared(place: Path | str) -> Counter:
    """A debt and that it is disputed; ADJ-1, which was posted, ADJ-2, which waits, and ADJ-3, which
    was voided; Rana, and the point P2, with terms that were changed once; A-1, which was approved
    and carried through at the second try, and two requests that wait; a tariff that was approved
    and retired again, and a draft of the next; two changes of a key that were called off; a
    block that was lifted and one that stands; held digits that were shown; a sale of water whose
    push was not answered; two readings."""
    made = Counter(place)
    made.debt()
    made.accounts.dispute(BILLING, "A1", "arrears", "It was paid in cash", "d-1")
    for id in ("ADJ-1", "ADJ-2", "ADJ-3"):
        made.keeping.adjust(BILLING, id, SHORT, "Counted twice")
    made.keeping.approve(CHIEF, "ADJ-1")
    made.keeping.void(BILLING, "ADJ-3", "Found the money")
    for operator in (RANA, replace(RANA, credit_limit=2_000)):
        with SqlPeople(made.store).writing() as people:
            if people.operator(RANA.code) is None:
                people.add_operator(operator)
            else:
                people.change_operator(operator)
    for most in (4_000, 5_000):
        put_point(made.store, "P2", most_per_sale=most, needs_shift=True)
    approve(made.store, made.clock())
    keep_tariffs(made.store, made.clock())
    for _ in range(2):
        plan_and_call_off(made.store, made.clock())
    block(made.store, made.clock())
    held = BasketRequest("v-h", (Credit(POWER.number, request().amount),), hold=True)
    made.service.vend_basket(OPERATOR, held)
    made.service.show(OPERATOR, "v-h")
    made.service.vend(OPERATOR, request("v-0", WATER))
    with made.store.writing() as books:
        for seq, state in enumerate((SaleState.DELIVERING, SaleState.UNKNOWN), start=1):
            books.add_delivery_event("v-0", DeliveryEvent(seq, state, made.clock(), "Samir"))
    for wh in (40_000, 30_000):
        made.clock.forward(minutes=1)
        read(made, wh)
    assert found(made) is None
    return made


def approve(store: SqlStore, at: datetime) -> None:
    """Three requests, the first of them approved and carried through at the second try."""
    asked = Approval("A-1", "free_issue", {"units": "2"}, "It leaked", at, "Samir", "P1", "T1")
    approved = ApprovalDecision(ApprovalState.APPROVED, at, "Nadia", "")
    with SqlPeople(store).writing() as people:
        people.add_approval(asked)
        people.decide("A-1", approved)
        people.add_step("A-1", ApprovalStep(1, StepState.BEGUN, at, "Omar"))
        people.add_step("A-1", ApprovalStep(2, StepState.DONE, at, "Omar"))
        for id in ("A-2", "A-3"):
            people.add_approval(replace(asked, id=id))


def keep_tariffs(store: SqlStore, at: datetime) -> None:
    """Rows of two versions, the first of them approved and retired."""
    version = KeptVersion("night", 1, 'code = "night"', at, "Layla")
    with SqlTariffs(store).writing() as rows:
        rows.keep(version)
        rows.add(TariffAct("night", 1, ActKind.APPROVED, at, "Nadia", "As the council said"))
        rows.keep(replace(version, version=2))
        rows.add(TariffAct("night", 1, ActKind.RETIRED, at, "Nadia", "It is day", at))


def plan_and_call_off(store: SqlStore, at: datetime) -> None:
    """A change of the electricity meter's key."""
    move = KeyMove(SGC, 1, 1, SGC, 2, 1)
    with store.writing() as books:
        changes = SqlKeyChangesWriting(books)
        change = KeyChange(0, POWER.number, move, "A new revision", at, "Omar")
        planned = changes.plan(POWER.number, change)
        off = KeyChangeEvent(1, KeyChangeState.CANCELLED, at, "Omar", None, "Not yet")
        changes.add_event(planned, off)
        changes.drop_plan(POWER.number)


def block(store: SqlStore, at: datetime) -> None:
    """Two subjects are blocked, and the first is let go again."""
    first = Block("terminal", "P9/T1", "It was stolen", at)
    with SqlPeople(store).writing() as people:
        people.set_block(first, "Omar")
        people.lift_block(first, at, "Nadia", "It was found")
        people.set_block(Block("operator", "cli:zaid", "Counted short", at), "Omar")


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
