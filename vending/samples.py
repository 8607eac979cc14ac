"""Parties to try out with: a handful of invented customers, marked as such, that can be taken away
again until money was booked at one of them. Whoever tries out selling itself does it in a
practice installation (`raseed demo`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from meters.errors import Refused

from .parties import Actor, Registration
from .people import Act, HouseWriting, write_down
from .permissions import require
from .tariff import TariffBook, TariffMissing
from .tariff.errors import TariffEnding
from .tariff.rows import TariffRows

Key = tuple[str, str]
"""Kind (`point`, `customer`, `place`, `meter`, `agreement`) and number or code."""
SUBJECT: Final = "samples"


@dataclass(eq=False)
class SamplesThere(Refused, code="samples.there"):
    """They were put in before."""


@dataclass(eq=False)
class SamplesNone(Refused, code="samples.none"):
    """There is nothing to take away."""


@dataclass(eq=False)
class SamplesInUse(Refused, code="samples.in_use"):
    """Something was booked, reported, or tied to these parties: the books keep what they name."""

    what: str


class SamplesReading(Protocol):
    """One consistent view."""

    def samples(self) -> list[Key]: ...


class SamplesWriting(SamplesReading, HouseWriting, Protocol):
    """One transaction, with the trail in it."""

    def tariff_rows(self) -> TariffRows:
        """What is kept of tariffs, as it stays until the end."""
        ...

    def register(self, registration: Registration) -> None:
        """Raises PartyExists."""
        ...

    def mark(self, keys: Collection[Key]) -> None: ...

    def uses(self, keys: Collection[Key]) -> str:
        """A table that names one of them and would lose it, or empty."""
        ...

    def take_away(self, keys: Collection[Key]) -> None: ...


class SamplesStore(Protocol):
    """Where parties are kept."""

    def reading(self) -> AbstractContextManager[SamplesReading]: ...

    def writing(self) -> AbstractContextManager[SamplesWriting]: ...


class Samples:
    """One instance serves many threads."""

    def __init__(
        self,
        store: SamplesStore,
        registration: Callable[[TariffRows], Registration],
        clock: Callable[[], datetime],
    ) -> None:
        """`registration`: what is put in, where tariffs stand so."""
        self._store = store
        self._registration = registration
        self._clock = clock

    def there(self, actor: Actor) -> list[Key]:
        """What is there to try out with."""
        require(actor, "look_up")
        with self._store.reading() as books:
            return books.samples()

    def add(self, actor: Actor) -> list[Key]:
        """Puts them in. Raises ActorNotAllowed, SamplesThere, PartyExists."""
        require(actor, "register")
        with self._store.writing() as books:
            if books.samples():
                raise SamplesThere()
            made = self._registration(books.tariff_rows())
            keys = keys_of(made)
            books.register(made)
            books.mark(keys)
            act = Act("samples_added", SUBJECT, after={"parties": len(keys)})
            write_down(books, act, actor, self._clock())
        return keys

    def remove(self, actor: Actor) -> int:
        """Takes all of them away; how many parties there were. Raises ActorNotAllowed,
        SamplesNone, SamplesInUse (nothing is taken away then)."""
        require(actor, "register")
        with self._store.writing() as books:
            keys = books.samples()
            if not keys:
                raise SamplesNone()
            used = books.uses(keys)
            if used:
                raise SamplesInUse(used)
            books.take_away(keys)
            act = Act("samples_removed", SUBJECT, before={"parties": len(keys)})
            write_down(books, act, actor, self._clock())
        return len(keys)


def only_at(registration: Registration, tariffs: Collection[str]) -> Registration:
    """Without the meters whose agreement is at another tariff: nothing is tried out that the
    municipality has not chosen. No tariffs: all are chosen."""
    return _only(registration, lambda code: not tariffs or code in tariffs)


def only_lasting(registration: Registration, tariffs: TariffBook, at: datetime) -> Registration:
    """Without the meters whose agreement could not be put at its tariff: it is not there, or its
    end is decided."""

    def lasts(code: str) -> bool:
        try:
            tariffs.lasting(code, at)
        except (TariffMissing, TariffEnding):
            return False
        return True

    return _only(registration, lasts)


def _only(registration: Registration, fits: Callable[[str], bool]) -> Registration:
    kept = [one for one in registration.agreements if fits(one.tariff)]
    numbers = {one.meter for one in kept}
    meters = tuple(one for one in registration.meters if one.number in numbers)
    return replace(registration, agreements=tuple(kept), meters=meters)


def keys_of(registration: Registration) -> list[Key]:
    """The parties of a registration by kind and number."""
    return [
        *(("point", one.code) for one in registration.points),
        *(("customer", one.account) for one in registration.customers),
        *(("place", one.code) for one in registration.service_points),
        *(("meter", one.number.number) for one in registration.meters),
        *(("agreement", one.number) for one in registration.agreements),
    ]
