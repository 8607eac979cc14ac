"""Meters of the records, read and commanded by their number; every command leaves its record."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.contracts.standins import UNIT, Standin, served
from tests.vending.cli.support import Shell, town_shell
from vending.wiring import CONFIG

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"
NUMBER = "07000090014"
CUT = ("close_supply", "--reason", "arrears", "--yes", "--json")


def registered(folder: Path, place: str) -> Shell:
    """The shipped example, its first meter a plain one with a relay at this place."""
    document = tomllib.loads((CONFIG / "examples" / "register.toml").read_text("utf-8"))
    document["meters"][0] |= {"model": MODEL, "gateway": {"place": place}}
    file = folder / "parties.json"
    file.write_text(json.dumps(document), "utf-8")
    shell = town_shell(folder)
    told = shell.run("register", str(file))
    assert told.code == 0, told.err
    return shell


def at(standin: Standin, how: str) -> str:
    assert standin.stand is not None
    return f"{how}://{standin.stand.address}/{UNIT}?baud=115200"


def test_a_plain_meter_behind_a_transparent_gateway(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"))
        shown = raseed.run("meter", "show", NUMBER, "--json").json["gateway"]
        assert shown == {
            "place": at(standin, "rtu-tcp"), "host": None, "port": None, "unit_id": None,
        }  # fmt: skip
        told = raseed.run("meter", "read", NUMBER, "voltage.l1n", "--json")
        assert told.code == 0, told.err
        assert told.json["model"] == MODEL
        told = raseed.run("meter", "command", NUMBER, *CUT)
        assert told.code == 0, told.err
        assert not standin.meter.place.switch.closed
    (kept,) = raseed.run("meter", "commands", NUMBER, "--json").json["commands"]
    assert (kept["state"], kept["meter"], kept["reason"]) == ("done", NUMBER, "arrears")
    assert kept["place"] == at(standin, "rtu-tcp")
    assert kept["frames"] == told.json["frames"]
    assert "done" in raseed.run("meter", "commands").out


@pytest.mark.parametrize(("fault", "state"), [("write_lost", "declined"), ("silent", "not_sent")])
def test_what_did_not_come_about_is_on_record_too(tmp_path: Path, fault: str, state: str) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"))
        standin.strike(fault, **({"number": 50} if fault == "silent" else {}))
        assert raseed.run("meter", "command", NUMBER, *CUT).code in (3, 4)
    (kept,) = raseed.run("meter", "commands", "--json").json["commands"]
    assert kept["state"] == state


def test_a_place_that_is_none_is_not_written_down(tmp_path: Path) -> None:
    document = tomllib.loads((CONFIG / "examples" / "register.toml").read_text("utf-8"))
    shell = town_shell(tmp_path)
    for place in ("rtu-tcp://nowhere/7", "serial:///etc/passwd/7", "7", "tcp://x:502/7 "):
        document["meters"][0]["gateway"] = {"place": place}
        file = tmp_path / "parties.json"
        file.write_text(json.dumps(document), "utf-8")
        assert shell.run("register", str(file)).code == 2
