"""What may be asked for at the counter: a basket of items, and how it is paid.

One class for each kind of item; `ringing.py` says what each costs and gives. `VendRequest`
(sale.py) is the commonest basket, one purchase in one way of paying, and stays its short form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from msgspec import Struct

from meters.errors import Invalid
from meters.quantities import Money, NotANumber, Quantity, decimal_from_text

from .plaintext import check_kept
from .sale import Payment, SaleKind, Tender, TenderUnknown, VendIdMalformed, VendRequest

MOST_ITEMS = 20
MOST_PAYMENTS = 10
LOOKING: Final = "look"
"""The vend id of what is only looked at; nothing is booked under it."""
_MOST_SHARED_ID = 60
"""A basket's further sales are named after its id, within the same 64 characters."""


@dataclass(eq=False)
class BasketMalformed(Invalid, code="basket.malformed"):
    """A basket holds 1 to 20 items and at most 10 payments, none of them `mixed`."""

    items: int
    payments: int


@dataclass(eq=False)
class TenderBesidePayments(Invalid, code="basket.tender_beside_payments"):
    """One way of paying was named for all of it, and payments too: they say it already."""

    tender: str


@dataclass(frozen=True, slots=True)
class Units:
    """Units as typed, in the meter's display unit (kWh or m3)."""

    text: str

    @property
    def plain(self) -> str:
        """The number in its one spelling: `10` for `10.0`, `+010` and `١٠`. What is no number
        stays as it was typed, and is refused where it is priced."""
        try:
            digits = f"{decimal_from_text(self.text):f}"
        except NotANumber:
            return self.text
        return digits.rstrip("0").rstrip(".") if "." in digits else digits


@dataclass(frozen=True, slots=True)
class Postponement:
    """A debt that is not asked for in this sale, and why."""

    debt: str
    reason: str


class Credit(Struct, frozen=True):
    """Units for money: for so much money, or exactly so many units."""

    meter: str
    """Meter number as typed, here as in every item."""
    ask: Money | Units
    quote_id: str = ""
    """A binding quote to be honoured."""
    postpone: tuple[Postponement, ...] = ()

    kind: ClassVar[SaleKind] = SaleKind.CREDIT


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the month's free units."""

    meter: str

    kind: ClassVar[SaleKind] = SaleKind.ALLOWANCE


@dataclass(frozen=True, slots=True)
class DebtPayment:
    """Money towards what the agreement owes, without units: one debt or charge by its code, or all
    in their order."""

    meter: str
    amount: Money
    code: str = ""

    kind: ClassVar[SaleKind] = SaleKind.PAYMENT


@dataclass(frozen=True, slots=True)
class FreeIssue:
    """Units without money. Needs two people, as the kinds below do."""

    meter: str
    units: Units

    kind: ClassVar[SaleKind] = SaleKind.FREE_ISSUE


@dataclass(frozen=True, slots=True)
class Correction:
    """What was paid for a sale to a wrong meter, sold anew to the right one."""

    meter: str
    amount: Money
    refers_to: str

    kind: ClassVar[SaleKind] = SaleKind.CORRECTION


@dataclass(frozen=True, slots=True)
class Refund:
    """Units given back for an earlier sale."""

    meter: str
    units: Units
    refers_to: str

    kind: ClassVar[SaleKind] = SaleKind.REFUND


@dataclass(frozen=True, slots=True)
class Transfer:
    """Units left on an old meter, which this one has replaced."""

    meter: str
    units: Units
    old_meter: str

    kind: ClassVar[SaleKind] = SaleKind.TRANSFER


@dataclass(frozen=True, slots=True)
class Engineering:
    """A token that manages the meter; `fields` as `tokens.sts` names them."""

    meter: str
    token: str
    fields: tuple[tuple[str, str], ...] = ()

    kind: ClassVar[SaleKind] = SaleKind.ENGINEERING


Item = Credit | Allowance | DebtPayment | FreeIssue | Correction | Refund | Transfer | Engineering

WITHOUT_SECOND = (Credit, Allowance, DebtPayment)
"""What one person may sell."""


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """That two people wanted it: who asked, and why. The actor of the sale is the second."""

    requested_by: str
    reason: str
    approval: str
    """Id of the approval, or what stands for it."""
    deposit_of: str = ""
    """The person on whose deposit the sale stood that is sold anew: so does the new one."""


class BasketRequest(Struct, frozen=True):
    """Everything that one customer pays for at once, named by the vend id of its first sale."""

    vend_id: str
    items: tuple[Item, ...]
    payments: tuple[Payment, ...] = ()
    """What is handed over. Empty: exactly what is due, in `tender`."""
    hold: bool = False
    """Keep the digits back until `show`; until then the sale can be voided without evidence."""
    second: SecondPerson | None = None
    """Set by the approval of a second person, never by a caller."""
    tender: Tender | None = None
    """The one way in which all of it is paid, where no payments are told. None: cash."""

    def __post_init__(self) -> None:
        """Raises BasketMalformed, TenderBesidePayments, TenderUnknown, VendIdMalformed,
        IdInCapitals, TextNotKept."""
        if (
            not 1 <= len(self.items) <= MOST_ITEMS
            or len(self.payments) > MOST_PAYMENTS
            or (self.payments and any(one.tender is Tender.MIXED for one in self.payments))
        ):
            raise BasketMalformed(len(self.items), len(self.payments))
        if self.tender is not None:
            if self.payments:
                raise TenderBesidePayments(self.tender.value)
            if self.tender is Tender.MIXED:
                raise TenderUnknown(self.tender.value)
        VendIdMalformed.check(self.vend_id)
        if len(self.items) > 1 and len(self.vend_id) > _MOST_SHARED_ID:
            raise VendIdMalformed(len(self.vend_id))
        check_kept("reference", *(one.reference for one in self.payments))

    @property
    def sale_ids(self) -> tuple[str, ...]:
        """The vend ids of its sales. No caller can make the further ones: `+` is not for them."""
        if len(self.items) == 1:
            return (self.vend_id,)
        further = (f"{self.vend_id}+{place}" for place in range(2, len(self.items) + 1))
        return (self.vend_id, *further)

    @property
    def plain(self) -> tuple[Money, Tender] | None:
        """Amount and tender of a basket that a VendRequest could have asked for in its oldest
        form."""
        item = self.items[0]
        if len(self.items) > 1 or self.hold or self.second is not None or len(self.payments) > 1:
            return None
        if not isinstance(item, Credit) or item.quote_id or item.postpone:
            return None
        if not isinstance(item.ask, Money):
            return None
        if not self.payments:
            return item.ask, self.tender or Tender.CASH
        payment = self.payments[0]
        if payment.amount != item.ask or payment.reference:
            return None
        return item.ask, payment.tender


def basket_of(request: VendRequest | BasketRequest) -> BasketRequest:
    """A VendRequest as the basket that it is short for."""
    if isinstance(request, BasketRequest):
        return request
    # Cash is taken as it is told: the amount is what the customer handed over.
    payment = Payment(request.tender, request.amount)
    return BasketRequest(
        request.vend_id,
        (Credit(request.meter, request.amount, request.quote_id),),
        () if request.tender is Tender.CASH else (payment,),
        request.hold,
    )


def units_of(units: Units, kind: type[Quantity]) -> Quantity:
    """Raises NotANumber, TooFine."""
    return kind.from_text(units.text)
