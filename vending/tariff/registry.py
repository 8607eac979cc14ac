"""Kinds of rules by family and name: what a tariff file may say, and the class that reads it.

A new kind is one frozen class with `from_table` and `@registered(family, name)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .mistakes import Mistake
from .reading import Table

KindT = TypeVar("KindT")

KINDS: dict[str, dict[str, Any]] = {"price": {}, "charge": {}, "support": {}, "recovery": {}}
"""`price`: units into money. `charge`: more to pay. `support`: somebody else pays. `recovery`:
how much of a debt one payment is asked for (told with the debt,
not in a tariff file)."""


def registered(family: str, name: str) -> Callable[[type[KindT]], type[KindT]]:
    """Enters a rule's class under its name, which becomes its `rule`."""

    def enter(kind: type[KindT]) -> type[KindT]:
        if name in KINDS[family]:
            raise TypeError(f"two rules are called {name}")
        KINDS[family][name] = kind
        return kind

    return enter


def rule_from(table: Table, family: str, *more: Any) -> Any:
    """The rule that a table describes; `more` is what its family's classes read it with. Raises
    TariffMalformed."""
    name = table.text("rule")
    kind = KINDS[family].get(name)
    if kind is None:
        table.wrong("rule", Mistake.ONE_OF, ", ".join(sorted(KINDS[family])))
    rule = kind.from_table(table, *more)
    table.done()
    return rule
