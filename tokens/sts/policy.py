"""What a vending key may be used for: its attributes, and the checks before every token.

Spec section 15. Pure; the security modules call it, whatever they keep their keys in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from meters.errors import Refused
from meters.identity import MeterPan

from .credit import _TransferCredit, _TransferCurrency
from .keys import (
    Dkga,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    KeyParameters,
    KeyType,
    VendingKey,
)
from .kinds import Token, TokenWithTid
from .tid import BaseDate, is_expired, tid_moment
from .transitions import is_permitted_transition

CLOCK_WINDOW: Final = timedelta(hours=24)
"""A TID further from the module's clock than this is refused. TIDs run ahead of the clock
only by the tokens sold to one meter in the same minute, so a day is ample."""

_KEY_CHANGE_KIND: Final = "set_1st_section_decoder_key"


class KeyRef(Struct, frozen=True, order=True):
    """Names a vending key: supply group code and key revision number."""

    sgc: str
    krn: int


class MeterKeyRef(Struct, frozen=True):
    """Names one meter's decoder key under a vending key."""

    key: KeyRef
    pan: MeterPan
    ti: int
    ea: EncryptionAlgorithm
    base_date: BaseDate | None = None
    """The base date that the meter counts from; None: that of the vending key as it is now."""
    ken: int | None = None
    """The expiry number that the meter was told; None: that of the vending key as it is now."""


@dataclass(frozen=True, slots=True)
class KeyAttributes:
    """What is known in public of a vending key, and what it may be used for."""

    ref: KeyRef
    dkga: Dkga
    key_type: KeyType
    base_date: BaseDate
    ken: int = 255
    active_from: datetime | None = None
    issued_until: datetime | None = None
    """Last moment at which tokens may be issued with it."""
    unit_limit: int | None = None
    """Largest credit of one token, in tenths of kWh, m3 or minutes."""
    currency_limit: int | None = None
    """Largest currency credit of one token, in 10^-5 base currency."""
    kinds: frozenset[str] | None = None
    """Names of the token kinds it may make; None: all."""
    cluster: int = 0
    """Key changes happen only between keys of one cluster."""

    def __post_init__(self) -> None:
        # An initialisation key is the manufacturer's; no vending key makes one (section 4.6).
        if self.key_type is KeyType.DITK:
            raise KeyFieldInvalid("key_type", "0")
        self.parameters(EncryptionAlgorithm.EA07, 0)

    def parameters(self, ea: EncryptionAlgorithm, ti: int) -> KeyParameters:
        """Raises KeyFieldInvalid."""
        return KeyParameters(
            dkga=self.dkga,
            ea=ea,
            key_type=self.key_type,
            sgc=self.ref.sgc,
            ti=ti,
            krn=self.ref.krn,
            ken=self.ken,
            base_date=self.base_date,
        )


def held_by(meter: MeterKeyRef, attributes: KeyAttributes) -> KeyAttributes:
    """What holds of the key in this meter: the attributes of its vending key, with the base date
    and the expiry number that the meter has, where these are known. Raises KeyFieldInvalid."""
    base_date = attributes.base_date if meter.base_date is None else meter.base_date
    ken = attributes.ken if meter.ken is None else meter.ken
    if base_date is attributes.base_date and ken == attributes.ken:
        return attributes
    return replace(attributes, base_date=base_date, ken=ken)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A vending key with its attributes, on its way into a module."""

    attributes: KeyAttributes
    secret: VendingKey


@dataclass(eq=False)
class KeyUnknown(Refused, code="keys.unknown"):
    """The module holds no key of this supply group and revision."""

    sgc: str
    krn: int


@dataclass(eq=False)
class KeyExpired(Refused, code="keys.expired"):
    """The token's TID is past the key's expiry number (KEN)."""

    sgc: str
    krn: int
    ken: int


@dataclass(eq=False)
class KeyNotActive(Refused, code="keys.not_active"):
    """The key may not be used yet."""

    sgc: str
    krn: int
    active_from: str


@dataclass(eq=False)
class IssuePeriodOver(Refused, code="keys.issue_period_over"):
    """The key's last day of issue has passed."""

    sgc: str
    krn: int
    issued_until: str


@dataclass(eq=False)
class KindNotAllowed(Refused, code="keys.kind_not_allowed"):
    """The key may not make tokens of this kind."""

    kind: str


@dataclass(eq=False)
class AmountAboveKeyLimit(Refused, code="keys.amount_above_limit"):
    """The key's own limit for one token; amounts in the limit's unit."""

    amount: int
    limit: int


@dataclass(eq=False)
class TidOutsideWindow(Refused, code="keys.tid_outside_window"):
    """The TID stands for a moment too far from the module's clock."""

    tid_minute: str
    now: str


@dataclass(eq=False)
class CreditUnderDefaultKey(Refused, code="keys.credit_under_default_key"):
    """A default key (DDTK) makes management tokens, never credit."""

    sgc: str
    krn: int


@dataclass(eq=False)
class KeyChangeNotPermitted(Refused, code="keys.change_not_permitted"):
    """No change leads from the current key to the new one."""

    reason: str


def check_attributes(attributes: KeyAttributes, token: Token, now: datetime) -> None:
    """Everything section 15 asks before a token is made, in this order: active from, issued
    until, kind, expiry, clock window, default key, amount.

    Raises KeyNotActive, IssuePeriodOver, KindNotAllowed, KeyExpired, TidOutsideWindow,
    CreditUnderDefaultKey, AmountAboveKeyLimit. Key-change tokens have no TID and are exempt
    from expiry and window (section 3.4).
    """
    ref = attributes.ref
    check_period(attributes, now)
    if attributes.kinds is not None and token.name not in attributes.kinds:
        raise KindNotAllowed(token.name)
    if isinstance(token, TokenWithTid):
        if is_expired(token.tid, attributes.ken):
            raise KeyExpired(ref.sgc, ref.krn, attributes.ken)
        moment = tid_moment(attributes.base_date, token.tid)
        if abs(moment - now) > CLOCK_WINDOW:
            raise TidOutsideWindow(moment.isoformat(), now.isoformat())
    if token.token_class == 0 and attributes.key_type is KeyType.DDTK:
        raise CreditUnderDefaultKey(ref.sgc, ref.krn)
    _check_amount(attributes, token)


def check_period(attributes: KeyAttributes, now: datetime) -> None:
    """Raises KeyNotActive, IssuePeriodOver."""
    ref = attributes.ref
    # A key is never used before its base date begins, whatever its attributes say.
    start = attributes.base_date.start
    active_from = max(start, attributes.active_from or start)
    if now < active_from:
        raise KeyNotActive(ref.sgc, ref.krn, active_from.isoformat())
    if attributes.issued_until is not None and now > attributes.issued_until:
        raise IssuePeriodOver(ref.sgc, ref.krn, attributes.issued_until.isoformat())


def same_key(current: MeterKeyRef, new: MeterKeyRef) -> bool:
    """Whether both name the same vending key and tariff index of one meter, whatever base date
    and expiry number the meter was told."""
    return (current.key, current.ti, current.pan) == (new.key, new.ti, new.pan)


def _check_amount(attributes: KeyAttributes, token: Token) -> None:
    if isinstance(token, _TransferCredit):
        tenths = -(-token.amount.value // (10 ** (token.quantity.decimals - 1)))
        if attributes.unit_limit is not None and tenths > attributes.unit_limit:
            raise AmountAboveKeyLimit(tenths, attributes.unit_limit)
    elif isinstance(token, _TransferCurrency):
        limit = attributes.currency_limit
        if limit is not None and abs(token.units) > limit:
            raise AmountAboveKeyLimit(token.units, limit)


def check_change(
    current: MeterKeyRef,
    new: MeterKeyRef,
    old: KeyAttributes,
    young: KeyAttributes,
    now: datetime,
) -> None:
    """`old` and `young` are what holds of the two keys in the meter (`held_by`).

    Raises KeyChangeNotPermitted, KeyNotActive, IssuePeriodOver, KindNotAllowed.
    """
    reason = ""
    counts_anew = old.base_date is not young.base_date
    if current.pan != new.pan or current.ea is not new.ea:
        reason = "another meter or cipher"
    elif same_key(current, new) and not counts_anew and old.ken == young.ken:
        reason = "the meter already has this key"
    elif same_key(current, new) and counts_anew and young.dkga is not Dkga.DKGA04:
        # The decoder key would stay, and the meter forgets its TIDs: it would take every token
        # that it ever took once more. DKGA04 alone derives another key from another base date.
        reason = "another base date needs another key"
    elif old.cluster != young.cluster:
        reason = "another cluster"
    elif not is_permitted_transition(old.key_type, young.key_type):
        reason = f"{old.key_type.name} to {young.key_type.name}"
    if reason:
        raise KeyChangeNotPermitted(reason)
    # The old key's last day of issue may be past: its meters still have to be moved.
    check_period(replace(old, issued_until=None), now)
    check_period(young, now)
    if young.kinds is not None and _KEY_CHANGE_KIND not in young.kinds:
        raise KindNotAllowed(_KEY_CHANGE_KIND)
