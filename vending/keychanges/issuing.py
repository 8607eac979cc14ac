"""The key-change set that goes out with a meter's next sale. Pure.

A planned change is made here, inside the sale; credit that follows on the same paper is under the
new key. The set's digits depend on nothing but the two keys, so that making it again gives the
same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.errors import Refused
from tokens.sts import (
    KeyAttributes,
    KeyRef,
    KeyType,
    KeyUnknown,
    MeterKeyRef,
    SecurityModule,
    TidOutOfRange,
    is_expired,
    tid_at,
)
from tokens.sts.policy import held_by

from ..keymoves import KeyMove
from ..parties import Meter, PlannedKey
from ..sale import KeyToken


@dataclass(eq=False)
class KeyChangeDue(Refused, code="keychange.due"):
    """Under the meter's key no credit can be issued any more, and no change to another key is
    planned: plan one, then sell."""

    meter: str
    sgc: str
    krn: int
    why: str
    """`issue_period`, `key_expired`, `base_date` or `default_key`"""


@dataclass(eq=False)
class BaseDateBack(Refused, code="keychange.base_date_back"):
    """The new key counts from an earlier base date than the current one. A meter that changes its
    base date forgets which tokens it has taken, so that old ones would be taken again."""

    sgc: str
    krn: int
    base_date: int
    current: int


@dataclass(frozen=True, slots=True)
class KeySet:
    """What moves a meter to its planned key."""

    move: KeyMove
    tokens: tuple[KeyToken, ...]
    """In the order in which they are typed, before anything else on the paper."""
    after: MeterKeyRef
    """The key that the meter holds once they are typed: what follows is issued under it."""


def key_set(
    security: SecurityModule,
    meter: Meter,
    now: datetime,
    *,
    three_tokens: bool = False,
    credit: bool = True,
) -> KeySet | None:
    """The set that a sale to this meter must begin with; None if the meter keeps its key.

    A set is due where a change is planned, and where the meter was told another base date or
    expiry number than its vending key has by now: nobody plans that. Two tokens for a 64-bit key,
    three if `three_tokens` (the third tells the meter its supply group, and not every 64-bit meter
    knows it), four for a 128-bit key. A current key that has expired is no hindrance to leaving
    it. A set that is out and goes out once more is made as it was, whatever its vending key has by
    now: tokens that were sold behind it need that key. What has changed is told by the set after
    it. `credit`: whether credit follows, for which the key must not be at its end.

    Raises KeyUnknown; KeyChangeDue if no change is planned and the key is at its end; for a set
    BaseDateBack, KeyNotActive, IssuePeriodOver, KindNotAllowed, KeyChangeNotPermitted.
    """
    held = attributes_of(security, KeyRef(meter.sgc, meter.krn))
    planned = None if meter.planned is None else _sold_under(security, meter, meter.planned, now)
    told_apart = held_by(meter.key, held) is not held
    if planned is None or planned == PlannedKey(meter.sgc, meter.krn, meter.ti):
        why = end_of(held, now) if credit else None
        if why is not None:
            raise KeyChangeDue(meter.number.number, meter.sgc, meter.krn, why)
        if not told_apart:
            return None
        planned = PlannedKey(meter.sgc, meter.krn, meter.ti)
    move = move_of(security, meter, planned)
    check_forward(move)
    current, new = meter.key, key_of(meter, planned)
    digits = security.issue_key_change(current, new, now, three_tokens=three_tokens)
    return KeySet(
        move=move,
        tokens=tuple(KeyToken(section, text) for section, text in enumerate(digits, start=1)),
        after=new,
    )


def _sold_under(
    security: SecurityModule, meter: Meter, planned: PlannedKey, now: datetime
) -> PlannedKey:
    """The same; but with what its vending key has now, where no credit can be issued any more under
    the key as the set told it. Raises KeyUnknown."""
    new = key_of(meter, planned)
    if end_of(held_by(new, attributes_of(security, new.key)), now) is None:
        return planned
    return PlannedKey(planned.sgc, planned.krn, planned.ti)


def key_of(meter: Meter, planned: PlannedKey) -> MeterKeyRef:
    """Names the decoder key that this meter is to have, with what its vending key has now."""
    ref = KeyRef(planned.sgc, planned.krn)
    return MeterKeyRef(ref, meter.number.pan, planned.ti, meter.ea, planned.base_date, planned.ken)


def move_of(security: SecurityModule, meter: Meter, planned: PlannedKey) -> KeyMove:
    """From what the books say of the meter to what it is to have. Raises KeyUnknown."""
    old = held_by(meter.key, attributes_of(security, KeyRef(meter.sgc, meter.krn)))
    new = key_of(meter, planned)
    young = held_by(new, attributes_of(security, new.key))
    return KeyMove(
        meter.sgc,
        meter.krn,
        meter.ti,
        planned.sgc,
        planned.krn,
        planned.ti,
        from_base_date=old.base_date.value,
        from_ken=old.ken,
        to_base_date=young.base_date.value,
        to_ken=young.ken,
    )


def check_forward(move: KeyMove) -> None:
    """Raises BaseDateBack."""
    old, young = move.from_base_date, move.to_base_date
    if old is not None and young is not None and young < old:
        raise BaseDateBack(move.to_sgc, move.to_krn, young, old)


def end_of(key: KeyAttributes, now: datetime) -> str | None:
    """Why no credit can be issued under this key any more; None while it can."""
    # Nearly every key is well within its time, and this is asked at each sale.
    for why, holds in _ENDS.items():
        if holds(key, now):
            return why
    return None


def attributes_of(security: SecurityModule, ref: KeyRef) -> KeyAttributes:
    """What the module says of a vending key. Raises KeyUnknown."""
    held = security.keys()
    for key in held:
        if key.ref == ref:
            return key
    raise KeyUnknown(ref.sgc, ref.krn)


def _issue_period(key: KeyAttributes, now: datetime) -> bool:
    return key.issued_until is not None and now > key.issued_until


def _base_date(key: KeyAttributes, now: datetime) -> bool:
    """All minutes that its TIDs can count are used up. A clock before the base date is wrong, or
    the key has not begun: no other key helps."""
    return now >= key.base_date.start and _tid(key, now) is None


def _expired(key: KeyAttributes, now: datetime) -> bool:
    tid = _tid(key, now)
    return tid is not None and is_expired(tid, key.ken)


def _default_key(key: KeyAttributes, _: datetime) -> bool:
    return key.key_type is KeyType.DDTK


def _tid(key: KeyAttributes, now: datetime) -> int | None:
    try:
        return tid_at(key.base_date, now)
    except TidOutOfRange:
        return None


_ENDS: Final = {
    "issue_period": _issue_period,
    "base_date": _base_date,
    "key_expired": _expired,
    "default_key": _default_key,
}
"""How a key ends for credit, in the order in which it is asked."""
