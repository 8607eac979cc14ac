"""Meters whose credit the house holds, by the commands that a clerk and the clock give."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.standins import Standin, served
from tests.system.test_meter_records import at
from tests.vending.cli.support import Told, town_shell
from tests.vending.support import POWER, town
from vending.parties import Actor, GatewayPlace, Role
from vending.settings import Settings
from vending.surroundings import CONFIG
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"
NUMBER = POWER.number


def flows(standin: Standin) -> bool:
    return standin.meter.place.switch.closed


class Desk:
    """Where the credit is looked after."""

    def __init__(self, folder: Path, standin: Standin, model: str = MODEL) -> None:
        parties = town()
        reached = GatewayPlace(at(standin, "rtu-tcp"))
        meters = tuple(
            replace(one, model=model, gateway=reached) if one.number == POWER else one
            for one in parties.meters
        )
        self.raseed = town_shell(folder, replace(parties, meters=meters))
        self.memory = folder / "credit.json"

    def hold(self) -> Told:
        return self.raseed.run("meter", "hold", NUMBER, "--reason", "a relay meter", "--json")

    def round(self, code: int, *more: str, **environment: str) -> Any:
        told = self.raseed.run(
            "meter", "credit", "--keep", str(self.memory), "--json", *more, **environment
        )
        assert told.code == code, (told.code, told.out, told.err)
        (row,) = told.json["meters"]
        return row

    def sell(self, id: str) -> None:
        told = self.raseed.run("vend", NUMBER, "50", "--id", id, "--point", "P1", "--json")
        assert told.code == 0, told.err


def test_it_is_cut_when_it_is_used_up_and_on_again_when_it_is_paid(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        told = desk.hold()
        assert told.code == 0, told.err
        assert told.json == {"meter": NUMBER, "counter": "1234.00", "unit": "kWh"}
        assert desk.hold().code == 3
        row = desk.round(0)
        # Told, and not done by itself.
        assert (row["standing"], row["order"], row["outcome"]) == ("used_up", "close_supply", None)
        assert (row["class"], row["unit"]) == ("domestic", "kWh")
        assert flows(standin)
        row = desk.round(0, "--switch")
        assert (row["order"], row["outcome"]) == ("close_supply", "done")
        assert not flows(standin)
        assert desk.round(0, "--switch")["order"] is None
        desk.sell("v-1")
        row = desk.round(0, "--switch")
        assert (row["standing"], row["order"]) == ("supplied", "open_supply")
        assert float(row["left"]) > 50
        assert flows(standin)
        works = desk.raseed.run("meter", "commands", NUMBER, "--json").json["commands"]
        assert [(one["command"], one["state"], one["reason"]) for one in works] == [
            ("open_supply", "done", "credit was bought again"),
            ("close_supply", "done", "the credit that the house holds is used up"),
            ("hold_credit", "done", "a relay meter"),
        ]
        told = desk.raseed.run("meter", "release", NUMBER, "--reason", "a token meter now")
        assert (told.code, NUMBER in told.out) == (0, True)
        told = desk.raseed.run("meter", "credit", "--keep", str(desk.memory), "--json")
        assert (told.code, told.json) == (0, {"meters": []})


def test_a_meter_that_is_silent_is_not_begun_with(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        standin.strike("link_down")
        told = desk.hold()
        assert (told.code, "meter.unreachable" in told.err) == (4, True), told.err


def test_in_the_dark_its_class_decides(tmp_path: Path) -> None:
    hard, soft = tmp_path / "hard.toml", tmp_path / "soft.toml"
    shipped = (CONFIG / "held-credit.toml").read_text("utf-8")
    limits = 'domestic = {hours = "24", units = "6", then = "off"}'
    assert limits in shipped
    for file, then in ((hard, "off"), (soft, "on")):
        now = f'domestic = {{hours = "0", units = "0", then = "{then}"}}'
        file.write_text(shipped.replace(limits, now), "utf-8")
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        standin.strike("link_down")
        row = desk.round(4, "--switch")
        assert (row["standing"], row["order"], row["visit"]) == ("grace", None, False)
        row = desk.round(3, "--switch", RASEED_METERS__HELD_CREDIT=str(hard))
        assert (row["standing"], row["order"], row["visit"]) == ("overdue", None, True)
        row = desk.round(4, "--switch", RASEED_METERS__HELD_CREDIT=str(soft))
        assert (row["standing"], row["order"], row["visit"]) == ("granted", None, False)
        # Cut, dark again, and paid for: somebody goes there.
        standin.heal()
        assert desk.round(0, "--switch")["outcome"] == "done"
        standin.strike("link_down")
        desk.sell("v-1")
        row = desk.round(3, "--switch")
        assert (row["standing"], row["visit"]) == ("stranded", True)
        shown = desk.raseed.run("meter", "credit", "--keep", str(desk.memory), RASEED_LANG="ar")
        assert (shown.code, "يوصل باليد عند العداد" in shown.out) == (3, True)
        assert "منزلي" in shown.out


def test_who_cut_it_for_another_reason_decides(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        desk.sell("v-1")
        told = desk.raseed.run(
            "meter", "command", NUMBER, "close_supply", "--reason", "bypassed", "--yes"
        )
        assert told.code == 0, told.err
        row = desk.round(0, "--switch")
        assert (row["standing"], row["order"]) == ("off_otherwise", None)
        assert not flows(standin)


def test_a_welded_relay_is_somebodys_work(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        standin.strike("relay_welded")
        row = desk.round(3, "--switch")
        assert (row["order"], row["outcome"]) == ("close_supply", "declined")


@pytest.mark.parametrize(
    ("model", "code"),
    [("xintai-valve", "held_credit.own"), ("eastron-sdm120", "meter.not_capable")],
)
def test_a_model_that_needs_none_or_cannot_be_cut(tmp_path: Path, model: str, code: str) -> None:
    with served(model, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin, model)
        told = desk.hold()
        assert (told.code, code in told.err) == (3, True), told.err


def test_a_file_of_graces_that_lacks_a_class_stops_everything(tmp_path: Path) -> None:
    file = tmp_path / "graces.toml"
    shipped = (CONFIG / "held-credit.toml").read_text("utf-8")
    file.write_text(re.sub("(?m)^social.*$", "", shipped), "utf-8")
    told = town_shell(tmp_path).run("meter", "list", RASEED_METERS__HELD_CREDIT=str(file))
    assert (told.code, "held_credit.graces_malformed" in told.err) == (2, True)
    assert "electricity.social" in told.err


@pytest.mark.parametrize("text", ["[]", "{}", '{"counters": {"format": 1}}', "{", "\x00"])
def test_a_memory_that_is_not_ours_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credit.json"
    file.write_text(text, "utf-8")
    told = town_shell(tmp_path).run("meter", "credit", "--keep", str(file))
    assert "meter.sweep_memory" in told.err
    assert file.read_text("utf-8") == text


def test_a_counter_that_went_back_is_held_anew(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        desk.sell("v-1")
        before = float(desk.round(0)["left"])
        standin.strike("jump_back", register="energy.active.import", by="10")
        row = desk.round(3, "--switch")
        assert (row["problem"], row["order"]) == ("doubted", None)
        told = desk.raseed.run("meter", "release", NUMBER, "--reason", "the battery was changed")
        assert told.code == 0, told.err
        assert desk.hold().code == 0
        # It begins with nothing, and nothing of the earlier holding is counted into it.
        row = desk.round(0)
        assert (row["standing"], row["problem"]) == ("used_up", None)
        desk.sell("v-2")
        assert abs(float(desk.round(0)["left"]) - before) < 1


def test_a_meter_that_is_released_between_two_rounds_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        standin.strike("link_down")

        def released(_: float) -> None:
            standin.heal()
            with open_raseed(Settings(data=tmp_path)) as raseed:
                raseed.held_credits.end("r-1", Actor("Salma", Role.BILLING), "moved", NUMBER)

        monkeypatch.setattr("vending.cli.rounds.time.sleep", released)
        told = desk.raseed.run(
            "meter", "credit", "--keep", str(desk.memory), "--switch", "--every", "1",
            "--rounds", "2", "--json",
        )  # fmt: skip
        assert told.code == 0, told.err
        assert told.out.count('"standing"') == 1
        assert flows(standin)
