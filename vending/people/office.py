"""The office of people: who is a user, with which role, and what everybody did."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from ..accounting.adjustments import checked_reason
from ..parties import Actor, Role
from ..permissions import ActorNotAllowed, require
from .ports import House, HouseWriting, PasswordHasher
from .sessions import Ending, Session, SessionUnknown
from .trail import Act, TrailLine, TrailProblem, problems
from .users import (
    OwnAct,
    User,
    UserDraft,
    UserExists,
    UserUnknown,
    check_password,
    check_user_name,
)
from .writing import end_all, write_down

FIRST = Actor("setup", Role.ADMINISTRATOR)
"""Who makes the first user: nobody is there yet."""


class Office:
    """Use cases over a House. Whatever changes is written in the trail, in the same transaction;
    what is done to somebody who is there needs a reason (ReasonMissing)."""

    def __init__(self, house: House, hasher: PasswordHasher, clock: Callable[[], datetime]) -> None:
        self._house = house
        self._hasher = hasher
        self._clock = clock

    @property
    def is_empty(self) -> bool:
        """Whether nobody can sign in yet: then the first administrator may be made."""
        with self._house.reading() as house:
            return not house.users()

    def begin(self, draft: UserDraft, password: str) -> User:
        """The first user, an administrator. Raises UserExists if there is one already, and what
        `add` raises."""
        user = self._made(replace(draft, role=Role.ADMINISTRATOR), password, must_change=False)
        with self._house.writing() as house:
            if house.users():
                raise UserExists(user.name)
            self._put(house, FIRST, "user_added", None, user)
        return user

    def add(
        self, actor: Actor, draft: UserDraft, password: str, *, must_change: bool = True
    ) -> User:
        """A new user, who changes the password at the first sign-in. Raises ActorNotAllowed,
        UserNameMalformed, UserExists, PasswordTooShort, PasswordGuessable."""
        require(actor, "manage_users")
        user = self._made(draft, password, must_change=must_change)
        with self._house.writing() as house:
            if house.user(user.name) is not None:
                raise UserExists(user.name)
            self._put(house, actor, "user_added", None, user)
        return user

    def change(self, actor: Actor, draft: UserDraft, *, active: bool, reason: str) -> User:
        """Another role, point, name, or activity; their sessions end. Raises ActorNotAllowed,
        UserUnknown, OwnAct."""
        require(actor, "manage_users")
        reason, now = checked_reason(reason), self._clock()
        with self._house.writing() as house:
            _check_standing(house, actor)
            old = _user(house, draft.name)
            if old.name == actor.name and (draft.role is not old.role or not active):
                raise OwnAct()
            new = replace(
                old,
                role=draft.role,
                name_ar=draft.name_ar,
                name_en=draft.name_en,
                point=draft.point,
                language=draft.language,
                active=active,
            )
            self._put(house, actor, "user_changed", old, new, reason)
            if _standing(old) != _standing(new):
                end_all(house, new.name, now, Ending.CHANGED)
        return new

    def reset_password(self, actor: Actor, name: str, password: str, reason: str) -> None:
        """A password for somebody else, to be changed at the next sign-in. Raises
        ActorNotAllowed, UserUnknown, OwnAct, PasswordTooShort, PasswordGuessable."""
        require(actor, "manage_users")
        reason = checked_reason(reason)
        if name == actor.name:
            raise OwnAct()
        hashed = self._hasher.hash(check_password(name, password))
        self._reset(actor, name, "password_reset", reason, password=hashed, must_change=True)

    def take_second_factor(self, actor: Actor, name: str, reason: str) -> None:
        """Of somebody whose telephone is lost; they set up a new one at the next sign-in. Raises
        ActorNotAllowed, UserUnknown, OwnAct."""
        require(actor, "manage_users")
        reason = checked_reason(reason)
        if name == actor.name:
            raise OwnAct()
        self._reset(actor, name, "second_factor_taken", reason, second="", second_used=0)

    def users(self, actor: Actor) -> list[User]:
        """By name. Raises ActorNotAllowed."""
        require(actor, "read_users")
        with self._house.reading() as house:
            return house.users()

    def sessions(self, actor: Actor) -> list[Session]:
        """Open ones, the latest first. Raises ActorNotAllowed."""
        require(actor, "end_sessions")
        with self._house.reading() as house:
            return house.sessions()

    def end_session(self, actor: Actor, digest: str, reason: str) -> None:
        """Somebody else's (or one's own elsewhere). Raises ActorNotAllowed, SessionUnknown."""
        require(actor, "end_sessions")
        reason, now = checked_reason(reason), self._clock()
        with self._house.writing() as house:
            session = house.session(digest)
            if session is None or session.ending is not None:
                raise SessionUnknown()
            house.end_session(digest, now, Ending.BY_SUPERVISOR)
            write_down(house, Act("session_ended", session.user, reason), actor, now)

    def write_down(self, actor: Actor, act: Act) -> None:
        """An act that has its own books (a sale, a void), as a line of the trail."""
        with self._house.writing() as house:
            write_down(house, act, actor, self._clock())

    def trail(
        self, actor: Actor, *, before: int = 0, limit: int = 100, subject: str = "", by: str = ""
    ) -> list[TrailLine]:
        """Latest first, from the line before `before` on. Raises ActorNotAllowed."""
        require(actor, "read_trail")
        with self._house.reading() as house:
            return house.trail(before, limit, subject, by)

    def verify_trail(self, actor: Actor) -> tuple[int, TrailProblem | None]:
        """How many lines there are, and the first that does not follow, or is not there any more
        though a seal of the day stands for it. Raises ActorNotAllowed."""
        require(actor, "read_trail")
        with self._house.reading() as house:
            end, sealed = house.trail_end(), house.sealed_trail()
            with closing(house.whole_trail()) as lines:
                return end.number, next(problems(lines, end, sealed), None)

    def _made(self, draft: UserDraft, password: str, *, must_change: bool) -> User:
        name = check_user_name(draft.name)
        hashed = self._hasher.hash(check_password(name, password))
        return User(
            name,
            draft.role,
            draft.name_ar.strip(),
            draft.name_en.strip(),
            draft.point,
            draft.language,
            must_change=must_change,
            password=hashed,
        )

    def _reset(self, actor: Actor, name: str, act: str, reason: str, **changes: object) -> None:
        now = self._clock()
        with self._house.writing() as house:
            _check_standing(house, actor)
            user = _user(house, name)
            house.put_user(replace(user, **changes))  # type: ignore[arg-type]
            end_all(house, name, now, Ending.CHANGED)
            write_down(house, Act(act, name, reason), actor, now)

    def _put(
        self,
        house: HouseWriting,
        actor: Actor,
        act: str,
        old: User | None,
        new: User,
        reason: str = "",
    ) -> None:
        house.put_user(new)
        before = None if old is None else _told(old)
        write_down(house, Act(act, new.name, reason, before, _told(new)), actor, self._clock())


def _user(house: HouseWriting, name: str) -> User:
    found = house.user(name)
    if found is None:
        raise UserUnknown(name[:40])
    return found


def _check_standing(house: HouseWriting, actor: Actor) -> None:
    """Two who shut each other out at once would leave nobody inside. Who is no user here acts from
    elsewhere, and is known there. Raises ActorNotAllowed."""
    found = house.user(actor.name)
    if found is not None and not (found.active and found.role is actor.role):
        raise ActorNotAllowed("manage_users", found.role.value)


def _standing(user: User) -> tuple[object, ...]:
    return user.role, user.point, user.active


def _told(user: User) -> dict[str, object]:
    """What the trail may show of a user."""
    return {
        "role": user.role.value,
        "name_ar": user.name_ar,
        "name_en": user.name_en,
        "point": user.point or "",
        "language": user.language,
        "active": user.active,
    }
