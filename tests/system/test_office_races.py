"""Acts of the back office meet each other, and sales: whatever one does between two transactions of
the other, it ends as if they had acted one after the other, or one is told clearly why not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.databases import Postgres, new_place
from tests.system.meetings import Race
from tests.system.races_about_money import MONEY
from tests.system.races_about_places import PLACES
from tests.system.two_at_once import (
    MOST_STEPS,
    Ended,
    founded,
    run,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

RACES: Final = (*MONEY, *PLACES)
WHERE: Final = [
    *(("sqlite", race) for race in RACES),
    *(("postgresql", race) for race in RACES if race.on_server),
]


@pytest.mark.parametrize(
    ("kind", "race"), WHERE, ids=lambda one: one if isinstance(one, str) else one.name
)
def test_it_ends_as_if_one_had_waited_for_the_other(
    kind: str, race: Race, server: Postgres | None, tmp_path: Path
) -> None:
    source, acts = new_place("sqlite", tmp_path, None), (race.one, race.other)
    assert isinstance(source, Path)
    now = founded(source, race.before)

    def raced(begins: int, at: int = 0) -> tuple[Ended, int]:
        place = tmp_path / f"{begins}-{at}.db"
        shutil.copy(source, place)
        return run(place, now, acts, begins, at)

    waited = [raced(begins) for begins in (0, 1)]
    orders = [ended for ended, _ in waited]
    assert {ended.outcomes for ended in orders} <= race.ends

    def like_one_of_them(ended: Ended) -> None:
        assert ended.outcomes in race.ends
        apart = min((ended.differs(order) for order in orders), key=len)
        assert apart.keys() <= race.shared, (ended.outcomes, apart)

    if kind == "postgresql":
        place = new_place(kind, tmp_path, server)
        founded(place, race.before)
        like_one_of_them(run(place, now, acts, 0, race.on_server)[0])
        return
    for begins, (_, steps) in enumerate(waited):
        for at in range(2, min(steps, MOST_STEPS) + 1):
            like_one_of_them(raced(begins, at)[0])
