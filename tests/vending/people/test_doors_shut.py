"""Doors that stay shut: codes used once, sessions that end with what they were opened on; on both
databases."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pyotp
import pytest

from meters.errors import Refused
from tests.vending.people.test_doors import PASSWORD, SAMIR, WHY, Hall, hall
from vending.identity_checks import Argon2, OneTimeCodes
from vending.parties import Role
from vending.people import Arrival, Devices, Doors, NotSignedIn, SignInWrong, TooManyTries
from vending.store.house import SqlHouse

__all__ = ["hall"]


def test_a_code_lets_in_one_of_two_who_come_at_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = hall.come("huda")
    secret = hall.doors.new_second_factor()

    def told() -> str:
        return pyotp.TOTP(secret).at(hall.clock())

    hall.doors.confirm_second_factor(who, secret, told())
    hall.clock.forward(minutes=1)
    let_in = type(hall.doors)._let_in

    def after_another(self: Any, *how: Any) -> Any:
        monkeypatch.setattr(type(hall.doors), "_let_in", let_in)
        hall.come("huda", PASSWORD, told())
        return let_in(self, *how)

    monkeypatch.setattr(type(hall.doors), "_let_in", after_another)
    with pytest.raises(SignInWrong):
        hall.come("huda", PASSWORD, told())


def test_who_was_shut_out_meanwhile_is_not_let_in(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in = type(hall.doors)._let_in

    def shut_out(self: Any, *how: Any) -> Any:
        hall.office.change(hall.admin, SAMIR, active=False, reason="left the town hall")
        return let_in(self, *how)

    with monkeypatch.context() as patch:
        patch.setattr(type(hall.doors), "_let_in", shut_out)
        with pytest.raises(SignInWrong):
            hall.come()
    assert hall.office.sessions(hall.admin) == []


def test_a_new_password_ends_what_was_opened_with_the_old(hall: Hall) -> None:
    elsewhere, _ = hall.arrive("huda", terminal="T1")
    here, who = hall.arrive("huda", terminal="T2")
    hall.doors.change_password(who, PASSWORD, "زيتون على الجبل كثير")
    assert hall.doors.who(here).user.name == "huda"
    with pytest.raises(NotSignedIn):
        hall.doors.who(elsewhere)


def test_one_address_that_tries_many_names_must_wait(hall: Hall) -> None:
    for number in range(20):
        with pytest.raises(SignInWrong):
            hall.come(f"nobody-{number}", "wrong")
    with pytest.raises(TooManyTries):
        hall.come()


class Meanwhile(Argon2):
    """While a password is looked at something else happens, once."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__(cheap=True)
        self.then = then

    def verify(self, password: str, hashed: str) -> bool:
        then, self.then = self.then, lambda: None
        then()
        return super().verify(password, hashed)


def doors_with(hall: Hall, hasher: Argon2) -> Doors:
    """Of another program on the same database."""
    return Doors(SqlHouse(hall.store), hasher, OneTimeCodes(), hall.clock, os.urandom)


def guessed(hall: Hall, name: str) -> None:
    """As often as one may without a wait."""
    for _ in range(4):
        with pytest.raises(SignInWrong):
            hall.come(name, "wrong")


def test_many_guesses_at_one_moment_tell_no_more_than_one_after_the_other(hall: Hall) -> None:
    """All of them are let in to guess before the first is found to be wrong."""
    many = Barrier(10)
    hasher = Argon2(cheap=True)
    hasher.verify = lambda *_: many.wait(10) < 0  # type: ignore[method-assign]
    doors = doors_with(hall, hasher)
    # What nobody is held against is made first.
    assert doors._nobody

    def guess(number: int) -> str:
        arrival = Arrival("samir", f"guess {number}", "", "T1", "10.0.0.7")
        with pytest.raises(Refused) as error:
            doors.sign_in(arrival)
        return error.value.code

    with ThreadPoolExecutor(10) as pool:
        told = Counter(pool.map(guess, range(10)))
    assert told == {"sign_in.wrong": 4, "sign_in.too_many_tries": 6}
    with pytest.raises(TooManyTries) as error:
        hall.come()
    assert error.value.seconds == 15


def test_the_right_guess_beside_too_many_wrong_ones_is_not_told(hall: Hall) -> None:
    doors = doors_with(hall, Meanwhile(lambda: guessed(hall, "samir")))
    with pytest.raises(TooManyTries):
        doors.sign_in(Arrival("samir", PASSWORD, "", "T1", "10.0.0.7"))
    assert hall.office.sessions(hall.admin) == []

    who = hall.come("huda")
    hall.clock.forward(minutes=1)
    doors = doors_with(hall, Meanwhile(lambda: guessed(hall, "huda")))
    with pytest.raises(TooManyTries):
        doors.change_password(who, PASSWORD, "زيتون على الجبل كثير")
    hall.clock.forward(minutes=1)
    secret = doors.new_second_factor()
    code = pyotp.TOTP(secret).at(hall.clock())
    doors = doors_with(hall, Meanwhile(lambda: not_waiting(hall)))
    with pytest.raises(TooManyTries):
        doors.move_second_factor(who, PASSWORD, secret, code)
    hall.clock.forward(minutes=1)
    doors.confirm_second_factor(who, secret, pyotp.TOTP(secret).at(hall.clock()))
    doors = doors_with(hall, Meanwhile(lambda: not_waiting(hall)))
    with pytest.raises(TooManyTries):
        doors.sign_in(Arrival("huda", PASSWORD, "", "T1", "10.0.0.7"))


def not_waiting(hall: Hall) -> None:
    """One more wrong try of somebody who has had their free ones."""
    with pytest.raises(SignInWrong):
        hall.come("huda", "wrong")


def test_another_point_or_role_ends_the_session(hall: Hall) -> None:
    for draft in (replace(SAMIR, point="P2"), replace(SAMIR, point="P2", role=Role.BILLING)):
        id, _ = hall.arrive()
        hall.office.change(hall.admin, draft, active=True, reason=WHY)
        with pytest.raises(NotSignedIn):
            hall.doors.who(id)


def test_a_revoked_device_seats_nobody(hall: Hall) -> None:
    devices = Devices(SqlHouse(hall.store), hall.clock, os.urandom)
    _, text = devices.make(hall.admin, "E-1", "P1", "T7")
    key = text.replace("-", "")
    arrival = Arrival("samir", PASSWORD, "", "home", "10.0.0.7", key)
    id, who = hall.doors.sign_in(arrival)
    assert who.terminal == "T7"
    devices.revoke(hall.admin, "E-1", "it was stolen")
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)
    assert hall.doors.sign_in(arrival)[1].terminal == "home"
