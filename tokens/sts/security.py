"""The security module: makes tokens with keys that never leave it.

Callers name a key (`KeyRef`) and a meter (`MeterKeyRef`); digits come back. Every attribute
of the key is enforced on every token (`policy`), every derivation is counted.
`MemorySecurityModule` works on keys handed to it; the sealed key file is a way to hand
them (vending/keys), a hardware module would be another implementation of the protocol.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from meters.verdicts import TokenResult

from .codec import decode_token, encode_token
from .dkga import STANDARD, derive_decoder_key
from .keychange import KeyChangeSection, key_change_set
from .keys import Algorithms, DecoderKey, Dkga, EncryptionAlgorithm
from .kinds import Token
from .policy import (
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyUnknown,
    KindNotAllowed,
    MeterKeyRef,
    check_attributes,
    check_change,
    held_by,
)
from .selftest import self_test

_KEPT_DECODER_KEYS: Final = 4096
# What the NumPy path knows; everything else goes token by token.
BATCH_DKGAS: Final = frozenset({Dkga.DKGA02, Dkga.DKGA04})
BATCH_CIPHERS: Final = frozenset({EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11})


@dataclass(frozen=True, slots=True)
class ModuleUsage:
    """Counts since the module was opened."""

    derivations: int
    issued: int


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

    def issue_batch(self, orders: Sequence[tuple[MeterKeyRef, Token]], now: datetime) -> list[str]:
        """`issue` for many meters at once, in order: all, or none if one is refused."""
        ...

    def issue_key_change_batch(
        self,
        changes: Sequence[tuple[MeterKeyRef, MeterKeyRef]],
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> list[tuple[str, ...]]:
        """`issue_key_change` for many meters at once: all, or none if one is refused."""
        ...

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        """What 20 digits mean to that meter's key."""
        ...

    def usage(self) -> ModuleUsage:
        """Counts since the module was opened."""
        ...


class MemorySecurityModule:
    """A SecurityModule over keys in memory. Runs the known-answer test before it opens.

    Not for use from several threads at once without a lock around `issue`; the counters are
    plain numbers.
    """

    def __init__(self, records: Iterable[KeyRecord], algorithms: Algorithms = STANDARD) -> None:
        """Raises CipherBroken if a cipher fails its known answer, KeyLength, KeyFieldInvalid."""
        self_test()
        self._records = {record.attributes.ref: record for record in records}
        self._keys = tuple(self._records[ref].attributes for ref in sorted(self._records))
        self._algorithms = algorithms
        self._decoder_keys: OrderedDict[MeterKeyRef, DecoderKey] = OrderedDict()
        self._derivations = 0
        self._issued = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._records)} keys)"

    def keys(self) -> tuple[KeyAttributes, ...]:
        return self._keys

    def usage(self) -> ModuleUsage:
        return ModuleUsage(self._derivations, self._issued)

    def issue(self, meter: MeterKeyRef, token: Token, now: datetime) -> str:
        self._check_order(meter, token, now)
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
        cannot follow, the same key with the same base date and expiry number, another base date
        where the derivation does not know it). The current key may be expired: that is why a
        meter is moved (section 3.4). With the same key and another expiry number the decoder key
        stays, and the set tells the meter the number."""
        old, young = self._check_change(current, new, now)
        sections = key_change_set(
            self._decoder_key(new),
            young.parameters(new.ea, new.ti),
            # The meter empties its TIDs exactly where it counts from another day (section 10.4).
            ro=old.base_date is not young.base_date,
            three_tokens=three_tokens,
        )
        key = self._decoder_key(current)
        digits = tuple(encode_token(section, key) for section in sections)
        self._issued += len(digits)
        return digits

    def issue_batch(self, orders: Sequence[tuple[MeterKeyRef, Token]], now: datetime) -> list[str]:
        for meter, token in orders:
            self._check_order(meter, token, now)
        if not all(self._can_batch(meter) for meter, _ in orders):
            return [self.issue(meter, token, now) for meter, token in orders]
        # Imported here, so that a counter selling one token at a time does not load NumPy.
        from .campaign import encode_orders

        campaign = encode_orders(self._records, orders)
        self._derivations += campaign.derivations
        self._issued += len(orders)
        return [digits for (digits,) in campaign.digits]

    def issue_key_change_batch(
        self,
        changes: Sequence[tuple[MeterKeyRef, MeterKeyRef]],
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> list[tuple[str, ...]]:
        for current, new in changes:
            self._check_change(current, new, now)
        if not all(self._can_batch(meter) for change in changes for meter in change):
            return [
                self.issue_key_change(current, new, now, three_tokens=three_tokens)
                for current, new in changes
            ]
        from .campaign import encode_changes

        campaign = encode_changes(self._records, changes, three_tokens=three_tokens)
        self._derivations += campaign.derivations
        self._issued += sum(map(len, campaign.digits))
        return campaign.digits

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        return decode_token(digits, self._decoder_key(meter))

    def _check_order(self, meter: MeterKeyRef, token: Token, now: datetime) -> None:
        if isinstance(token, KeyChangeSection):
            # A section by itself would set an arbitrary key; sets come from issue_key_change.
            raise KindNotAllowed(token.name)
        check_attributes(self._attributes(meter), token, now)

    def _check_change(
        self, current: MeterKeyRef, new: MeterKeyRef, now: datetime
    ) -> tuple[KeyAttributes, KeyAttributes]:
        old, young = self._attributes(current), self._attributes(new)
        check_change(current, new, old, young, now)
        return old, young

    def _can_batch(self, meter: MeterKeyRef) -> bool:
        return meter.ea in BATCH_CIPHERS and self._record(meter.key).attributes.dkga in BATCH_DKGAS

    def _attributes(self, meter: MeterKeyRef) -> KeyAttributes:
        return held_by(meter, self._record(meter.key).attributes)

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
            held_by(meter, record.attributes).parameters(meter.ea, meter.ti),
            meter.pan,
            self._algorithms,
        )
        self._derivations += 1
        self._decoder_keys[meter] = key
        if len(self._decoder_keys) > _KEPT_DECODER_KEYS:
            self._decoder_keys.popitem(last=False)
        return key
