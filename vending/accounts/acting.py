"""What the use cases of accounts stand on, and how an act on one account is done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..accounting.adjustments import checked_id
from ..ledger import Chart
from ..masks import masked_name, names_hidden
from ..parties import Actor
from ..persons import same_person
from ..ports import Clock
from ..tariff import TariffBook
from .errors import EventIdReused
from .events import Event
from .ports import AccountsReading, AccountsStore
from .sight import Sight, Sights
from .views import AccountView


class Desk:
    """One instance serves many threads.

    An account is named by its agreement's number, or by its meter's. Acts carry an id that the
    caller makes: the same act again answers the account as it stands, another one under its id is
    refused (EventIdReused). All raise AgreementUnknown, ActorNotAllowed, ReasonMissing,
    AdjustmentIdMalformed and IdInCapitals (of the id) and the store's errors.
    """

    def __init__(
        self, store: AccountsStore, tariffs: TariffBook, chart: Chart, clock: Clock
    ) -> None:
        self._store = store
        self._tariffs = tariffs
        self._chart = chart
        self._clock = clock
        self._sights = Sights(tariffs, chart)

    def _act(
        self,
        actor: Actor,
        agreement: str,
        id: str,
        event: Event,
        check: Callable[[Sight], Event | None],
    ) -> AccountView:
        """`check` raises what is against it; it may answer the event with what the moment adds."""
        checked_id(id)
        with self._store.writing() as rows:
            sight = self._sights.of(rows, agreement, self._clock())
            stored = sight.with_id(id)
            if stored is not None:
                if stored.event.asked != event or not same_person(stored.actor, actor.name):
                    raise EventIdReused(sight.file.number, id)
                return self._seen(rows, actor, sight)
            event = check(sight) or event
            sight, _ = self._sights.record(rows, sight, event, actor.name, id=id)
            return self._seen(rows, actor, sight)

    def _seen(self, rows: AccountsReading, actor: Actor, sight: Sight) -> AccountView:
        """The account as this actor may look at it, whether they asked for it or acted on it."""
        view = self._sights.view(rows, sight)
        if not names_hidden(rows, actor):
            return view
        file = view.agreement
        hidden = file._replace(name_ar=masked_name(file.name_ar), name_en=masked_name(file.name_en))
        return replace(view, agreement=hidden)
