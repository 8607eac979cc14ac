"""A made-up map that uses every key of the format, and ways to spoil it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

EVERYTHING = """
format = 2
id = "probe"
maker = "Raseed"
models = ["P1", "P2"]
protocol = "modbus"
commodity = ["electricity", "water"]
revision = 1
trust = "bench"
order_from = "meter.register_order"

[source.sheet]
title = "Interface sheet"
where = "made up"

[line]
transports = ["rtu", "tcp", "rtu-tcp"]
baud = [2400, 9600]
default_baud = 9600
parity = ["N", "E"]
default_parity = "E"
stop_bits = [1, 2]
default_stop_bits = 1
data_bits = 8
unit_id = {default = 1, min = 1, max = 247}
broadcast = true
port = 503

[limits]
max_registers = 40
even_only = true
max_hole = 4
gap_ms = 20
turnaround_ms = 50
turnaround_max_ms = 500
write_fc = [6, 16]
one_value_per_write = true
restart_after = ["line.baud"]

[[identify]]
method = "registers"
role = "model"
name = "meter.code"
match = "/P[12]/"

[[identify]]
method = "registers"
role = "firmware"
name = "meter.firmware"

[[variant]]
name = "small"
model = "P1"
firmware = "/^1[0-9]$/"
lacks = ["power.active", "token_log.sequence", "set_unit_id"]
shows = {model = "P1", firmware = "12"}
source = ["sheet"]
notes = "before 20"

[[variant]]
name = "large"
model = "/P[12]/"

[[register]]
name = "energy.active.import"
table = "input"
addr = 0x0048
type = "f32"
order = "CDAB"
scale = "0.001"
offset = "-2"
unit_from = "meter.energy_prefix"
units = {k = ["kWh", "1"], M = ["kWh", "1000"]}
kind = "counter"
access = "r"
min = "0"
max = "1000000"
sentinel = ["nan", "7fffffff"]
rollover = "100000"
group = "energy"
poll = "slow"
since = "B2"
obis = "1-0:1.8.0"
doc = "30073"
source = ["sheet"]
trust = "two-sources"
notes = "as printed"
sim = {what = "integral", of = "power.active"}

[[register]]
name = "power.active"
table = "input"
addr = 0x0060
type = "pair(s32,u16,0.1)"
unit = "W"
poll = "fast"

[[register]]
name = "meter.code"
table = "holding"
addr = 0x000B
type = "u16"
kind = "identity"
read_alone = true
poll = "once"
enum = {0x20 = "P1", 33 = "P2"}

[[register]]
name = "meter.firmware"
table = "holding"
addr = 0x000C
type = "u32"
kind = "identity"

[[register]]
name = "meter.energy_prefix"
table = "holding"
addr = 0x0010
type = "u32"
kind = "setting"
access = "guarded"
enum = {0 = "k", 1 = "M"}

[[register]]
name = "line.baud"
table = "holding"
addr = 0x0012
type = "u32"
kind = "setting"
access = "rw"

[[register]]
name = "meter.unit_id"
table = "holding"
addr = 0x0014
type = "u32"
kind = "setting"
access = "guarded"

[[register]]
name = "meter.password"
table = "holding"
addr = 0x0018
type = "ascii(8)"
kind = "setting"
access = "w"

[[register]]
name = "error.bits"
table = "holding"
addr = 0x0020
type = "bits(32)"
kind = "status"
bits = {0 = "cover", 31 = "leak"}

[[register]]
name = "meter.register_order"
table = "holding"
addr = 0x0028
type = "order(2141)"
kind = "setting"
access = "guarded"

[[register]]
name = "token_log.sequence"
table = "holding"
addr = 0x0100
type = "u32"
kind = "counter"
repeat = {count = 3, stride = 4}

[[command]]
name = "set_unit_id"
role = "technician"
danger = "bus"
params = {new = "u8", password = "digits(8)", line = "enum(a,b)"}
steps = [
  {assert_silent = "$new"},
  {unlock = "meter.password $password"},
  {expect = {register = "error.bits", equals = "cover"}},
  {write = {register = "meter.unit_id", value = "$new"}},
  {write = {register = "line.baud", raw = "0001 $line:u16"}},
  {delay_s = "0.5"},
  {ask = "power_cycle"},
  {read = "token_log.sequence"},
  {identify_at = ["$new", "$old"]},
]
verify = {register = "meter.unit_id", equals = "$new", within_s = "3", poll_s = "0.5"}
expires_s = 60
idempotency = {register = "token_log.sequence", by = 1}
trust = "vendor"
source = ["sheet"]
notes = "one at a time"

[[check]]
name = "plausible"
holds = "abs(power.active) < 100 and meter.energy_prefix == 'k'"

[quirks]
both_tables = true
read_fc = [3, 4]
lock = {password = "meter.password", window_s = 60}

[[golden]]
name = "the code"
request = "01 03 00 0B 00 01 F5 C8"
response = "01 03 02 00 20 B9 9C"
expect = {"meter.code" = "P1"}
source = "computed"
"""


_PARSED = tomllib.loads(EVERYTHING)


def everything() -> dict[str, Any]:
    return copy.deepcopy(_PARSED)


WRONG: tuple[Any, ...] = (True, -1, 70_000, "", "?", [], {"odd": "?"}, 1.5)
"""What is put where something else belongs. Whole floats are left out: to JSON Schema 1.0 is an
integer, to our reader no float is anything."""

Spoiled = tuple[str, Callable[[], dict[str, Any]]]
"""What was done to the map, and the map when it is asked for."""


def spoiled() -> Iterator[Spoiled]:
    """Every place of the map taken away, replaced, or joined by a key that nobody knows."""
    for place in _places(_PARSED, ()):
        told = ".".join(str(key) for key in place)
        yield f"without {told}", partial(_changed, place, _remove)
        for wrong in WRONG:
            yield f"{told} = {wrong!r}", partial(_changed, place, _put(wrong))
        if isinstance(_at(_PARSED, place), dict):
            yield f"{told} with an odd key", partial(_changed, (*place, "odd"), _put("?"))
    yield "an odd key", partial(_changed, ("odd",), _put("?"))


def _places(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*place, key)
        if isinstance(value[key], dict | list):
            yield from _places(value[key], (*place, key))


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def _changed(place: tuple[str | int, ...], change: Any) -> dict[str, Any]:
    document = everything()
    *above, last = place
    change(_at(document, tuple(above)), last)
    return document


def _remove(holder: Any, key: Any) -> None:
    del holder[key]


def _put(value: Any) -> Any:
    def change(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(value)

    return change
