"""What people who sell for the municipality, and are not of it, see of its customers. Pure.

An agent (an operator who sells on a deposit) can tell whether the customer in front of them is the
one on the screen; a list of names, phones and addresses cannot be made out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from meters.values import replace

from .aftersale import SaleStatus
from .operators import Operator, Settlement
from .parties import Actor, Customer, MeterFile, Role
from .persons import person
from .sale import SaleReceipt

if TYPE_CHECKING:
    from .accounting.ports import OperatorFacts

HIDDEN = "•••"
_SHOWN_DIGITS = 3


def is_agent(actor: Actor, operator: Operator | None) -> bool:
    """Whether customers' data are masked for this actor; `operator` is their own record."""
    if actor.role is not Role.OPERATOR or operator is None:
        return False
    return operator.settlement is Settlement.DEPOSIT


class SellersKept(Protocol):
    """Who sells, as books know them."""

    def operator_facts(self, code: str) -> OperatorFacts | None: ...


def names_hidden(books: SellersKept, actor: Actor) -> bool:
    """Whether customers' names are masked for this actor."""
    if actor.role is not Role.OPERATOR:
        return False
    found = books.operator_facts(person(actor.name))
    return found is not None and found.settlement == Settlement.DEPOSIT.value


def masked_name(name: str) -> str:
    """The first letter of each word."""
    return " ".join(f"{word[0]}{HIDDEN}" for word in name.split())


def masked_phone(phone: str) -> str:
    """The last three digits; a phone that is not known stays unknown."""
    return f"{HIDDEN}{phone[-_SHOWN_DIGITS:]}" if phone else ""


def masked_customer(customer: Customer) -> Customer:
    return replace(
        customer,
        name_ar=masked_name(customer.name_ar),
        name_en=masked_name(customer.name_en),
        phone=masked_phone(customer.phone),
    )


def masked_file(file: MeterFile) -> MeterFile:
    place = replace(file.service_point, address=HIDDEN)
    return replace(file, customer=masked_customer(file.customer), service_point=place)


def masked_receipt(receipt: SaleReceipt) -> SaleReceipt:
    buyer = receipt.buyer
    return replace(
        receipt,
        buyer=replace(
            buyer,
            name_ar=masked_name(buyer.name_ar),
            name_en=masked_name(buyer.name_en),
            address=HIDDEN,
        ),
    )


def masked_status(status: SaleStatus) -> SaleStatus:
    return replace(status, receipt=masked_receipt(status.receipt))
