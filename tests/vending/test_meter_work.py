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
from vending.meterwork import NOT_COMMISSIONED, Commissioned, MeterWork, MeterWorks, WorkState
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
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


def test_they_are_read_page_by_page(town: Town) -> None:
    works = works_of(town)
    for place in range(5):
        begun = works.begin(f"w-{place}", WARRANT, "close_supply", {}, meter=POWER.number)
        if place % 2:
            works.failed(begun, MeterUnreachable("7", "timeout"))
    whole = [one.id for one in works.listed(TECHNICIAN)]
    read: list[str] = []
    while page := works.listed(TECHNICIAN, POWER.number, 2, before=read[-1] if read else None):
        read += [one.id for one in page]
    assert read == whole == ["w-4", "w-3", "w-2", "w-1", "w-0"]
    assert works.listed(TECHNICIAN, before="nobody's\0") == []


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


def commissioned(
    works: MeterWorks,
    names: str = "",
    *,
    model: str = "chint-ddsu666@1",
    serial: str = "77",
    firmware: str = "",
) -> str:
    work = works.commission(
        f"c-{names}-{model}-{serial}-{firmware}",
        TECHNICIAN,
        "new house",
        meter=POWER.number,
        place="tcp://127.0.0.1:502/7",
        model=model,
        serial=serial,
        confirmed=[name for name in names.split(",") if name],
        seen={"values": "power.active = 1000 W"},
        firmware=firmware,
    )
    return work.id


def test_what_was_confirmed_is_of_this_meter_and_this_revision(town: Town) -> None:
    works, model = works_of(town), "chint-ddsu666@1"
    number = POWER.number
    assert works.commissioned(number, model) == NOT_COMMISSIONED
    commissioned(works, "power.active")
    commissioned(works, "line.baud,power.reactive")
    known = works.commissioned(number, model)
    assert known.serial == "77"
    assert known.confirmed == {"power.active", "line.baud", "power.reactive"}
    # A map that was revised may mean something else; who answers there is known all the same.
    assert works.commissioned(number, "chint-ddsu666@2") == Commissioned("77")
    assert works.commissioned(number, "chint-dtsu666@1") == NOT_COMMISSIONED
    assert works.commissioned("07000090022", model) == NOT_COMMISSIONED
    # Another meter was put there: it begins anew.
    commissioned(works, serial="78")
    assert works.commissioned(number, model) == Commissioned("78")
    commissioned(works, "power.active", serial="78")
    assert works.commissioned(number, model) == Commissioned("78", frozenset({"power.active"}))
    # All of it stands among the commands, with what it was settled by.
    kept = works.listed(TECHNICIAN, number)
    assert [one.command for one in kept] == ["commission"] * 4
    assert kept[0].params["values"] == "power.active = 1000 W"
    assert (kept[0].actor, kept[0].reason, kept[0].state) == ("Noor", "new house", WorkState.DONE)


def test_what_was_confirmed_is_of_this_firmware(town: Town) -> None:
    works, model, number = works_of(town), "chint-ddsu666@1", POWER.number
    commissioned(works, "power.active", firmware="3")
    commissioned(works, "line.baud", firmware="3")
    assert works.commissioned(number, model) == Commissioned(
        "77", frozenset({"power.active", "line.baud"}), "3"
    )
    # A map that was revised, and another meter, begin anew.
    assert works.commissioned(number, "chint-ddsu666@2") == Commissioned("77")
    commissioned(works, "power.reactive", firmware="4")
    assert works.commissioned(number, model) == Commissioned(
        "77", frozenset({"power.reactive"}), "4"
    )
    commissioned(works, serial="78")
    assert works.commissioned(number, model) == Commissioned("78")
    assert [one.params["firmware"] for one in works.listed(TECHNICIAN, number)] == [
        "", "4", "3", "3",
    ]  # fmt: skip


def test_records_of_before_have_no_firmware(town: Town) -> None:
    works, model, number = works_of(town), "chint-ddsu666@1", POWER.number
    old = MeterWork(
        id="c-0", at=START, meter=number, place="", model=model, serial="77", command="commission",
        params={"confirmed": "power.active"}, actor="Noor", role="technician", reason="new",
        state=WorkState.DONE, detail="commissioned",
    )  # fmt: skip
    with SqlMeterWorks(town.store).writing() as books:
        books.add_work(old)
    assert works.commissioned(number, model) == Commissioned("77", frozenset({"power.active"}))
    # It is there from the next time on, and what was confirmed before still counts.
    commissioned(works, "line.baud", firmware="3")
    assert works.commissioned(number, model) == Commissioned(
        "77", frozenset({"power.active", "line.baud"}), "3"
    )


def test_an_operator_commissions_nothing(town: Town) -> None:
    works = works_of(town)
    with pytest.raises(ActorNotAllowed):
        works.commission(
            "c-1", OPERATOR, "why not", meter=POWER.number, place="", model="x@1", serial="",
            confirmed=[], seen={},
        )  # fmt: skip
    assert works.listed(TECHNICIAN) == []
