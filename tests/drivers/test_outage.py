"""One event for a feeder, not one for each of its meters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from drivers.outage import Outage, Silence, outages

CUT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def line(silent: int, of: int, place: str = "north", apart: float = 1.0) -> list[Silence]:
    return [
        Silence(f"{place}-{i}", place, CUT + timedelta(seconds=i * apart) if i < silent else None)
        for i in range(of)
    ]


def test_a_dead_feeder_is_one_event() -> None:
    (one,) = outages(line(60, 60))
    assert one.whole
    assert len(one.meters) == 60
    assert one.since == CUT


def test_a_few_silent_meters_are_told_one_by_one() -> None:
    found = outages(line(3, 60) + line(0, 60, "south"))
    assert [one.meters for one in found] == [("north-0",), ("north-1",), ("north-2",)]
    assert not any(one.whole for one in found)


def test_silences_that_have_nothing_to_do_with_each_other_are_told_apart() -> None:
    assert not any(one.whole for one in outages(line(5, 5, apart=3600)))


def test_a_staggered_return_makes_no_new_events() -> None:
    told: list[Outage] = outages(line(60, 60))
    for back in range(1, 60):
        silences = [
            Silence(f"north-{i}", "north", None if i < back else CUT + timedelta(seconds=i))
            for i in range(60)
        ]
        told = outages(silences, told)
        assert len(told) == 1
        assert told[0].whole
        assert told[0].since == CUT
        assert len(told[0].meters) == 60 - back
    assert outages(line(0, 60), told) == []
