"""The guide's section on the life of a tariff: its commands are run, its table is worked out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.vending.cli.support import town_shell

from .office import LAYLA, OMAR, Office

GUIDE = Path(__file__).parents[3] / "docs" / "tariffs.md"
SECTION = re.search(r"## The life of a tariff\n.*?(?=\n## |\Z)", GUIDE.read_text("utf-8"), re.S)
assert SECTION is not None
TEXT = SECTION[0]
DRAFT = re.findall(r"`([a-z0-9-]+\.toml)`:\n\n```toml\n(.*?)```", TEXT, re.S)


def spoken() -> Iterator[tuple[str, str, str]]:
    """Who, what they typed, and what the guide says they see."""
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.S):
        for part in re.split(r"^(?=[a-z]+\$ )", block, flags=re.M)[1:]:
            typed, _, seen = part.partition("\n")
            who, _, command = typed.partition("$ ")
            yield who, command, seen


def plain(text: str) -> list[str]:
    """Lines without regard to how wide a column is."""
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.system
def test_the_guides_commands_do_what_it_says(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    # The guide's new year always lies ahead.
    coming = str(datetime.now(UTC).year + 1)
    for name, text in DRAFT:
        (tmp_path / name).write_text(text.replace("2027", coming), "utf-8")
    said = list(spoken())
    assert len(said) == 8
    for who, command, seen in said:
        program, *arguments = shlex.split(command.replace("2027", coming))
        assert program == "raseed"
        files = {name: str(tmp_path / name) for name, _ in DRAFT}
        told = shell.run(*(files.get(one, one) for one in arguments), LOGNAME=who)
        assert plain(told.out + told.err) == plain(seen.replace("2027", coming)), command


def test_the_guides_moments_hold(tmp_path: Path) -> None:
    office = Office(tmp_path / "books.db")
    ((_, text),) = DRAFT
    office.desk.submit(LAYLA, text)
    office.desk.approve(OMAR, "electricity-domestic", 2)
    rows = re.findall(r"^\| (2\S+) \| (\S+) \| (\d) \| (\S+) \|$", TEXT, re.M)
    assert len(rows) == 2
    for moment, payment, version, units in rows:
        office.clock.now = datetime.fromisoformat(moment).astimezone(UTC)
        sold = office.sell(moment.replace("+", "."))
        stated = (sold.quote.tendered.to_text(), str(sold.quote.tariff_version))
        assert stated == (payment, version)
        assert sold.quote.quantity.to_text() == units
    office.close()
