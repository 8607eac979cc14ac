"""Lists that are longer than what is told of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from operator import itemgetter
from typing import Any

import pytest

from meters.device import Warrant
from tests.vending.attested.support import put_reading
from tests.vending.support import POWER, START, WATER, pushed
from vending.settings import Settings
from vending.store import open_store
from vending.wiring import open_raseed

from .support import Shell, command

pytestmark = pytest.mark.system


WARRANT = Warrant("Noor", "technician", "arrears since May")


def listed(town: Shell, *words: str) -> list[Any]:
    """The rows, which some answers have under a name."""
    told = town.run(*words, "--json").json
    if isinstance(told, dict):
        (told,) = told.values()
    return list(told)


def test_no_list_ends_at_its_first_page() -> None:
    """What is told some at a time has a way on, by the same options everywhere."""
    limited = {
        path: {option.name for option in found.params}
        for path, found in commands(command())
        if any(option.name == "limit" for option in found.params)
    }
    # It is told how many messages it takes: what is left it takes the next time.
    del limited["outbox run"]
    assert len(limited) > 15
    assert [path for path, names in limited.items() if not names & {"before", "after"}] == []
    before = {
        option.help
        for _, found in commands(command())
        for option in found.params
        if option.name == "before"
    }
    assert len(before) == 2, "by number, by id"


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from commands(found, f"{path}{name} ")
        else:
            yield f"{path}{name}", found


def test_long_lists_are_read_page_by_page(town: Shell) -> None:
    file = town.folder / "raseed.db"
    with closing(open_store(file)) as store:
        for minutes in range(3):
            put_reading(store, START + timedelta(minutes=minutes), 1000 * minutes)
    for vend_id in ("v-1", "v-2"):
        sold = town.run("vend", POWER.number, "50", "--id", vend_id, "--point", "P1")
        assert sold.code == 0, sold.err
        pushed(file, vend_id)
    for number in (POWER.number, WATER.number):
        assert town.run("block", "set", "meter", number, "--reason", "Seal is broken").code == 0
        lift = ("block", "lift", "meter", number, "--reason", "Inspected")
        assert town.run(*lift, "--id", f"lift-{number}").code == 0
    with open_raseed(Settings(data=town.folder)) as raseed:
        for id in ("w-1", "w-2", "w-3"):
            raseed.meter_works.begin(id, WARRANT, "close_supply", {})
    lists = (
        (("meter", "commands"), "--before", itemgetter("id")),
        (("sale", "list"), "--before", itemgetter("journal_entry")),
        (("audit", "list"), "--before", itemgetter("number")),
        (("reading", "list", POWER.number), "--before", itemgetter("id")),
        (("block", "history"), "--before", itemgetter("id")),
        (("approval", "list"), "--before", itemgetter("id")),
        (("approval", "list", "--all"), "--before", itemgetter("id")),
        (("sale", "unsettled"), "--after", lambda row: row["sale"]["vend_id"]),
    )
    for asked, option, key in lists:
        whole = [key(row) for row in listed(town, *asked)]
        assert len(whole) >= 2, asked
        rest = listed(town, *asked, option, str(whole[0]))
        assert [key(row) for row in rest] == whole[1:], asked
        (first,) = listed(town, *asked, "--limit", "1")
        assert key(first) == whole[0]
