"""The security module: makes tokens with keys that never leave it.

Callers name a key (`KeyRef`) and a meter (`MeterKeyRef`); digits come back. Every attribute
of the key is enforced on every token (spec section 15), every derivation is counted.
`MemorySecurityModule` works on keys handed to it; the sealed key file is a way to hand
them (vending/keys), a hardware module would be another implementation of the protocol.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from meters.errors import Refused
from meters.identity import MeterPan
from meters.verdicts import TokenResult

from .codec import decode_token, encode_token
from .credit import _TransferCredit, _TransferCurrency
from .dkga import STANDARD, derive_decoder_key
from .keychange import KeyChangeSection, key_change_set
from .keys import (
    Algorithms,
    DecoderKey,
    Dkga,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    KeyParameters,
    KeyType,
    VendingKey,
)
from .kinds import Token, TokenWithTid
from .selftest import self_test
from .tid import BaseDate, is_expired, tid_moment
from .transitions import is_permitted_transition

CLOCK_WINDOW: Final = timedelta(hours=24)
"""A TID further from the module's clock than this is refused. TIDs run ahead of the clock
only by the tokens sold to one meter in the same minute, so a day is ample."""

_KEPT_DECODER_KEYS: Final = 4096


@dataclass(frozen=True, slots=True, order=True)
class KeyRef:
    """Names a vending key: supply group code and key revision number."""

    sgc: str
    krn: int


@dataclass(frozen=True, slots=True)
class MeterKeyRef:
    """Names one meter's decoder key under a vending key."""

    key: KeyRef
    pan: MeterPan
    ti: int
    ea: EncryptionAlgorithm


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


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A vending key with its attributes, on its way into a module."""

    attributes: KeyAttributes
    secret: VendingKey


@dataclass(frozen=True, slots=True)
class ModuleUsage:
    """Counts since the module was opened."""

    derivations: int
    issued: int


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


class SecurityModule(Protocol):
    """What the business sees of wherever the keys are kept."""

    def keys(self) -> tuple[KeyAttributes, ...]:
        """Attributes of the keys held, by reference."""
        ...

    def issue(self, meter: MeterKeyRef, token: Token, now: datetime) -> str:
        """20 digits of `token` for one meter. Raises Refused errors of this module."""
        ...

    def issue_key_change(
        self,
        current: MeterKeyRef,
        new: MeterKeyRef,
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> tuple[str, ...]:
        """The set that moves a meter from `current` to `new`, in the order of entry."""
        ...

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        """What 20 digits mean to that meter's key."""
        ...

    def usage(self) -> ModuleUsage:
        """Counts since the module was opened."""
        ...


def check_attributes(attributes: KeyAttributes, token: Token, now: datetime) -> None:
    """Everything section 15 asks before a token is made, in this order: active from, issued
    until, kind, expiry, clock window, default key, amount.

    Raises KeyNotActive, IssuePeriodOver, KindNotAllowed, KeyExpired, TidOutsideWindow,
    CreditUnderDefaultKey, AmountAboveKeyLimit. Key-change tokens have no TID and are exempt
    from expiry and window (section 3.4).
    """
    ref = attributes.ref
    _check_period(attributes, now)
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


def _check_period(attributes: KeyAttributes, now: datetime) -> None:
    ref = attributes.ref
    # A key is never used before its base date begins, whatever its attributes say.
    start = attributes.base_date.start
    active_from = max(start, attributes.active_from or start)
    if now < active_from:
        raise KeyNotActive(ref.sgc, ref.krn, active_from.isoformat())
    if attributes.issued_until is not None and now > attributes.issued_until:
        raise IssuePeriodOver(ref.sgc, ref.krn, attributes.issued_until.isoformat())


def _check_amount(attributes: KeyAttributes, token: Token) -> None:
    if isinstance(token, _TransferCredit):
        tenths = -(-token.amount.value // (10 ** (token.quantity.decimals - 1)))
        if attributes.unit_limit is not None and tenths > attributes.unit_limit:
            raise AmountAboveKeyLimit(tenths, attributes.unit_limit)
    elif isinstance(token, _TransferCurrency):
        limit = attributes.currency_limit
        if limit is not None and abs(token.units) > limit:
            raise AmountAboveKeyLimit(token.units, limit)


class MemorySecurityModule:
    """A SecurityModule over keys in memory. Runs the known-answer test before it opens.

    Not for use from several threads at once without a lock around `issue`; the counters are
    plain numbers.
    """

    def __init__(self, records: Iterable[KeyRecord], algorithms: Algorithms = STANDARD) -> None:
        """Raises CipherBroken if a cipher fails its known answer, KeyLength, KeyFieldInvalid."""
        self_test()
        self._records = {record.attributes.ref: record for record in records}
        self._algorithms = algorithms
        self._decoder_keys: OrderedDict[MeterKeyRef, DecoderKey] = OrderedDict()
        self._derivations = 0
        self._issued = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._records)} keys)"

    def keys(self) -> tuple[KeyAttributes, ...]:
        return tuple(self._records[ref].attributes for ref in sorted(self._records))

    def usage(self) -> ModuleUsage:
        return ModuleUsage(self._derivations, self._issued)

    def issue(self, meter: MeterKeyRef, token: Token, now: datetime) -> str:
        if isinstance(token, KeyChangeSection):
            # A section by itself would set an arbitrary key; sets come from issue_key_change.
            raise KindNotAllowed(token.name)
        check_attributes(self._record(meter.key).attributes, token, now)
        digits = encode_token(token, self._decoder_key(meter))
        self._issued += 1
        return digits

    def issue_key_change(
        self,
        current: MeterKeyRef,
        new: MeterKeyRef,
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> tuple[str, ...]:
        """Raises KeyUnknown, KeyNotActive, IssuePeriodOver, KindNotAllowed and
        KeyChangeNotPermitted (another meter or cipher, another cluster, a key type that
        cannot follow, the same key). The current key may be expired: that is why a meter
        is moved (section 3.4)."""
        old, young = self._record(current.key).attributes, self._record(new.key).attributes
        _check_change(current, new, old, young)
        _check_period(replace(old, issued_until=None), now)
        _check_period(young, now)
        if young.kinds is not None and "set_1st_section_decoder_key" not in young.kinds:
            raise KindNotAllowed("set_1st_section_decoder_key")
        sections = key_change_set(
            self._decoder_key(new),
            young.parameters(new.ea, new.ti),
            ro=old.base_date is not young.base_date,
            three_tokens=three_tokens,
        )
        key = self._decoder_key(current)
        digits = tuple(encode_token(section, key) for section in sections)
        self._issued += len(digits)
        return digits

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        return decode_token(digits, self._decoder_key(meter))

    def _record(self, ref: KeyRef) -> KeyRecord:
        try:
            return self._records[ref]
        except KeyError:
            raise KeyUnknown(ref.sgc, ref.krn) from None

    def _decoder_key(self, meter: MeterKeyRef) -> DecoderKey:
        """Derived once while it stays among the latest used; each derivation is counted."""
        kept = self._decoder_keys.get(meter)
        if kept is not None:
            self._decoder_keys.move_to_end(meter)
            return kept
        record = self._record(meter.key)
        key = derive_decoder_key(
            record.secret,
            record.attributes.parameters(meter.ea, meter.ti),
            meter.pan,
            self._algorithms,
        )
        self._derivations += 1
        self._decoder_keys[meter] = key
        if len(self._decoder_keys) > _KEPT_DECODER_KEYS:
            self._decoder_keys.popitem(last=False)
        return key


def _check_change(
    current: MeterKeyRef, new: MeterKeyRef, old: KeyAttributes, young: KeyAttributes
) -> None:
    reason = ""
    if current.pan != new.pan or current.ea is not new.ea:
        reason = "another meter or cipher"
    elif current == new:
        reason = "the meter already has this key"
    elif old.cluster != young.cluster:
        reason = "another cluster"
    elif not is_permitted_transition(old.key_type, young.key_type):
        reason = f"{old.key_type.name} to {young.key_type.name}"
    if reason:
        raise KeyChangeNotPermitted(reason)
