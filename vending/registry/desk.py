"""The use cases of the register, over ports: who keeps it writes down one party at a time, and
corrects what was written wrong. Each act is a line of the trail (`vending.trailed`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields, replace
from typing import Any

from meters.account import Commodity
from tokens.sts import KeyAttributes, KeyUnknown

from ..accounting.adjustments import checked_reason
from ..acts.errors import check_recorded
from ..finding import Marks
from ..parties import (
    Actor,
    Customer,
    CustomerUnknown,
    Meter,
    Registration,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from ..people.recording import noted
from ..permissions import require
from ..tariff.rows import TariffRows
from .checks import (
    checked_code,
    checked_customer,
    checked_marks,
    checked_meter,
    checked_place,
    checked_point,
)
from .errors import NumberTaken, PartyFieldWrong
from .ports import CustomerFile, NewService, RegisterReading, RegisterStore

Admitted = Callable[[Registration, TariffRows], Registration]
"""What may be written down now, with the month that charges count from; tariffs as the transaction
that writes it sees them. Raises TariffMissing,
TariffEnding, TariffCommodity, TariffNotOffered."""


class Register:
    """One instance serves many threads. All acts raise ActorNotAllowed, PartyFieldWrong and the
    store's errors."""

    def __init__(
        self,
        store: RegisterStore,
        admitted: Admitted,
        keys: Callable[[], Collection[KeyAttributes]],
    ) -> None:
        """`keys`: the vending keys that are held."""
        self._store = store
        self._admitted = admitted
        self._keys = keys

    # Customers

    def customer(self, actor: Actor, account: str) -> CustomerFile:
        """As the office knows them. Raises CustomerUnknown."""
        require(actor, "keep_parties")
        with self._store.reading() as books:
            return _known(books, account)

    def free_account(self, actor: Actor) -> str:
        """The number behind the largest there is; empty if accounts are no numbers."""
        require(actor, "keep_parties")
        with self._store.reading() as books:
            last = books.last_account()
        return f"{int(last) + 1:0{len(last)}d}" if last else ""

    def add_customer(self, actor: Actor, customer: Customer, marks: Marks) -> CustomerFile:
        """Writes a customer down; meters follow. Raises NumberTaken."""
        require(actor, "keep_parties")
        account = checked_code("account", customer.account)
        customer = checked_customer(replace(customer, account=account))
        marks = checked_marks(marks, customer.account)
        with self._store.writing() as books:
            if books.customer_file(customer.account) is not None:
                raise NumberTaken("account", customer.account)
            books.register(Registration(customers=(customer,), marks=(marks,)))
            noted(subject=customer.account, after=_told(customer, marks))
        return CustomerFile(customer, marks)

    def change_customer(
        self, actor: Actor, customer: Customer, marks: Marks, reason: str
    ) -> CustomerFile:
        """Corrects name, telephone, identity number or card; what their papers speak stays. Raises
        CustomerUnknown, ReasonMissing."""
        require(actor, "keep_parties")
        reason, customer = checked_reason(reason), checked_customer(customer)
        with self._store.writing() as books:
            old = _known(books, customer.account)
            marks = replace(checked_marks(marks, customer.account), language=old.marks.language)
            new = replace(old, customer=customer, marks=marks)
            if new == old:
                books.nothing_to_keep()
                return old
            books.put_customer(customer, marks)
            _note(_told(old.customer, old.marks), _told(customer, marks))
        return new

    # Places, meters, agreements

    def usual_meter(self, actor: Actor, commodity: Commodity) -> Meter | None:
        """What most meters that measure this are like, for a form to begin with."""
        require(actor, "keep_parties")
        with self._store.reading() as books:
            return books.usual_meter(commodity)

    def add_service(self, actor: Actor, service: NewService) -> SupplyAgreement:
        """Puts a meter in for a customer: the place if it is new, the meter (from the shelf, if it
        is on record there), the agreement. From now on it can be sold to.

        Raises CustomerUnknown, NumberTaken (of the agreement or the place, or the meter is in use),
        MeterDiffers, KeyUnknown, and what `Admitted` raises.
        """
        require(actor, "keep_parties")
        number, meter = checked_code("agreement", service.agreement), checked_meter(service.meter)
        held = [one.ref for one in self._keys()]
        if held and meter.key.key not in held:
            raise KeyUnknown(meter.sgc, meter.krn)
        with self._store.writing() as books:
            account = _known(books, service.customer).customer.account
            if books.agreement(number) is not None:
                raise NumberTaken("agreement", number)
            place, new_places = _place(books, service.place)
            agreement = SupplyAgreement(
                number, account, place.code, meter.number, meter.commodity, service.tariff
            )
            wanted = self._admitted(
                Registration(
                    service_points=new_places,
                    meters=_new_meter(books, meter),
                    agreements=(agreement,),
                ),
                books.tariff_rows(),
            )
            books.register(wanted)
            noted(subject=number, after=_service_told(agreement, place, meter))
        return wanted.agreements[0]

    def change_place(self, actor: Actor, place: ServicePoint, reason: str) -> ServicePoint:
        """Corrects where a place is. Raises PartyFieldWrong for one that there is not, too, and
        ReasonMissing."""
        require(actor, "keep_parties")
        reason, place = checked_reason(reason), checked_place(place)
        with self._store.writing() as books:
            old = books.place(place.code)
            if old is None:
                raise PartyFieldWrong("place")
            if old == place:
                books.nothing_to_keep()
                return old
            books.put_place(place)
            _note(_plain(old), _plain(place))
        return place

    # Points

    def add_point(self, actor: Actor, point: VendingPoint) -> VendingPoint:
        """A new counter that sells; its limits change by two people afterwards. Raises
        NumberTaken."""
        require(actor, "register")
        point = checked_point(point)
        with self._store.writing() as books:
            if books.point(point.code) is not None:
                raise NumberTaken("point", point.code)
            books.register(Registration(points=(point,)))
        return point


def _known(books: RegisterReading, account: str) -> CustomerFile:
    found = books.customer_file(account.strip())
    if found is None:
        raise CustomerUnknown(account.strip()[:30])
    return found


def _place(
    books: RegisterReading, wanted: ServicePoint | str
) -> tuple[ServicePoint, tuple[ServicePoint, ...]]:
    """The place, and those that are to be written down for it."""
    if isinstance(wanted, str):
        there = books.place(wanted)
        if there is None:
            raise PartyFieldWrong("place")
        return there, ()
    place = checked_place(replace(wanted, code=checked_code("place", wanted.code)))
    if books.place(place.code) is not None:
        raise NumberTaken("place", place.code)
    return place, (place,)


def _new_meter(books: RegisterReading, meter: Meter) -> tuple[Meter, ...]:
    number = meter.number.number
    if books.meter_file(number) is not None:
        raise NumberTaken("meter", number)
    there = books.meter(number)
    if there is None:
        return (meter,)
    check_recorded(there, meter)
    return ()


def _service_told(agreement: SupplyAgreement, place: ServicePoint, meter: Meter) -> dict[str, Any]:
    return {
        "account": agreement.customer,
        "meter": meter.number.number,
        "commodity": meter.commodity,
        "tariff": agreement.tariff,
        "place": place.code,
        "quarter": place.quarter,
        "address": place.address,
        **{name: getattr(meter, name) for name in ("ea", "sgc", "krn", "ti", "model")},
        "gateway": "" if meter.gateway is None else meter.gateway.place,
    }


def _told(customer: Customer, marks: Marks) -> dict[str, Any]:
    return {**_plain(customer), **_plain(marks)}


def _plain(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _note(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Tells the trail what has changed, and nothing of what has not."""
    names = [name for name in after if before[name] != after[name]]
    noted(
        before={name: before[name] for name in names},
        after={name: after[name] for name in names},
    )
