"""Every act asks who comes: in the core, whatever the edge has checked, and first of all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from tests.vending.books.support import SHORT
from tests.vending.support import ADMIN, town
from tests.vending.web.support import api_over
from vending.approvals.errors import NotWhoAsked
from vending.parties import Actor
from vending.permissions import ActorNotAllowed

WHY: Final = "Asked by somebody who may not"


class Unseen:
    """An argument that nobody may look at before it is known who asks."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"looked at {name}")


class NoRole:
    """One that the table of what each role may do does not know."""

    value = "none"


NOBODY: Final = Actor("Nobody", NoRole(), "P1", "T1")  # type: ignore[arg-type]


SAID: Final[Mapping[str, Mapping[str, Any]]] = {
    # Who may, depends on what is asked for, or on whose it is.
    "approvals.request": {
        "id": "A-2",
        "act": "change_point",
        "document": {"code": "P1", "set": {"needs_shift": True}},
        "reason": WHY,
    },
    "approvals.approve": {"id": "A-1"},
    "approvals.refuse": {"id": "A-1", "note": WHY},
    "approvals.withdraw": {"id": "A-1"},
    "blocks.lift": {"id": "A-2", "kind": "point", "subject": "P1", "reason": WHY},
    "operators.change": {"id": "A-2", "code": "samir", "changes": {}, "reason": WHY},
    "operators.change_point": {"id": "A-2", "code": "P1", "changes": {}, "reason": WHY},
    "operators.float_of": {"code": "samir"},
    "operators.operator": {"code": "samir"},
    "reports.operator": {"code": "samir"},
    # What is written has to be understood before it is compared with what was asked before.
    "bookkeeping.adjust": {"id": "A-3", "lines": SHORT, "reason": WHY},
    "bookkeeping.write_off": {
        "id": "A-3",
        "account": "1010",
        "holder": "P1",
        "amount": 500,
        "reason": WHY,
    },
}
ANYBODY: Final = {
    # Their own open shift.
    "drawers.own_open",
    # A line of the trail about what they have just done elsewhere.
    "office.write_down",
}


def acts(parts: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public act of every part of the program that is told who acts, as the core has it:
    around some the trail is written, which reads what they are about."""
    for part in fields(parts):
        held = getattr(parts, part.name)
        for name in dir(held):
            act: Any = None if name.startswith("_") else inspect.unwrap(getattr(held, name))
            ours = inspect.isfunction(act) or inspect.ismethod(act)
            if ours and "actor" in list(inspect.signature(act).parameters)[:1]:
                yield f"{part.name}.{name}", act


def given(name: str, act: Callable[..., Any]) -> dict[str, Any]:
    asked = inspect.signature(act).parameters.values()
    unseen = {one.name: Unseen() for one in asked if one.default is one.empty}
    return {**unseen, **SAID.get(name, {}), "actor": NOBODY}


def test_nobody_passes_and_nothing_is_looked_at_before(tmp_path: Path) -> None:
    with api_over(tmp_path, town()) as api:
        parts = api.parts
        parts.operators.change_point(ADMIN, "A-1", "P1", {"needs_shift": True}, WHY)
        found = dict(acts(parts))
        assert len(found) > 150
        assert {*SAID, *ANYBODY} <= set(found)
        for name, act in found.items():
            if name in ANYBODY:
                continue
            try:
                answer = act(**given(name, act))
                if isinstance(answer, AbstractContextManager):
                    answer.__enter__()
            except (ActorNotAllowed, NotWhoAsked):
                continue
            except Exception as error:
                raise AssertionError(f"{name} went on: {error!r}") from error
            raise AssertionError(f"{name} let them pass")
