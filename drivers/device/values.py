"""Values of a command's steps: what is written in them, how they go out, when two are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from meters.readings import Value

from ..maps.expressions import expression

CLOCK_STEP: Final = timedelta(seconds=2)
"""A clock that was set may show this much less: it cuts seconds off, or counts in twos."""
CLOCK_GOES_ON: Final = timedelta(seconds=30)
"""And that much more, by the time it is read back."""
_WIDTHS: Final = {"": 1, "u8": 1, "u16": 2, "u32": 4}


def resolve(text: str, values: Mapping[str, Value]) -> Value:
    """What a value of a step means: `$name` is a parameter, the reading taken before of a register
    of that name, `$old`, `$counter` or `$next`; a sum of such (`$new * 256 + $line.baud`) is
    computed; all else is itself. Raises ExpressionWrong."""
    if "$" not in text:
        return text
    name = text.removeprefix("$")
    if name in values:
        return values[name]
    return expression(text.replace("$", "")).number(values)


def raw_bytes(parts: str, values: Mapping[str, Value]) -> bytes:
    """`0001 $new:u16`: bytes in hex and parameters, numbers highest byte first (one byte if no
    width is told), texts as ASCII."""
    made = b""
    for part in parts.split():
        if not part.startswith("$"):
            made += bytes.fromhex(part)
            continue
        name, _, kind = part[1:].partition(":")
        value = values[name]
        if isinstance(value, Decimal):
            made += int(value).to_bytes(_WIDTHS[kind], "big")
        else:
            made += plain(value).encode("ascii")
    return made


def equal(found: Value | None, wanted: Value) -> bool:
    """Whether a reading is what was wanted; a wanted text that is a number means the number, and a
    clock that was set has gone on since."""
    if found is None:
        return False
    if isinstance(found, datetime) and isinstance(wanted, datetime):
        return timedelta(0) <= found - wanted + CLOCK_STEP <= CLOCK_GOES_ON
    if isinstance(found, Decimal):
        try:
            return found == Decimal(plain(wanted))
        except ArithmeticError:
            return False
    if isinstance(found, frozenset):
        texts: Sequence[str] = plain(wanted).split(",") if plain(wanted) else []
        return found == frozenset(texts) or plain(wanted) in found
    return plain(found) == plain(wanted)


def plain(value: Value | None) -> str:
    """A value as people and maps write it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value)


def has_gone_on(found: Value | None, wanted: Value) -> bool:
    """Whether a time of day without a date (hhmmss) is what was set a moment ago."""
    now, then = plain(found).zfill(6), plain(wanted).zfill(6)
    if not (now.isdecimal() and then.isdecimal() and len(now) == len(then) == 6):
        return False
    return 0 <= _seconds(now) - _seconds(then) <= CLOCK_GOES_ON.total_seconds()


def _seconds(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + int(clock[4:])
