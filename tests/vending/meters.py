"""A simulated meter that holds what the town's records say."""

from __future__ import annotations

from datetime import datetime, timedelta

from meters.account import Commodity
from meters.identity import Drn
from simulators.payment_meter import MeterMemory, PaymentMeter, capabilities
from tests.vending.support import POWER, SGC, START, TEST_KEY
from tokens.sts import (
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    KeyParameters,
    KeyType,
    VendingKey,
    derive_decoder_key,
    new_acceptance_state,
    tid_at,
)


def in_town(
    number: Drn = POWER,
    commodity: Commodity = Commodity.ELECTRICITY,
    *,
    secret: VendingKey | None = None,
    now: datetime = START,
    most: int = 200_000,
) -> PaymentMeter:
    """Empty, made a month ago, under the first revision of the town's key (`secret`, where it is
    not the usual one). `most` is what it can hold, in Wh or litres."""
    parameters = KeyParameters(
        dkga=Dkga.DKGA04,
        ea=EncryptionAlgorithm.EA07,
        key_type=KeyType.DUTK,
        sgc=SGC,
        ti=1,
        krn=1,
        ken=255,
        base_date=BaseDate.BASE_2014,
    )
    state = new_acceptance_state(
        key=derive_decoder_key(secret or VendingKey(TEST_KEY), parameters, number.pan),
        sgc=SGC,
        krn=1,
        ti=1,
        key_type=KeyType.DUTK,
        ken=255,
        manufactured_tid=tid_at(BaseDate.BASE_2014, START - timedelta(days=30)),
    )
    memory = MeterMemory(state, balance=0, credited=0)
    return PaymentMeter(number, commodity, memory, now, load=0, can=capabilities(commodity, most))
