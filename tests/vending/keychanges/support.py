"""Vending keys and a stand-in meter for key changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Energy
from simulators.payment_meter import MeterMemory, PaymentMeter
from tests.vending.support import SGC, TEST_KEY
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    MemorySecurityModule,
    MeterKeyRef,
    TransferCreditElectricity,
    VendingKey,
    derive_decoder_key,
    new_acceptance_state,
    tid_at,
)
from vending.parties import Meter, PlannedKey

OTHER_SGC = "600675"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OVERLAP = datetime(2044, 2, 1, tzinfo=UTC)
"""When keys of the second and third base date are both in use."""
DRN = Drn.from_serial("01", 1001)

OLD = KeyAttributes(KeyRef(SGC, 1), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014)
REVISED = KeyAttributes(KeyRef(SGC, 2), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014)
OTHER = KeyAttributes(KeyRef(OTHER_SGC, 1), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014)
THIRD = KeyAttributes(KeyRef(SGC, 3), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2035)
FIRST = KeyAttributes(KeyRef(SGC, 9), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_1993)
DEFAULT = KeyAttributes(KeyRef(SGC, 8), Dkga.DKGA04, KeyType.DDTK, BaseDate.BASE_2014)
APART = KeyAttributes(KeyRef(SGC, 6), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014, cluster=1)
SHORT = KeyAttributes(KeyRef(SGC, 5), Dkga.DKGA02, KeyType.DUTK, BaseDate.BASE_2014)
"""Of 8 bytes, for 64-bit meters alone."""
ALL = (OLD, REVISED, OTHER, THIRD, FIRST, DEFAULT, APART, SHORT)

MADE = timedelta(days=400)
SHORT_LIVED = replace(OLD, ken=104)
"""At its end in February 2027."""
ANEW = replace(OLD, base_date=BaseDate.BASE_2035)
AFTER_FEBRUARY = NOW + timedelta(days=120)


@cache
def secret(ref: KeyRef) -> VendingKey:
    """A made-up vending key, another one for each reference."""
    return VendingKey(TEST_KEY[:-1] + bytes([TEST_KEY[-1] ^ hash_of(ref)]))


def hash_of(ref: KeyRef) -> int:
    return (int(ref.sgc) * 10 + ref.krn) % 251


def module(*keys: KeyAttributes) -> MemorySecurityModule:
    return MemorySecurityModule(record(key) for key in keys or ALL)


def record(key: KeyAttributes) -> KeyRecord:
    short = VendingKey(TEST_KEY[:8])
    return KeyRecord(key, short if key.dkga is Dkga.DKGA02 else secret(key.ref))


def meter(
    ea: EncryptionAlgorithm, at: KeyAttributes = OLD, planned: PlannedKey | None = None
) -> Meter:
    return Meter(DRN, Commodity.ELECTRICITY, ea, at.ref.sgc, at.ref.krn, 1, planned=planned)


def told(at: KeyAttributes, ea: EncryptionAlgorithm = EncryptionAlgorithm.EA07) -> Meter:
    """A meter as the books have it that was told what this key has."""
    return replace(meter(ea, at), base_date=at.base_date, ken=at.ken)


def to(key: KeyAttributes, ti: int = 1) -> PlannedKey:
    return PlannedKey(key.ref.sgc, key.ref.krn, ti)


def stand_in(of: Meter, key: KeyAttributes, now: datetime, made: timedelta) -> PaymentMeter:
    """A meter that holds what the books say of `of`, made that long before `now`."""
    state = new_acceptance_state(
        key=derive_decoder_key(record(key).secret, key.parameters(of.ea, of.ti), of.number.pan),
        sgc=of.sgc,
        krn=of.krn,
        ti=of.ti,
        key_type=key.key_type,
        ken=key.ken,
        manufactured_tid=tid_at(key.base_date, now - made),
    )
    return PaymentMeter(of.number, of.commodity, MeterMemory(state), now)


def credit(security: MemorySecurityModule, under: MeterKeyRef, now: datetime) -> str:
    """A token of 10 kWh."""
    held = security.keys()
    base = next(key.base_date for key in held if key.ref == under.key)
    token = TransferCreditElectricity(amount=Energy(10_000), tid=tid_at(base, now), rnd=5)
    return security.issue(under, token, now)
