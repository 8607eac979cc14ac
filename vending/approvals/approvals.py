"""The use cases of acts that need two people: ask, approve, refuse, withdraw, look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..accounting.adjustments import checked_reason
from ..ledger import canonical_json
from ..parties import Actor, require
from ..people.recording import noted
from ..ports import Clock
from .acts import Act, Approved, Document, check_no_token
from .approval import (
    Approval,
    ApprovalDecision,
    ApprovalState,
    check_second,
    check_undecided,
    check_who_asked,
    checked_id,
)
from .errors import ActUnknown, ApprovalIdReused, ApprovalUnknown, DocumentMalformed
from .ports import PeopleReading, PeopleStore

MOST_DOCUMENT = 8000
"""Characters of canonical JSON."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An approved act and what it did."""

    approval: Approval
    outcome: object
    """What the act's executor answered; JSON-like for an act done together with its approval."""
    replayed: bool
    """True if this person had approved it before."""


class Approvals:
    """One instance serves many threads.

    The order makes an act happen exactly once. An act done `within` is one transaction with its
    approval. Any other is approved first, on disk, and then done under the approval's id by an
    executor that does nothing twice under one id: whatever happens in between, who approved it
    approves again, and it is completed or answered. No refusal or expiry can come between, and
    nothing is ever done that was not approved.
    """

    def __init__(self, store: PeopleStore, acts: Mapping[str, Act], clock: Clock) -> None:
        self._store = store
        self._acts = acts
        self._clock = clock

    @property
    def acts(self) -> Mapping[str, Act]:
        """The acts that there are, by name."""
        return self._acts

    def request(self, actor: Actor, id: str, act: str, document: Document, reason: str) -> Approval:
        """Asks for an act; it waits 24 hours for a second person. The caller makes the id: the
        same request of the same person again answers the one that there is, as it stands now.

        Raises ActUnknown, ActorNotAllowed, ApprovalIdMalformed, ReasonMissing,
        DocumentMalformed, DocumentHoldsToken, ApprovalIdReused, and what the act's own checks
        raise.
        """
        wanted_act = self._act(act)
        wanted_act.check_requester(actor)
        checked_id(id)
        reason = checked_reason(reason)
        payload = wanted_act.read(document)
        check_no_token(act, _checked_size(act, document), reason)
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
                if not stored.same_request(wanted):
                    raise ApprovalIdReused(id)
                return stored
            if wanted_act.look is not None:
                wanted_act.look(books, payload)
            books.add_approval(wanted)
            return wanted

    def approve(self, actor: Actor, id: str) -> Outcome:
        """Approves what somebody else asked for, does it, and answers what it did.

        The same person again: what was done is answered; what was approved and not done (a crash,
        or the executor's refusal) is done now, once. Raises ApprovalUnknown, ActUnknown,
        ActorNotAllowed, ApprovalDecided (by somebody else, or another way), OwnAct,
        ApprovalExpired, and what the executor raises: an act done `within` then still waits,
        another stays approved.
        """
        with self._store.writing() as books:
            found = _known(books, id)
            act = self._act(found.act)
            act.check_approver(actor)
            now = self._clock()
            payload = act.read(found.document)
            again = found.decided_by(actor.name, ApprovalState.APPROVED)
            if not again:
                _check_decidable(found, actor, now, act.whom(payload))
            approved = _approved(found, payload, actor, now)
            if not again:
                done = None if act.within is None else act.within(books, approved)
                noted(before=(done or {}).get("before"), after=_news(found, done))
                books.decide(
                    id, ApprovalDecision(ApprovalState.APPROVED, now, actor.name, "", done)
                )
                found = _known(books, id)
        # Approved, and on disk: from here on it may be done, whenever this process dies.
        if act.execute is not None:
            return Outcome(found, act.execute(approved), again)
        return Outcome(found, found.decision and found.decision.outcome, again)

    def refuse(self, actor: Actor, id: str, note: str) -> Approval:
        """Ends a waiting request of somebody else without doing it; `note` says why. Again by the
        same person: as it stands.

        Raises ApprovalUnknown, ActUnknown, ActorNotAllowed, ReasonMissing, ApprovalDecided,
        OwnAct (withdraw it), ApprovalExpired, DocumentHoldsToken.
        """
        note = checked_reason(note)
        with self._store.writing() as books:
            found = _known(books, id)
            act = self._act(found.act)
            act.check_approver(actor)
            check_no_token(act.name, note)
            if found.decided_by(actor.name, ApprovalState.REFUSED):
                return found
            now = self._clock()
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
        """One request, as it stands. Raises ApprovalUnknown."""
        require(actor, "look_up")
        with self._store.reading() as books:
            return _known(books, id)

    def approvals(
        self,
        actor: Actor,
        state: ApprovalState | None = None,
        *,
        act: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[Approval]:
        """Requests, latest first, those behind the request `before`."""
        require(actor, "look_up")
        with self._store.reading() as books:
            return books.approvals(state, self._clock(), act=act, before=before, limit=limit)

    def pending(
        self, actor: Actor, *, before: str | None = None, limit: int = 100
    ) -> list[Approval]:
        """Those that wait for a second person, latest first."""
        return self.approvals(actor, ApprovalState.PENDING, before=before, limit=limit)

    def state(self, approval: Approval) -> ApprovalState:
        """Where a request stands now."""
        return approval.state(self._clock())

    def _act(self, name: str) -> Act:
        found = self._acts.get(name)
        if found is None:
            raise ActUnknown(name[:30])
        return found


def _check_decidable(found: Approval, actor: Actor, now: datetime, concerns: str) -> None:
    if found.decision is None:
        check_second(found, actor.name, concerns)
    check_undecided(found, now)


def _approved(found: Approval, payload: Any, actor: Actor, now: datetime) -> Approved:
    return Approved(
        id=found.id,
        act=found.act,
        payload=payload,
        reason=found.reason,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        point=found.point,
        terminal=found.terminal,
        approver=actor,
        approved_at=now if found.decision is None else found.decision.at,
        expires_at=found.expires_at,
        now=now,
    )


def _news(approval: Approval, done: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the trail is told of an approved act: what was asked for, or what it changed."""
    now = (done or {}).get("now")
    return {"act": approval.act, **(approval.document if now is None else now)}


def _checked_size(act: str, document: Document) -> str:
    text = canonical_json(document).decode("ascii")
    if len(text) > MOST_DOCUMENT:
        raise DocumentMalformed(act, "document", "string_too_long")
    return text


def _known(books: PeopleReading, id: str) -> Approval:
    found = books.approval(id)
    if found is None:
        raise ApprovalUnknown(id[:64])
    return found
