"""What value information fields (VIF) mean, EN 13757-3: quantity, unit, power of ten.

Each row is (first code, last code, quantity, unit, exponent of the first code). Within a row the
exponent grows with the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EXTENSION_FB: Final = 0xFB
EXTENSION_FD: Final = 0xFD
TEXT_VIF: Final = 0x7C
MAKER_VIF: Final = 0x7F
DATE: Final = "date"
MOMENT: Final = "datetime"
UNKNOWN: Final = "unknown"
MAKER: Final = "maker"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number is: `raw` times ten to the `exponent` is in `unit`."""

    quantity: str
    unit: str = ""
    exponent: int = 0
    also: str = ""
    """Extensions that make something else of it, in hex: volume per pulse, of backward flow, a date
    to come."""


_Row = tuple[int, int, str, str, int]
# Durations count seconds, minutes, hours, days: the unit changes with the code, not the exponent.
_DURATIONS: Final = ("s", "min", "h", "d")

PRIMARY: Final[tuple[_Row, ...]] = (
    (0x00, 0x07, "energy", "Wh", -3),
    (0x08, 0x0F, "energy", "J", 0),
    (0x10, 0x17, "volume", "m3", -6),
    (0x18, 0x1F, "mass", "kg", -3),
    (0x28, 0x2F, "power", "W", -3),
    (0x30, 0x37, "power", "J/h", 0),
    (0x38, 0x3F, "flow", "m3/h", -6),
    (0x40, 0x47, "flow", "m3/min", -7),
    (0x48, 0x4F, "flow", "m3/s", -9),
    (0x50, 0x57, "mass_flow", "kg/h", -3),
    (0x58, 0x5B, "temperature.flow", "°C", -3),
    (0x5C, 0x5F, "temperature.return", "°C", -3),
    (0x60, 0x63, "temperature.difference", "K", -3),
    (0x64, 0x67, "temperature.external", "°C", -3),
    (0x68, 0x6B, "pressure", "bar", -3),
    (0x6C, 0x6C, DATE, "", 0),
    (0x6D, 0x6D, MOMENT, "", 0),
    (0x6E, 0x6E, "heat_cost", "", 0),
    (0x78, 0x78, "fabrication", "", 0),
    (0x79, 0x79, "identification", "", 0),
    (0x7A, 0x7A, "address", "", 0),
)
TIMES: Final = ((0x20, "time.on"), (0x24, "time.operating"), (0x70, "averaging"), (0x74, "delay"))

FB: Final[tuple[_Row, ...]] = (
    (0x00, 0x01, "energy", "MWh", -1),
    (0x08, 0x09, "energy", "GJ", -1),
    (0x10, 0x11, "volume", "m3", 2),
    (0x18, 0x19, "mass", "t", 2),
    (0x28, 0x29, "power", "MW", -1),
    (0x30, 0x31, "power", "GJ/h", -1),
)
FD: Final[tuple[_Row, ...]] = (
    (0x00, 0x03, "credit", "", -3),
    (0x04, 0x07, "debit", "", -3),
    (0x08, 0x08, "access_number", "", 0),
    (0x09, 0x09, "medium", "", 0),
    (0x0A, 0x0A, "manufacturer", "", 0),
    (0x0B, 0x0B, "parameter_set", "", 0),
    (0x0C, 0x0C, "model", "", 0),
    (0x0D, 0x0D, "hardware", "", 0),
    (0x0E, 0x0E, "firmware", "", 0),
    (0x0F, 0x0F, "software", "", 0),
    (0x10, 0x10, "customer.location", "", 0),
    (0x11, 0x11, "customer", "", 0),
    (0x17, 0x17, "error_flags", "", 0),
    (0x18, 0x18, "error_mask", "", 0),
    (0x1A, 0x1A, "digital_output", "", 0),
    (0x1B, 0x1B, "digital_input", "", 0),
    (0x1C, 0x1C, "baud", "Bd", 0),
    (0x1F, 0x1F, "remote_control", "", 0),
    (0x3A, 0x3A, "number", "", 0),
    (0x40, 0x4F, "voltage", "V", -9),
    (0x50, 0x5F, "current", "A", -12),
    (0x60, 0x60, "reset_counter", "", 0),
    (0x61, 0x61, "cumulation_counter", "", 0),
    (0x74, 0x74, "battery.days", "d", 0),
)
TABLES: Final = {0: PRIMARY, EXTENSION_FB: FB, EXTENSION_FD: FD}

# Counts, ids and flags are of types C and D; every other integer is of type B, which has a sign.
UNSIGNED: Final = {
    "fabrication",
    "identification",
    "address",
    "access_number",
    "medium",
    "manufacturer",
    "parameter_set",
    "model",
    "hardware",
    "firmware",
    "software",
    "error_flags",
    "error_mask",
    "digital_output",
    "digital_input",
    "baud",
    "remote_control",
    "reset_counter",
    "cumulation_counter",
    "battery.days",
}

# Record errors, which a meter tells in the last VIFE instead of a value.
ERRORS: Final = {
    0x15: "no_data",
    0x16: "overflow",
    0x17: "underflow",
    0x18: "data_error",
    0x1C: "premature_end",
}


def meaning(table: int, code: int) -> Meaning:
    """Of a VIF, its extension bit taken off, in the primary table (0), that of FB or of FD."""
    for first, last, quantity, unit, exponent in TABLES[table]:
        if first <= code <= last:
            return Meaning(quantity, unit, exponent + code - first)
    if table == 0:
        for first, quantity in TIMES:
            if first <= code < first + len(_DURATIONS):
                return Meaning(quantity, _DURATIONS[code - first])
        if code == MAKER_VIF:
            return Meaning(MAKER)
    return Meaning(UNKNOWN)
