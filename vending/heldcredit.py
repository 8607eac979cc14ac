"""Meters that hold no credit themselves and have a relay or a valve: the house holds their credit.

What was bought stands in the ledger, as for every meter (units issued to meters); what was used is
what the counter moved since the holding began; the rest is the credit. When it began, and where the
counter stood, is on record among the commands (`meterwork.py`), and so is its end.

A holding begins with nothing: opening credit is sold, or given by two people like all free units.
It is of one supply agreement, and over when the meter is taken out there: what a house used and
bought is nothing to the next one that the meter is put into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from meters.account import Commodity
from meters.errors import Refused
from meters.heldcredit import UNITS, Grace, Hold, Order
from meters.readings import Quality, Reading

from .accounting.ports import BooksStore
from .meterwork import MeterWork, WorkState, WorkStore, put_last
from .parties import Actor, MeterFile
from .permissions import require
from .ports import Ports
from .sold import meter_in_use
from .tariff import CustomerClass

Graces = Mapping[tuple[Commodity, CustomerClass], Grace]
"""What is granted to every class, of both commodities."""
HOLD: Final = "hold_credit"
RELEASE: Final = "release_credit"
"""The commands by which a holding's begin and end stand among the records. No map has them."""
FOR_CREDIT: Final = {"for": "credit"}
"""What stands beside the parameters of an order that is given for the credit alone."""
_HAPPENED: Final = (WorkState.BEGUN, WorkState.DONE, WorkState.UNKNOWN)
"""So far as anybody knows."""
_AGREEMENT: Final = "agreement"
"""The parameter that tells whose credit it is."""
_SMALLEST: Final = 1000
"""Wh of a kWh, litres of a cubic metre."""


@dataclass(eq=False)
class CounterOfAnother(Refused, code="held_credit.another_commodity"):
    """The counter counts something else than what the meter sells."""

    meter: str
    commodity: str
    unit: str


@dataclass(eq=False)
class CreditHeld(Refused, code="held_credit.already"):
    """The house holds this meter's credit already."""

    meter: str


@dataclass(eq=False)
class CreditNotHeld(Refused, code="held_credit.not_held"):
    """The house does not hold this meter's credit."""

    meter: str


@dataclass(frozen=True, slots=True)
class HeldCredit:
    """One meter whose credit the house holds."""

    hold: Hold
    file: MeterFile
    issued: int
    """Units that the ledger had issued to it when the holding began, Wh or litres."""


class HeldCredits:
    """Begins, ends and tells them."""

    def __init__(self, works: WorkStore, books: BooksStore, ports: Ports, graces: Graces) -> None:
        self._works = works
        self._books = books
        self._ports = ports
        self._graces = graces

    def begin(
        self, id: str, actor: Actor, reason: str, *, counter: Reading, meter: str, place: str
    ) -> MeterWork:
        """From now on the house holds the credit of this meter, whose counter stands so. Raises
        ActorNotAllowed, MeterUnknown, CounterOfAnother, CreditHeld."""
        require(actor, "hold_credit")
        if counter.quality is not Quality.GOOD:
            raise ValueError(f"{counter.name} is {counter.quality.value}")
        file = self._file(meter)
        if counter.unit not in UNITS[file.meter.commodity]:
            raise CounterOfAnother(meter, file.meter.commodity.value, counter.unit)
        params = {
            "counter": counter.name,
            "value": str(counter.value),
            "unit": counter.unit,
            "uncertainty": "" if counter.uncertainty is None else str(counter.uncertainty),
            "read_at": counter.read_at.isoformat(),
            "issued": str(self._issued(file)),
            _AGREEMENT: file.agreement.number,
        }
        work = self._work(id, actor, reason, HOLD, meter, place, counter.map, params)
        return self._put(work, lambda last: not _is_of(last, file), CreditHeld(meter))

    def end(self, id: str, actor: Actor, reason: str, meter: str) -> MeterWork:
        """The house no longer holds it. Raises ActorNotAllowed, CreditNotHeld."""
        require(actor, "hold_credit")
        work = self._work(id, actor, reason, RELEASE, meter, "", "", {})
        return self._put(work, _is_begun, CreditNotHeld(meter))

    def all(self, actor: Actor) -> list[HeldCredit]:
        """By number, of meters that are in use where it began. Raises ActorNotAllowed."""
        return [
            HeldCredit(_hold(work), file, int(work.params["issued"]))
            for work, file in self._begun(actor)
            if file is not None and _is_of(work, file)
        ]

    def over(self, actor: Actor) -> list[str]:
        """Numbers of meters that have been taken out where it began, and not released: nobody has
        told yet that the one that was put in is held. Raises ActorNotAllowed."""
        return [
            work.meter
            for work, file in self._begun(actor)
            if file is None or not _is_of(work, file)
        ]

    def _begun(self, actor: Actor) -> list[tuple[MeterWork, MeterFile | None]]:
        """By number, with where the meter is in use now."""
        require(actor, "read_commands")
        with self._works.reading() as books:
            works = books.named((HOLD, RELEASE))
        latest: dict[str, MeterWork] = {}
        for work in works:
            latest.setdefault(work.meter, work)
        with self._ports.store.reading() as parties:
            return [
                (work, parties.meter_file(work.meter))
                for _, work in sorted(latest.items())
                if work.command == HOLD
            ]

    def holds(self, held: HeldCredit) -> bool:
        """Whether it stands still as it was told: not released, held anew, or taken out."""
        meter = held.hold.meter
        with self._works.reading() as books:
            last = next(iter(books.named((HOLD, RELEASE), meter)), None)
        with self._ports.store.reading() as parties:
            file = parties.meter_file(meter)
        if last is None or last.command != HOLD:
            return False
        return file == held.file and _hold(last) == held.hold

    def given(self, held: HeldCredit) -> Decimal:
        """What was bought or given since the holding began, as it stands now, kWh or m3."""
        return Decimal(self._issued(held.file) - held.issued) / _SMALLEST

    def cut_by_others(self, meter: str) -> bool:
        """Whether the last order to its supply was to cut it off, and somebody gave it for another
        reason than the credit. It may have been off already."""
        with self._works.reading() as books:
            works = books.named([one.value for one in Order], meter)
        last = next((one for one in works if one.state in _HAPPENED), None)
        if last is None or last.command != Order.CUT.value:
            return False
        return not FOR_CREDIT.items() <= last.params.items()

    def grace(self, file: MeterFile) -> tuple[CustomerClass, Grace]:
        """Of the class that the meter's tariff is for. Raises TariffMissing."""
        tariff = self._ports.tariffs.active(file.agreement.tariff, self._ports.clock())
        found = tariff.customer_class
        return found, self._graces[file.meter.commodity, found]

    def _file(self, meter: str) -> MeterFile:
        with self._ports.store.reading() as books:
            return meter_in_use(books, meter)

    def _issued(self, file: MeterFile) -> int:
        account = self._ports.chart.role(f"meters_{file.meter.commodity.value}")
        with self._books.reading() as books:
            return books.balance(account.code, file.meter.number.number, account.unit)

    def _work(
        self,
        id: str,
        actor: Actor,
        reason: str,
        command: str,
        meter: str,
        place: str,
        model: str,
        params: Mapping[str, str],
    ) -> MeterWork:
        return MeterWork(
            id=id,
            at=self._ports.clock(),
            meter=meter,
            place=place,
            model=model,
            serial="",
            command=command,
            params=params,
            actor=actor.name,
            role=actor.role.value,
            reason=reason,
            state=WorkState.DONE,
            detail="recorded",
        )

    def _put(
        self, work: MeterWork, may: Callable[[MeterWork | None], bool], otherwise: Refused
    ) -> MeterWork:
        """As it is written, if what stands last on record allows it. Looks and writes in one: two
        people at once hold it once."""
        with self._works.writing() as books:
            before = books.named((HOLD, RELEASE), work.meter)
            if not may(before[0] if before else None):
                raise otherwise
            return put_last(books, work)


def _is_begun(last: MeterWork | None) -> bool:
    return last is not None and last.command == HOLD


def _is_of(last: MeterWork | None, file: MeterFile) -> bool:
    """Whether it began under the agreement that the meter is in use by. (Records of before that was
    kept tell none.)"""
    if last is None or last.command != HOLD:
        return False
    return last.params.get(_AGREEMENT, file.agreement.number) == file.agreement.number


def _hold(work: MeterWork) -> Hold:
    told = work.params
    uncertainty = told["uncertainty"]
    counter = Reading(
        name=told["counter"],
        value=Decimal(told["value"]),
        unit=told["unit"],
        raw="",
        quality=Quality.GOOD,
        reason="",
        read_at=datetime.fromisoformat(told["read_at"]),
        latency_ms=0,
        source="",
        map=work.model,
        uncertainty=Decimal(uncertainty) if uncertainty else None,
    )
    return Hold(work.meter, counter)
