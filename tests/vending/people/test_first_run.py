"""The first run: who holds the set-up code becomes the administrator, once."""

from __future__ import annotations

import hmac
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.vending.support import SetClock, new_store
from vending.cli.context import Cli
from vending.cli.first_run import tell_first_run
from vending.identity_checks import Argon2
from vending.messages import Language
from vending.parties import Role
from vending.people import (
    FirstRun,
    Office,
    SetupCodeWrong,
    TooManyTries,
    User,
    UserDraft,
    UserExists,
)
from vending.people.throttling import FREE_TRIES
from vending.settings import Settings, settings_problems
from vending.store.house import SqlHouse

HUDA = UserDraft("huda", Role.OPERATOR, "هدى", "Huda")
PASSWORD = "زيت وزعتر على السطح"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SqlHouse]:
    store = new_store(tmp_path / "books.db")
    yield SqlHouse(store)
    store.close()


def first_run(house: SqlHouse, clock: SetClock | None = None, chosen: str = "") -> FirstRun:
    clock = clock or SetClock()
    return FirstRun(house, Office(house, Argon2(cheap=True), clock), clock, os.urandom, chosen)


def begin(run: FirstRun, code: str, address: str = HERE) -> User:
    return run.begin(HUDA, PASSWORD, code, address)


def test_the_code_opens_once(house: SqlHouse) -> None:
    run = first_run(house)
    made = begin(run, run.code.lower().replace("-", " "))
    assert (made.name, made.role) == ("huda", Role.ADMINISTRATOR)
    assert run.is_over
    with pytest.raises(UserExists):
        begin(run, run.code)


def test_each_program_makes_its_own(house: SqlHouse) -> None:
    one, other = first_run(house), first_run(house)
    assert one.code != other.code
    assert len(one.code.replace("-", "")) == 16
    with pytest.raises(SetupCodeWrong):
        begin(one, other.code)
    assert not one.is_over


def test_the_right_code_beside_too_many_wrong_ones_does_not_open(
    house: SqlHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are guessed at one address, all at one moment."""
    run, compare = first_run(house), hmac.compare_digest

    def while_others_guess(one: bytes, other: bytes) -> bool:
        monkeypatch.setattr(hmac, "compare_digest", compare)
        for _ in range(FREE_TRIES["address"]):
            with pytest.raises(SetupCodeWrong):
                begin(run, "wrong")
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", while_others_guess)
    with pytest.raises(TooManyTries):
        begin(run, run.code)
    assert not run.is_over
    begin(run, run.code, THERE)


@pytest.mark.parametrize("guess", ["", "A", "A" * 60, "é" * 16, "\x00"])
def test_nothing_else_opens(house: SqlHouse, guess: str) -> None:
    with pytest.raises(SetupCodeWrong):
        begin(first_run(house), guess)


def test_who_guesses_must_wait_and_keeps_nobody_out(house: SqlHouse) -> None:
    clock = SetClock()
    run = first_run(house, clock)
    for _ in range(20):
        with pytest.raises(SetupCodeWrong):
            begin(run, "GUESS", THERE)
    # Not even the right one is looked at, as long as it waits.
    with pytest.raises(TooManyTries):
        begin(run, run.code, THERE)
    assert not run.is_over
    clock.forward(seconds=16)
    with pytest.raises(SetupCodeWrong):
        begin(run, "GUESS", THERE)
    with pytest.raises(TooManyTries):
        begin(run, run.code, THERE)
    assert begin(run, run.code, HERE).name == "huda"


def test_two_at_once_make_one_administrator(house: SqlHouse) -> None:
    run = first_run(house)

    def come(name: str) -> str:
        draft = UserDraft(name, Role.ADMINISTRATOR, "اسم", name)
        try:
            return run.begin(draft, PASSWORD, run.code, HERE).name
        except UserExists:
            return ""

    with ThreadPoolExecutor(4) as pool:
        made = [one for one in pool.map(come, ["huda", "rami", "tala", "omar"]) if one]
    assert len(made) == 1
    with house.reading() as books:
        assert [user.name for user in books.users()] == made


def told(run: FirstRun, *streams: io.StringIO, language: Language = Language.ENGLISH) -> list[str]:
    tell_first_run(Cli(language), run, "http://127.0.0.1:8600/setup", streams)
    return [stream.getvalue() for stream in streams]


@pytest.mark.parametrize("language", list(Language))
def test_the_code_is_told_to_a_terminal_alone(house: SqlHouse, language: Language) -> None:
    run = first_run(house)
    log, terminal = told(run, io.StringIO(), Terminal(), language=language)
    assert log == ""
    assert run.code in terminal
    assert "/setup" in terminal
    for written in told(run, io.StringIO(), io.StringIO(), language=language):
        assert run.code not in written
    begin(run, run.code)
    assert told(run, Terminal()) == [""]


def test_who_has_no_terminal_is_told_what_to_do(house: SqlHouse) -> None:
    _, log = told(first_run(house), io.StringIO(), io.StringIO())
    assert "raseed user add" in log


def test_a_code_of_the_settings_is_told_nowhere(house: SqlHouse) -> None:
    run = first_run(house, chosen="quiet olive 77")
    (terminal,) = told(run, Terminal())
    assert "settings" in terminal
    assert run.code not in terminal
    assert begin(run, "QUIETOLIVE77").name == "huda"


def test_a_short_code_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASEED_WEB__SETUP_CODE", "a-b-c-d-e-f-g")
    (problem,) = settings_problems()
    assert (problem.code, "abc" in str(problem)) == ("settings.wrong", False)
    monkeypatch.setenv("RASEED_WEB__SETUP_CODE", "quiet olive 77")
    assert not settings_problems()
    assert "quiet" not in repr(Settings())
