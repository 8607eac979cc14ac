"""The use cases of acts that need two people: ask, approve, refuse, withdraw, look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from meters.errors import RaseedError

from ..accounting.adjustments import checked_reason
from ..clock import UNWATCHED, ClockGuard
from ..parties import Actor
from ..people.recording import noted
from ..permissions import require
from ..persons import same_person
from ..ports import Clock
from .acts import Act, Document, check_no_token, checked_size
from .approval import (
    Approval,
    ApprovalDecision,
    ApprovalState,
    Failure,
    Outcome,
    StepState,
    check_second,
    check_undecided,
    check_who_asked,
    checked_id,
)
from .carrying import approved_act, call_off, failure_of, take_up, write_step
from .errors import ActUnknown, ApprovalIdReused, ApprovalUnknown
from .ports import PeopleReading, PeopleStore

WAITING: Final = (ApprovalState.PENDING, ApprovalState.NOT_DONE)
"""States in which somebody still has to do something."""


class Approvals:
    """One instance serves many threads.

    The order makes an act happen exactly once. An act done `within` is one transaction with its
    approval. Any other is approved first, on disk, and then done under the approval's id by an
    executor that does nothing twice under one id: whatever happens in between, it is approved and
    not done, on the list of what waits, until somebody who may approve it carries it through, which
    completes or answers it, or calls it off. Nothing is ever done that was not approved, or that
    was called off.
    """

    def __init__(
        self,
        store: PeopleStore,
        acts: Mapping[str, Act],
        clock: Clock,
        guard: ClockGuard = UNWATCHED,
    ) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock
        self._guard = guard

    @property
    def acts(self) -> Mapping[str, Act]:
        """The acts that there are, by name."""
        return self._acts

    def request(self, actor: Actor, id: str, act: str, document: Document, reason: str) -> Approval:
        """Asks for an act; it waits 24 hours for a second person. The caller makes the id: the
        same request of the same person again answers the one that there is, as it stands now.

        Raises ActUnknown, ActorNotAllowed, ApprovalIdMalformed, IdInCapitals, ReasonMissing,
        DocumentMalformed, DocumentHoldsToken, ApprovalIdReused, ClockWentBack, ClockRanAhead, and
        what the act's own checks raise.
        """
        wanted_act = self._act(act)
        wanted_act.check_requester(actor)
        checked_id(id)
        reason = checked_reason(reason)
        payload = wanted_act.read(document)
        check_no_token(act, checked_size(act, document))
        if wanted_act.before is not None:
            with self._store.reading() as seen:
                known = seen.approval(id) is not None
            if not known:
                wanted_act.before(payload)
        with self._store.writing() as books:
            wanted = Approval(
                id=id,
                act=act,
                document=document,
                reason=reason,
                requested_at=self._clock(),
                requested_by=actor.name,
                point=actor.point or "",
                terminal=actor.terminal,
            )
            stored = books.approval(id)
            if stored is not None:
                if not _asked_again(wanted_act, stored, wanted, payload):
                    raise ApprovalIdReused(id)
                return stored
            if wanted_act.execute is not None and books.sold(id):
                # It would be the vend id: what was sold under it stands, and could never be this.
                raise ApprovalIdReused(id)
            # By a clock that stands ahead it would wait for longer than a day.
            self._guard.check(wanted.requested_at, books.chain_head(), books)
            if wanted_act.look is not None:
                wanted_act.look(books, payload)
            books.add_approval(wanted)
            return wanted

    def approve(self, actor: Actor, id: str) -> Outcome:
        """Approves what somebody else asked for, does it, and answers what it did.

        What was approved and not done (a crash, or the executor's refusal) is done now, once, by
        whoever may approve it and has not asked for it. The same person again: what was done is
        answered. Raises ApprovalUnknown, ActUnknown, ActorNotAllowed, ApprovalDecided (done by
        somebody else, or ended another way), OwnAct, ApprovalUnderWay, ApprovalExpired,
        ClockWentBack, ClockRanAhead, and what the executor raises: an act done `within` then still
        waits, another stays approved, not done, with the reason.
        """
        with self._store.writing() as books:
            found = _known(books, id)
            act = self._act(found.act)
            act.check_approver(actor)
            now = self._clock()
            payload = act.read(found.document)
            approved = approved_act(found, payload, actor, now)
            again = found.taken_up_by(actor.name) and found.called_off is None
            if act.execute is not None and found.stands_approved:
                if found.is_undone:
                    # By one that stands ahead it would be under way until that moment has come.
                    self._guard.check(now, books.chain_head(), books)
                take_up(books, found, actor.name, now, act.whom(payload))
                noted(after=_news(found, None))
            elif not again:
                # By a clock that was set back it would wait still, when its day is over.
                self._guard.check(now, books.chain_head(), books)
                _check_decidable(found, actor, now, act.whom(payload))
                done = None if act.within is None else act.within(books, approved)
                noted(before=(done or {}).get("before"), after=_news(found, done))
                books.decide(
                    id, ApprovalDecision(ApprovalState.APPROVED, now, actor.name, "", done)
                )
                found = _known(books, id)
        # Approved, and on disk: from here on it may be done, whenever this process dies.
        if act.execute is None:
            return Outcome(found, found.decision and found.decision.outcome, again)
        try:
            outcome = act.execute(approved)
        except RaseedError as error:
            self._keep(id, StepState.FAILED, actor, failure_of(error))
            raise
        self._keep(id, StepState.DONE, actor)
        with self._store.reading() as seen:
            return Outcome(_known(seen, id), outcome, again)

    def refuse(self, actor: Actor, id: str, note: str) -> Approval:
        """Ends a request of somebody else without doing it: one that waits, or one that was
        approved and certainly not done; `note` says why. Again by the same person: as it stands.

        Raises ApprovalUnknown, ActUnknown, ActorNotAllowed, ReasonMissing, ApprovalDecided,
        OwnAct (withdraw it), ApprovalUnderWay, ApprovalMayBeDone, ApprovalExpired,
        ReasonHoldsToken.
        """
        note = checked_reason(note)
        with self._store.writing() as books:
            found = _known(books, id)
            act = self._act(found.act)
            act.check_approver(actor)
            off, now = found.called_off, self._clock()
            ended = off is not None and same_person(off.actor, actor.name)
            if ended or found.decided_by(actor.name, ApprovalState.REFUSED):
                return found
            if found.is_undone:
                call_off(books, found, actor.name, now, note)
            else:
                _check_decidable(found, actor, now, "")
                books.decide(id, ApprovalDecision(ApprovalState.REFUSED, now, actor.name, note))
            return _known(books, id)

    def withdraw(self, actor: Actor, id: str) -> Approval:
        """Takes an own waiting request back. Again: as it stands.

        Raises ApprovalUnknown, NotWhoAsked, ApprovalDecided, ApprovalExpired.
        """
        with self._store.writing() as books:
            found = _known(books, id)
            check_who_asked(found, actor.name)
            if found.decided_by(actor.name, ApprovalState.WITHDRAWN):
                return found
            now = self._clock()
            check_undecided(found, now)
            books.decide(id, ApprovalDecision(ApprovalState.WITHDRAWN, now, actor.name, ""))
            return _known(books, id)

    def approval(self, actor: Actor, id: str) -> Approval:
        """One request, as it stands. Raises ApprovalUnknown, and ActorNotAllowed if what it asks
        for is not for everybody's eyes."""
        require(actor, "look_up")
        with self._store.reading() as books:
            found = _known(books, id)
        self._check_looker(actor, found.act)
        return found

    def approvals(
        self,
        actor: Actor,
        state: ApprovalState | None = None,
        *,
        act: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[Approval]:
        """Requests, latest first, those behind the request `before`; without those of acts that the
        actor does not see. Raises ActorNotAllowed if such an `act` is named."""
        return self._listed(actor, [] if state is None else [state], act, before, limit)

    def pending(
        self, actor: Actor, *, before: str | None = None, limit: int = 100
    ) -> list[Approval]:
        """Those that wait for a second person, latest first."""
        return self.approvals(actor, ApprovalState.PENDING, before=before, limit=limit)

    def waiting(
        self,
        actor: Actor,
        *,
        act: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[Approval]:
        """Those that wait for somebody: undecided, or approved and not done; latest first."""
        return self._listed(actor, WAITING, act, before, limit)

    def _listed(
        self,
        actor: Actor,
        states: Collection[ApprovalState],
        act: str | None,
        before: str | None,
        limit: int,
    ) -> list[Approval]:
        require(actor, "look_up")
        self._check_looker(actor, act)
        hidden = [name for name, one in self._acts.items() if actor.role not in one.may_look]
        with self._store.reading() as books:
            return books.approvals(
                states, self._clock(), act=act, without=hidden, before=before, limit=limit
            )

    def _check_looker(self, actor: Actor, act: str | None) -> None:
        """Raises ActorNotAllowed. An act that the program does not know any more is shown."""
        found = None if act is None else self._acts.get(act)
        if found is not None:
            found.check_looker(actor)

    def _keep(
        self, id: str, state: StepState, actor: Actor, failure: Failure | None = None
    ) -> None:
        """How an attempt ended. What was done is done, whether this can be written down or not:
        then whoever carries it through is told so."""
        with suppress(RaseedError), self._store.writing() as books:
            found = _known(books, id)
            if found.is_undone:
                write_step(books, found, state, self._clock(), actor.name, "", failure)

    def state(self, approval: Approval) -> ApprovalState:
        """Where a request stands now."""
        return approval.state(self._clock())

    def _act(self, name: str) -> Act:
        found = self._acts.get(name)
        if found is None:
            raise ActUnknown(name[:30])
        return found


def _asked_again(act: Act, stored: Approval, wanted: Approval, payload: object) -> bool:
    """Whether it is the request that is stored, however its amounts and numbers are spelt: `500`
    and `500.00` are one limit."""
    if stored.same_request(wanted):
        return True
    if not stored.same_request(replace(wanted, document=stored.document)):
        return False
    try:
        return bool(act.read(stored.document) == payload)
    except RaseedError:
        # It was let in by other rules than there are now.
        return False


def _check_decidable(found: Approval, actor: Actor, now: datetime, concerns: str) -> None:
    if found.decision is None:
        check_second(found, actor.name, concerns)
    check_undecided(found, now)


def _news(approval: Approval, done: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the trail is told of an approved act: what was asked for, or what it changed."""
    now = (done or {}).get("now")
    return {"act": approval.act, **(approval.document if now is None else now)}


def _known(books: PeopleReading, id: str) -> Approval:
    found = books.approval(id)
    if found is None:
        raise ApprovalUnknown(id[:64])
    return found
