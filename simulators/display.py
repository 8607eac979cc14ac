"""What the meter's small display says: words for results, values for display tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from meters.verdicts import TokenResult
from tokens.sts import MeterTest

if TYPE_CHECKING:
    from .payment_meter import PaymentMeter

RESULT_WORDS: Final[Mapping[TokenResult, str]] = {
    TokenResult.NONE: "READY",
    TokenResult.ACCEPT: "ACCEPT",
    TokenResult.FIRST_KCT: "1ST KCT",
    TokenResult.SECOND_KCT: "2ND KCT",
    TokenResult.THIRD_KCT: "3RD KCT",
    TokenResult.FOURTH_KCT: "4TH KCT",
    TokenResult.OVERFLOW_ERROR: "OVERFLOW",
    TokenResult.KEY_TYPE_ERROR: "KEY TYPE",
    TokenResult.FORMAT_ERROR: "FORMAT",
    TokenResult.RANGE_ERROR: "RANGE",
    TokenResult.FUNCTION_ERROR: "FUNCTION",
    TokenResult.OLD_ERROR: "OLD",
    TokenResult.USED_ERROR: "USED",
    TokenResult.KEY_EXPIRED_ERROR: "KEY EXPIRED",
    TokenResult.DDTK_ERROR: "DDTK",
    TokenResult.CRC_ERROR: "CRC",
    TokenResult.MFR_CODE_ERROR: "MFR CODE",
    TokenResult.LOCKED_OUT: "LOCKED",
    TokenResult.NOT_READY: "NOT READY",
}


def _supply(meter: PaymentMeter) -> str:
    reasons = ", ".join(sorted(meter.reasons))
    return f"OFF ({reasons})" if reasons else "ON"


def _power_limit(meter: PaymentMeter) -> str:
    limit = meter.memory.power_limit_w
    return "NONE" if limit is None else f"{limit} W"


# Test bit by bit: its heading and value. Bits that are not here the meter ignores
# (spec 10.2: "a meter that does not support a bit ignores it").
_TESTS: Final[Mapping[MeterTest, tuple[str, Callable[[PaymentMeter], str]]]] = {
    MeterTest.LOAD_SWITCH: ("SUPPLY", _supply),
    MeterTest.CUMULATIVE_ENERGY: ("TOTAL", lambda m: str(m.account(m.at).total_supplied)),
    MeterTest.KEY_REVISION_NUMBER: ("KRN", lambda m: str(m.memory.acceptance.krn)),
    MeterTest.TARIFF_INDEX: ("TI", lambda m: f"{m.memory.acceptance.ti:02d}"),
    MeterTest.MAXIMUM_POWER_LIMIT: ("LIMIT", _power_limit),
    MeterTest.TAMPER_STATUS: ("TAMPER", lambda m: "YES" if m.memory.tamper else "NO"),
    MeterTest.POWER_CONSUMPTION: ("LOAD", lambda m: str(m.load)),
    MeterTest.ENCRYPTION_ALGORITHM: ("EA", lambda m: m.memory.acceptance.key.ea.value),
    MeterTest.SUPPLY_GROUP_CODE: ("SGC", lambda m: m.memory.acceptance.sgc or "UNKNOWN"),
    MeterTest.KEY_EXPIRY_NUMBER: ("KEN", lambda m: str(m.memory.acceptance.ken)),
    MeterTest.DECODER_REFERENCE_NUMBER: ("DRN", lambda m: m.drn.number),
}


def shown_tests(meter: PaymentMeter, control: int) -> str:
    """What the display runs through for the control bits of a test token."""
    return "; ".join(
        f"{heading} {value(meter)}" for bit, (heading, value) in _TESTS.items() if control & bit
    )
