"""Processes that begin at one instant: each gets ready, and when all are, all go."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.system.crashpoints import start_child, wait_for

Work = Callable[[Path | str], Iterator[Any]]
"""Given where the books are: gets ready, yields, works, and yields what there is to tell (JSON)."""


def at_once(place: Path | str, works: Sequence[Work], folder: Path) -> list[Any]:
    """What each of them told, in a process of its own. Our own connections must be closed."""
    gate, opener = os.pipe()
    ready, report = os.pipe()

    def run(work: Work) -> str:
        os.close(opener)
        steps = work(place)
        next(steps)
        os.write(report, b".")
        # Comes to its end when nobody holds the other side any more.
        os.read(gate, 1)
        return json.dumps(next(steps))

    outputs = [folder / f"told-{number}.json" for number in range(len(works))]
    pids = [
        start_child(lambda work=work: run(work), output)  # type: ignore[misc]
        for work, output in zip(works, outputs, strict=True)
    ]
    os.close(report)
    for _ in pids:
        assert os.read(ready, 1), "one of them has ended before it was ready"
    os.close(opener)
    ended = [wait_for(pid) for pid in pids]
    os.close(gate)
    os.close(ready)
    assert ended == [0] * len(pids), [output.read_text("utf-8") for output in outputs]
    return [json.loads(output.read_text("utf-8")) for output in outputs]
