"""Records of commands to meters, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from meters.device import CommandRecord, Frame, Outcome, Warrant
from meters.gateway import MeterUnreachable
from tests.vending.support import OPERATOR, POWER, START, SetClock, Town
from vending.meterwork import MeterWorks, WorkState
from vending.parties import Actor, ActorNotAllowed, Role
from vending.store.meter_commands import SqlMeterWorks

TECHNICIAN = Actor("Noor", Role.TECHNICIAN)
WARRANT = Warrant("Noor", "technician", "arrears since May")
FRAMES = (Frame(True, "01 06 ** **"), Frame(False, "01 06 00 00"))


@pytest.fixture
def town(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    yield made
    made.store.close()


def works_of(town: Town) -> MeterWorks:
    """Each act a second after the one before."""
    clock = SetClock()

    def ticking() -> datetime:
        clock.forward(seconds=1)
        return clock()

    return MeterWorks(SqlMeterWorks(town.store), ticking)


def record(outcome: Outcome) -> CommandRecord:
    return CommandRecord("close_supply", {"x": "1"}, WARRANT, outcome, "read_back", FRAMES, START)


def test_a_command_is_there_before_it_is_sent_and_then_with_its_end(town: Town) -> None:
    works, number = works_of(town), POWER.number
    begun = works.begin(
        "w-1", WARRANT, "close_supply", {"password": "****"},
        meter=number, place="tcp://127.0.0.1:502/7", model="hiking-dds238 1", serial="77",
    )  # fmt: skip
    (kept,) = works.listed(TECHNICIAN)
    assert (kept, kept.state, kept.params["password"]) == (begun, WorkState.BEGUN, "****")
    ended = works.end(begun, record(Outcome.DONE))
    (kept,) = works.listed(TECHNICIAN, number)
    assert kept == ended
    assert (kept.state, kept.detail, kept.frames) == (WorkState.DONE, "read_back", FRAMES)
    assert works.listed(TECHNICIAN, "07000090022") == []


def test_latest_first_each_once(town: Town) -> None:
    works = works_of(town)
    first = works.begin("w-1", WARRANT, "close_supply", {})
    works.begin("w-2", WARRANT, "open_supply", {})
    assert [one.id for one in works.listed(TECHNICIAN)] == ["w-2", "w-1"]
    works.failed(first, MeterUnreachable("7", "timeout"))
    told = [(one.id, one.state, one.detail) for one in works.listed(TECHNICIAN)]
    assert told == [
        ("w-1", WorkState.NOT_SENT, "meter.unreachable"),
        ("w-2", WorkState.BEGUN, ""),
    ]
    assert len(works.listed(TECHNICIAN, limit=1)) == 1


def test_who_sells_does_not_look_into_them(town: Town) -> None:
    with pytest.raises(ActorNotAllowed):
        works_of(town).listed(OPERATOR)


def test_nothing_is_changed_and_nothing_ends_twice(town: Town) -> None:
    works = works_of(town)
    begun = works.begin("w-1", WARRANT, "close_supply", {})
    works.end(begun, record(Outcome.UNKNOWN))
    with pytest.raises(Exception, match=r"UNIQUE|unique|integrity|store"):
        works.end(begun, record(Outcome.DONE))
    for statement in ("UPDATE meter_commands SET state = 'done'", "DELETE FROM meter_commands"):
        with town.store.engine.connect() as db, pytest.raises(Exception, match="insert-only"):
            db.execute(text(statement))
    (kept,) = works.listed(TECHNICIAN)
    assert kept.state is WorkState.UNKNOWN
