"""The database server goes away and comes back, between sales and in the middle of them: whoever
asks meanwhile is told so, the service goes on without a restart of its process, nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meters.errors import Unavailable
from tests.system.chances import seeded
from tests.system.everything import MORE_METERS
from tests.system.installation import Answer, Installation
from tests.system.invariants import BACKENDS, Witness, looking, order, settle_and_check
from tests.system.load import load
from tests.system.servers import OwnServer
from tests.vending.support import OPERATOR, Town
from vending.store import StoreFailed

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def _stopped(how: int) -> Callable[[OwnServer, Path | str, random.Random], None]:
    def stop(server: OwnServer, place: Path | str, chance: random.Random) -> None:
        server.stop(how)
        # So long nobody is there.
        time.sleep(chance.uniform(0, 0.05))
        server.start()

    return stop


def _backend_killed(server: OwnServer, place: Path | str, chance: random.Random) -> None:
    """The server ends all the others too, recovers as after a crash, and is there again."""
    with looking(place) as ask:
        backends = ask(BACKENDS)
    os.kill(chance.choice(backends)[0], signal.SIGKILL)


WAYS = {
    "stopped in order": _stopped(signal.SIGINT),
    "stopped at once": _stopped(signal.SIGQUIT),
    "postmaster killed": _stopped(signal.SIGKILL),
    "backend killed": _backend_killed,
}
TIMES = 2
REASONS = {
    "the database server is stopping or starting",
    "no connection to the database server",
}
"""What a connection that was open hears first, and what everybody hears after it."""


@pytest.fixture
def here(breakable: OwnServer) -> Iterator[Town]:
    made = Town(breakable.databases.new(), more_meters=MORE_METERS)
    yield made
    made.store.close()


@pytest.mark.parametrize("way", WAYS)
def test_in_the_middle_of_load(breakable: OwnServer, here: Town, way: str) -> None:
    chance = seeded(way)
    witness = Witness()
    with load(here.service, witness) as callers:
        for _ in range(TIMES):
            callers.wait_for_more(8)
            time.sleep(chance.uniform(0, 0.05))
            WAYS[way](breakable, here.place, chance)
            callers.wait_for_more(8)
    assert set(callers.errors) <= {"store.failed", "store.commit_unknown", "store.locked"}
    assert sum(callers.errors.values()) >= TIMES
    settle_and_check(here.place, here.service, witness)
    print(f"{way}, {TIMES} times: {callers.sold} sales, errors {dict(callers.errors)}")


@pytest.mark.parametrize("way", ["stopped in order", "postmaster killed"])
def test_between_two_sales(breakable: OwnServer, here: Town, way: str) -> None:
    """Exactly what is answered while the server is down, after it is back, and in between."""
    witness = Witness()
    witness.ask(["before", "during"])
    first = here.service.vend(*order("before"))
    witness.tell("before", [token.digits for token in first.tokens])

    breakable.stop(signal.SIGINT if way == "stopped in order" else signal.SIGKILL)
    for _ in range(3):
        with pytest.raises(StoreFailed) as error:
            here.service.vend(*order("during"))
        assert isinstance(error.value, Unavailable)
        assert error.value.reason in REASONS
        with pytest.raises(StoreFailed):
            here.service.what_became(OPERATOR, "before")
    breakable.start()

    assert here.service.what_became(OPERATOR, "before").receipt == first
    assert not here.service.vend(*order("during")).replayed
    assert here.service.vend(*order("before")).replayed
    assert here.service.reprint(OPERATOR, "before").tokens == first.tokens
    settle_and_check(here.place, here.service, witness)


def test_an_api_outlives_its_database(breakable: OwnServer, tmp_path: Path) -> None:
    """The same process: it says so while nobody is there, and sells again by itself."""
    here = Installation(tmp_path, breakable.databases.new(), MORE_METERS)
    witness = Witness()
    witness.ask(["before", "during"])

    def vend(vend_id: str) -> Answer:
        actor, asked = order(vend_id)
        assert actor.point is not None
        return here.caller(api, actor.point).vend(asked)

    with here.serving() as api:
        witness.tell("before", vend("before").digits)
        breakable.stop()
        for _ in range(3):
            told = vend("during")
            assert (told.status, told.body["code"]) == (503, "store.failed")
        breakable.start()
        # One connection may be dead that was open before.
        answers = [vend("during") for _ in range(2)]
        assert answers[-1].status in (200, 201)
        witness.tell("during", answers[-1].digits)
        witness.tell("before", vend("before").digits)
    with here.opened() as raseed:
        settle_and_check(here.place, raseed.service, witness)
