"""What a setting of a mapped meter holds that nobody has written yet: the model as it is
delivered."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from drivers.maps.model import Kind, MeterMap, Register
from drivers.maps.types import NUMERIC, Family, parse_type
from meters.readings import Value

_OTHER_PROTOCOL: Final = "645"


def delivered(meter_map: MeterMap, register: Register, serial: str) -> Value | None:
    """The value in the register's own words; None where no word of it fits. Of what is a moment the
    meter's own clock is asked, and not this."""
    for step in meter_map.identify:
        if step.name == register.name and step.match and not step.match.startswith("/"):
            return Decimal(step.match) if step.match.isdecimal() else step.match
    if (word := _of_the_line(meter_map, register)) is not None:
        return word
    if register.enum:
        return next(iter(register.enum.values()))
    family = parse_type(register.type).family
    if family is Family.BITS:
        return frozenset()
    if register.name.endswith(".ratio") and register.name != "signal.ratio":
        return Decimal(1)
    if family in NUMERIC:
        return register.least if register.least is not None else Decimal(0)
    if family is Family.ORDER:
        return register.order.value
    return serial if register.kind is Kind.IDENTITY else ""


def _of_the_line(meter_map: MeterMap, register: Register) -> Value | None:
    line, words = meter_map.line, tuple(register.enum.values())
    match register.name:
        case "line.baud":
            text = str(line.default_baud)
            return text if text in words else Decimal(text)
        case "line.protocol":
            # It may be set to another protocol in the field; while it answers here, it is not.
            return next((word for word in words if _OTHER_PROTOCOL not in word), None)
        case "line.parity":
            with_stop = f"{line.default_parity}{line.default_stop_bits}"
            return _first(words, with_stop) or _first(words, line.default_parity)
    return None


def _first(words: Iterable[str], begin: str) -> str | None:
    return next((word for word in words if word.upper().startswith(begin)), None)
