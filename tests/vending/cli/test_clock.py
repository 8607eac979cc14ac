"""`raseed clock` in a house that was closed over the holidays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.vending.support import OPERATOR, POWER, SetClock, new_store, request, service
from vending.parties import Role
from vending.permissions import ALLOWED

from .support import Shell, Told

WHY = "Eid: closed for nine days"


@pytest.fixture
def closed(town: Shell) -> Shell:
    """The last sale was nine days ago."""
    clock = SetClock(datetime.now(UTC) - timedelta(days=9))
    store = new_store(town.folder / "raseed.db")
    service(store, clock).vend(OPERATOR, request("before"))
    store.close()
    return town


def vend(shell: Shell, vend_id: str) -> Told:
    place = ("--point", "P1", "--terminal", "T1")
    return shell.run("vend", POWER.number, "50", "--id", vend_id, *place, "--json")


def test_a_house_that_was_closed_sells_once_somebody_has_looked_at_the_clock(
    closed: Shell,
) -> None:
    told = vend(closed, "first")
    assert told.code == 3
    assert "raseed clock confirm" in told.err
    shown = closed.run("clock", "show", "--json").json
    assert shown["refused"] == "clock.ran_ahead"
    assert shown["ahead_seconds"] // 86_400 == 9
    assert shown["confirmation"] is None
    done = closed.run("clock", "confirm", "--reason", WHY, "--json")
    assert (done.code, done.json["refused"]) == (0, None)
    assert done.json["confirmation"]["entry"] == 1
    assert done.json["confirmation"]["reason"] == WHY
    assert vend(closed, "first").code == 0
    assert closed.run("clock", "show", "--json").json["ahead_seconds"] < 600


def test_people_read_how_it_stands(closed: Shell) -> None:
    told = closed.run("clock", "show").out
    assert "Ahead of the last entry by: 9 d 00:0" in told
    assert "further ahead than is believed" in told
    closed.run("clock", "confirm", "--reason", WHY)
    told = closed.run("clock", "show").out
    assert f"  {WHY}" in told
    assert "Sales are booked by this clock." in told
    arabic = closed.run("--lang", "ar", "clock", "show").out
    assert "متقدمة على آخر قيد" in arabic


def test_a_clock_with_no_entry_beside_it(town: Shell) -> None:
    shown = town.run("clock", "show", "--json").json
    assert (shown["last_entry"], shown["ahead_seconds"], shown["refused"]) == (None, None, None)
    assert "Ahead" not in town.run("clock", "show").out


def test_the_trail_tells_who_confirmed(closed: Shell) -> None:
    closed.run("clock", "confirm", "--reason", WHY)
    told = closed.run("audit", "list", "--json").json["lines"]
    (line,) = [line for line in told if line["act"] == "clock_confirmed"]
    assert (line["subject"], line["reason"]) == ("clock", WHY)
    assert line["after"]["entry"] == 1


def test_a_confirmation_has_a_reason(closed: Shell) -> None:
    assert closed.run("clock", "confirm").code == 2
    assert closed.run("clock", "confirm", "--reason", " ").code == 2
    assert closed.run("clock", "show", "--json").json["confirmation"] is None


def test_who_sells_alone_may_not(closed: Shell) -> None:
    assert ALLOWED["confirm_clock"] == {Role.SUPERVISOR, Role.ADMINISTRATOR}
