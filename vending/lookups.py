"""Who and what is on record: customers, their meters and vending points, found by what somebody
typed or scanned, and shown as far as who asks may see them."""

from __future__ import annotations

from typing import Final

from meters.identity import meter_from_text

from .aftersale import MeterReading
from .finding import Sought, sought
from .masks import masked_customer, masked_file
from .parties import Actor, Customer, CustomerUnknown, MeterFile, VendingPoint
from .permissions import require
from .ports import Ports, Reading
from .sold import agent, meter_in_use

METER_LENGTHS: Final = (11, 13, 18)
"""Digits of a DRN or a PAN."""
_MOST_MEANT: Final = 500
"""Customers whom one search of an agent can mean: more have no name of their own."""


class LookUps:
    """See `VendingService`, whose promises these are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def customers(self, actor: Actor, search: str, after: str, limit: int) -> list[Customer]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            if not agent(books, actor):
                return books.customers(search.strip(), after=after, limit=limit)
            what = sought(search)
            if what.text:
                meant = books.find_customers(what, _MOST_MEANT, whole=True)
                found = [one for one in meant if one.account > after][:limit]
            else:
                found = books.customers(after=after, limit=limit)
            return [masked_customer(one) for one in found]

    def find(self, actor: Actor, text: str, limit: int) -> list[tuple[Customer, list[MeterFile]]]:
        require(actor, "look_up")
        what = sought(text)
        if not what.text:
            return []
        with self._ports.store.reading() as books:
            masks = agent(books, actor)
            customers = _found(books, what, limit, whole=masks)
            files = books.files_of([customer.account for customer in customers])
        found = [(customer, files[customer.account]) for customer in customers]
        if masks:
            return [(masked_customer(one), [masked_file(f) for f in its]) for one, its in found]
        return found

    def customer(self, actor: Actor, account: str) -> tuple[Customer, list[MeterFile]]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            found = books.customer(account.strip())
            if found is None:
                raise CustomerUnknown(account.strip()[:30])
            files = books.meter_files(customer=found.account)
            if agent(books, actor):
                return masked_customer(found), [masked_file(file) for file in files]
            return found, files

    def meters(self, actor: Actor, after: str, limit: int) -> list[MeterFile]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            files = books.meter_files(after=after, limit=limit)
            return [masked_file(file) for file in files] if agent(books, actor) else files

    def meter(self, actor: Actor, number: str) -> MeterFile:
        require(actor, "look_up")
        typed = meter_from_text(number).number
        with self._ports.store.reading() as books:
            file = meter_in_use(books, typed)
            return masked_file(file) if agent(books, actor) else file

    def readings(
        self, actor: Actor, meter: str, before: int | None, limit: int
    ) -> list[MeterReading]:
        require(actor, "look_up")
        typed = meter_from_text(meter).number
        with self._ports.store.reading() as books:
            meter_in_use(books, typed)
            return books.readings(typed, before=before, limit=limit)

    def points(self, actor: Actor) -> list[VendingPoint]:
        require(actor, "look_up")
        with self._ports.store.reading() as books:
            return books.points()


def _found(books: Reading, what: Sought, limit: int, *, whole: bool) -> list[Customer]:
    customers = books.find_customers(what, limit, whole=whole)
    if not customers and len(what.digits) in METER_LENGTHS:
        file = books.meter_file(meter_from_text(what.digits).number)
        customers = [] if file is None else [file.customer]
    return customers
