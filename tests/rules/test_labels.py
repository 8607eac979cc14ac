"""Whatever the command line names, it has a label for: one that is missing is a crash after the act
is done."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vending.messages import _table

CLI = Path(__file__).parents[2] / "vending" / "cli"


def named(source: str) -> Iterator[str]:
    """Labels in calls of `label(name)`, `table((name, ...), ...)` and `facts(((name, value), ...))`
    that are written out."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        first = call.args[0] if call.args else None
        found: list[ast.expr] = []
        if call.func.attr == "label" and first is not None:
            found = [first]
        elif call.func.attr == "table" and isinstance(first, ast.Tuple):
            found = first.elts
        elif call.func.attr == "facts" and first is not None:
            pairs = (one for one in ast.walk(first) if isinstance(one, ast.Tuple))
            found = [pair.elts[0] for pair in pairs if len(pair.elts) == 2]
        for one in found:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


@pytest.mark.parametrize("module", sorted(path.name for path in CLI.glob("*.py")))
def test_every_label_has_words(module: str) -> None:
    missing = set(named((CLI / module).read_text("utf-8"))) - set(_table("labels"))
    assert not missing


def test_the_search_finds_labels() -> None:
    assert {"vend_id", "evidence", "entry"} <= set(named((CLI / "sold.py").read_text("utf-8")))
