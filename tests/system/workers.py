"""Processes that work until they are killed, and what they say meanwhile.

A worker is forked from this warm process, so that it sells within milliseconds. Before it does
deeds (`deeds.py`) it writes their ids into a pipe, and after each answer what was told: what is in
the pipe when it dies is exactly what a caller knows.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.crashpoints import start_child, wait_for
from tests.system.deeds import do, order_of
from tests.system.desks import Direct, facts_of_many
from tests.system.everything import office
from tests.system.invariants import Witness

LARGEST_BATCH: Final = 8


@dataclass(frozen=True, slots=True)
class Worker:
    pid: int
    pipe: int
    """What it says, line by line."""


def start_worker(place: Path | str, name: str, chance: random.Random) -> Worker:
    """One that does deeds under ids that begin with `name`. When this returns its store is open, or
    now and then is just being opened."""
    told, say = os.pipe()
    seed = chance.random()
    opening = chance.random() < 0.1
    pid = start_child(lambda: _work(place, name, random.Random(seed), say, opening))
    os.close(say)
    assert os.read(told, 2) == b"!\n"
    return Worker(pid, told)


def _work(place: Path | str, name: str, chance: random.Random, say: int, opening: bool) -> None:
    if opening:
        os.write(say, b"!\n")
    made = office(place)
    desk = Direct(made)
    if not opening:
        os.write(say, b"!\n")
    begun = 0
    while True:
        ids = [f"{name}-{begun + i}" for i in range(chance.randint(1, LARGEST_BATCH))]
        # Now and then an old one is asked for again.
        again = [f"{name}-{chance.randrange(begun)}"] if begun and chance.random() < 0.2 else []
        begun += len(ids)
        # A line is one write and shorter than PIPE_BUF: it is there whole or not at all.
        os.write(say, f"? {' '.join(ids)}\n".encode())
        orders = {id: order for id in (*ids, *again) if (order := order_of(id)) is not None}
        told = []
        for fact in facts_of_many(made, list(orders.values())) if orders else ():
            assert fact[0] != "no" or fact[2] == "operator.float_used_up", fact
            told.append(_line("=", fact))
        os.write(say, "".join([*told, _line(".", list(orders))]).encode())
        for id in (*ids, *again):
            if id not in orders:
                for fact in do(desk, id):
                    os.write(say, _line("=", fact).encode())
                os.write(say, _line(".", [id]).encode())


def _line(sign: str, words: Sequence[str]) -> str:
    return f"{sign} {' '.join(words)}\n" if words else ""


def kill(worker: Worker, witness: Witness) -> int:
    """SIGKILL; what it had said goes to the witness. Returns how many sales it was told of.

    A worker that ended by itself fails the test.
    """
    os.kill(worker.pid, signal.SIGKILL)
    ended = wait_for(worker.pid)
    with os.fdopen(worker.pipe, encoding="ascii") as lines:
        said = lines.read()
    assert ended == -signal.SIGKILL, f"ended by itself: {ended}"
    told = 0
    for line in said.splitlines():
        kind, *words = line.split()
        if kind == "?":
            witness.ask(words)
        elif kind == "=":
            witness.hear(words)
            told += words[0] in ("sold", "held")
        else:
            for id in words:
                witness.end(id)
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
