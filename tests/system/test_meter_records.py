"""Meters of the records, read and commanded by their number; every command leaves its record."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from drivers.maps.reading import MAPS_FOLDER, shipped_ids, shipped_map
from tests.contracts.standins import UNIT, Standin, served
from tests.vending.cli.support import Shell, town_shell
from tests.vending.support import ADMIN, SGC, town
from vending.parties import GatewayPlace, Registration
from vending.settings import Settings
from vending.surroundings import CONFIG
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"
NUMBER = "07000090014"
CUT = ("close_supply", "--reason", "arrears", "--yes", "--json")


def registered(folder: Path, place: str, model: str = MODEL) -> Shell:
    """The shipped example, its first meter a plain one at this place, and no other one with an
    address."""
    document = tomllib.loads((CONFIG / "examples" / "register.toml").read_text("utf-8"))
    for one in document["meters"]:
        one.pop("gateway", None)
        one["sgc"] = SGC
    document["meters"][0] |= {"model": model, "gateway": {"place": place}}
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


def test_a_meter_of_another_protocol_is_on_record_by_its_own_address(tmp_path: Path) -> None:
    model = "dlt645-2007"
    with served(model, "tcp") as standin:
        assert standin.stand is not None
        place = f"rtu-tcp://{standin.stand.address}/{standin.station}"
        raseed = registered(tmp_path, place, model)
        told = raseed.run("meter", "state", NUMBER, "--json")
        assert told.code == 0, told.err
        assert told.json["account"]["balance"]["quality"] == "good"
        told = raseed.run("meter", "sweep", "--json")
        assert told.code == 0, told.err
        assert [one["name"] for one in told.json["readings"]] == [
            "energy.active.import", "account.balance",
        ]  # fmt: skip


def test_a_place_that_is_none_is_not_written_down(tmp_path: Path) -> None:
    document = tomllib.loads((CONFIG / "examples" / "register.toml").read_text("utf-8"))
    shell = town_shell(tmp_path)
    for place in ("rtu-tcp://nowhere/7", "serial:///etc/passwd/7", "7", "tcp://x:502/7 "):
        document["meters"][0]["gateway"] = {"place": place}
        file = tmp_path / "parties.json"
        file.write_text(json.dumps(document), "utf-8")
        assert shell.run("register", str(file)).code == 2


def test_what_was_confirmed_at_a_meter_counts_from_then_on(tmp_path: Path) -> None:
    model, name = "gavazzi-em24", "energy.active.import"
    order = ("meter", "commission", NUMBER, "--reason", "new house", "--json")
    with served(model, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)

        def quality(*more: str) -> str:
            told = raseed.run("meter", "read", NUMBER, name, "--json", *more)
            assert told.code == 0, told.err
            found: str = told.json["readings"][0]["quality"]
            return found

        assert quality() == "suspect"
        told = raseed.run(*order, name)
        assert (told.code, "commissioning_unconfirmed" in told.err) == (3, True)
        assert raseed.run("meter", "commands", "--json").json["commands"] == []
        told = raseed.run(*order, "no.such.thing", "--yes")
        assert (told.code, "meter.reading_unknown" in told.err) == (2, True)
        told = raseed.run(*order, name, "--yes")
        assert told.code == 0, told.err
        assert told.json["identity"]["serial"] == standin.meter.serial
        assert told.json["confirmed"] == [name]
        assert "energy.active.resettable" in told.json["open"]
        assert quality() == "good"
        (kept,) = raseed.run("meter", "commands", NUMBER, "--json").json["commands"]
        assert (kept["command"], kept["serial"]) == ("commission", standin.meter.serial)
        assert f"{name} = 1234" in kept["params"]["values"]
        # Another meter in its place is not read under this number until somebody has been there.
        standin.strike("meter_swapped")
        told = raseed.run("meter", "read", NUMBER, name)
        assert (told.code, "meter.mismatch" in told.err) == (2, True)
        assert raseed.run(*order, "--yes").code == 0
        assert quality() == "suspect"


def test_what_its_check_denies_is_not_confirmed(tmp_path: Path) -> None:
    model, name = "chint-ddsu666", "power.active"
    order = ("meter", "commission", NUMBER, "--reason", "new house", "--yes", "--json")
    with served(model, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)
        standin.strike("scaled", factor="0.001", register="power.active")
        for more in ((name,), (name, "--despite", "power_unit"), ()):
            told = raseed.run(*order, *more)
            assert (told.code, "meter.check_failed" in told.err) == (3, True), told.err
        # What has nothing to do with it may be told for a reason.
        told = raseed.run(*order, "line.baud", "--despite", "power_unit")
        assert told.code == 0, told.err
        standin.heal()
        assert raseed.run(*order, name).code == 0
    told = raseed.run("meter", "commission", "tcp://127.0.0.1:502/7", "--reason", "x", "--yes")
    assert (told.code, "meter.not_on_record" in told.err) == (2, True)


def test_all_meters_on_record_are_read_and_followed(tmp_path: Path) -> None:
    keep = tmp_path / "counters.json"
    order = ("meter", "sweep", "--keep", str(keep), "--json")
    with served(MODEL, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"))
        told = raseed.run(*order)
        assert told.code == 0, told.err
        (counter,) = told.json["readings"]
        assert (counter["meter"], counter["quality"]) == (NUMBER, "good")
        assert "flowed" not in counter
        told = raseed.run(*order)
        assert told.code == 0, told.err
        assert 0 <= float(told.json["readings"][0]["flowed"]) < 1
        standin.strike("jump_back", register="energy.active.*", by="50")
        told = raseed.run(*order)
        assert (told.code, told.json["readings"][0]["doubt"]) == (3, "back")
        told = raseed.run(*order[:-1])
        assert (told.code, "waits for somebody" in told.out) == (3, True)
        assert raseed.run(*order, "--settle", NUMBER).code == 0
        standin.strike("silent", number=50)
        told = raseed.run(*order)
        assert told.code == 4
        (outage,) = told.json["outages"]
        assert (outage["whole"], outage["meters"]) == (False, [NUMBER])
        told = raseed.run(*order[:-1], RASEED_LANG="ar")
        assert NUMBER in told.out
    keep.write_text("{", "utf-8")
    told = raseed.run(*order)
    assert (told.code, "meter.sweep_memory" in told.err) == (70, True)


def test_a_sweep_that_goes_on_reads_what_is_on_record_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "counters.json"
    order = ("meter", "sweep", "--keep", str(keep), "--json")
    with served(MODEL, "rtu-tcp") as first, served(MODEL, "rtu-tcp") as second:
        raseed = registered(tmp_path, at(first, "rtu-tcp"))

        def others_come(_: float) -> None:
            told = raseed.run(*order)
            assert (told.code, "meter.memory_in_use" in told.err) == (4, True)
            parties = town(more_meters=1)
            place = GatewayPlace(at(second, "rtu-tcp"))
            meter = replace(parties.meters[-1], model=MODEL, gateway=place)
            with open_raseed(Settings(data=tmp_path)) as opened:
                new = Registration(meters=(meter,), agreements=parties.agreements[-1:])
                opened.service.register(ADMIN, new)

        monkeypatch.setattr("vending.cli.rounds.time.sleep", others_come)
        told = raseed.run(*order, "--every", "1", "--rounds", "2")
        assert told.code == 0, told.err
        assert told.out.count('"quality"') == 1 + 2


def test_a_makers_own_number_is_not_ours(tmp_path: Path) -> None:
    model, name = "xintai-valve", "account.balance"
    with served(model, "rtu-tcp") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)
        assert raseed.run("meter", "read", NUMBER, name).code == 0
        order = (
            "meter",
            "commission",
            NUMBER,
            "meter.number",
            "--reason",
            "new",
            "--yes",
            "--json",
        )
        told = raseed.run(*order)
        assert told.code == 0, told.err
        own = told.json["identity"]["number"]
        assert own not in ("", NUMBER)
        assert raseed.run("meter", "commands", "--json").json["commands"][0]["serial"] == own
        assert raseed.run("meter", "read", NUMBER, name).code == 0
        standin.strike("meter_swapped")
        told = raseed.run("meter", "read", NUMBER, name)
        assert (told.code, "meter.mismatch" in told.err) == (2, True)


def test_another_firmware_than_was_commissioned_is_read_only(tmp_path: Path) -> None:
    model, name = "eastron-sdm120", "set_pulse_width"
    order = ("meter", "commission", NUMBER, "--reason", "new house", "--yes", "--json")
    write = ("meter", "command", NUMBER, name, "ms=60", "--reason", "test lamp", "--yes")
    with served(model, "rtu-tcp", firmware="258") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)
        told = raseed.run(*order)
        assert told.code == 0, told.err
        assert told.json["identity"]["firmware"] == "258"
        kept = raseed.run("meter", "commands", "--json").json["commands"][0]
        assert kept["params"]["firmware"] == "258"
        assert raseed.run(*write).code == 0
        assert raseed.run("meter", "identify", NUMBER, "--json").json["read_only"] is False
        standin.meter.keep("meter.firmware", Decimal(259))
        standin.meter.forget()
        # Reading goes on.
        told = raseed.run("meter", "read", NUMBER, "energy.active.import", "--json")
        assert (told.code, told.json["readings"][0]["quality"]) == (0, "good")
        told = raseed.run(*write, "--json")
        assert (told.code, "meter.firmware_unknown" in told.err) == (3, True)
        told = raseed.run(*write)
        assert (told.code, "only read until a technician" in told.err) == (3, True)
        told = raseed.run(*write, RASEED_LANG="ar")
        assert (told.code, "يُقرأ فقط" in told.err) == (3, True)
        kept = raseed.run("meter", "commands", "--json").json["commands"][0]
        assert (kept["state"], kept["detail"]) == ("not_sent", "meter.firmware_unknown")
        told = raseed.run("meter", "identify", NUMBER, "--json")
        assert (told.code, told.json["read_only"], told.json["commands"]) == (0, True, [])
        assert "set_unit_id" not in told.json["can"]
        assert "Read only (firmware not known): yes" in raseed.run("meter", "identify", NUMBER).out
        assert "للقراءة فقط" in raseed.run("meter", "identify", NUMBER, RASEED_LANG="ar").out
        # Until somebody has been there again.
        assert raseed.run(*order).code == 0
        assert raseed.run(*write).code == 0


def test_a_variant_is_shown_and_what_it_lacks_is_missing(tmp_path: Path) -> None:
    model, names = "schneider-iem3155", ("energy.active.import", "energy.active.export")
    with served(model, "rtu-tcp", variant="basic") as standin:
        raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)
        told = raseed.run("meter", "identify", NUMBER, "--json")
        assert told.code == 0, told.err
        assert (told.json["model"], told.json["variant"]) == ("iEM3150", "basic")
        assert "Variant: basic" in raseed.run("meter", "identify", NUMBER).out
        told = raseed.run("meter", "read", NUMBER, *names, "--json")
        assert told.code == 0, told.err
        seen = [(one["quality"], one["reason"]) for one in told.json["readings"]]
        assert seen == [("good", ""), ("bad", "missing")]
        told = raseed.run("meter", "sweep", "--json")
        assert told.code == 0, told.err


def test_a_firmware_that_no_variant_knows_is_confirmed_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A made-up map among the shipped ones, of a model that is told by its firmware."""
    model = "acme-one"
    source = (MAPS_FOLDER / "eastron-sdm120.toml").read_text("utf-8")
    source = source.replace('id = "eastron-sdm120"', f'id = "{model}"')
    known = '[[variant]]\nname = "first"\nfirmware = "/^25[0-9]$/"\nsource = ["vendor"]\n'
    folder = tmp_path / "maps"
    shutil.copytree(MAPS_FOLDER, folder)
    (folder / f"{model}.toml").write_text(f"{source}\n{known}", "utf-8")
    monkeypatch.setattr("drivers.maps.reading.MAPS_FOLDER", folder)
    monkeypatch.setattr("vending.wiring.shipped_models", lambda: (model, "raseed-payment"))
    for cached in (shipped_ids, shipped_map):
        cached.cache_clear()
    order = ("meter", "commission", NUMBER, "--reason", "new house", "--yes", "--json")
    write = ("meter", "command", NUMBER, "set_pulse_width", "ms=60", "--reason", "x", "--yes")
    try:
        with served(model, "rtu-tcp", firmware="300") as standin:
            raseed = registered(tmp_path, at(standin, "rtu-tcp"), model)
            assert raseed.run("meter", "read", NUMBER, "voltage.l1n").code == 0
            told = raseed.run(*write)
            assert (told.code, "300" in told.err) == (3, True), told.err
            told = raseed.run(*order)
            assert told.code == 0, told.err
            assert told.json["open"][0] == "firmware"
            assert raseed.run(*write).code == 3
            told = raseed.run(*order, "firmware")
            assert told.code == 0, told.err
            assert (told.json["confirmed"], "firmware" in told.json["open"]) == (
                ["firmware"],
                False,
            )
            told = raseed.run(*write)
            assert told.code == 0, told.err
    finally:
        monkeypatch.undo()
        for cached in (shipped_ids, shipped_map):
            cached.cache_clear()
