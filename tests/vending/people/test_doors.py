"""People and doors on both databases: who comes in, who does not, and what is written down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import text

from tests.vending.support import START, SetClock, new_store, town
from vending.accounting.errors import ReasonMissing
from vending.identity_checks import Argon2, OneTimeCodes
from vending.masking import ReasonHoldsToken
from vending.parties import Actor, PointUnknown, Role
from vending.people import (
    Arrival,
    CodeWrong,
    Devices,
    Doors,
    NotSignedIn,
    Office,
    OwnAct,
    PasswordGuessable,
    PasswordTooShort,
    SecondFactorNeeded,
    SecondFactorThere,
    SignedIn,
    SignInWrong,
    TooManyTries,
    UserDraft,
    UserExists,
    UserNameMalformed,
    UserUnknown,
)
from vending.permissions import ActorNotAllowed
from vending.store import SqlStore, triggers
from vending.store.engine import WRITES
from vending.store.house import SqlHouse

HUDA = UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda")
SAMIR = UserDraft("samir", Role.OPERATOR, "سمير", "Samir", point="P1")
PASSWORD = "زيت وزعتر على السطح"
WHY = "as the mayor asked"


@dataclass
class Hall:
    store: SqlStore
    clock: SetClock
    doors: Doors
    office: Office
    admin: Actor

    def come(
        self, name: str = "samir", password: str = PASSWORD, code: str = "", terminal: str = "T1"
    ) -> SignedIn:
        return self.arrive(name, password, code, terminal)[1]

    def arrive(
        self, name: str = "samir", password: str = PASSWORD, code: str = "", terminal: str = "T1"
    ) -> tuple[str, SignedIn]:
        return self.doors.sign_in(Arrival(name, password, code, terminal, "10.0.0.7"))


@pytest.fixture
def hall(place: Path | str) -> Iterator[Hall]:
    store, clock = new_store(place), SetClock()
    with store.writing() as books:
        books.register(town())
    house, hasher = SqlHouse(store), Argon2(cheap=True)
    office = Office(house, hasher, clock)
    doors = Doors(house, hasher, OneTimeCodes(), clock, os.urandom)
    admin = office.begin(HUDA, PASSWORD).actor("T0")
    office.add(admin, SAMIR, PASSWORD, must_change=False)
    try:
        yield Hall(store, clock, doors, office, admin)
    finally:
        store.close()


def acts(hall: Hall) -> list[tuple[str, str, str]]:
    return [(line.act, line.subject, line.actor) for line in hall.office.trail(hall.admin)][::-1]


def test_a_clerk_comes_in_and_goes(hall: Hall) -> None:
    id, who = hall.arrive(name=" SAMIR ")
    assert who.actor == Actor("samir", Role.OPERATOR, "P1", "T1")
    assert not who.setting_up
    assert hall.doors.who(id).user.name == "samir"
    hall.doors.sign_out(who)
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)
    assert acts(hall)[-2:] == [("sign_in", "samir", "samir"), ("sign_out", "samir", "samir")]


def test_names_and_keys_on_an_arabic_keyboard(hall: Hall) -> None:
    hall.office.add(hall.admin, replace(SAMIR, name="samir٢"), PASSWORD, must_change=False)
    assert hall.come("samir2").user.name == hall.come("samir٢").user.name == "samir2"
    devices = Devices(SqlHouse(hall.store), hall.clock, os.urandom)
    device, key = devices.make(hall.admin, "E-1", "P1", "T1")
    typed = key.translate(str.maketrans("234567", "٢٣٤٥٦٧"))
    assert devices.known(typed.lower()) == device


def test_the_id_in_the_browser_is_not_in_the_database(hall: Hall) -> None:
    id, _ = hall.arrive()
    with hall.store.engine.connect() as db:
        kept = str(db.execute(text("SELECT * FROM sessions")).all())
        kept += str(db.execute(text("SELECT * FROM users")).all())
        db.rollback()
    assert id not in kept
    assert PASSWORD not in kept


def test_a_clerk_has_one_open_session(hall: Hall) -> None:
    first, _ = hall.arrive(terminal="T1")
    second, _ = hall.arrive(terminal="T2")
    with pytest.raises(NotSignedIn):
        hall.doors.who(first)
    assert hall.doors.who(second).terminal == "T2"


def test_a_session_ends_when_nobody_uses_it_and_after_a_day(hall: Hall) -> None:
    id, _ = hall.arrive()
    for _ in range(5):
        hall.clock.forward(minutes=25)
        hall.doors.who(id)
    hall.clock.forward(minutes=31)
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)
    id, _ = hall.arrive()
    for _ in range(33):
        hall.clock.forward(minutes=25)
        hall.doors.who(id)
    hall.clock.forward(minutes=25)
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)


def test_guessing_is_slowed_down_and_remembered(hall: Hall) -> None:
    for _ in range(4):
        with pytest.raises(SignInWrong):
            hall.come(password="wrong")
    with pytest.raises(TooManyTries) as error:
        hall.come()
    assert error.value.seconds == 15
    hall.clock.forward(seconds=15)
    with pytest.raises(SignInWrong):
        hall.come(password="wrong")
    with pytest.raises(TooManyTries) as error:
        hall.come()
    assert error.value.seconds == 30
    # Somebody else at the same address comes in.
    hall.come("huda")
    hall.clock.forward(seconds=30)
    hall.come()
    # And is free again to mistype.
    with pytest.raises(SignInWrong):
        hall.come(password="wrong")
    hall.come()


def test_nobody_learns_which_part_was_wrong(hall: Hall) -> None:
    for name, password in (("nobody", PASSWORD), ("samir", "x"), ("a\x00b", "x"), ("", "")):
        with pytest.raises(SignInWrong):
            hall.come(name, password)


class Counting(Argon2):
    """Counts what it hashes: all of it takes the same time."""

    def __init__(self) -> None:
        super().__init__(cheap=True)
        self.done = 0

    def hash(self, password: str) -> str:
        self.done += 1
        return super().hash(password)

    def verify(self, password: str, hashed: str) -> bool:
        self.done += 1
        return super().verify(password, hashed)


def test_nobody_learns_by_the_time_it_takes_who_exists(hall: Hall) -> None:
    """From the first who comes to a program that has just begun."""
    took: dict[str, list[int]] = {}
    for name in ("samir", "nobody"):
        hasher = Counting()
        doors = Doors(SqlHouse(hall.store), hasher, OneTimeCodes(), hall.clock, os.urandom)
        assert hasher.done == 0, "a program that nobody comes to pays nothing"
        for _ in range(2):
            before = hasher.done
            with pytest.raises(SignInWrong):
                doors.sign_in(Arrival(name, "wrong", "", "T1", "10.0.0.7"))
            took.setdefault(name, []).append(hasher.done - before)
    assert took["samir"] == took["nobody"] == [2, 1]


def test_a_supervisor_needs_a_second_factor(hall: Hall) -> None:
    id, who = hall.arrive("huda")
    assert who.setting_up
    secret = hall.doors.new_second_factor()
    codes = pyotp.TOTP(secret)
    with pytest.raises(CodeWrong):
        hall.doors.confirm_second_factor(
            who, secret, "000000" if codes.at(START) != "000000" else "1"
        )
    hall.doors.confirm_second_factor(who, secret, codes.at(START))
    assert not hall.doors.who(id).setting_up
    with pytest.raises(SecondFactorNeeded):
        hall.come("huda")
    # A code that was used is used up.
    with pytest.raises(SignInWrong):
        hall.come("huda", code=codes.at(START))
    hall.clock.forward(seconds=30)
    fresh = codes.at(hall.clock())
    arabic = "".join("٠١٢٣٤٥٦٧٨٩"[int(digit)] for digit in fresh)
    hall.come("huda", code=f"{arabic[:3]} {arabic[3:]}")
    with pytest.raises(SignInWrong):
        hall.come("huda", code=fresh)
    hall.clock.forward(seconds=30)
    with pytest.raises(SignInWrong):
        hall.come("huda", password="x", code=codes.at(hall.clock()))


def test_who_was_shut_out_meanwhile_sets_up_no_second_factor(hall: Hall) -> None:
    """Looked at before the reset, the person would still be let go on."""
    _, who = hall.arrive("samir")
    hall.office.reset_password(hall.admin, "samir", "bread and thyme in the yard", "forgotten")
    secret = hall.doors.new_second_factor()
    with pytest.raises(NotSignedIn):
        hall.doors.confirm_second_factor(who, secret, pyotp.TOTP(secret).at(START))
    assert hall.come(password="bread and thyme in the yard").user.second == ""


@pytest.mark.parametrize("forged", ["", "A", "AAAAAAAA", "reading", "0" * 32, "a" * 32, "٣" * 32])
def test_no_other_secret_is_taken_than_one_of_ours(hall: Hall, forged: str) -> None:
    """It comes back in a field of the form: a short one could be guessed by whoever sees a code."""
    _, who = hall.arrive("huda")
    try:
        code = pyotp.TOTP(forged).at(START)
    except ValueError:
        code = "123456"
    with pytest.raises(CodeWrong):
        hall.doors.confirm_second_factor(who, forged, code)
    with pytest.raises(CodeWrong):
        hall.doors.move_second_factor(who, PASSWORD, forged, code)
    anew = hall.doors.new_second_factor(forged)
    assert anew != forged
    assert hall.doors.new_second_factor(anew) == anew


def test_a_second_factor_is_moved_with_the_password_alone(hall: Hall) -> None:
    """Who finds a screen left open cannot put a telephone of their own in its place."""
    id, _ = hall.arrive("huda")
    first, other = hall.doors.new_second_factor(), hall.doors.new_second_factor()
    hall.doors.confirm_second_factor(hall.doors.who(id), first, pyotp.TOTP(first).at(START))
    who, theirs = hall.doors.who(id), pyotp.TOTP(other).at(START)
    with pytest.raises(SecondFactorThere):
        hall.doors.confirm_second_factor(who, other, theirs)
    with pytest.raises(SignInWrong):
        hall.doors.move_second_factor(who, "a guess", other, theirs)
    assert hall.doors.who(id).user.second == first
    hall.doors.move_second_factor(who, PASSWORD, other, theirs)
    assert hall.doors.who(id).user.second == other


def test_what_is_done_to_somebody_has_a_reason(hall: Hall) -> None:
    id, who = hall.arrive()
    office = hall.office
    devices = Devices(SqlHouse(hall.store), hall.clock, os.urandom)
    devices.make(hall.admin, "E-1", "P1", "T1")
    before = len(acts(hall))
    for reason in ("", "   ", "\u200b", "why"):
        for act in (
            lambda why: office.change(hall.admin, SAMIR, active=False, reason=why),
            lambda why: office.reset_password(hall.admin, "samir", PASSWORD, why),
            lambda why: office.take_second_factor(hall.admin, "samir", why),
            lambda why: office.end_session(hall.admin, who.session, why),
            lambda why: devices.revoke(hall.admin, "E-1", why),
        ):
            with pytest.raises(ReasonMissing):
                act(reason)
    assert len(acts(hall)) == before
    assert hall.doors.who(id).user.active


def test_a_token_in_a_reason_is_not_kept(hall: Hall) -> None:
    before = hall.office.trail(hall.admin, subject="samir")
    with pytest.raises(ReasonHoldsToken):
        hall.office.change(
            hall.admin, SAMIR, active=False, reason="gave 1234 5678 9012 3456 7890 away"
        )
    assert hall.office.trail(hall.admin, subject="samir") == before


def test_users_are_made_and_changed_by_administrators(hall: Hall) -> None:
    office, clerk = hall.office, hall.come().actor
    with pytest.raises(ActorNotAllowed):
        office.add(clerk, replace(SAMIR, name="rami"), PASSWORD)
    for name, error in (
        ("x", UserNameMalformed),
        ("سمير", UserNameMalformed),
        ("samir", UserExists),
    ):
        with pytest.raises(error):
            office.add(hall.admin, replace(SAMIR, name=name), PASSWORD)
    for password, wrong in (
        ("short", PasswordTooShort),
        ("samir-samir", PasswordGuessable),
        ("0123456789", PasswordGuessable),
        ("aaaaaaaaaaaa", PasswordGuessable),
    ):
        with pytest.raises(wrong):
            office.reset_password(hall.admin, "samir", password, WHY)
    with pytest.raises(PointUnknown):
        office.add(hall.admin, replace(SAMIR, name="rami", point="P9"), PASSWORD)
    with pytest.raises(UserUnknown):
        office.change(hall.admin, replace(SAMIR, name="rami"), active=True, reason=WHY)
    with pytest.raises(OwnAct):
        office.change(hall.admin, replace(HUDA, role=Role.OPERATOR), active=True, reason=WHY)
    with pytest.raises(UserExists):
        office.begin(HUDA, PASSWORD)


def test_who_is_shut_out_is_out_at_once(hall: Hall) -> None:
    id, _ = hall.arrive()
    hall.office.change(hall.admin, SAMIR, active=False, reason="left us")
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)
    with pytest.raises(SignInWrong):
        hall.come()
    line = hall.office.trail(hall.admin, subject="samir")[0]
    assert (line.act, line.reason, line.actor) == ("user_changed", "left us", "huda")
    assert '"active":true' in line.before
    assert '"active":false' in line.after


def test_a_password_of_somebody_else_is_changed_first(hall: Hall) -> None:
    first, _ = hall.arrive()
    hall.office.reset_password(hall.admin, "samir", "a sentence of Huda", "forgotten")
    with pytest.raises(NotSignedIn):
        hall.doors.who(first)
    id, who = hall.arrive(password="a sentence of Huda")
    assert who.setting_up
    with pytest.raises(SignInWrong):
        hall.doors.change_password(who, "not it", "a sentence of his own")
    with pytest.raises(PasswordGuessable):
        hall.doors.change_password(who, "a sentence of Huda", "samir is my name")
    hall.doors.change_password(who, "a sentence of Huda", "a sentence of his own")
    assert not hall.doors.who(id).setting_up
    hall.come(password="a sentence of his own")


def test_a_supervisor_ends_a_session(hall: Hall) -> None:
    id, who = hall.arrive()
    with pytest.raises(ActorNotAllowed):
        hall.office.sessions(who.actor)
    (session,) = hall.office.sessions(hall.admin)
    hall.office.end_session(hall.admin, session.digest, "went home")
    with pytest.raises(NotSignedIn):
        hall.doors.who(id)


def test_the_trail_shows_what_was_tampered_with(hall: Hall) -> None:
    hall.come()
    assert hall.office.verify_trail(hall.admin) == (3, None)
    kind = hall.store.engine.dialect.name

    def run(*statements: str) -> None:
        with hall.store.engine.connect() as db:
            db.execution_options(**{WRITES: True})
            with db.begin():
                for statement in statements:
                    db.execute(text(statement))

    change = "UPDATE trail SET actor = 'nobody' WHERE number = 2"
    with pytest.raises(Exception, match="insert-only"):
        run(change)
    run(*triggers.drop(kind, "trail"), change)
    _, problem = hall.office.verify_trail(hall.admin)
    assert problem is not None
    assert (problem.number, problem.problem) == (2, "content")
    run("UPDATE trail SET actor = 'huda' WHERE number = 2")
    assert hall.office.verify_trail(hall.admin)[1] is None
    run("DELETE FROM trail WHERE number = 3")
    _, problem = hall.office.verify_trail(hall.admin)
    assert problem is not None
    assert (problem.number, problem.problem) == (3, "head")


def test_an_auditor_sees_and_changes_nothing(hall: Hall) -> None:
    auditor = replace(SAMIR, name="lina", role=Role.AUDITOR, point=None)
    hall.office.add(hall.admin, auditor, PASSWORD, must_change=False)
    lina = hall.come("lina").actor
    assert hall.office.trail(lina)
    assert hall.office.users(lina)
    for change in (
        lambda: hall.office.add(lina, replace(SAMIR, name="x9"), PASSWORD),
        lambda: hall.office.end_session(lina, "0" * 64, WHY),
    ):
        with pytest.raises(ActorNotAllowed):
            change()


def test_old_tries_are_forgotten(hall: Hall) -> None:
    for _ in range(4):
        with pytest.raises(SignInWrong):
            hall.come(password="wrong")
    hall.clock.now += timedelta(hours=1, seconds=1)
    with pytest.raises(SignInWrong):
        hall.come(password="wrong")
    hall.come()
