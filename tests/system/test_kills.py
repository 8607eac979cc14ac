"""kill -9 at random moments under load: whatever was answered is in the books, whatever was not
is one whole sale or none, and asking again gives exactly one, with the same digits.

`RASEED_KILLS=500` for the long run; the numbers are printed with `-rP`.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests.databases import Postgres, new_place
from tests.system.chances import KILLS, seeded
from tests.system.crashpoints import wait_for
from tests.system.deeds import Dice, do
from tests.system.desks import Direct, OverHttp, whole_installation
from tests.system.everything import new_office, office
from tests.system.installation import Installation, NoAnswer
from tests.system.invariants import Witness, check, settle_and_check_deeds, settle_deeds
from tests.system.workers import kill_at_random, start_worker

pytestmark = [pytest.mark.system, pytest.mark.timeout(1800)]

WORKERS: Final = 2
"""At once, so that one dies while the other goes on."""
LONGEST_S: Final = 0.2
ROUNDS_PER_BOOKS: Final = 25
"""Then on with new books: proving long ones takes longer than dying."""


def test_workers_killed_at_their_deeds(kind: str, server: Postgres | None, tmp_path: Path) -> None:
    chance = seeded(f"workers on {kind}")
    rounds = max(1, KILLS * 2 // 5 // WORKERS)
    told = begun = doubtful = 0
    for first in range(0, rounds, ROUNDS_PER_BOOKS):
        place = new_place(kind, tmp_path, server, f"books-{first}")
        new_office(place).close()
        witness = Witness()
        for number in range(first, min(rounds, first + ROUNDS_PER_BOOKS)):
            names = [f"r{number}w{i}" for i in range(WORKERS)]
            workers = [start_worker(place, name, chance) for name in names]
            told += kill_at_random(workers, witness, chance, LONGEST_S)
            doubtful += len(witness.in_doubt)
            # Closed again: the next workers are forked, and must not share our connections.
            with closing(office(place)) as made:
                begun += settle_and_check_deeds(place, Direct(made), made.service, witness)
        print(f"{kind}: {_kinds(witness)}")
    print(
        f"{kind}: {rounds * WORKERS} workers killed; {told} sales told, all in the books; "
        f"{doubtful} deeds in doubt, {begun} of them had happened or begun"
    )
    assert told > 0


CALLERS: Final = 6
MOST_ANSWERS: Final = 60
"""Of one API process."""


def _call(desk: OverHttp, ids: list[str], witness: Witness, heard: threading.Semaphore) -> int:
    """One caller's deeds, one after the other, until there is no answer. How many sales were
    told."""
    told = 0
    for id in ids:
        witness.ask([id])
        try:
            for fact in do(desk, id):
                witness.hear(fact)
                told += fact[0] in ("sold", "held")
                heard.release()
        except NoAnswer:
            return told
        witness.end(id)
    return told


def _kill_while_called(
    here: Installation, name: str, witness: Witness, chance: random.Random
) -> int:
    """A new API process; callers first ask for what the last one left in doubt to them, then go
    on, until it is killed. How many sales were told."""
    lines = [
        [
            *(id for id in witness.in_doubt if f"c{caller}-" in id),
            *(f"{name}c{caller}-{i}" for i in range(500)),
        ]
        for caller in range(CALLERS)
    ]
    heard = threading.Semaphore(0)
    with here.serving() as api, ThreadPoolExecutor(CALLERS) as pool:
        desk = OverHttp(here, api, UNTIL)
        calls = [pool.submit(_call, desk, ids, witness, heard) for ids in lines]
        # Now and then while it starts; else after so many answers and a moment.
        for _ in range(chance.randint(1, MOST_ANSWERS) if chance.random() > 0.1 else 0):
            assert heard.acquire(timeout=30), [c.exception(0) for c in calls if c.done()]
        time.sleep(chance.uniform(0, 0.05))
        os.kill(api.pid, signal.SIGKILL)
        assert wait_for(api.pid) == -signal.SIGKILL
        return sum(call.result(30) for call in calls)


UNTIL: Final = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
"""The API's clock is the computer's."""


def test_the_api_killed_while_it_is_called(
    kind: str, server: Postgres | None, tmp_path: Path
) -> None:
    chance = seeded(f"api on {kind}")
    place = tmp_path / "unused" if server is None else new_place(kind, tmp_path, server)
    here = whole_installation(tmp_path / "data", place, CALLERS)
    witness = Witness()
    rounds = max(2, KILLS // 10)
    told = doubtful = 0
    for number in range(rounds):
        told += _kill_while_called(here, f"r{number}", witness, chance)
        doubtful += len(witness.in_doubt)
    with here.opened() as raseed:
        check(here.place, raseed.service, witness)
    with here.serving() as api:
        desk = OverHttp(here, api, UNTIL)
        begun = settle_deeds(here.place, desk, witness)
    with here.opened() as raseed:
        check(here.place, raseed.service, witness)
    assert not witness.in_doubt
    print(f"{kind}: {_kinds(witness)}")
    print(
        f"{kind}: {rounds} API processes killed; {told} sales told, all in the books; "
        f"{doubtful} deeds in doubt, at the end {begun} of them had happened or begun"
    )
    assert told > 0


def _kinds(witness: Witness) -> str:
    counted = Counter(Dice(id).kind() for id in witness.asked)
    return ", ".join(f"{number} {kind}" for kind, number in counted.most_common())
