"""Payment meters on the lines of a scenario, beside meters of other models: they take tokens, have
a keypad, and break like everybody else."""

from __future__ import annotations

import io
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers.keeping import Lines
from drivers.maps.model import Table
from drivers.maps.reading import shipped_map
from drivers.places import parse_place
from meters.gateway import MeterUnreachable, PushAccepted, PushRefused, PushUnknown
from meters.quantities import Energy
from meters.verdicts import TokenResult
from simulators.documents import WorldInvalid
from simulators.hosted import HostedMeter
from simulators.hosting import TownHall
from simulators.keypad import Keypad
from simulators.plans import FaultPlan, Scenario
from simulators.scenario import parse_scenario, read_scenario
from simulators.serving.line import Line
from simulators.town import Town
from simulators.world import WorldUnprotected
from tests.contracts.standins import loop_in_thread

from .meters import Seconds
from .support import ELECTRICITY, NOW_TID, START, WATER, Mint, meter_row, world

TOWN = """
seed = 7
world = "keys.json"
[[line]]
name = "mixed"
payment = "north"
meter = [{model = "eastron-sdm120", count = 3, use = "flat", size = 3600}]
[[line]]
name = "plain"
meter = [{model = "hiking-dds238", count = 1}]
"""
ROWS = (
    meter_row(2, ELECTRICITY, credit=1000, load=500),
    meter_row(4, WATER, commodity="water", ea="11", fault={"name": "silent", "number": 1}),
)


def folder(path: Path, text: str = TOWN, mode: int = 0o600) -> Path:
    file = path / "town.toml"
    file.write_text(text, "utf-8")
    keys = os.open(path / "keys.json", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(keys, "w") as stream:
        json.dump(world(*ROWS), stream)
    return file


def scenario(path: Path, text: str = TOWN, *faults: dict[str, Any]) -> Scenario:
    rows = "".join(
        "[[fault]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in row.items())
        for row in faults
    )
    return read_scenario(folder(path, text + rows), START)


def town(path: Path, *faults: dict[str, Any]) -> tuple[Town, Seconds, io.StringIO]:
    clock, log = Seconds(START.timestamp()), io.StringIO()
    made = Town(scenario(path, TOWN, *faults), clock, log=log)
    made.advance()
    return made, clock, log


def ask(made: Town, unit: int, pdu: str) -> list[bytes]:
    line = made.lines["mixed"].carries
    assert isinstance(line, Line)
    raw = bytes.fromhex(pdu)
    pieces, _ = line.ask(unit, raw[0], raw[1:], lambda reply: reply, b"", tcp=True)
    return [piece.data for piece in pieces if piece.data]


_AT = shipped_map("raseed-payment").registers["account.balance"]
BALANCE = f"{4 if _AT.table is Table.INPUT else 3:02x} {_AT.span[0]:04x} {len(_AT.span):04x}"


def balance(made: Town, unit: int = 2) -> int | None:
    found = ask(made, unit, BALANCE)
    return int.from_bytes(found[0][2:], "big", signed=True) if found else None


def test_they_keep_their_units_and_the_others_take_what_is_left(tmp_path: Path) -> None:
    made, _, _ = town(tmp_path)
    line = made.lines["mixed"]
    assert isinstance(line.carries, Line)
    assert sorted(line.carries.units) == [1, 2, 3, 4, 5]
    assert [meter.unit for meter in line.meters] == [1, 3, 5]
    assert set(made.payment) == {ELECTRICITY, WATER}
    assert sum(1 for _ in made.everyone()) == 4
    # So many in all: they count.
    more = scenario(tmp_path, TOWN + '[[share]]\nmodel = "eastron-sdm120"\n')
    assert sum(p.count for one in more.lines_for(10) for p in one.meters) == 8


def test_a_token_by_keypad_is_credit_and_credit_is_used_up(tmp_path: Path) -> None:
    made, clock, _ = town(tmp_path)
    assert balance(made) == 1000
    keypad = Keypad(made.payment, made.now)
    assert keypad.line(f"{ELECTRICITY} {Mint().energy(500)}") == "ACCEPT 0.5 kWh"
    assert balance(made) == 1500
    clock.now += 3600
    assert balance(made) == 1000
    keypad.line(f"LOAD {ELECTRICITY} 2000")
    clock.now += 1800
    assert balance(made) == 0
    assert not made.payment[ELECTRICITY].meter.account(made.now()).supply.output


@pytest.mark.parametrize("target", ["meter:mixed/2", "line:mixed", "model:raseed-payment", "*"])
def test_a_fault_finds_them_as_it_finds_others(tmp_path: Path, target: str) -> None:
    row = {"at": "+1m", "for": "1m", "target": target, "name": "link_down"}
    made, clock, log = town(tmp_path, row)
    clock.now += 60
    made.advance()
    assert balance(made) is None
    clock.now += 60
    made.advance()
    assert balance(made) is not None
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    ours = [one["what"] for one in lines if one["target"] == "meter:mixed/2"]
    assert ours == ["begin", "unreachable", "end"]


def test_what_goes_wrong_at_the_premises_is_seen_by_the_meter(tmp_path: Path) -> None:
    """500 W for an hour each: bypassed to 40 %, in the dark, and with the cover open."""
    rows = [
        {"at": "+0s", "for": "1h", "target": "meter:mixed/2", "name": "bypass"},
        {"at": "+1h", "for": "1h", "target": "meter:mixed/2", "name": "power_cut"},
        {"at": "+3h", "for": "1m", "target": "meter:mixed/2", "name": "cover_open"},
    ]
    made, clock, _ = town(tmp_path, *rows)
    seen = []
    for _ in range(4):
        clock.now += 3599
        seen.append(balance(made))
        clock.now += 1
        made.advance()
    assert seen[1] is None, "nobody answers in the dark"
    assert (seen[0], seen[2]) == (1000 - 199, 800 - 499)
    account = made.payment[ELECTRICITY].meter.account(made.now())
    assert account.balance == Energy(300)
    assert account.supply.reasons == frozenset({"tamper"})
    keypad = Keypad(made.payment, made.now)
    assert keypad.line(f"{ELECTRICITY} {Mint().clear_tamper()}") == "ACCEPT"
    assert made.payment[ELECTRICITY].meter.account(made.now()).supply.output


def test_what_it_shows_may_be_wrong_while_what_it_holds_is_not(tmp_path: Path) -> None:
    rows = [
        {"at": "+1m", "for": "1m", "target": "*", "name": "scaled", "factor": "0.0015"},
        {"at": "+3m", "for": "1m", "target": "*", "name": "frozen"},
    ]
    made, clock, _ = town(tmp_path, *rows)
    clock.now += 60
    made.advance()
    assert balance(made) == 1, "whole units, cut off"
    clock.now += 120
    made.advance()
    first = balance(made)
    clock.now += 50
    assert balance(made) == first
    made.advance()
    clock.now += 10
    made.advance()
    assert balance(made) == 1000 - 500 * 240 // 3600


def test_faults_that_mean_nothing_to_them_pass_them_by(tmp_path: Path) -> None:
    with pytest.raises(WorldInvalid, match="valve_stuck means nothing"):
        town(tmp_path, {"target": "meter:mixed/2", "name": "valve_stuck"})
    made, _, log = town(tmp_path, {"target": "*", "name": "relay_welded"})
    assert "meter:mixed/2" not in log.getvalue()
    assert "meter:mixed/1" in log.getvalue()
    assert isinstance(made.payment[ELECTRICITY], HostedMeter)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (TOWN.replace('"north"', '"south"'), "no gateway south"),
        (TOWN.replace('[{model = "eastron-sdm120"', '[{model = "mbus-water"'), "one protocol"),
        (TOWN.replace('name = "plain"', 'name = "plain"\npayment = "north"'), "two lines"),
        (TOWN.replace("keys.json", "nothing.json"), "file"),
        ('[[line]]\nname = "empty"\n', "needs meters"),
    ],
)
def test_scenarios_that_cannot_be(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(WorldInvalid, match=problem):
        scenario(tmp_path, text)


def test_keys_that_others_may_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldUnprotected):
        read_scenario(folder(tmp_path, mode=0o640), START)
    with pytest.raises(WorldInvalid, match="no file"):
        parse_scenario(tomllib.loads(TOWN), START)


@pytest.mark.system
@pytest.mark.parametrize("carrier", ["tcp", "rtu-tcp", "pty"])
def test_tokens_are_pushed_beside_other_meters_on_every_carrier(
    tmp_path: Path, carrier: str
) -> None:
    text = TOWN.replace('name = "mixed"', f'name = "mixed"\ncarrier = "{carrier}"')
    clock = Seconds(START.timestamp())
    made = Town(scenario(tmp_path, text), clock)
    hall = TownHall(made)
    with loop_in_thread() as call:
        call(hall.start())
        try:
            told = hall.told()
            row = next(one for one in told["lines"] if one["line"] == "mixed")
            assert row["payment"] == {ELECTRICITY.number: 2, WATER.number: 4}
            assert (row["units"], row["meters"]) == (["1", "2", "3", "4", "5"], 5)
            assert "raseed-payment" in row["models"]
            assert told["keypad"] > 0
            scheme, setting = ("serial", "?baud=9600") if carrier == "pty" else (carrier, "")
            lines, gateways = Lines(), []
            for unit, drn in ((2, ELECTRICITY), (4, WATER)):
                place = parse_place(f"{scheme}://{row['address']}/{unit}{setting}")
                gateways.append(lines.payment_gateway(place, drn, made.now))
            electricity, water = gateways
            token = Mint().energy(500)
            assert electricity.push_token(token) == PushAccepted(TokenResult.ACCEPT)
            assert electricity.push_token(token) == PushRefused(TokenResult.USED_ERROR)
            # The world file says that it misses the first request.
            with pytest.raises(MeterUnreachable):
                water.read_account()
            clock.now += 1
            end = made.inject(_plan("reply_lost", "meter:mixed/2"))
            lost = electricity.push_token(Mint(tid=NOW_TID + 9).energy(700))
            assert isinstance(lost, PushUnknown)
            end()
            electricity.close()
            water.close()
        finally:
            call(hall.stop())
    held = made.payment[ELECTRICITY].meter.memory.credited
    assert held == 1000 + 500 + 700


def _plan(name: str, target: str) -> Any:
    return FaultPlan(0.0, None, target, name)
