"""How a basket is paid: several ways at once, rounding to the coin, change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import Struct

from meters.errors import Invalid
from meters.quantities import Money
from meters.values import replace

from .sale import Paid, Payment, Tender
from .tariff import CurrencyWrong

COINS = {"ILS": 10, "JOD": 10, "EGP": 25}
"""The smallest coin in minor units, which is the last one that a drawer is counted in; currencies
that are not named have coins for every unit."""

MOST_MINOR = 10**12
"""Of one payment, in minor units: far above every sale, and far below what a column can hold."""

_MOST_SHOWN = 30


@dataclass(eq=False)
class PaymentShort(Invalid, code="payment.short"):
    """The payments are less than what is due (cash: rounded to the coin)."""

    due: str
    paid: str


@dataclass(eq=False)
class PaymentTooMuch(Invalid, code="payment.too_much"):
    """More is paid than is due, in a way that gives no change."""

    due: str
    paid: str


@dataclass(eq=False)
class PaymentNotPositive(Invalid, code="payment.not_positive"):
    """A payment is nothing, or less."""

    amount: str


@dataclass(eq=False)
class PaymentTooLarge(Invalid, code="payment.too_large"):
    """A payment is of a size that nobody hands over: a slip of the keys."""

    amount: str
    most: str


def to_coin(amount: Money) -> Money:
    """The nearest sum that coins can pay; halves up."""
    coin = COINS.get(amount.currency, 1)
    return Money((amount.minor + coin // 2) // coin * coin, amount.currency)


def settle(
    due: Money, offered: Sequence[Payment], *, as_told: bool, tender: Tender = Tender.CASH
) -> Paid:
    """How `due` is paid by what the customer hands over; what is not cash is taken first and gives
    no change.

    Without an offer it is paid in `tender` and exactly; cash `as_told` if the customer has named
    the sum (then they have it), else rounded to the coin. Raises PaymentShort, PaymentTooMuch,
    PaymentNotPositive, PaymentTooLarge, CurrencyWrong.
    """
    nothing = Money(0, due.currency)
    if not offered and tender is not Tender.CASH:
        payments = () if due.is_zero else (Payment(tender, due),)
        return Paid(payments, due, nothing, nothing)
    if not offered:
        cash = due if as_told else to_coin(due)
        payments = () if cash.is_zero else (Payment(Tender.CASH, cash),)
        return Paid(payments, cash, cash - due, nothing)
    for payment in offered:
        _check_amount(payment.amount, due.currency)
    handed = sum((p.amount for p in offered), nothing)
    others = tuple(p for p in offered if p.tender is not Tender.CASH)
    cash = sum((p.amount for p in offered if p.tender is Tender.CASH), nothing)
    rest = due - sum((p.amount for p in others), nothing)
    if rest.minor < 0 or (rest.is_zero and not cash.is_zero):
        raise PaymentTooMuch(due.to_text(), handed.to_text())
    if cash.is_zero:
        if not rest.is_zero:
            raise PaymentShort(due.to_text(), handed.to_text())
        return Paid(others, handed, nothing, nothing)
    # Who hands over the sum to the agora has it in coins; everybody else pays to the coin.
    wanted = rest if cash == rest else to_coin(rest)
    if cash < wanted:
        raise PaymentShort(due.to_text(), handed.to_text())
    kept = () if wanted.is_zero else (Payment(Tender.CASH, wanted),)
    return Paid((*others, *kept), handed, wanted - rest, cash - wanted)


def _check_amount(amount: Money, currency: str) -> None:
    if amount.currency != currency:
        raise CurrencyWrong(amount.currency, currency)
    if amount.minor <= 0:
        raise PaymentNotPositive(_shown(amount))
    if amount.minor > MOST_MINOR:
        raise PaymentTooLarge(_shown(amount), Money(MOST_MINOR, currency).to_text())


def _shown(amount: Money) -> str:
    """Its beginning: thousands of digits are no message."""
    text = amount.to_text()
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


class Part(Struct, frozen=True):
    """What of a basket's payments goes to one of its sales. Their sum is what the sale is due plus
    `rounding`."""

    payments: tuple[Payment, ...]
    rounding: Money


def parts_of(paid: Paid, dues: Sequence[Money]) -> list[Part]:
    """Which payments pay for which sale of a basket, in order. Rounding goes to the dearest sale;
    where it takes off more than that, to the next."""
    if len(dues) == 1:
        return [Part(paid.payments, paid.rounding)]
    currency = paid.handed.currency
    roundings = [0] * len(dues)
    rest = paid.rounding.minor
    for place in sorted(range(len(dues)), key=lambda place: -dues[place].minor):
        roundings[place] = max(rest, -dues[place].minor)
        rest -= roundings[place]
    left = [(p, p.amount.minor) for p in paid.payments]
    found: list[Part] = []
    for due, rounding in zip(dues, roundings, strict=True):
        need = due.minor + rounding
        parts = []
        while need > 0 and left:
            payment, amount = left.pop(0)
            taken = min(need, amount)
            parts.append(replace(payment, amount=Money(taken, currency)))
            need -= taken
            if taken < amount:
                left.insert(0, (payment, amount - taken))
        found.append(Part(tuple(parts), Money(rounding, currency)))
    return found


def tender_of(payments: Sequence[Payment]) -> Tender:
    """The one way that all were paid in, or `mixed`; nothing paid counts as cash."""
    tenders = {payment.tender for payment in payments}
    if len(tenders) > 1:
        return Tender.MIXED
    return tenders.pop() if tenders else Tender.CASH
