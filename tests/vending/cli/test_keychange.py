"""`raseed keychange` on a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.cli.support import CHEAP, PASSPHRASE, Shell, shell
from tests.vending.keychanges.support import ALL, module, record
from tests.vending.support import ADMIN, OPERATOR, POWER, WATER, empty_books, request, town
from tokens.sts import grouped
from vending.keychanges import key_set
from vending.keys import Passphrase, create_sealed
from vending.settings import Settings
from vending.store.key_issues import KeyIssue, issue_rows
from vending.surroundings import utc_now
from vending.wiring import open_raseed

WHY = "--reason=New revision from the key centre"


@pytest.fixture
def run(tmp_path: Path) -> Shell:
    settings = Settings(data=tmp_path)
    records = [record(key) for key in ALL]
    create_sealed(settings.key_file, Passphrase(PASSPHRASE), records, cost=CHEAP)
    (tmp_path / "raseed.db").write_bytes(empty_books())
    with open_raseed(settings) as raseed:
        raseed.service.register(ADMIN, town())
    return shell(tmp_path)


def issue(folder: Path) -> None:
    """What the meter's next sale does with a plan."""
    with open_raseed(Settings(data=folder)) as raseed:
        now = utc_now()
        made = key_set(module(), raseed.service.meter(ADMIN, POWER.number).meter, now)
        assert made is not None
        with raseed.store.writing() as books:
            issue_rows(books._db, KeyIssue(POWER.number, "v-1", made.move, now, OPERATOR.name))


@pytest.mark.system
def test_one_meter(run: Shell) -> None:
    made = run.run("keychange", "plan", POWER.number, "--krn", "2", WHY, "--json")
    assert (made.code, made.json["state"], made.json["target"]["krn"]) == (0, "planned", 2)
    told = run.run("keychange", "cancel", POWER.number, WHY)
    assert told.code == 0
    assert "State: cancelled" in told.out
    assert run.run("keychange", "plan", POWER.number, "--ti", "7", WHY).code == 0
    refused = run.run("keychange", "entered", POWER.number)
    assert refused.code > 1
    assert "planned and cannot become entered" in refused.err
    issue(run.folder)
    # The row alone is there, and no sale.
    again = run.run("keychange", "again", POWER.number, "--reason=The paper is lost")
    assert again.code > 1
    assert "Stop selling" in again.err
    told = run.run("keychange", "entered", POWER.number, "--note", "by telephone")
    assert "by telephone" in told.out
    steps = run.run("keychange", "show", POWER.number, RASEED_LANG="ar").out
    assert "أُدخلت الرموز" in steps
    assert run.run("keychange", "confirm", "--json").json == {"confirmed": 0}
    # It has no line: nothing can be read or pushed.
    for act in ("confirm", "push"):
        assert run.run("keychange", act, POWER.number).code > 1
    (one,) = run.run("keychange", "list", "--state", "entered", "--json").json
    assert (one["meter"], one["target"]["ti"], one["issued_with"]) == (POWER.number, 7, "v-1")


def test_a_campaign(run: Shell) -> None:
    way = ("--from", "123457/1", "--to", "123457/2")
    made = run.run("keychange", "campaign", *way, WHY, "--json")
    assert (made.code, made.json[0]["planned"]) == (0, 2)
    left = run.run("keychange", "left", *way)
    assert "Planned: 2" in left.out
    rows = run.run("keychange", "list", "--state", "planned", "--to", "123457/2").out
    assert POWER.number in rows
    assert WATER.number in rows
    off = run.run("keychange", "campaign", "--cancel", *way, WHY)
    assert "Cancelled: 2" in off.out
    by_date = run.run("keychange", "campaign", "--base-date", "2035", WHY)
    assert "123457/3" in by_date.out


@pytest.mark.system
def test_the_tokens_again(run: Shell) -> None:
    assert run.run("keychange", "plan", POWER.number, "--krn", "2", WHY).code == 0
    lost = "--reason=The paper is lost"
    assert "not in the customer's hands" in run.run("keychange", "again", POWER.number, lost).err
    with open_raseed(Settings(data=run.folder), Passphrase(PASSPHRASE)) as raseed:
        sold = raseed.service.vend(OPERATOR, request())
    told = run.run("keychange", "again", POWER.number, lost)
    assert told.code == 0
    for token in sold.key_tokens:
        assert f"Key change token {token.section}: {grouped(token.digits)}" in told.out
    assert not any(grouped(token.digits) in told.out for token in sold.tokens)
    arabic = run.run("keychange", "again", POWER.number, lost, RASEED_LANG="ar").out
    assert "رمز تغيير المفتاح 1" in arabic
    made = run.run("keychange", "again", POWER.number, lost, "--json").json
    assert [one["digits"] for one in made["key_tokens"]] == [t.digits for t in sold.key_tokens]
    assert made["change"]["events"][-1]["note"] == "The paper is lost"
    with open_raseed(Settings(data=run.folder)) as raseed:
        trail = raseed.office.trail(ADMIN)
    told_of = [(one.subject, one.reason) for one in trail if one.act == "key_tokens_again"]
    assert told_of == [(POWER.number, "The paper is lost")] * 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "123457/1"),
        ("--base-date", "2020"),
        ("--base-date", "2014", "--ti", "4"),
        ("--cancel", "--base-date", "2014"),
    ],
)
def test_a_campaign_says_what_it_needs(run: Shell, arguments: tuple[str, ...]) -> None:
    assert run.run("keychange", "campaign", WHY, *arguments).code == 2


def test_a_key_with_another_expiry_number_is_told_to_its_meters(run: Shell) -> None:
    """As on the day of an upgrade: nobody looked at the key file for these meters before."""
    with open_raseed(Settings(data=run.folder)) as raseed, raseed.store.writing() as books:
        books._db.exec_driver_sql("UPDATE meters SET base_date = NULL, ken = NULL")
    changed = run.run("keys", "change", "--sgc", "123457", "--krn", "1", "--ken", "200", "--json")
    assert (changed.code, changed.json["ken"], changed.json["krn"]) == (0, 200, 1)
    shown = run.run("meter", "show", POWER.number, "--json").json
    assert (shown["ken"], shown["base_date"]) == (255, 2014)
    sold = run.run("vend", POWER.number, "50", "--point", "P1", "--json")
    assert sold.code == 0, sold.err
    assert [one["section"] for one in sold.json["key_tokens"]] == [1, 2]
    told = run.run("keychange", "show", POWER.number).out
    assert "BDT 2014 KEN 255" in told
    assert "BDT 2014 KEN 200" in told
    # A later one of the same meter begins with its own token again.
    later = run.run("vend", POWER.number, "50", "--point", "P1", "--json")
    assert later.json["key_tokens"] == []
    assert run.run("keys", "change", "--sgc", "123457", "--krn", "1").code == 2
    back = run.run("keys", "change", "--sgc", "123457", "--krn", "1", "--base-date", "1993")
    assert (back.code, "keys.base_date_fixed" in back.err) == (3, True)


def test_what_a_key_was_given_is_taken_off_it_again(run: Shell) -> None:
    key = ("keys", "change", "--sgc", "123457", "--krn", "1")
    # 10 kWh a token at most, and none from 2026 on: the wrong key was typed.
    given = run.run(*key, "--unit-limit", "100", "--issued-until", "2026-01-01", "--json")
    assert (given.json["unit_limit"], given.json["issued_until"][:10]) == (100, "2026-01-01")
    vend = ("vend", POWER.number, "50", "--point", "P1", "--json")
    assert run.run(*vend).code != 0
    both = run.run(*key, "--unit-limit", "200", "--without", "unit-limit")
    assert (both.code, "--without" in both.err) == (2, True)
    freed = run.run(*key, "--without", "unit-limit", "--without", "issued-until", "--json")
    assert (freed.json["unit_limit"], freed.json["issued_until"]) == (None, None)
    sold = run.run(*vend)
    assert sold.code == 0, sold.err
