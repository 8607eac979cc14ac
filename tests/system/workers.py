"""Processes that sell until they are killed, and what they say meanwhile.

A worker is forked from this warm process, so that it sells within milliseconds. Before it asks
for sales it writes their vend ids into a pipe, and after the answer the digits: what is in the
pipe when it dies is exactly what a caller knows.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.crashpoints import start_child, wait_for
from tests.system.invariants import Witness, digits_of, order
from tests.vending.support import SetClock, service
from vending.sale import SaleReceipt
from vending.store import open_store

SEED: Final = int(os.environ.pop("RASEED_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
"""Of everything random in these tests; printed when one fails. `RASEED_SEED` repeats it."""
KILLS: Final = int(os.environ.pop("RASEED_KILLS", "40"))
"""How many processes are killed in all. (Taken out: the product would read both as misspelt
settings.)"""

LARGEST_BATCH: Final = 8


def seeded(name: str) -> random.Random:
    """A random source of a test's own. What it printed is shown if the test fails."""
    print(f"RASEED_SEED={SEED} for {name}")
    return random.Random(f"{SEED} {name}")


@dataclass(frozen=True, slots=True)
class Worker:
    pid: int
    pipe: int
    """What it says, line by line."""


def start_worker(place: Path | str, name: str, chance: random.Random) -> Worker:
    """One that sells under ids that begin with `name`. When this returns its store is open, or
    now and then is just being opened."""
    told, say = os.pipe()
    seed = chance.random()
    opening = chance.random() < 0.1
    pid = start_child(lambda: _sell(place, name, random.Random(seed), say, opening))
    os.close(say)
    assert os.read(told, 2) == b"!\n"
    return Worker(pid, told)


def _sell(place: Path | str, name: str, chance: random.Random, say: int, opening: bool) -> None:
    if opening:
        os.write(say, b"!\n")
    store = open_store(place, busy_timeout_s=30)
    selling = service(store, SetClock())
    if not opening:
        os.write(say, b"!\n")
    sold = 0
    while True:
        ids = [f"{name}-{sold + i}" for i in range(chance.randint(1, LARGEST_BATCH))]
        # Now and then an old one is asked for again.
        again = [f"{name}-{chance.randrange(sold)}"] if sold and chance.random() < 0.2 else []
        sold += len(ids)
        # A line is one write and shorter than PIPE_BUF: it is there whole or not at all.
        os.write(say, f"? {' '.join(ids)}\n".encode())
        answers = selling.vend_many([order(vend_id) for vend_id in (*ids, *again)])
        lines = []
        for answer in answers:
            assert isinstance(answer, SaleReceipt), answer
            lines.append(f"= {answer.vend_id} {' '.join(digits_of(answer))}\n")
        os.write(say, "".join(lines).encode())


def kill(worker: Worker, witness: Witness) -> int:
    """SIGKILL; what it had said goes to the witness. Returns how many sales it was told of.

    A worker that ended by itself fails the test.
    """
    os.kill(worker.pid, signal.SIGKILL)
    ended = wait_for(worker.pid)
    assert ended == -signal.SIGKILL, f"ended by itself: {ended}"
    told = 0
    with os.fdopen(worker.pipe, encoding="ascii") as lines:
        for line in lines:
            kind, *words = line.split()
            if kind == "?":
                witness.ask(words)
            else:
                vend_id, *digits = words
                witness.tell(vend_id, digits)
                told += 1
    return told


@contextmanager
def ended(workers: list[Worker]) -> Iterator[None]:
    """Leaves none of them running if the block fails."""
    try:
        yield
    except BaseException:
        for worker in workers:
            try:
                os.kill(worker.pid, signal.SIGKILL)
                wait_for(worker.pid)
            except (ProcessLookupError, ChildProcessError):
                continue
        raise


def kill_at_random(
    workers: list[Worker], witness: Witness, chance: random.Random, longest_s: float
) -> int:
    """Kills them one after the other, each after a random time. As `kill`."""
    told = 0
    with ended(workers):
        for worker in workers:
            # The instant is what is random here; nothing is waited for.
            time.sleep(chance.uniform(0, longest_s))
            told += kill(worker, witness)
    return told
