"""The use cases of key changes, over ports."""

from __future__ import annotations

from collections.abc import Collection

from tokens.sts import BaseDate, KeyRef, SecurityModule

from ..parties import Actor
from ..ports import Clock, GatewayFor
from .changes import KeyChange, KeyChangeState, Scope
from .following import Confirmation, Following
from .overview import Left, Overview
from .planning import Campaign, Planning
from .ports import KeyChangeStore
from .sets import SetAgain, Sets

EVERYTHING = Scope()


class KeyChanges:
    """One instance serves many threads. A meter is named as typed: DRN or PAN, any script's
    digits; each method that takes one raises the errors of `meter_from_text` and MeterUnknown.

    A change is planned here, issued by the meter's next sale, and followed here again.
    """

    def __init__(
        self,
        store: KeyChangeStore,
        security: SecurityModule,
        gateway_for: GatewayFor,
        clock: Clock,
    ) -> None:
        self._planning = Planning(store, security, clock)
        self._following = Following(store, gateway_for, clock)
        self._overview = Overview(store)
        self._sets = Sets(store, clock)

    def plan(
        self,
        actor: Actor,
        meter: str,
        reason: str,
        *,
        sgc: str | None = None,
        krn: int | None = None,
        ti: int | None = None,
    ) -> KeyChange:
        """Plans a meter's move to another key; what is not named stays as it is. Planning the
        same key again answers the plan that stands.

        Raises ActorNotAllowed (supervisors and administrators), ReasonMissing, KeyChangeOpen, and
        the errors of `targets.check_target`.
        """
        return self._planning.plan(actor, meter, reason, sgc=sgc, krn=krn, ti=ti)

    def plan_campaign(
        self, actor: Actor, source: KeyRef, target: KeyRef, reason: str, *, ti: int | None = None
    ) -> Campaign:
        """Plans the move of all meters of one vending key to another (and to another tariff
        index, if one is given), some thousand in a transaction: the counters go on selling, and a
        campaign that was cut off goes on when it is asked for again.

        Raises ActorNotAllowed, ReasonMissing, and the errors of `targets.check_target`.
        """
        return self._planning.plan_campaign(actor, source, target, reason, ti=ti)

    def plan_base_date(self, actor: Actor, base_date: BaseDate, reason: str) -> list[Campaign]:
        """A campaign for each key that counts from this base date, to the key of its supply
        group that takes over (`targets.successor`). Raises as `plan_campaign`."""
        return self._planning.plan_base_date(actor, base_date, reason)

    def tell_untold(self) -> None:
        """Takes down, for meters of which it is not known, what the vending keys that are held say
        of base date and expiry number: what these meters were told until now. To be called at each
        start, before anything is sold: a key that changes afterwards is then seen to differ."""
        self._planning.tell_untold()

    def cancel(self, actor: Actor, meter: str, reason: str) -> KeyChange:
        """Takes a plan back before its tokens are issued; a cancelled one is answered as it is.

        Raises ActorNotAllowed, ReasonMissing, NoKeyChange, KeyChangeStep.
        """
        return self._planning.cancel(actor, meter, reason)

    def cancel_campaign(self, actor: Actor, scope: Scope, reason: str) -> int:
        """Takes all plans in the scope back that are not issued yet: how many. Raises
        ActorNotAllowed, ReasonMissing."""
        return self._planning.cancel_campaign(actor, scope, reason)

    def mark_entered(self, actor: Actor, meter: str, note: str = "") -> KeyChange:
        """Somebody says that the tokens are in the meter. One that is entered or confirmed is
        answered as it is. Raises ActorNotAllowed, NoKeyChange, KeyChangeStep, and where nobody has
        seen the tokens yet KeySetHeld (their sale stands) or KeySetUnseen (it was taken back)."""
        return self._following.mark_entered(actor, meter, note)

    def push(self, actor: Actor, meter: str) -> Confirmation:
        """Hands the stored set to the meter, a section at a time, and reads what became of it;
        a meter that has it already is only read. The answer's results end at the first section
        that was not taken.

        Raises ActorNotAllowed, NoKeyChange, KeySetNotOut, KeyChangeMoved, MeterUnreachable,
        MeterMismatch.
        """
        return self._following.push(actor, meter)

    def confirm_by_reading(self, actor: Actor, meter: str) -> Confirmation:
        """Looks for a proof: a later token that was delivered, the meter's key registers, its
        token log. Confirmed if one says so; back to issued where the meter contradicts that the
        set was entered; else as it was.

        Raises ActorNotAllowed, NoKeyChange, KeySetNotOut, KeyChangeMoved, MeterUnreachable,
        MeterMismatch.
        """
        return self._following.confirm_by_reading(actor, meter)

    def confirm_delivered(self, actor: Actor) -> int:
        """Confirms every change whose meter is known to have taken a later token, without
        reading any meter: how many. Raises ActorNotAllowed."""
        return self._following.confirm_delivered(actor)

    def left(self, actor: Actor, scope: Scope = EVERYTHING) -> Left:
        """How many changes stand where."""
        return self._overview.left(actor, scope)

    def changes(
        self,
        actor: Actor,
        states: Collection[KeyChangeState] = (),
        scope: Scope = EVERYTHING,
        *,
        after: int = 0,
        limit: int = 100,
    ) -> list[KeyChange]:
        """Changes in these states (none named: in any), oldest first, those behind number
        `after`."""
        return self._overview.changes(actor, states, scope, after=after, limit=limit)

    def of_meter(
        self, actor: Actor, meter: str, *, before: int | None = None, limit: int = 50
    ) -> list[KeyChange]:
        """All changes of a meter, newest first, those below number `before`."""
        return self._overview.of_meter(actor, meter, before=before, limit=limit)

    def tokens_again(self, actor: Actor, meter: str, reason: str) -> SetAgain:
        """The set that is out and not proved, as its sale holds it, given out once more: whether
        that sale stands or was taken back. A step of the change tells who asked and why; one that
        was called entered is issued again. Its tokens are dead once the meter has taken them, so
        that giving them out again does no harm.

        Raises ActorNotAllowed (as reprinting), ReasonMissing, Blocked, NoKeyChange, KeySetNotOut,
        KeySetHeld, KeySetMissing.
        """
        return self._sets.tokens_again(actor, meter, reason)


__all__ = ["KeyChanges"]
