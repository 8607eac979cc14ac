"""What makes two requests with one vend id the same, and in what they differ."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from meters.quantities import Money
from meters.values import names_of

from .ledger import canonical_plain
from .record import SaleRecord
from .requests import BasketRequest, Item, Postponement, Units
from .sale import Tender


def input_hash(
    basket: BasketRequest, numbers: Sequence[str], point: str, *, as_typed: bool = False
) -> str:
    """64 hex digits over what makes a request the same: meters (as their DRNs), what is asked for
    each, payments and vending point. Not the person or terminal: a colleague may ask again; nor how
    a number is spelt, but `as_typed`: so were units taken in sales of before."""
    plain = basket.plain
    if plain is not None:
        amount, tender = plain
        fields: list[Any] = [numbers[0], amount.minor, amount.currency, tender.value, point]
        return sha256(canonical_plain(fields)).hexdigest()
    items = [
        [type(item).__name__, number, *_plain(item, as_typed)]
        for item, number in zip(basket.items, numbers, strict=True)
    ]
    payments = [[p.tender.value, p.amount.minor, p.reference] for p in basket.payments]
    second = None if basket.second is None else basket.second.approval
    fields = ["basket", items, payments, basket.hold, second, point]
    if basket.tender is not None and basket.tender is not Tender.CASH:
        # Told only where it says something: the hashes of sales from before it was carried hold.
        fields.append(basket.tender.value)
    return sha256(canonical_plain(fields)).hexdigest()


def is_same_request(
    stored: str, inputs: str, basket: BasketRequest, numbers: Sequence[str], point: str
) -> bool:
    """Whether a stored hash is that of a request, whose own is `inputs`; or of the same with its
    units as they are typed here."""
    return stored == inputs or stored == input_hash(basket, numbers, point, as_typed=True)


def _plain(item: Item, as_typed: bool) -> list[Any]:
    """Every field but the meter, which is told by its DRN."""
    found: list[Any] = []
    for name in names_of(item) or ():
        if name == "meter":
            continue
        value: Any = getattr(item, name)
        if isinstance(value, Money):
            value = [value.minor, value.currency]
        elif isinstance(value, Units):
            value = ["units", value.text if as_typed else value.plain]
        elif isinstance(value, tuple):
            value = [
                [one.debt, one.reason] if isinstance(one, Postponement) else list(one)
                for one in value
            ]
        found.append(value)
    return found


def first_difference(
    record: SaleRecord, basket: BasketRequest, numbers: Sequence[str], point: str
) -> str:
    """Which input of a reused vend id is not the stored one."""
    plain = basket.plain
    if plain is None:
        return "point" if record.point != point else "basket"
    amount, tender = plain
    pairs = {
        "meter": (record.meter, numbers[0]),
        "amount": ((record.tendered, record.currency), (amount.minor, amount.currency)),
        "tender": (record.tender, tender.value),
        "point": (record.point, point),
    }
    return next((name for name, (old, new) in pairs.items() if old != new), "inputs")
