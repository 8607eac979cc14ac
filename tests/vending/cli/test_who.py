"""Who is at the command line: nobody becomes two people by a variable."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from vending.cli.who import person_here

OWN = pwd.getpwuid(os.getuid()).pw_name
NOBODY = pwd.getpwnam("nobody")


@pytest.mark.parametrize(
    "environment",
    [{}, {"LOGNAME": "omar"}, {"USER": "omar"}, {"SUDO_USER": "omar", "LOGNAME": "omar"}],
)
def test_an_account_that_does_not_own_the_books_is_itself(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert person_here(tmp_path, environment, NOBODY.pw_uid) == NOBODY.pw_name


@pytest.mark.parametrize(
    ("environment", "person"),
    [
        ({}, OWN),
        ({"LOGNAME": OWN, "USER": "omar"}, OWN),
        ({"LOGNAME": "omar"}, "omar"),
        ({"USER": "omar"}, "omar"),
        # As sudo sets them: its target's login, and who asked.
        ({"LOGNAME": OWN, "USER": OWN, "SUDO_USER": "layla"}, "layla"),
        ({"LOGNAME": "omar", "SUDO_USER": "layla"}, "omar"),
    ],
)
def test_the_owner_says_for_whom(tmp_path: Path, environment: dict[str, str], person: str) -> None:
    assert person_here(tmp_path, environment) == person


def test_on_a_server_only_root_speaks_for_others() -> None:
    assert person_here(None, {"LOGNAME": "omar"}, NOBODY.pw_uid) == NOBODY.pw_name
    assert person_here(None, {"LOGNAME": "omar"}, 0) == "omar"


def test_before_there_are_books_whoever_begins_them_owns_them(tmp_path: Path) -> None:
    assert person_here(tmp_path / "none", {"LOGNAME": "omar"}) == "omar"


def test_an_account_without_a_name_has_its_number(tmp_path: Path) -> None:
    assert person_here(tmp_path, {"LOGNAME": "omar"}, 4_000_000_000) == "uid-4000000000"
