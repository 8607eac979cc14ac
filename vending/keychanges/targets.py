"""Which key a meter may be moved to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from meters.errors import RaseedError, Refused
from tokens.sts import (
    BaseDate,
    EncryptionAlgorithm,
    KeyAttributes,
    SecurityModule,
)
from tokens.sts.policy import check_change, held_by

from ..parties import Meter, PlannedKey
from .issuing import attributes_of, check_forward, end_of, key_of, move_of


@dataclass(eq=False)
class KeyTargetEnded(Refused, code="keychange.target_ended"):
    """Under the new key no credit could be issued either."""

    sgc: str
    krn: int
    why: str
    """As KeyChangeDue.why."""


def check_target(
    security: SecurityModule, meter: Meter, planned: PlannedKey, now: datetime
) -> None:
    """Whether this meter may be moved to that key now.

    Raises KeyUnknown for a key, old or new, that the module does not hold; KeyFieldInvalid for a
    tariff index outside 0 to 99 or a cipher that the new key does not serve;
    KeyChangeNotPermitted (also: the meter has this key already,
    with its base date and expiry number), KeyNotActive, IssuePeriodOver,
    KindNotAllowed; BaseDateBack, KeyTargetEnded.
    """
    current, new = meter.key, key_of(meter, planned)
    old = held_by(current, attributes_of(security, current.key))
    young = attributes_of(security, new.key)
    young.parameters(new.ea, new.ti)
    check_change(current, new, old, young, now)
    check_forward(move_of(security, meter, planned))
    why = end_of(young, now)
    if why is not None:
        raise KeyTargetEnded(young.ref.sgc, young.ref.krn, why)


def fit_ciphers(
    security: SecurityModule, sample: Meter, planned: PlannedKey, now: datetime
) -> tuple[EncryptionAlgorithm, ...]:
    """The ciphers of those meters that may make the move which `sample` would make. Raises the
    first error of `check_target` if there is none."""
    fit, refusals = [], []
    for ea in EncryptionAlgorithm:
        try:
            check_target(security, replace(sample, ea=ea), planned, now)
        except RaseedError as error:
            refusals.append(error)
        else:
            fit.append(ea)
    if not fit:
        raise refusals[0]
    return tuple(fit)


def successor(
    of: KeyAttributes, held: Iterable[KeyAttributes], now: datetime
) -> KeyAttributes | None:
    """The key of the same supply group that takes over from one whose base date ends: of those
    with a later base date that issue credit now, the latest base date and highest revision."""
    able = (
        key
        for key in held
        if key.ref.sgc == of.ref.sgc
        and key.base_date.value > of.base_date.value
        and (key.active_from or key.base_date.start) <= now
        and key.base_date.start <= now
        and end_of(key, now) is None
    )
    return max(able, key=_rank, default=None)


def _rank(key: KeyAttributes) -> tuple[int, int]:
    return key.base_date.value, key.ref.krn


def with_base_date(held: Iterable[KeyAttributes], base_date: BaseDate) -> list[KeyAttributes]:
    """The keys that count from this base date, by reference."""
    return sorted((k for k in held if k.base_date is base_date), key=lambda k: k.ref)
