"""Rounds of meters whose credit the house holds: how each stands, what is due, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from drivers.follow import Following, Movement, doubtful
from drivers.heldcredit import Holding, asked
from drivers.sweep import Member, Seen
from meters.device import Outcome, Warrant
from meters.errors import RaseedError, Unavailable, nothing_happened
from meters.heldcredit import UNITS, Grace, Judgement, Order, Standing, Then, reached, unreached

from ..heldcredit import FOR_CREDIT, HeldCredit
from ..messages import phrase
from ..parties import Actor
from ..running import Raseed
from .context import Cli
from .meter_at import Target, device_at, recorded
from .meter_command import kept
from .meter_sweep import member_of, sweep_of

_FRESH: Final = timedelta(minutes=10)
"""A supply is not switched on an older reading."""
_DOUBTED: Final = "doubted"
"""The problem of a counter that somebody must look at."""
_LEAKS: Final = "still_drawn"
"""The problem of a supply that says that it is off, and counts."""
_NO_PLACE: Final = "no_place"
"""The problem of a meter that has no address on record, or a model that nobody knows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One meter in one round."""

    meter: str
    customer_class: str
    unit: str
    judgement: Judgement
    at: datetime
    """When it was last read."""
    problem: str = ""
    """Why it was not read this time, or its class is not known."""
    outcome: str = ""
    """What became of the order; empty if none was given."""
    is_tried_again: bool = False
    """The order did not reach the meter, and the next round gives it anew."""

    @property
    def needs_somebody(self) -> bool:
        """At the meter: nothing else helps."""
        undone = self.outcome not in ("", Outcome.DONE.value) and not self.is_tried_again
        return self.judgement.needs_visit or undone or self.problem in (_DOUBTED, _LEAKS)


def _problem(seen: Seen, moved: Sequence[Movement]) -> str:
    """Why a round does not tell where the credit stands."""
    if doubtful(moved):
        return _DOUBTED
    reasons = (one.reason for one in seen.readings if one.reason)
    return seen.problem or next(reasons, _DOUBTED)


class CreditMemory:
    """What is remembered from round to round."""

    def __init__(self, following: Following | None = None, holding: Holding | None = None) -> None:
        self.following = following or Following()
        self.holding = holding or Holding()

    def kept(self) -> dict[str, Any]:
        return {"counters": self.following.kept(), "credit": self.holding.kept()}

    @classmethod
    def recalled(cls, kept: Mapping[str, Any]) -> CreditMemory:
        """Raises MemoryUnreadable."""
        counters, credit = kept.get("counters", {}), kept.get("credit", {})
        return cls(Following.recalled(counters), Holding.recalled(credit))


class CreditRounds:
    """Reads, judges, and gives orders if that is wanted."""

    def __init__(self, raseed: Raseed, actor: Actor, memory: CreditMemory) -> None:
        self._raseed = raseed
        self._actor = actor
        self._memory = memory
        self._members: dict[str, Member] = {}
        """By number, those of the round that can be reached."""
        self._held: list[HeldCredit] = []
        self._sweep = sweep_of([], asked)

    def round(self) -> list[Row]:
        """Every meter whose credit is held now, read once."""
        self._held = self._raseed.held_credits.all(self._actor)
        self._memory.holding.forget_others([one.hold for one in self._held])
        # As they stand on record now: a meter may have got another address, or be another one.
        works = self._raseed.meter_works
        asking = [member_of(works, one.file.meter) for one in self._held]
        members = {member.name: member for member in asking if member is not None}
        if members != self._members:
            self._members, self._sweep = members, sweep_of(list(members.values()), asked)
        seen = {one.member.name: one for one in self._sweep.round()}
        return [self._row(one, seen.get(one.hold.meter)) for one in self._held]

    def switched(self, cli: Cli, rows: list[Row], keep: Callable[[], None]) -> list[Row]:
        """With the orders given that are due, one after the other. `keep` writes the memory down:
        before an order goes out, and when it is known what became of it, so that whoever was cut is
        not forgotten by a program that dies."""
        by_meter = {one.hold.meter: one for one in self._held}
        return [self._obeyed(cli, row, by_meter[row.meter], keep) for row in rows]

    def _again(self, held: HeldCredit) -> Row:
        """One meter, read once more."""
        (seen,) = sweep_of([self._members[held.hold.meter]], asked).round()
        return self._row(held, seen)

    def _row(self, held: HeldCredit, seen: Seen | None) -> Row:
        hold, holding = held.hold, self._memory.holding
        problem, sure = _NO_PLACE, False
        if seen is not None:
            # Whoever began the holding has looked at the meter.
            moved = self._memory.following.took(seen, settle=holding.is_new(hold))
            sure = holding.took(hold, seen.member.map, seen, moved)
            problem = "" if sure else _problem(seen, moved)
            if sure and holding.known(hold).leaks:
                problem = _LEAKS
        kind, grace, unknown = self._grace(held)
        return Row(
            meter=hold.meter,
            customer_class=kind,
            unit=next(iter(UNITS[held.file.meter.commodity])),
            judgement=self._judged(held, None if sure else grace),
            at=holding.known(hold).at,
            problem=problem or unknown,
        )

    def _judged(self, held: HeldCredit, grace: Grace | None) -> Judgement:
        """With the grace of a meter whose last round does not tell; None if it does."""
        known = self._memory.holding.known(held.hold)
        last = known.seen(self._raseed.held_credits.given(held))
        found = reached(last) if grace is None else unreached(last, grace, datetime.now(UTC))
        wants_on = found.order is Order.CONNECT or found.standing is Standing.STRANDED
        if wants_on and self._raseed.held_credits.cut_by_others(held.hold.meter):
            # It was off already, and somebody else needs it off too: to work at the wires, say.
            return Judgement(Standing.OFF_OTHERWISE, found.left)
        return found

    def _grace(self, held: HeldCredit) -> tuple[str, Grace, str]:
        try:
            kind, grace = self._raseed.held_credits.grace(held.file)
        except RaseedError as error:
            # Nobody is sent to cut off a customer whose class is not known.
            return "", Grace(Decimal(0), Decimal(0), Then.ON), error.code
        return kind.value, grace, ""

    def _obeyed(self, cli: Cli, row: Row, held: HeldCredit, keep: Callable[[], None]) -> Row:
        holding = self._memory.holding
        if row.judgement.order is None:
            return row
        if datetime.now(UTC) - holding.known(held.hold).at > _FRESH:
            # Many others came first. In a large house that is so in every round.
            row = self._again(held)
        if row.judgement.order is None:
            return row
        # Somebody may have bought since it was judged.
        known = holding.known(held.hold)
        now = self._judged(held, None)
        order = now.order
        if order is None:
            # It was paid for meanwhile, or somebody else cut it off: nothing is due any more.
            return replace(row, judgement=now)
        if not self._raseed.held_credits.holds(held):
            # Released meanwhile: it is no longer ours to switch.
            return replace(row, judgement=replace(now, order=None))
        holding.begun(held.hold, order)
        keep()
        row = replace(row, judgement=now)
        try:
            outcome = self._told(cli, order, held)
        except RaseedError as error:
            if nothing_happened(error):
                holding.undone(held.hold, known)
            again = isinstance(error, Unavailable)
            row = replace(row, outcome=error.code, is_tried_again=again)
        else:
            if outcome is Outcome.DONE:
                holding.obeyed(held.hold, order)
            elif outcome is Outcome.DECLINED:
                holding.undone(held.hold, known)
            row = replace(row, outcome=outcome.value)
        keep()
        return row

    def _told(self, cli: Cli, order: Order, held: HeldCredit) -> Outcome:
        """Raises what `kept` raises, MeterUnreachable."""
        member = self._members[held.hold.meter]
        reason = phrase(f"held_{order.value}", cli.language)
        warrant = Warrant(self._actor.name, self._actor.role.value, reason)
        target = self._target(held, member)
        with device_at(cli, target) as device:
            works = self._raseed.meter_works
            return kept(works, device, order.value, {}, warrant, target, "", FOR_CREDIT).outcome

    def _target(self, held: HeldCredit, member: Member) -> Target:
        gateway = held.file.meter.gateway
        assert gateway is not None, "a member has an address"
        return recorded(self._raseed.meter_works, held.file.meter, gateway.place, member.map.id)
