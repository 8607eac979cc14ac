"""The doors: signing in and out, and who a request comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from meters.errors import Invalid, Refused

from ..finding import western
from ..parties import Role
from .devices import DeviceKey, check_seat
from .ports import House, HouseReading, PasswordHasher, SecondFactor
from .sessions import ID_BYTES, SEEN_EVERY, Ending, NotSignedIn, Session, digest_of, over
from .trail import Act
from .users import NEEDS_SECOND_FACTOR, SignedIn, User, check_password
from .writing import Subjects, check_waits, end_all, one_wrong, write_down


@dataclass(eq=False)
class SignInWrong(Refused, code="sign_in.wrong"):
    """Name, password or code is wrong; which of them is not said."""


@dataclass(eq=False)
class SecondFactorNeeded(Refused, code="sign_in.second_factor_needed"):
    """Name and password are right: the code of the second factor is to be given with them."""


@dataclass(eq=False)
class CodeWrong(Invalid, code="sign_in.code_wrong"):
    """The code does not belong to this secret and this minute."""


@dataclass(eq=False)
class SecondFactorThere(Refused, code="sign_in.second_factor_there"):
    """They have a second factor: another one takes its place against their password alone."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A way in that somebody tries."""

    name: str
    password: str
    code: str
    terminal: str
    """The device's, if it has a key; else what the person calls it."""
    address: str
    device: str = ""
    """The text of the device's key."""

    def __repr__(self) -> str:
        return f"Arrival({self.name!r} at {self.terminal!r})"


class Doors:
    """Signing in and out. `random_bytes` makes session ids; `clock` gives aware UTC datetimes."""

    def __init__(
        self,
        house: House,
        hasher: PasswordHasher,
        second: SecondFactor,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        *,
        devices_required: bool = False,
    ) -> None:
        self._house = house
        self._hasher = hasher
        self._second = second
        self._clock = clock
        self._random = random_bytes
        self._devices_required = devices_required

    def sign_in(self, arrival: Arrival) -> tuple[str, SignedIn]:
        """A new session's id, for the cookie, and who it is. The clerk's other sessions end.

        Raises TooManyTries, SignInWrong, SecondFactorNeeded (nothing is counted as wrong then),
        DeviceNeeded, DeviceElsewhere.
        """
        now = self._clock()
        name = western(arrival.name.strip()).lower()
        subjects = (("user", name[:40]), ("address", arrival.address[:60]))
        with self._house.reading() as house:
            check_waits(house, subjects, now)
            user = house.user(name[:40])
            device = house.device(digest_of(arrival.device)) if arrival.device else None
        # Hashing takes a tenth of a second: nobody waits for it with the books in hand. And who
        # does not exist takes as long to be refused as who does, the first time too.
        nobody = self._nobody
        right = self._hasher.verify(arrival.password, nobody if user is None else user.password)
        step = 0
        if right and user is not None and user.active and user.second:
            if not arrival.code.strip():
                with self._house.reading() as house:
                    check_waits(house, subjects, now)
                raise SecondFactorNeeded()
            told = self._second.step(user.second, arrival.code, now)
            right = told is not None and told > user.second_used
            step = told or 0
        if not right or user is None or not user.active:
            one_wrong(self._house, subjects, now)
            raise SignInWrong()
        return self._let_in(user, step, arrival, device, subjects, now)

    @cached_property
    def _nobody(self) -> str:
        """Of a password that nobody knows. Made by the first who signs in: most programs that have
        doors, as each command of a terminal has, never see anybody come."""
        return self._hasher.hash(self._random(ID_BYTES).hex())

    def who(self, id: str) -> SignedIn:
        """Who comes with this session id. Raises NotSignedIn; a session that is over by time is
        written down as ended."""
        now = self._clock()
        digest = digest_of(id)
        with self._house.reading() as house:
            session, user = _known(house, digest)
        ending = over(session, now)
        if ending is None and now - session.seen_at < SEEN_EVERY:
            return _signed_in(user, session)
        with self._house.writing() as house:
            session, user = _known(house, digest)
            ending = over(session, now)
            if ending is None:
                house.seen(digest, now)
            elif session.ending is None:
                house.end_session(digest, now, ending)
        if ending is not None:
            raise NotSignedIn()
        return _signed_in(user, session)

    def sign_out(self, who: SignedIn) -> None:
        now = self._clock()
        with self._house.writing() as house:
            house.end_session(who.session, now, Ending.SIGNED_OUT)
            write_down(house, Act("sign_out", who.user.name), who.actor, now)

    def change_password(self, who: SignedIn, old: str, new: str) -> None:
        """Their own. All other sessions of theirs end. Raises SignInWrong for a wrong old one,
        TooManyTries, PasswordTooShort, PasswordGuessable, NotSignedIn (shut out meanwhile)."""
        now = self._clock()
        plain = check_password(who.user.name, new)
        self._prove(who, old, now)
        hashed = self._hasher.hash(plain)
        with self._house.writing() as house:
            check_waits(house, _own(who), now)
            user = _as_proved(house, who)
            house.put_user(replace(user, password=hashed, must_change=False))
            end_all(house, user.name, now, Ending.CHANGED, but=who.session)
            house.forget_tries("user", user.name)
            write_down(house, Act("password_changed", user.name), who.actor, now)

    def new_second_factor(self, shown: str = "") -> str:
        """A secret to be confirmed with a code: the one that was `shown` before, if it came back as
        it was, else a fresh one."""
        return shown if self._second.is_secret(shown) else self._second.secret()

    def confirm_second_factor(self, who: SignedIn, secret: str, code: str) -> None:
        """The first of somebody who has none: from now on a code of this secret is asked for.
        Raises CodeWrong, SecondFactorThere, NotSignedIn (shut out meanwhile)."""
        self._set_second_factor(who, secret, code, in_place=False)

    def move_second_factor(self, who: SignedIn, password: str, secret: str, code: str) -> None:
        """To another telephone, or the first of somebody whose role asks for none. Raises what
        `change_password` raises for the password or the session, and CodeWrong."""
        self._prove(who, password, self._clock())
        self._set_second_factor(who, secret, code, in_place=True)

    def _set_second_factor(self, who: SignedIn, secret: str, code: str, *, in_place: bool) -> None:
        now = self._clock()
        # It comes back from a form, where anybody may have typed another.
        step = self._second.step(secret, code, now) if self._second.is_secret(secret) else None
        if step is None:
            raise CodeWrong()
        with self._house.writing() as house:
            if in_place:
                # Their password was asked for.
                check_waits(house, _own(who), now)
            user = _as_proved(house, who)
            if user.second and not in_place:
                raise SecondFactorThere()
            house.put_user(replace(user, second=secret, second_used=step))
            write_down(house, Act("second_factor_set", user.name), who.actor, now)

    def _prove(self, who: SignedIn, password: str, now: datetime) -> None:
        """That it is the person, and not somebody at a screen that was left open. Raises
        TooManyTries, SignInWrong."""
        with self._house.reading() as house:
            check_waits(house, _own(who), now)
        if not self._hasher.verify(password, who.user.password):
            one_wrong(self._house, _own(who), now)
            raise SignInWrong()

    def _let_in(
        self,
        user: User,
        step: int,
        arrival: Arrival,
        device: DeviceKey | None,
        subjects: tuple[tuple[str, str], ...],
        now: datetime,
    ) -> tuple[str, SignedIn]:
        id = self._random(ID_BYTES).hex()
        session = Session(digest_of(id), user.name, arrival.terminal, arrival.address, now, now)
        with self._house.writing() as house:
            check_waits(house, subjects, now)
            fresh = house.user(user.name)
            if fresh is None or not fresh.active or fresh.second_used >= step > 0:
                # Somebody was quicker with the same code, or has shut this person out meanwhile.
                raise SignInWrong()
            if (fresh.password, fresh.second) != (user.password, user.second):
                # What was shown is not what opens any more.
                raise SignInWrong()
            # Its key may have been taken back while the password was looked at.
            device = None if device is None else house.device(device.digest)
            if device is not None and device.revoked_at is not None:
                device = None
            check_seat(fresh, device, required=self._devices_required)
            if device is not None:
                session = replace(
                    session, terminal=device.terminal, device=device.name, point=device.point
                )
            if step:
                fresh = replace(fresh, second_used=step)
                house.put_user(fresh)
            for kind, subject in subjects:
                house.forget_tries(kind, subject)
            if fresh.role is Role.OPERATOR:
                end_all(house, fresh.name, now, Ending.ELSEWHERE)
            house.add_session(session)
            if device is not None:
                house.put_device(replace(device, seen_at=now))
            who = _signed_in(fresh, session)
            told = {"from": arrival.address, "device": session.device}
            write_down(house, Act("sign_in", fresh.name, after=told), who.actor, now)
        return id, who


def needs_second_factor(user: User) -> bool:
    """Whether they have none and their role wants one."""
    return user.role in NEEDS_SECOND_FACTOR and not user.second


def _own(who: SignedIn) -> Subjects:
    return (("user", who.user.name),)


def _as_proved(house: HouseReading, who: SignedIn) -> User:
    """The person, where nothing has changed since they were looked at. Raises NotSignedIn if their
    session was ended meanwhile, as by a new password from the office; SignInWrong if the password
    that they have shown is theirs no more."""
    session, user = _known(house, who.session)
    if session.ending is not None:
        raise NotSignedIn()
    if user.password != who.user.password:
        raise SignInWrong()
    return user


def _known(house: HouseReading, digest: str) -> tuple[Session, User]:
    session = house.session(digest)
    user = None if session is None else house.user(session.user)
    if session is None or user is None or not user.active:
        raise NotSignedIn()
    return session, user


def _signed_in(user: User, session: Session) -> SignedIn:
    return SignedIn(user, session.digest, session.terminal, session.started_at, session.point)
