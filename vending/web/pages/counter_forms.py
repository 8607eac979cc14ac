"""What the counter's form asks for: amounts beside meters, what is put off, how it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meters.errors import Invalid
from meters.quantities import Money

from ...parties import MeterFile
from ...requests import BasketRequest, Credit, DebtPayment, Postponement, Units
from ...sale import Payment, Tender
from .visitor import Form

MONEY: Final = "money"
UNITS: Final = "units"
DEBT: Final = "debt"
ASKS: Final = (MONEY, UNITS, DEBT)
"""What an amount beside a meter may mean."""
PAYING: Final = (Tender.CASH, Tender.CARD, Tender.CHEQUE, Tender.WALLET, Tender.TRANSFER)


@dataclass(eq=False)
class NothingTyped(Invalid, code="counter.nothing_typed"):
    """No amount stands beside any meter."""


@dataclass(frozen=True, slots=True)
class Line:
    """One service of the basket as it was asked for."""

    meter: str
    ask: str
    """One of ASKS."""
    typed: str
    quote_id: str = ""
    postpone: tuple[Postponement, ...] = ()

    def item(self, currency: str) -> Credit | DebtPayment:
        """Raises NotANumber, TooFine."""
        if self.ask == DEBT:
            return DebtPayment(self.meter, Money.from_text(self.typed, currency))
        return Credit(self.meter, self.wanted(currency), self.quote_id, self.postpone)

    def wanted(self, currency: str) -> Money | Units:
        """Of a purchase. Raises NotANumber, TooFine."""
        if self.ask == UNITS:
            return Units(self.typed)
        return Money.from_text(self.typed, currency)


def lines(form: Form, files: list[MeterFile]) -> list[Line]:
    """The services of a customer that an amount stands beside, purchases first: what is bought is
    priced before the rest of a debt is paid."""
    found = []
    for file in files:
        number = file.meter.number.number
        typed = form.amount(f"amount:{number}")
        if not typed:
            continue
        ask = form[f"ask:{number}"]
        postpone = tuple(
            Postponement(code, reason) for code, reason in _postponed(form, number) if reason
        )
        found.append(
            Line(
                number,
                ask if ask in ASKS else MONEY,
                typed,
                form[f"quote:{number}"],
                postpone,
            )
        )
    return sorted(found, key=lambda line: line.ask == DEBT)


def request_of(form: Form, files: list[MeterFile], currency: str) -> BasketRequest:
    """The sale that a confirmation asks for, under the id that its preview made. Raises
    NotANumber, TooFine and the errors of a basket's shape."""
    items = tuple(line.item(currency) for line in lines(form, files))
    return BasketRequest(form["vend_id"], items, payments(form, Money(0, currency)))


def payments(form: Form, due: Money) -> tuple[Payment, ...]:
    """What is handed over; empty: exactly what is due, in cash. Raises NotANumber, TooFine."""
    handed = []
    for tender in PAYING:
        typed = form.amount(f"paid:{tender.value}")
        if typed:
            reference = form[f"reference:{tender.value}"][:60]
            handed.append(Payment(tender, Money.from_text(typed, due.currency), reference))
    return tuple(handed)


def _postponed(form: Form, number: str) -> list[tuple[str, str]]:
    before = f"postpone:{number}:"
    return [
        (name.removeprefix(before), form[name][:200]) for name in form if name.startswith(before)
    ]
