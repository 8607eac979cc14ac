"""What the register needs from the store, as Protocols, and what goes in and out of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from meters.account import Commodity

from ..finding import Marks
from ..parties import (
    Customer,
    Meter,
    MeterFile,
    Registration,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from ..tariff.rows import TariffRows


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A customer as the office knows them."""

    customer: Customer
    marks: Marks
    """The language in them is what papers speak."""
    places: tuple[ServicePoint, ...] = ()
    """Where their meters hang."""


@dataclass(frozen=True, slots=True)
class NewService:
    """A meter put in for a customer: which, where, under which agreement, at which tariff."""

    agreement: str
    customer: str
    """Customer.account"""
    place: ServicePoint | str
    """A new one, or the code of one that there is."""
    meter: Meter
    tariff: str
    """Tariff.code"""


class RegisterReading(Protocol):
    """One consistent view. Every method may raise the store's Unavailable."""

    def customer_file(self, account: str) -> CustomerFile | None: ...

    def place(self, code: str) -> ServicePoint | None: ...

    def agreement(self, number: str) -> SupplyAgreement | None: ...

    def meter(self, number: str) -> Meter | None:
        """On record, in use or on the shelf."""
        ...

    def meter_file(self, number: str) -> MeterFile | None:
        """Of a meter in use."""
        ...

    def point(self, code: str) -> VendingPoint | None: ...

    def last_account(self) -> str:
        """The largest account that is a whole number; empty if there is none."""
        ...

    def usual_meter(self, commodity: Commodity) -> Meter | None:
        """A meter as most of those that measure this are: cipher, key and model."""
        ...


class RegisterWriting(RegisterReading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def tariff_rows(self) -> TariffRows:
        """What is kept of tariffs, as it stays until the end."""
        ...

    def register(self, registration: Registration) -> None:
        """Raises PartyExists."""
        ...

    def put_customer(self, customer: Customer, marks: Marks) -> None:
        """In the place of what there is under this account."""
        ...

    def put_place(self, place: ServicePoint) -> None:
        """In the place of what there is under this code."""
        ...

    def nothing_to_keep(self) -> None:
        """Nothing was written and nothing will be: the block ends without a commit."""
        ...


class RegisterStore(Protocol):
    """The same database as the books'."""

    def reading(self) -> AbstractContextManager[RegisterReading]: ...

    def writing(self) -> AbstractContextManager[RegisterWriting]:
        """Commits at the end of the block, durably, before it returns; any exception inside rolls
        everything back."""
        ...
