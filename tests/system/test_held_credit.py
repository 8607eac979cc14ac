"""Meters whose credit the house holds, by the commands that a clerk and the clock give."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from meters.heldcredit import Order, Standing
from meters.identity import Drn
from simulators.faults.base import HONEST, Ask, Effect, Fault, Layer, Piece
from simulators.loads import PER_UNIT
from tests.contracts.standins import Standin, served
from tests.drivers.test_heldcredit import SaysOff
from tests.system.test_meter_records import at
from tests.vending.cli.support import Told, town_shell
from tests.vending.support import ADMIN, POWER, town
from vending.cli.context import Cli
from vending.cli.credit_rounds import CreditMemory, CreditRounds, Row
from vending.cli.rounds import owned
from vending.messages import Language
from vending.parties import Actor, GatewayPlace, Registration, Role
from vending.settings import Settings
from vending.store.acts import SqlActs
from vending.surroundings import CONFIG
from vending.wiring import open_raseed

pytestmark = pytest.mark.system

MODEL = "hiking-dds238"
NUMBER = POWER.number
BESIDE = Drn.from_serial("01", 5000)
"""Of the second house, where there are two; orders go by number."""
ROOT = Path(__file__).parents[2]


def flows(standin: Standin) -> bool:
    return standin.meter.place.switch.closed


class Desk:
    """Where the credit is looked after."""

    def __init__(
        self, folder: Path, standin: Standin, model: str = MODEL, beside: Standin | None = None
    ) -> None:
        parties = town(more_meters=1)
        there = {POWER: standin} if beside is None else {POWER: standin, BESIDE: beside}
        meters = tuple(
            replace(one, model=model, gateway=GatewayPlace(at(there[one.number], "rtu-tcp")))
            if one.number in there
            else one
            for one in parties.meters
        )
        self.raseed = town_shell(folder, replace(parties, meters=meters))
        self.memory = folder / "credit.json"

    def hold(self, number: str = NUMBER) -> Told:
        return self.raseed.run("meter", "hold", number, "--reason", "a relay meter", "--json")

    def round(self, code: int, *more: str, **environment: str) -> Any:
        (row,) = self.rounds(code, *more, **environment)
        return row

    def rounds(self, code: int, *more: str, **environment: str) -> list[Any]:
        """Of all meters, by number."""
        told = self.raseed.run(
            "meter", "credit", "--keep", str(self.memory), "--json", *more, **environment
        )
        assert told.code == code, (told.code, told.out, told.err)
        rows: list[Any] = told.json["meters"]
        return rows

    def two_rounds(self) -> Told:
        return self.raseed.run(
            "meter", "credit", "--keep", str(self.memory), "--switch", "--every", "1",
            "--rounds", "2", "--json",
        )  # fmt: skip

    def sell(self, id: str, number: str = NUMBER) -> None:
        told = self.raseed.run("vend", number, "50", "--id", id, "--point", "P1", "--json")
        assert told.code == 0, told.err

    def commanded(self, number: str) -> list[tuple[str, str]]:
        """What was done to its supply and what became of it, in the order of time."""
        told = self.raseed.run("meter", "commands", number, "--json").json["commands"]
        return [
            (one["command"], one["state"]) for one in reversed(told) if "supply" in one["command"]
        ]

    def started(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command line as a process of its own."""
        told = {**os.environ, **self.raseed.environment}
        return subprocess.Popen(
            [sys.executable, "-m", "vending.cli", *arguments],
            cwd=ROOT,
            env={name: value for name, value in told.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@dataclass(slots=True)
class KillsItsMaster(Fault):
    """Whoever gives this meter an order is killed by it, and is never answered."""

    layer: ClassVar[Layer] = Layer.METER
    obeys: bool = False
    """Whether the order is carried out all the same."""
    master: Future[subprocess.Popen[bytes]] = field(default_factory=Future)

    def effect(self, ask: Ask) -> Effect:
        if self.obeys or not ask.is_write:
            return HONEST
        self.master.result(20).kill()
        return Effect(execute=False, reply=False)

    def reply(self, pieces: list[Piece], ask: Ask) -> list[Piece]:
        if not ask.is_write:
            return pieces
        self.master.result(20).kill()
        return []


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
        assert (told.code, told.json) == (0, {"meters": [], "taken_out": []})


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


def test_who_cuts_it_when_it_is_off_already_decides_as_well(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        assert desk.round(0, "--switch")["outcome"] == "done"
        supply = ("--reason", "work at the wires", "--yes")
        told = desk.raseed.run("meter", "command", NUMBER, "close_supply", *supply)
        assert told.code == 0, told.err
        desk.sell("v-1")
        row = desk.round(0, "--switch")
        assert (row["standing"], row["order"]) == ("off_otherwise", None)
        # Nobody is sent to switch it on either.
        standin.strike("link_down")
        row = desk.round(4, "--switch")
        assert (row["standing"], row["visit"]) == ("off_otherwise", False)
        standin.heal()
        assert not flows(standin)
        told = desk.raseed.run("meter", "command", NUMBER, "open_supply", *supply)
        assert told.code == 0, told.err
        assert desk.round(0, "--switch")["standing"] == "supplied"


def test_a_welded_relay_is_somebodys_work(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        standin.strike("relay_welded")
        row = desk.round(3, "--switch")
        assert (row["order"], row["outcome"]) == ("close_supply", "declined")


def test_a_relay_that_says_it_is_off_and_lets_through_is_somebodys_work(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        welded = SaysOff()
        welded.bind("a relay")
        standin.meter.faults = standin.meter.faults.plus(welded)
        assert desk.round(0, "--switch")["standing"] == "used_up"
        # 0.01 kWh, which is the least that it shows.
        standin.meter.place.forward += 10 * PER_UNIT
        standin.meter.forget()
        row = desk.round(3, "--switch")
        assert (row["standing"], row["problem"]) == ("used_up", "still_drawn")


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


def test_a_memory_is_one_programs_and_can_be_written(tmp_path: Path) -> None:
    raseed = town_shell(tmp_path)
    file = tmp_path / "credit.json"
    with owned(file):
        told = raseed.run("meter", "credit", "--keep", str(file))
        assert (told.code, "meter.memory_in_use" in told.err) == (4, True)
    assert raseed.run("meter", "credit", "--keep", str(file)).code == 0
    told = raseed.run("meter", "credit", "--keep", str(tmp_path / "none" / "credit.json"))
    assert (told.code, "meter.memory_unwritable" in told.err) == (4, True)


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
        told = desk.two_rounds()
        assert told.code == 0, told.err
        assert told.out.count('"standing"') == 1
        assert flows(standin)


@pytest.mark.parametrize("obeys", [False, True])
def test_a_round_that_is_killed_between_two_orders(tmp_path: Path, obeys: bool) -> None:
    with served(MODEL, "rtu-tcp") as first, served(MODEL, "rtu-tcp") as second:
        desk = Desk(tmp_path, first, beside=second)
        numbers = (NUMBER, BESIDE.number)
        for number in numbers:
            assert desk.hold(number).code == 0
        deadly = KillsItsMaster(obeys)
        deadly.bind("the second house")
        second.meter.faults = second.meter.faults.plus(deadly)
        process = desk.started("meter", "credit", "--keep", str(desk.memory), "--switch")
        deadly.master.set_result(process)
        assert process.wait(60) == -signal.SIGKILL
        second.heal()
        assert (flows(first), flows(second)) == (False, not obeys)
        assert desk.commanded(NUMBER) == [("close_supply", "done")]
        assert desk.commanded(BESIDE.number) == [("close_supply", "begun")]
        known = json.loads(desk.memory.read_text("utf-8"))["credit"]["meters"]
        assert (known[NUMBER]["flows"], known[NUMBER]["cut"]) == (False, True)
        # The next round does what is left to do, and nothing twice.
        told = desk.rounds(0, "--switch")
        assert [one["standing"] for one in told] == ["used_up", "used_up"]
        assert [one["order"] for one in told] == [None, None if obeys else "close_supply"]
        assert (flows(first), flows(second)) == (False, False)
        # Who was cut for the credit is switched on by it, also if nobody heard that it was cut.
        for number in numbers:
            desk.sell(f"v-{number}", number)
        assert [one["outcome"] for one in desk.rounds(0, "--switch")] == ["done", "done"]
        assert (flows(first), flows(second)) == (True, True)
        cut, on = ("close_supply", "done"), ("open_supply", "done")
        assert desk.commanded(NUMBER) == [cut, on]
        again = [] if obeys else [cut]
        assert desk.commanded(BESIDE.number) == [("close_supply", "begun"), *again, on]
        # And who is cut for another reason stays off.
        told_off = desk.raseed.run(
            "meter", "command", NUMBER, "close_supply", "--reason", "bypassed", "--yes"
        )
        assert told_off.code == 0, told_off.err
        told = desk.rounds(0, "--switch")
        assert [one["standing"] for one in told] == ["off_otherwise", "supplied"]
        assert (flows(first), flows(second)) == (False, True)


def test_a_meter_that_was_taken_out_is_told_until_it_is_released(tmp_path: Path) -> None:
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        with open_raseed(Settings(data=tmp_path)) as raseed:
            file = raseed.service.meter(ADMIN, NUMBER)
            spare = replace(file.meter, number=Drn.from_serial("01", 9000), gateway=None)
            with SqlActs(raseed.store).writing() as books:
                books.exchange(file.agreement.number, spare)
        order = ("meter", "credit", "--keep", str(desk.memory), "--switch")
        told = desk.raseed.run(*order, "--json")
        assert (told.code, told.json) == (3, {"meters": [], "taken_out": [NUMBER]})
        told = desk.raseed.run(*order, RASEED_LANG="ar")
        assert (told.code, f"raseed meter release {NUMBER}" in told.out) == (3, True)
        # It is not ours to switch any more.
        assert flows(standin)
        assert desk.raseed.run("meter", "release", NUMBER, "--reason", "exchanged").code == 0
        told = desk.raseed.run(*order, "--json")
        assert (told.code, told.json) == (0, {"meters": [], "taken_out": []})


def test_a_reading_that_has_grown_old_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vending.cli.credit_rounds._FRESH", timedelta(0))
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(tmp_path, standin)
        assert desk.hold().code == 0
        row = desk.round(0, "--switch")
        assert (row["order"], row["outcome"]) == ("close_supply", "done")
        assert not flows(standin)


def test_a_meter_that_is_registered_between_two_rounds_is_read_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(MODEL, "rtu-tcp") as first, served(MODEL, "rtu-tcp") as second:
        desk = Desk(tmp_path, first)
        assert desk.hold().code == 0

        def registered(_: float) -> None:
            parties = town(more_meters=2)
            place = at(second, "rtu-tcp")
            meter = replace(parties.meters[-1], model=MODEL, gateway=GatewayPlace(place))
            (counter,) = second.device().read(["energy.active.import"])
            with open_raseed(Settings(data=tmp_path)) as raseed:
                new = Registration(meters=(meter,), agreements=parties.agreements[-1:])
                raseed.service.register(ADMIN, new)
                raseed.held_credits.begin(
                    "h-2", Actor("Salma", Role.BILLING), "a new house",
                    counter=counter, meter=meter.number.number, place=place,
                )  # fmt: skip

        monkeypatch.setattr("vending.cli.rounds.time.sleep", registered)
        told = desk.two_rounds()
        assert told.code == 0, (told.out, told.err)
        assert (flows(first), flows(second)) == (False, False)


@contextmanager
def one_is_due(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Desk, Standin, CreditRounds, Row]]:
    """A meter that has been read, is to be cut off, and has not been yet."""
    with served(MODEL, "rtu-tcp") as standin:
        desk = Desk(folder, standin)
        assert desk.hold().code == 0
        monkeypatch.setenv("RASEED_DATA", str(folder))
        with open_raseed(Settings(data=folder)) as raseed:
            rounds = CreditRounds(raseed, Cli(Language.ENGLISH).actor(), CreditMemory())
            (due,) = rounds.round()
            assert due.judgement.order is Order.CUT
            yield desk, standin, rounds, due


def test_an_order_that_the_link_did_not_carry_is_given_by_the_next_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = Cli(Language.ENGLISH)
    with one_is_due(tmp_path, monkeypatch) as (_, standin, rounds, due):
        standin.strike("link_down")
        (row,) = rounds.switched(cli, [due], lambda: None)
        assert (row.outcome, row.is_tried_again) == ("meter.unreachable", True)
        assert not row.needs_somebody
        (held,) = rounds._raseed.held_credits.all(cli.actor())
        assert not rounds._memory.holding.known(held.hold).unsure
        standin.heal()
        (row,) = rounds.switched(cli, rounds.round(), lambda: None)
        assert (row.outcome, flows(standin)) == ("done", False)


def test_who_pays_between_the_reading_and_the_order_is_told_as_paid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with one_is_due(tmp_path, monkeypatch) as (desk, standin, rounds, due):
        desk.sell("v-1")
        (row,) = rounds.switched(Cli(Language.ENGLISH), [due], lambda: None)
        assert (row.judgement.standing, row.judgement.order) == (Standing.SUPPLIED, None)
        assert (row.outcome, flows(standin)) == ("", True)
