"""The one vocabulary of readings: every name that a register map may use, and its unit.

A name is canonical or it is refused, and each name has its unit, so that whoever asks for
`power.active` of any meter gets watts and never has to ask whether this one tells kilowatts: the
register map's `scale` brings the meter's own number there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

PHASE = r"(\.l[123])?"
TARIFF = r"(\.t[1-8])?"
NUMBERED = r"(\.[1-9][0-9]?)?"
CREDIT_UNITS = ("money", "kWh", "m3", "Wh", "l")
"""A balance is money or what is sold: the meter's commodity and mode decide. `Wh` and `l` are for
meters that count in them. `money` is the currency that the meter is set to."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a canonical name stands for."""

    pattern: str
    units: tuple[str, ...]
    """The units that its readings may have, mostly one; the empty text is a pure number or no
    number at all."""
    meaning: str


def _rows(units: str | tuple[str, ...], rows: Mapping[str, str]) -> list[Name]:
    chosen = (units,) if isinstance(units, str) else units
    return [Name(pattern, chosen, meaning) for pattern, meaning in rows.items()]


NAMES: tuple[Name, ...] = (
    # --- Energy -----------------------------------------------------------------------------
    *_rows(
        "kWh",
        {
            rf"energy\.active\.import{PHASE}{TARIFF}": "taken from the mains",
            rf"energy\.active\.export{PHASE}{TARIFF}": "given to the mains",
            rf"energy\.active\.total{PHASE}{TARIFF}": "import and export put together as the"
            " meter is set to: added, or one without the other",
            r"energy\.active\.resettable": "since somebody last cleared it",
            r"energy\.active\.import\.previous": "import at the last billing date",
            r"energy\.active\.(import|export)\.fine": "the same with more digits, where a later"
            " firmware keeps it twice",
        },
    ),
    *_rows(
        "kvarh",
        {
            rf"energy\.reactive\.(import|export|total){PHASE}{TARIFF}": "reactive energy",
            r"energy\.reactive\.q[1-4]": "reactive energy by quadrant",
            r"energy\.reactive\.(import|export)\.fine": "the same with more digits",
            r"energy\.reactive\.resettable": "since somebody last cleared it",
        },
    ),
    *_rows("kVAh", {rf"energy\.apparent(\.import|\.export)?{PHASE}": "apparent energy"}),
    *_rows("Ah", {r"charge\.total": "ampere-hours"}),
    # --- Power and its parts ------------------------------------------------------------------
    *_rows("W", {rf"power\.active{PHASE}": "import positive", r"rating\.power": "as installed"}),
    *_rows("var", {rf"power\.reactive{PHASE}": "inductive positive"}),
    *_rows("VA", {rf"power\.apparent{PHASE}": "always positive"}),
    *_rows(
        "V",
        {
            r"voltage\.(l1n|l2n|l3n|mean_ln)": "between phase and neutral",
            r"voltage\.(l1l2|l2l3|l3l1|mean_ll)": "between phases",
            r"battery\.voltage": "of the meter's own battery",
        },
    ),
    *_rows("A", {r"current\.(l[123]|n|mean|sum)": "per phase, in the neutral, over the phases"}),
    *_rows("", {rf"pf{PHASE}": "power factor, negative when exporting or capacitive"}),
    *_rows("Hz", {r"frequency": "of the mains"}),
    *_rows("deg", {rf"angle{PHASE}": "between voltage and current"}),
    *_rows(
        "%",
        {
            r"thd\.voltage\.(l[123]|l1l2|l2l3|l3l1|mean_ln|mean_ll)": "harmonics of the voltage",
            r"thd\.current\.(l[123]|mean)": "harmonics of the current",
        },
    ),
    *_rows(
        "W",
        {r"demand\.active(\.import|\.export)?(\.max)?": "mean power over the demand period"},
    ),
    *_rows("VA", {r"demand\.apparent(\.max)?": "as demand.active"}),
    *_rows("var", {r"demand\.reactive(\.max)?": "as demand.active"}),
    *_rows("A", {r"demand\.current(\.l[123]|\.n|\.mean)?(\.max)?": "as demand.active"}),
    *_rows(
        "",
        {
            r"phase\.sequence": "whether the phases come in the right order",
            r"wiring\.errors": "what the meter itself thinks of its wiring",
            r"wiring\.help_off": "whether it keeps its thoughts about the wiring to itself",
            r"wiring\.system": "how many wires and phases it is set to",
        },
    ),
    # --- Water --------------------------------------------------------------------------------
    *_rows(
        "m3",
        {
            r"volume\.(forward|reverse|net)": "through the meter",
            r"volume\.(forward|reverse|net)\.previous": "at the last billing date",
            r"volume\.(forward|reverse|net)\.fraction": "what whole numbers leave out",
            r"volume\.(day|month|year)": "since the day, month, year began",
        },
    ),
    *_rows("m3/h", {r"flow": "now, forward positive", r"flow\.max": "highest since cleared"}),
    *_rows("m/s", {r"velocity": "of the water", r"sound\.speed": "in the water"}),
    *_rows("C", {r"temperature\.(water|supply|return|meter)": "Celsius"}),
    *_rows("bar", {r"pressure": "above the air's"}),
    *_rows(
        "",
        {
            r"pipe\.state": "full or empty",
            r"signal\.(up|down)": "strength, the meter's own number",
            r"pressure\.state": "of the pressure sensor",
        },
    ),
    *_rows("%", {r"signal\.quality": "of a radio or ultrasonic signal", r"signal\.ratio": ""}),
    *_rows("mm", {r"pipe\.inner_diameter": "as set", r"transducer\.spacing": "as set"}),
    *_rows("s", {r"operating\.time": "since it was first switched on"}),
    # --- Account and supply -------------------------------------------------------------------
    *_rows(
        CREDIT_UNITS,
        {
            r"account\.(balance|debt|emergency)": "what is left, owed, lent",
            r"account\.(balance|debt)\.energy": "in units, where the meter keeps money as well",
            r"account\.total_supplied": "delivered against credit since the beginning",
            r"account\.total_purchased": "credit taken since the beginning",
            r"account\.low_threshold\.[12]": "warns below this",
            r"account\.(overdraft_limit|hoarding_limit|close_limit)": "set limits",
        },
    ),
    *_rows(
        "",
        {
            r"account\.purchase_count": "top-ups taken; the guard against giving one twice",
            r"account\.tokens_accepted": "tokens taken",
            r"account\.last_result": "verdict on the last token",
            r"account\.top_up": "where a top-up is written",
            r"supply\.output": "whether something flows when drawn",
            r"supply\.state": "disconnect control: disconnected, connected, ready",
            r"supply\.reasons": "why the supply is interrupted",
            r"supply\.command": "where opening and closing is written",
            r"supply\.forced": "whether the head-end's order goes before the meter's own",
            r"sts\.(supply_group|key_revision|tariff_index|key_expiry|algorithm|key_type)": "",
            r"token_log\.(sequence|result|fingerprint)": "the latest judged tokens",
            r"token\.mailbox": "where a token is written",
        },
    ),
    # --- The meter itself ---------------------------------------------------------------------
    *_rows(
        ("", "s"),
        {r"clock": "the meter's own time", r"clock\.date": "where day and", r"clock\.time": "time"
         " lie apart"},
    ),
    *_rows(
        "",
        {
            r"meter\.(serial|number|firmware|code|model|maker|medium|commodity|revision)": "",
            r"meter\.serial\.(high|low)": "two halves that lie apart",
            r"meter\.unit_id": "its address on the line",
            r"meter\.status": "running status",
            rf"meter\.status\.words?{NUMBERED}": "running status, word by word",
            r"meter\.(lock|password|key)": "what a setting wants first",
            r"meter\.reset(\.history)?": "clears something: see the map's words on it",
            r"meter\.(energy_mode|energy_prefix|register_order|measuring_mode)": "settings that"
            " change what other registers mean",
            r"meter\.(application|access_number|programming_code)": "",
            r"meter\.flow_unit|meter\.volume_unit|meter\.volume_exponent": "settings that change"
            " what other registers mean",
            r"line\.(baud|parity|stop_bits|protocol|settings|format)": "how it talks",
            rf"pulse\.(source|constant|divisor){NUMBERED}": "the pulse output",
            r"display\.(scroll_time|backlight|menu)": "the display",
            r"(ct|vt)\.(ratio|primary|secondary)": "transformers before the meter",
            r"tariff\.(active|source|plan_dates|enabled)": "rate in force",
            rf"tariff\.day_plan{NUMBERED}": "periods of a day",
            r"mailbox\.(command|parameter|result|status|answer)": "orders given by number",
            r"event_log\.(time|code|detail)": "",
            r"error\.(bits|code)": "the meter's own complaints",
        },
    ),
    *_rows("ms", {r"pulse\.width": "of the pulse output"}),
    *_rows("min", {r"demand\.period": "as set"}),
    *_rows("s", {r"demand\.elapsed": "of the running demand period"}),
    *_rows(
        "",
        {
            r"flag\.(cover|terminal|magnet|reverse|phase_loss|neutral|valve|battery|leak|empty)":
            "tamper and trouble",
        },
    ),
)  # fmt: skip

_COMPILED = tuple((re.compile(name.pattern), name) for name in NAMES)
_INDEX = re.compile(r"\[[0-9]{1,3}\]\Z")


@cache
def canonical(name: str) -> Name | None:
    """What this name stands for, or None if it is not of the vocabulary. A repeated register's
    `[3]` is taken off."""
    plain = _INDEX.sub("", name)
    return next((found for pattern, found in _COMPILED if pattern.fullmatch(plain)), None)


def problem(name: str, unit: str) -> str:
    """What is wrong with a register of this name and unit; empty if nothing is."""
    found = canonical(name)
    if found is None:
        return "not a canonical name (drivers/maps/names.py)"
    if unit not in found.units:
        allowed = " or ".join(repr(allowed) for allowed in found.units)
        return f"its unit is {allowed}, not {unit!r}"
    return ""
