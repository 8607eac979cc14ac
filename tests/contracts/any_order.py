"""How the state machines are run: one municipality on one database, examples by what they cost."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import examples
from tests.databases import Postgres


def run_machine(
    machine: Any, kind: str, server: Postgres | None, *, sqlite: int, postgresql: int, steps: int
) -> None:
    """So many examples on each database: each restart opens connections, which cost a server more
    than a file."""

    class Here(machine):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(kind, server)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples(sqlite if kind == "sqlite" else postgresql),
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
