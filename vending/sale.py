"""What a sale is, as facts: the request, the receipt, and what became of it.

The same values are answered by the use cases, printed by the command line and the
demo, and turned into JSON by the API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from msgspec import Struct, structs

from meters.account import Commodity
from meters.errors import Invalid
from meters.quantities import Money, Quantity
from meters.values import replace
from tokens.sts import grouped

from .ids import check_new
from .keymoves import KeyMove
from .tariff import Quote


@dataclass(eq=False)
class VendIdMalformed(Invalid, code="vend.id_malformed"):
    """A vend id is a UUID or 1 to 64 letters, digits and `. _ : -`, made by the caller."""

    length: int

    @classmethod
    def check(cls, vend_id: str) -> None:
        """Raises it, or IdInCapitals."""
        check_new(vend_id, cls)


@dataclass(eq=False)
class TenderUnknown(Invalid, code="vend.tender_unknown"):
    """The way of paying is not one of `Tender`."""

    tender: str


class Tender(Enum):
    """How the customer paid."""

    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    WALLET = "wallet"
    TRANSFER = "transfer"
    MIXED = "mixed"
    """Several ways at once, told by a sale's payments; not a way of paying by itself."""


class SaleKind(Enum):
    """What a sale is for; `ringing.RINGS` says what each costs and gives."""

    CREDIT = "credit"
    """Units for money."""
    ALLOWANCE = "allowance"
    """The free units of the month, without money."""
    PAYMENT = "payment"
    """Arrears or a bill, without units."""
    FREE_ISSUE = "free_issue"
    """Units without money, for a reason, by two people."""
    REFUND = "refund"
    """Units given back, for a reason, by two people."""
    TRANSFER = "transfer"
    """Units left on an old meter, moved to the new one."""
    CORRECTION = "correction"
    """What was sold to a wrong meter, sold anew to the right one."""
    ENGINEERING = "engineering"
    """A token that manages the meter, by two people."""

    @property
    def moves_account(self) -> bool:
        """Whether it counts towards the month's units, charges and debts of its agreement."""
        return self not in (SaleKind.TRANSFER, SaleKind.ENGINEERING)

    @property
    def is_bought(self) -> bool:
        """Whether the customer's money bought the units."""
        return self in (SaleKind.CREDIT, SaleKind.CORRECTION)


class Payment(Struct, frozen=True):
    """One way in which a part was paid. `amount` is what goes to the municipality or lies in the
    drawer: cash after change."""

    tender: Tender
    amount: Money
    reference: str = ""
    """Cheque number, card slip, transfer reference."""


class Paid(Struct, frozen=True):
    """How a basket was paid. The sum of `payments` is what was due plus `rounding`."""

    payments: tuple[Payment, ...]
    handed: Money
    """What the customer handed over, in all ways together."""
    rounding: Money
    """What rounding to the coin added (below 0: took off)."""
    change: Money


class VendRequest(Struct, frozen=True):
    """One payment, named by its vend id. The caller makes the id and keeps it before asking, so
    that asking again after a lost answer gives the same sale."""

    vend_id: str
    meter: str
    """Meter number as typed: DRN or PAN, any script's digits."""
    amount: Money
    """What the customer hands over, VAT included."""
    tender: Tender = Tender.CASH
    quote_id: str = ""
    """A binding quote to be honoured."""
    hold: bool = False
    """Keep the digits back until `show`."""

    def __post_init__(self) -> None:
        """Raises VendIdMalformed, IdInCapitals, TenderUnknown."""
        VendIdMalformed.check(self.vend_id)
        if self.tender is Tender.MIXED:
            raise TenderUnknown(self.tender.value)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """One token of a sale. Its digits are worth money and never show in a repr."""

    kind: str
    """`credit_electricity`, `credit_water`, or a kind of management token."""
    digits: str = field(repr=False)
    """20 ASCII digits."""
    tid: int
    quantity: Quantity | None
    """None where the token carries no units."""

    @property
    def grouped(self) -> str:
        """The digits in five groups of four, for paper and screen."""
        return grouped(self.digits)


@dataclass(frozen=True, slots=True)
class KeyToken:
    """One section of a key change; all of a set are typed in their order, before anything else. It
    has no token identifier."""

    section: int
    """1, 2, ..."""
    digits: str = field(repr=False)

    @property
    def grouped(self) -> str:
        """The digits in five groups of four, for paper and screen."""
        return grouped(self.digits)


class Buyer(Struct, frozen=True):
    """Customer, place and meter as they were at the moment of sale."""

    account: str
    name_ar: str
    name_en: str
    quarter: str
    address: str
    agreement: str
    meter: str
    pan: str
    commodity: Commodity
    ea: str
    sgc: str
    krn: int
    ti: int
    base_date: str
    """Short code of the base date the TID counts from (`93`, `14`, `35`)."""


class Seller(Struct, frozen=True):
    """Where and by whom it was sold."""

    point: str
    point_name_ar: str
    point_name_en: str
    terminal: str
    operator: str


class SaleReceipt(Struct, frozen=True):
    """One whole sale. Asking again with the same vend id gives an equal receipt; a reprint
    differs in `copy` alone.

    quote.tendered + quote.balance_before = quote.net + quote.vat + quote.balance_after.
    """

    vend_id: str
    number: int
    """Receipt number, without gaps per vending point."""
    sold_at: datetime
    buyer: Buyer
    seller: Seller
    tender: Tender
    quote: Quote
    """The priced lines, money before and after, units."""
    tokens: tuple[IssuedToken, ...]
    journal_entry: int
    copy: int = 0
    """0 on the original; 1, 2, ... on copies, which must be marked COPY."""
    kind: SaleKind = SaleKind.CREDIT
    basket: str | None = None
    """Vend id of the sale that leads the basket; None for that one and for a sale by itself."""
    shift: str | None = None
    paid: Paid | None = None
    """How the basket was paid, on the sale that leads it; None: `quote.tendered` in `tender`."""
    parts: tuple[Payment, ...] = ()
    """What of the basket's payments went to this sale; empty: `quote.tendered` in `tender`."""
    rounding: int = 0
    """What of the basket's rounding went to this sale, in minor units."""
    on_deposit: bool = False
    """Whether it was set off against the operator's deposit instead of lying in the till."""
    deposit_of: str = ""
    """The person whose deposit that is, where it is not the seller's: the new sale of a correction
    stands where the wrong one stood."""
    reason: str = ""
    requested_by: str = ""
    """Who asked for it, where a second person approved; the seller's operator is the second."""
    refers_to: str = ""
    """The earlier sale, old meter, or approval that it follows from."""
    quote_id: str = ""
    """The binding quote that was honoured."""
    key_tokens: tuple[KeyToken, ...] = ()
    """To be typed first, in order."""
    key_move: KeyMove | None = None
    commission: Money | None = None
    """What the operator earns by it."""
    held: bool = False
    """True while the digits have not been shown: it can still be voided without evidence."""
    replayed: bool = False
    """True if this answer was stored by an earlier call with the same vend id; says nothing about
    the sale, so receipts that differ in it alone are equal."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SaleReceipt):
            return NotImplemented
        return _told(self) == _told(other)

    def __hash__(self) -> int:
        return hash((self.vend_id, self.copy))

    def hidden(self) -> SaleReceipt:
        """The same without the digits of its tokens, as long as nobody may see them."""
        return replace(
            self,
            tokens=tuple([replace(token, digits="") for token in self.tokens]),
            key_tokens=tuple([replace(token, digits="") for token in self.key_tokens]),
        )

    @property
    def is_copy(self) -> bool:
        return self.copy > 0

    @property
    def receipt_code(self) -> str:
        """Point and number together, unique in the municipality: `P1-000042`."""
        return f"{self.seller.point}-{self.number:06d}"


def _told(receipt: SaleReceipt) -> tuple[Any, ...]:
    return structs.astuple(replace(receipt, replayed=False))


@dataclass(frozen=True, slots=True)
class BasketReceipt:
    """The sales that were paid for together, in the order of the items; they share one receipt
    number, and the first tells how they were paid."""

    receipts: tuple[SaleReceipt, ...]

    @property
    def leading(self) -> SaleReceipt:
        return self.receipts[0]

    @property
    def replayed(self) -> bool:
        return self.leading.replayed
