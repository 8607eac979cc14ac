"""A meter taken down and another put in its place: the agreement moves, the old one is out of use.

What was left on the old meter is asked for in the same transaction, as an act of two people; that
request is also the record of the exchange.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from meters.identity import Drn
from meters.quantities import Quantity
from tokens.sts import BaseDate, EncryptionAlgorithm

from ..accounting.adjustments import checked_reason
from ..accounting.errors import AgreementUnknown
from ..admission import MeterRules
from ..approvals import Approval
from ..approvals.acts import check_no_token
from ..approvals.approval import checked_id
from ..approvals.errors import ApprovalIdReused
from ..clock import UNWATCHED, ClockGuard
from ..ledger import canonical_time
from ..parties import Actor, GatewayAddress, Meter, MeterFile, PartyExists, Reached
from ..permissions import require
from ..ports import Clock
from ..requests import Units, units_of
from ..tariff.steps import MOST_STEPS, carried_floor, check_carried
from .documents import Source, TransferWanted, transfer_document
from .errors import DownSinceWrong, SeenAlive, UnitsAndSource, check_recorded
from .giving import check_source, last_read
from .ports import ActsReading, ActsStore

ACT = "transfer"


@dataclass(frozen=True, slots=True)
class NewMeter:
    """The meter that is put in; it measures what the agreement is for."""

    number: Drn
    ea: EncryptionAlgorithm
    sgc: str
    krn: int
    ti: int
    model: str = ""
    gateway: Reached | None = None
    base_date: BaseDate | None = None
    """As Meter.base_date and Meter.ken."""
    ken: int | None = None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An exchange as it stands."""

    request: Approval
    """For what was left on the old meter; it waits for a second person."""
    file: MeterFile
    """The agreement with the meter that it has now."""


class Exchanges:
    """One instance serves many threads."""

    def __init__(
        self,
        store: ActsStore,
        clock: Clock,
        rules: MeterRules | None = None,
        guard: ClockGuard = UNWATCHED,
    ) -> None:
        """`rules`: what a meter that is put in must be; none: anything."""
        self._store = store
        self._rules = rules or MeterRules()
        self._clock = clock
        self._guard = guard

    def exchange(
        self,
        actor: Actor,
        id: str,
        agreement: str,
        new: NewMeter,
        source: Source,
        reason: str,
        units: Units | None = None,
        down_since: datetime | None = None,
    ) -> Exchanged:
        """Registers the new meter, or takes it from the shelf, and moves the agreement to it; from
        here on nothing is sold to the old one, and a key change planned for it is cancelled. What
        was left there waits as a request of the act `transfer`, under `id`, for a second person:
        `units`, or with the source `reading` all that the last kept reading says, rounded down to
        what a token carries. `down_since`: from when on the old meter was off the wall or dead
        already; once the request is approved, tokens that came out later count as not used. The
        caller makes the id; the same again answers the exchange that there is.

        Raises ActorNotAllowed, ApprovalIdMalformed, IdInCapitals, ReasonMissing,
        DocumentHoldsToken, ApprovalIdReused, AgreementUnknown, UnitsAndSource, NotANumber,
        TooFine, AmountTooLow, UnitsNotCarried, ReadingMissing, TransferTooMuch, DownSinceWrong,
        SeenAlive, PartyExists (the new meter is in use), MeterDiffers, KeyUnknown, ModelUnknown,
        RowWrong (the new meter could not be sold to or reached), ClockWentBack, ClockRanAhead.
        """
        require(actor, "exchange_meter")
        checked_id(id)
        reason = checked_reason(reason)
        check_no_token(ACT, new.model)
        with self._store.writing() as books:
            file = books.file_of_agreement(agreement)
            if file is None:
                raise AgreementUnknown(agreement[:30])
            stored = books.approval(id)
            if stored is not None:
                facts = _facts(new, units, down_since)
                _check_same(stored, actor, agreement, facts, source, reason)
                return Exchanged(stored, file)
            if books.sale(id) is not None:
                # It would be the vend id of what was left: the transfer could never be made.
                raise ApprovalIdReused(id)
            old = file.meter
            left = self._left(books, old, source, units)
            now, meter = self._clock(), _meter(books, new, old)
            # A moment of before would prove that tokens which were used came out behind it.
            self._guard.check(now, books.chain_head(), books)
            meter = self._rules.admitted(meter)
            if down_since is not None:
                _check_down(books, old.number.number, down_since, now)
            facts = _facts(new, units, down_since)
            wanted = TransferWanted(
                agreement, old.number.number, Units(left.to_text()), source, facts
            )
            request = Approval(
                id=id,
                act=ACT,
                document=transfer_document(wanted),
                reason=reason,
                requested_at=now,
                requested_by=actor.name,
                point=actor.point or "",
                terminal=actor.terminal,
            )
            note = f"{old.number.number} -> {new.number.number}: {reason}"
            books.cancel_key_plan(old.number.number, now, actor.name, note)
            books.exchange(agreement, meter)
            books.add_approval(request)
            moved = books.file_of_agreement(agreement)
            assert moved is not None
            return Exchanged(request, moved)

    def _left(
        self, books: ActsReading, old: Meter, source: Source, units: Units | None
    ) -> Quantity:
        kind, step = old.commodity.quantity, old.commodity.token_step
        number = old.number.number
        before = books.exchange_of(number)
        # What was read in an earlier life of the meter says nothing of this one.
        since = None if before is None else before.requested_at
        if units is None:
            if source is Source.NONE:
                return kind(0)
            if source is not Source.READING:
                raise UnitsAndSource(source.value)
            read = last_read(books, number, since)
            steps = max(0, read.value) // step
            return carried_floor(kind, min(steps, MOST_STEPS), step)
        told = units_of(units, kind)
        if told.value < 0 or (told.is_zero and source is not Source.READING):
            raise UnitsAndSource(source.value)
        check_source(books, number, told, source, since)
        check_carried(told, step)
        return told


def _meter(books: ActsReading, new: NewMeter, old: Meter) -> Meter:
    """The meter that is put in, as it is written down. Raises PartyExists, MeterDiffers."""
    number = new.number.number
    made = Meter(
        number=new.number,
        commodity=old.commodity,
        ea=new.ea,
        sgc=new.sgc,
        krn=new.krn,
        ti=new.ti,
        model=new.model,
        gateway=new.gateway,
        base_date=new.base_date,
        ken=new.ken,
    )
    known = books.meter(number)
    if known is None:
        return made
    if books.meter_file(number) is not None:
        raise PartyExists("meters", number)
    check_recorded(known, made)
    return replace(known, model=made.model or known.model, gateway=made.gateway)


def _check_down(books: ActsReading, old: str, since: datetime, now: datetime) -> None:
    """Raises DownSinceWrong, SeenAlive."""
    before = books.exchange_of(old)
    if since > now or (before is not None and since <= before.requested_at):
        raise DownSinceWrong(old, since)
    seen = books.seen_alive_at(old)
    if seen is not None and seen >= since:
        raise SeenAlive(old, since, seen)


def _facts(new: NewMeter, units: Units | None, down_since: datetime | None) -> dict[str, Any]:
    """What is written down of the new meter, and what was told of the old one."""
    at = new.gateway
    # Told only where it says something, so that requests of before equal their repetition.
    down = {} if down_since is None else {"down_since": canonical_time(down_since)}
    return {
        **down,
        "new_meter": new.number.number,
        "ea": new.ea.value,
        "sgc": new.sgc,
        "krn": new.krn,
        "ti": new.ti,
        "model": new.model,
        "gateway": _told(at),
        # Where they are not told, a request is as those of before, which knew of neither.
        **({} if new.base_date is None else {"base_date": new.base_date.value}),
        **({} if new.ken is None else {"ken": new.ken}),
        "told": None if units is None else units.text,
    }


def _told(at: Reached | None) -> str | None:
    """As requests of before have it, which a repetition must equal."""
    if isinstance(at, GatewayAddress):
        return f"{at.host}:{at.port}/{at.unit_id}"
    return None if at is None else at.place


def _check_same(
    stored: Approval,
    actor: Actor,
    agreement: str,
    facts: dict[str, Any],
    source: Source,
    reason: str,
) -> None:
    """Raises ApprovalIdReused."""
    document = stored.document
    again = Approval(
        id=stored.id,
        act=ACT,
        document={
            **document,
            "agreement": agreement,
            "source": source.value,
            "exchange": facts,
        },
        reason=reason,
        requested_at=stored.requested_at,
        requested_by=actor.name,
        point=stored.point,
        terminal=stored.terminal,
    )
    if "exchange" not in document or not stored.same_request(again):
        raise ApprovalIdReused(stored.id)
