"""Register maps made up for tests of the driver: no maker's, every shape of command."""

from __future__ import annotations

from drivers.maps.model import MeterMap
from drivers.maps.reading import load_map

HEAD = """
format = 2
id = "{id}"
maker = "Nobody"
models = ["N1"]
protocol = "modbus"
commodity = ["electricity"]
revision = 3
trust = "bench"

[source.test]
title = "Made up"
where = "tests"

[line]
transports = ["rtu", "tcp"]
baud = [9600]
parity = ["N"]
stop_bits = [1]
unit_id = {{default = 1, min = 1, max = 247}}

[limits]
max_registers = 60
turnaround_max_ms = 300
write_fc = [16]
restart_after = ["line.baud"]

[[identify]]
method = "registers"
role = "model"
name = "meter.code"
match = "0x20"

[[identify]]
method = "registers"
role = "serial"
name = "meter.serial"
"""

BODY = """
[[register]]
name = "meter.code"
table = "holding"
addr = 0xFC02
type = "u16"
kind = "identity"
source = ["test"]

[[register]]
name = "meter.serial"
table = "holding"
addr = 0xFC00
type = "u32"
kind = "identity"
source = ["test"]

[[register]]
name = "meter.unit_id"
table = "holding"
addr = 0x14
type = "u16"
kind = "setting"
access = "guarded"
source = ["test"]

[[register]]
name = "line.baud"
table = "holding"
addr = 0x1C
type = "u16"
kind = "setting"
access = "guarded"
enum = {0 = "2400", 2 = "9600"}
source = ["test"]

[[register]]
name = "meter.password"
table = "holding"
addr = 0x18
type = "u16"
kind = "setting"
access = "w"
source = ["test"]

[[register]]
name = "demand.period"
table = "holding"
addr = 0x02
type = "u16"
unit = "min"
kind = "setting"
access = "guarded"
source = ["test"]

[[register]]
name = "voltage.l1n"
table = "input"
addr = 0x00
type = "u16"
scale = "0.1"
unit = "V"
min = "180"
max = "270"
sentinel = ["ffff"]
source = ["test"]

[[register]]
name = "current.l1"
table = "input"
addr = 0x01
type = "u16"
scale = "0.01"
unit = "A"
source = ["test"]

[[register]]
name = "power.active"
table = "input"
addr = 0x02
type = "s32"
unit = "W"
source = ["test"]

[[register]]
name = "power.apparent"
table = "input"
addr = 0x04
type = "u32"
unit = "VA"
trust = "unverified"
source = ["test"]

[[register]]
name = "energy.active.import"
table = "input"
addr = 0x10
type = "u32"
scale = "0.01"
unit = "kWh"
kind = "counter"
rollover = "1000000"
source = ["test"]

[[register]]
name = "clock"
table = "holding"
addr = 0x30
type = "datetime(bcd-clock)"
kind = "clock"
access = "guarded"
source = ["test"]

[[register]]
name = "supply.output"
table = "holding"
addr = 0x40
type = "u16"
kind = "status"
enum = {0 = "off", 1 = "on", 2 = "closing", 3 = "opening"}
source = ["test"]

[[register]]
name = "supply.command"
table = "holding"
addr = 0x41
type = "u16"
kind = "setting"
access = "w"
enum = {0 = "off", 1 = "on"}
source = ["test"]

[[register]]
name = "account.purchase_count"
table = "holding"
addr = 0x50
type = "u16"
kind = "status"
source = ["test"]

[[register]]
name = "account.top_up"
table = "holding"
addr = 0x51
type = "u32"
scale = "0.01"
kind = "credit"
access = "w"
source = ["test"]

[[register]]
name = "account.balance"
table = "holding"
addr = 0x54
type = "s32"
scale = "0.01"
unit = "money"
kind = "credit"
source = ["test"]

[[register]]
name = "flag.cover"
table = "holding"
addr = 0x60
type = "u16"
kind = "status"
source = ["test"]

[[register]]
name = "meter.status"
table = "holding"
addr = 0x61
type = "bits"
kind = "status"
source = ["test"]

[register.bits]
0 = "magnet"
1 = "terminal"
2 = "reverse"
3 = "battery"
4 = "neutral"
5 = "phase_loss"
6 = "reverse_phase"
7 = "empty"
8 = "leak"
9 = "valve"
10 = "cover"

[[register]]
name = "token.mailbox"
table = "holding"
addr = 0x70
type = "ascii(20)"
kind = "credit"
access = "w"
source = ["test"]

[[command]]
name = "close_supply"
role = "technician"
danger = "supply"
steps = [{write = {register = "supply.command", value = "off"}}]
verify = {register = "supply.output", equals = "off", within_s = "30", poll_s = "5"}
expires_s = 60

[[command]]
name = "open_supply"
role = "supervisor"
danger = "supply"
steps = [{write = {register = "supply.command", value = "on"}}]
verify = {register = "supply.output", equals = "on", within_s = "30", poll_s = "5"}
expires_s = 60

[[command]]
name = "set_demand_period"
role = "technician"
danger = "none"
params = {minutes = "u16", password = "u16"}
steps = [
  {unlock = "meter.password $password"},
  {write = {register = "demand.period", value = "$minutes"}},
]

[[command]]
name = "set_unit_id"
role = "technician"
danger = "bus"
params = {new = "u8"}
steps = [
  {assert_silent = "$new"},
  {write = {register = "meter.unit_id", value = "$new"}},
  {identify_at = ["$new", "$old"]},
]

[[command]]
name = "set_line"
role = "technician"
danger = "bus"
params = {baud = "enum(2400,9600)"}
steps = [{write = {register = "line.baud", value = "$baud"}}]

[[command]]
name = "add_credit"
role = "billing"
danger = "credit"
params = {amount = "decimal"}
steps = [{write = {register = "account.top_up", value = "$amount"}}]
idempotency = {register = "account.purchase_count"}

[[command]]
name = "set_clock"
role = "technician"
danger = "none"
params = {time = "datetime"}
steps = [{write = {register = "clock", value = "$time"}}]

[[command]]
name = "push_token"
role = "operator"
danger = "credit"
params = {token = "digits(20)"}
steps = [{write = {register = "token.mailbox", value = "$token"}}]

[[command]]
name = "clear_energy"
role = "technician"
danger = "erase"
steps = [
  {ask = "clear_energy"},
  {read = "energy.active.import"},
  {expect = {register = "supply.output", equals = "off"}},
  {delay_s = "2"},
  {write = {register = "demand.period", raw = "00 0a"}},
]

[[command]]
name = "test_unverified"
role = "technician"
danger = "none"
trust = "unverified"
steps = [{write = {register = "demand.period", value = "15"}}]

[[check]]
name = "voltage"
holds = "180 < voltage.l1n < 270"

[[check]]
name = "apparent_power"
holds = "abs(voltage.l1n * current.l1 - power.apparent) < 5 % of max(power.apparent, 10)"
"""


def made_up(id: str = "nobody-n1") -> MeterMap:
    return load_map(HEAD.format(id=id) + BODY, id)
