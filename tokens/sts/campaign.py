"""Campaigns: tokens for many meters under the keys of a security module, with NumPy.

The module hands over its records and gets digits back; no key leaves it. Orders are grouped
by what they share (vending key, tariff index, cipher), and each group is derived and
encrypted in one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .batch import (
    BatchKeys,
    KeyChangeBatch,
    TokenBatch,
    derive_batch_dkga02,
    derive_batch_dkga04,
    issue_batch,
    texts,
)
from .keys import Dkga, EncryptionAlgorithm, KeyParameters, VendingKey
from .kinds import Token
from .policy import held_by
from .tid import BaseDate

if TYPE_CHECKING:
    from .policy import KeyAttributes, KeyRecord, KeyRef, MeterKeyRef

_DERIVATIONS: Final[
    Mapping[Dkga, Callable[[VendingKey, KeyParameters, Sequence[str]], BatchKeys]]
] = {
    Dkga.DKGA02: derive_batch_dkga02,
    Dkga.DKGA04: derive_batch_dkga04,
}

Records = Mapping["KeyRef", "KeyRecord"]
_Shared = tuple["KeyRef", int, EncryptionAlgorithm, BaseDate | None, int | None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """Digits in the order of the orders, and how many decoder keys were derived."""

    digits: list[tuple[str, ...]]
    derivations: int


def encode_orders(records: Records, orders: Sequence[tuple[MeterKeyRef, Token]]) -> Campaign:
    """One token for each meter; the digits that `encode_token` would make."""
    groups: dict[tuple[_Shared, int], list[int]] = defaultdict(list)
    for row, (meter, token) in enumerate(orders):
        groups[_shared(meter), token.token_class].append(row)
    digits: list[tuple[str, ...]] = [()] * len(orders)
    derivations = 0
    for (_, token_class), rows in groups.items():
        keys: BatchKeys | None = None
        if token_class != 1:
            keys = _derived(records, [orders[row][0] for row in rows])
            derivations += len(rows)
        made = texts(issue_batch(TokenBatch([orders[row][1] for row in rows]), keys))
        for row, text in zip(rows, made, strict=True):
            digits[row] = (text,)
    return Campaign(digits, derivations)


def encode_changes(
    records: Records, changes: Sequence[tuple[MeterKeyRef, MeterKeyRef]], *, three_tokens: bool
) -> Campaign:
    """A key-change set for each meter, from its current key to its new one."""
    groups: dict[tuple[_Shared, _Shared], list[int]] = defaultdict(list)
    for row, (current, new) in enumerate(changes):
        groups[_shared(current), _shared(new)].append(row)
    digits: list[tuple[str, ...]] = [()] * len(changes)
    for rows in groups.values():
        current, new = changes[rows[0]]
        old, young = _attributes(records, current), _attributes(records, new)
        batch = KeyChangeBatch(
            _derived(records, [changes[row][1] for row in rows]),
            young.parameters(new.ea, new.ti),
            ro=old.base_date is not young.base_date,
            three_tokens=three_tokens,
        )
        made = issue_batch(batch, _derived(records, [changes[row][0] for row in rows]))
        columns = [texts(made[:, place]) for place in range(made.shape[1])]
        for row, texts_of_row in zip(rows, zip(*columns, strict=True), strict=True):
            digits[row] = texts_of_row
    return Campaign(digits, 2 * len(changes))


def _derived(records: Records, meters: Sequence[MeterKeyRef]) -> BatchKeys:
    """Decoder keys of meters that share everything but their numbers."""
    first = meters[0]
    attributes = _attributes(records, first)
    pans = [meter.pan.number for meter in meters]
    derive = _DERIVATIONS[attributes.dkga]
    return derive(records[first.key].secret, attributes.parameters(first.ea, first.ti), pans)


def _shared(meter: MeterKeyRef) -> _Shared:
    return meter.key, meter.ti, meter.ea, meter.base_date, meter.ken


def _attributes(records: Records, meter: MeterKeyRef) -> KeyAttributes:
    return held_by(meter, records[meter.key].attributes)
