"""Hypothesis strategies for tokens and keys."""

from hypothesis import strategies as st

from meters.quantities import ConnectionTime, Energy, Power, Volume
from tokens.sts import (
    ClearCredit,
    ClearTamperCondition,
    DecoderKey,
    EncryptionAlgorithm,
    ExtendedRead,
    ExtendedSet,
    InitiateMeterTest1,
    InitiateMeterTest2,
    Set1stSectionDecoderKey,
    Set2ndSectionDecoderKey,
    Set3rdSectionDecoderKey,
    Set3rdSectionSupplyGroup,
    Set4thSectionDecoderKey,
    SetMaximumPowerLimit,
    SetMaxPhasePowerUnbalanceLimit,
    SetTariffRate,
    SetWaterMeterFactor,
    Token,
    TransferCreditElectricity,
    TransferCreditGas,
    TransferCreditTime,
    TransferCreditWater,
    TransferCurrencyElectricity,
    TransferCurrencyGas,
    TransferCurrencyTime,
    TransferCurrencyWater,
)
from tokens.sts.amounts import LARGEST_AMOUNT16, LARGEST_CURRENCY20

EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11

TIDS = st.integers(0, 0xFFFFFF)
RNDS = st.integers(0, 15)
WORDS = st.integers(0, 2**32 - 1)
REGISTERS = st.integers(0, 0xFFFF)
STEPS = st.integers(0, LARGEST_AMOUNT16)


def decoder_keys(ea: EncryptionAlgorithm) -> st.SearchStrategy[DecoderKey]:
    size = ea.key_bytes
    return st.binary(min_size=size, max_size=size).map(lambda secret: DecoderKey(ea, secret))


COMMON_KINDS: tuple[st.SearchStrategy[Token], ...] = (
    st.builds(
        TransferCreditElectricity, amount=STEPS.map(lambda n: Energy(n * 100)), tid=TIDS, rnd=RNDS
    ),
    *(
        st.builds(cls, amount=STEPS.map(lambda n: Volume(n * 100)), tid=TIDS, rnd=RNDS)
        for cls in (TransferCreditWater, TransferCreditGas)
    ),
    st.builds(TransferCreditTime, amount=STEPS.map(ConnectionTime), tid=TIDS, rnd=RNDS),
    *(
        st.builds(cls, units=st.integers(-LARGEST_CURRENCY20, LARGEST_CURRENCY20), tid=TIDS)
        for cls in (
            TransferCurrencyElectricity,
            TransferCurrencyWater,
            TransferCurrencyGas,
            TransferCurrencyTime,
        )
    ),
    *(
        st.builds(cls, limit=STEPS.map(Power), tid=TIDS, rnd=RNDS)
        for cls in (SetMaximumPowerLimit, SetMaxPhasePowerUnbalanceLimit)
    ),
    *(
        st.builds(cls, value=REGISTERS, tid=TIDS, rnd=RNDS)
        for cls in (ClearCredit, SetTariffRate, ClearTamperCondition, SetWaterMeterFactor)
    ),
    st.builds(
        ExtendedSet,
        index=st.integers(0, 63),
        value=st.integers(0, 1023),
        tid=TIDS,
        rnd=RNDS,
    ),
    *(
        st.builds(cls, control=st.integers(0, 2**36 - 1), manufacturer_code=st.integers(0, 99))
        for cls in (InitiateMeterTest1, ExtendedRead)
    ),
    st.builds(
        InitiateMeterTest2,
        control=st.integers(0, 2**28 - 1),
        manufacturer_code=st.integers(0, 9999),
    ),
    st.builds(
        Set1stSectionDecoderKey,
        ken_nibble=RNDS,
        krn=st.integers(1, 9),
        ro=st.integers(0, 1),
        three_kct=st.integers(0, 1),
        key_type=st.integers(0, 3),
        nkho=WORDS,
    ),
    st.builds(Set2ndSectionDecoderKey, ken_nibble=RNDS, ti=st.integers(0, 99), nklo=WORDS),
)

_KINDS_07 = (st.builds(Set3rdSectionSupplyGroup, sgc=st.integers(0, 999999)),)
_KINDS_11 = tuple(
    st.builds(cls, sgc_part=st.integers(0, 0xFFF), nkmo=WORDS)
    for cls in (Set3rdSectionDecoderKey, Set4thSectionDecoderKey)
)


def any_token(ea: EncryptionAlgorithm) -> st.SearchStrategy[Token]:
    """Any token of any registered kind for that cipher, its amount not yet rounded."""
    own: tuple[st.SearchStrategy[Token], ...] = _KINDS_11 if ea is EA11 else _KINDS_07
    return st.one_of(*COMMON_KINDS, *own)
