"""Readings, journal entries, verification, and keys (their public side) as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from pydantic import Field

from meters.quantities import Energy, Money, Quantity, Volume
from tokens.sts import KeyAttributes

from ..aftersale import MeterReading
from ..api_keys import ApiKey
from ..ledger import LedgerReport, PostedEntry
from ..meterlog import LogLine, MeterLog
from .base import Measure, Out

_COMMODITY_UNITS: dict[str, type[Quantity]] = {kind.unit: kind for kind in (Energy, Volume)}


class LogLineOut(Out):
    """One line of a meter's token log."""

    sequence: int = Field(description="Counts every token that the meter judged, from 1")
    result: str
    fingerprint: str = Field(description="Of the token: enough to know it again, not to use it")
    vend_id: str | None = Field(description="null: the books have no such token for this meter")
    kind: str | None
    taken_back: bool = Field(description="Its sale was voided")
    is_foreign: bool = Field(description="The meter took it, and the books do not have it")
    is_taken_all_the_same: bool = Field(description="The meter took it, and its sale was voided")
    is_odd: bool = Field(description="One of both: somebody has to look into it")

    @classmethod
    def of(cls, line: LogLine) -> LogLineOut:
        return cls(
            sequence=line.entry.sequence,
            result=line.entry.result.name,
            fingerprint=line.entry.fingerprint,
            vend_id=line.vend_id,
            kind=line.kind,
            taken_back=line.taken_back,
            is_foreign=line.is_foreign,
            is_taken_all_the_same=line.is_taken_all_the_same,
            is_odd=line.is_odd,
        )


class MeterLogOut(Out):
    """A meter's token log held against the books, the newest line first."""

    meter: str
    lines: list[LogLineOut]
    odd: int = Field(description="How many lines are odd")

    @classmethod
    def of(cls, log: MeterLog) -> MeterLogOut:
        lines = [LogLineOut.of(one) for one in log.lines]
        return cls(meter=log.meter, lines=lines, odd=len(log.odd))


class ReadingOut(Out):
    """One reading of a meter's account."""

    id: int
    meter: str
    commodity: str
    balance: Measure = Field(description="Credit left; may be negative")
    total_supplied: Measure
    supplied: bool = Field(description="true if electricity or water flows when drawn")
    supply_state: str
    supply_reasons: list[str] = Field(description="Why the supply is interrupted")
    tokens_accepted: int
    last_result: str
    read_at: datetime
    actor: str

    @classmethod
    def of(cls, reading: MeterReading) -> ReadingOut:
        account = reading.account
        return cls(
            id=reading.id,
            meter=reading.meter,
            commodity=account.commodity.value,
            balance=Measure.of(account.balance),
            total_supplied=Measure.of(account.total_supplied),
            supplied=account.supply.output,
            supply_state=account.supply.state.name.lower(),
            supply_reasons=sorted(account.supply.reasons),
            tokens_accepted=account.tokens_accepted,
            last_result=account.last_result.name,
            read_at=account.read_at,
            actor=reading.actor,
        )


class PostingOut(Out):
    """One line of an entry: debit positive, credit negative."""

    account: str
    holder: str
    amount: Measure


class EntryOut(Out):
    """One journal entry and its place in the chain of hashes."""

    number: int
    at: datetime
    kind: str
    cause: str = Field(
        description="What it was booked for: a vend id, or the id of an adjustment, a move of "
        "cash, a shift, a banking"
    )
    actor: str
    point: str
    postings: list[PostingOut]
    hash: str
    previous_hash: str

    @classmethod
    def of(cls, posted: PostedEntry) -> EntryOut:
        entry = posted.entry
        return cls(
            number=posted.number,
            at=entry.at,
            kind=entry.kind,
            cause=entry.cause,
            actor=entry.actor,
            point=entry.point,
            postings=[
                PostingOut(
                    account=line.account,
                    holder=line.holder,
                    amount=measured(line.amount, line.unit),
                )
                for line in entry.postings
            ],
            hash=posted.hash,
            previous_hash=posted.previous_hash,
        )


class LedgerProblemOut(Out):
    """What differs in the books, and where."""

    entry: int
    what: str
    detail: str


class LedgerReportOut(Out):
    """The books, recomputed. Keep `head` elsewhere: it shows if the end is ever cut off."""

    ok: bool
    entries: int
    postings: int
    head: str
    seals: int
    problem: LedgerProblemOut | None

    @classmethod
    def of(cls, report: LedgerReport) -> LedgerReportOut:
        found = report.problem
        return cls(
            ok=report.ok,
            entries=report.entries,
            postings=report.postings,
            head=report.head.hash,
            seals=report.seals,
            problem=None
            if found is None
            else LedgerProblemOut(entry=found.entry, what=found.what, detail=found.detail),
        )


class ApiKeyOut(Out):
    """An API key without its text."""

    name: str
    person: str
    """Who calls with it: what the books write down."""
    role: str
    scopes: list[str]
    point: str | None
    terminal: str
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyOut:
        return cls(
            name=key.name,
            person=key.caller,
            role=key.role.value,
            scopes=sorted(scope.value for scope in key.scopes),
            point=key.point,
            terminal=key.terminal,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
        )


class VendingKeyOut(Out):
    """What is public of a vending key."""

    sgc: str
    krn: int
    dkga: str
    key_type: str
    base_date: int
    ken: int
    active_from: datetime | None
    issued_until: datetime | None
    unit_limit: int | None
    currency_limit: int | None
    kinds: list[str] | None
    cluster: int

    @classmethod
    def of(cls, key: KeyAttributes) -> VendingKeyOut:
        return cls(
            sgc=key.ref.sgc,
            krn=key.ref.krn,
            dkga=key.dkga.value,
            key_type=key.key_type.name,
            base_date=key.base_date.value,
            ken=key.ken,
            active_from=key.active_from,
            issued_until=key.issued_until,
            unit_limit=key.unit_limit,
            currency_limit=key.currency_limit,
            kinds=None if key.kinds is None else sorted(key.kinds),
            cluster=key.cluster,
        )


def measured(amount: int, unit: str) -> Measure:
    """An amount of the ledger (agorot, Wh, litres, tokens) as people write it."""
    if unit == "token":
        return Measure(value=str(amount), unit=unit)
    kind = _COMMODITY_UNITS.get(unit)
    return Measure.of(Money(amount, unit) if kind is None else kind(amount))


class Row(Protocol):
    """A named tuple of the books."""

    def _asdict(self) -> dict[str, Any]: ...


def with_measures(row: Row, unit: str, *amounts: str) -> dict[str, Any]:
    """The fields of a row by name, with `amounts` (its sums, properties too) as people write them;
    one that is not told stays None."""
    told = {name: getattr(row, name) for name in amounts}
    return row._asdict() | {
        name: None if amount is None else measured(amount, unit) for name, amount in told.items()
    }
