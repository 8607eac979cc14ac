"""Lists that are longer than what is told of them at once."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from operator import itemgetter

import pytest

from tests.vending.attested.support import put_reading
from tests.vending.support import POWER, START, WATER, pushed
from vending.store import open_store

from .support import Shell

pytestmark = pytest.mark.system


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
    lists = (
        (("reading", "list", POWER.number), "--before", itemgetter("id")),
        (("block", "history"), "--before", itemgetter("id")),
        (("approval", "list"), "--before", itemgetter("id")),
        (("approval", "list", "--all"), "--before", itemgetter("id")),
        (("sale", "unsettled"), "--after", lambda row: row["sale"]["vend_id"]),
    )
    for command, option, key in lists:
        whole = [key(row) for row in town.run(*command, "--json").json]
        assert len(whole) >= 2, command
        rest = town.run(*command, option, str(whole[0]), "--json").json
        assert [key(row) for row in rest] == whole[1:], command
        (first,) = town.run(*command, "--limit", "1", "--json").json
        assert key(first) == whole[0]
