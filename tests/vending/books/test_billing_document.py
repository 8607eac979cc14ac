"""Every command in docs/billing.md is run, in its order, and answers what the page says.

A command stands behind the name of who types it (`layla$ raseed ...`). Of the lines below it,
each must be in the answer, in this order; `...` stands for anything. The code of a seal is
another one each time: the page's is replaced by the real one from there on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from meters.quantities import Money
from tests.vending.cli.support import town_shell
from tests.vending.drawer.support import sell_in
from tests.vending.support import OPERATOR, POWER, WATER, SetClock, new_store, service
from vending.cli import accounts, banking, books, clock, debts, shifts
from vending.cli import app as _whole  # noqa: F401 - puts the groups together
from vending.parties import Actor, Role
from vending.sale import Tender, VendRequest

PAGE = Path(__file__).parents[3] / "docs" / "billing.md"
_COMMAND = re.compile(r"^(\w+)\$ raseed (.*)$")
_CODE = re.compile(r"\b\d+(?:-[0-9A-Z]{4}){5}\b")
RANA = Actor("Rana", Role.OPERATOR, "P2", "T7")


@dataclass
class Example:
    """One command of the page."""

    person: str
    words: str
    expected: list[str]


def examples() -> Iterator[Example]:
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        example: Example | None = None
        for line in block.splitlines():
            if found := _COMMAND.match(line):
                if example is not None:
                    yield example
                example = Example(found[1], found[2], [])
            else:
                assert example is not None, f"an answer without a command: {line}"
                if line.strip():
                    example.expected.append(line)
        if example is not None:
            yield example


LISTS = ("arrears.csv", "bank.csv")
"""The names of the lists that the page shows, in its order."""


def write_lists(folder: Path) -> None:
    shown = re.findall(r"```csv\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for name, text in zip(LISTS, shown, strict=True):
        (folder / name).write_text(text, "utf-8")


def sell_in_january(path: Path) -> None:
    """What the page says was sold: five sales on 12 January, one on 3 February."""
    on_the_day = SetClock(datetime(2026, 1, 12, 7, tzinfo=UTC))
    store = new_store(path)
    use_cases = service(store, on_the_day)
    for vend_id, actor, meter, amount, tender in (
        ("jan-1", OPERATOR, POWER, 5000, Tender.CASH),
        ("jan-2", OPERATOR, WATER, 3000, Tender.CASH),
        ("jan-3", OPERATOR, POWER, 10000, Tender.CARD),
        ("jan-4", RANA, WATER, 2500, Tender.CASH),
        ("jan-5", RANA, POWER, 7550, Tender.CASH),
    ):
        on_the_day.forward(minutes=20)
        use_cases.vend(actor, VendRequest(vend_id, meter.number, Money(amount), tender))
    on_the_day.now = datetime(2026, 2, 3, 8, tzinfo=UTC)
    use_cases.vend(OPERATOR, VendRequest("feb-1", POWER.number, Money(5000)))
    store.close()


def sell_in_the_shift(path: Path) -> None:
    """What the page says Samir sold in his shift."""
    store = new_store(path)
    for vend_id, amount, tender in (
        ("shift-1", 15000, Tender.CASH),
        ("shift-2", 5000, Tender.CARD),
        ("shift-3", 30000, Tender.CHEQUE),
    ):
        sell_in(store, "S-1", vend_id, amount, tender)
    store.close()


MEANWHILE = {"shift open": sell_in_the_shift}
"""What happens at the counter behind a command that begins so."""


def squeezed(text: str) -> str:
    """Tables are drawn with lines and spaces that nobody reads."""
    return " ".join(re.sub(r"[│┃┏┓┗┛└┘┌┐├┤┬┴┼─━┳┻╇╈┡┩╋]+", " ", text).split())


@pytest.mark.system
def test_the_page_is_true(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    sell_in_january(tmp_path / "raseed.db")
    write_lists(tmp_path)
    # The page is read long after February: whoever opens the house again has looked at the clock.
    assert shell.run("clock", "confirm", "--reason", "Reopened", LOGNAME="omar").code == 0
    codes: dict[str, str] = {}
    tried = 0
    for example in examples():
        words = _CODE.sub(lambda m: codes.get(m[0], m[0]), example.words)
        for name in ("january.db", "january.journal", *LISTS):
            words = words.replace(name, str(tmp_path / name))
        told = shell.run(*shlex.split(words), LOGNAME=example.person, COLUMNS="300")
        answer = [squeezed(line) for line in (told.out + told.err).splitlines()]
        place = 0
        for line in example.expected:
            written = squeezed(line)
            for sample in _CODE.findall(written):
                # A seal's code met for the first time is learnt, later it must be the same.
                real = next((c for a in answer[place:] for c in _CODE.findall(a)), None)
                if sample not in codes and real is not None:
                    codes[sample] = real
            written = _CODE.sub(lambda m: codes.get(m[0], m[0]), written)
            form = ".*".join(re.escape(part.strip()) for part in written.split("..."))
            while place < len(answer) and not re.fullmatch(form, answer[place]):
                place += 1
            assert place < len(answer), f"{example.words}\nnot told: {line}\n" + "\n".join(answer)
            place += 1
        for begin, happens in MEANWHILE.items():
            if example.words.startswith(begin):
                happens(tmp_path / "raseed.db")
        tried += 1
    assert tried >= 15
    assert (tmp_path / "january.journal").stat().st_size > 0


@pytest.mark.parametrize(
    ("group", "app"),
    [
        ("ledger", books.app),
        ("shift", shifts.app),
        ("banking", banking.app),
        ("accounts", accounts.accounts),
        ("debt", debts.debt),
        ("fee", debts.fee),
        ("clock", clock.clock),
    ],
)
def test_the_page_names_every_command(group: str, app: typer.Typer) -> None:
    page = PAGE.read_text("utf-8")
    for command in app.registered_commands:
        assert f"raseed {group} {command.name}" in page, command.name
