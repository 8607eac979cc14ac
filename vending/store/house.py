"""Users, sessions, wrong tries and the trail, beside the books and with the same single writer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..ledger import ChainEnd, SealContent
from ..ledger.seals import UNREADABLE_SEAL
from ..parties import PointUnknown, Role
from ..people import DeviceKey, Ending, Session, TrailLine, Tries, User
from ..people.recording import is_pending, write_pending
from . import schema as t
from .attesting import chain_end
from .sqlstore import SqlStore
from .streams import streamed

_LINE = [t.trail.c[field.name] for field in fields(TrailLine)]
_DEVICES = select(*(t.device_keys.c[field.name] for field in fields(DeviceKey)))


class SqlHouseReading:
    """See `vending.people.HouseReading`."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def user(self, name: str) -> User | None:
        if "\x00" in name:
            return None
        row = self._db.execute(select(t.users).where(t.users.c.name == name)).first()
        return None if row is None else _user(row)

    def users(self) -> list[User]:
        rows = self._db.execute(select(t.users).order_by(t.users.c.name))
        return [_user(row) for row in rows]

    def session(self, digest: str) -> Session | None:
        statement = select(t.sessions).where(t.sessions.c.digest == digest)
        row = self._db.execute(statement).first()
        return None if row is None else _session(row)

    def sessions(self, user: str | None = None) -> list[Session]:
        c = t.sessions.c
        statement = select(t.sessions).where(c.ended_at.is_(None)).order_by(c.started_at.desc())
        if user is not None:
            statement = statement.where(c.user == user)
        return [_session(row) for row in self._db.execute(statement)]

    def device(self, digest: str) -> DeviceKey | None:
        row = self._db.execute(_DEVICES.where(t.device_keys.c.digest == digest)).first()
        return None if row is None else DeviceKey(*row)

    def devices(self) -> list[DeviceKey]:
        rows = self._db.execute(_DEVICES.order_by(t.device_keys.c.name))
        return [DeviceKey(*row) for row in rows]

    def tries(self, kind: str, subject: str) -> Tries | None:
        c = t.sign_in_tries.c
        if "\x00" in subject:
            return None
        statement = select(t.sign_in_tries).where(c.kind == kind, c.subject == subject)
        row = self._db.execute(statement).first()
        return None if row is None else Tries(*row)

    def trail(self, after: int, limit: int, subject: str = "", actor: str = "") -> list[TrailLine]:
        c = t.trail.c
        statement = select(*_LINE).order_by(c.number.desc()).limit(limit)
        if after:
            statement = statement.where(c.number < after)
        if subject:
            statement = statement.where(c.subject == subject.replace("\x00", ""))
        if actor:
            statement = statement.where(c.actor == actor.replace("\x00", ""))
        return [TrailLine(*row) for row in self._db.execute(statement)]

    def whole_trail(self) -> Generator[TrailLine, None, None]:
        statement = select(*_LINE).order_by(t.trail.c.number)
        with streamed(self._db, statement) as rows:
            for row in rows:
                yield TrailLine(*row)

    def trail_tells(self, subject: str, act: str, actor: str) -> bool:
        c = t.trail.c
        told = select(c.number).where(c.subject == subject, c.act == act, c.actor == actor)
        return self._db.execute(told.limit(1)).first() is not None

    def trail_end(self) -> ChainEnd:
        return chain_end(self._db, t.trail_head)

    def sealed_trail(self) -> dict[int, str]:
        kept = self._db.execute(select(t.seals.c.document).order_by(t.seals.c.number.desc()))
        ends = [end for document in kept.scalars() if (end := _trail_of(document)) is not None]
        # Where two seals say otherwise of one line, which verifying the books tells, the first.
        return {end.number: end.hash for end in ends if end.number}


class SqlHouseWriting(SqlHouseReading):
    """See `vending.people.HouseWriting`. The store's writer's place is already held."""

    def put_user(self, user: User) -> None:
        """Raises PointUnknown."""
        if user.point is not None:
            self._check_point(user.point)
        values = {field.name: getattr(user, field.name) for field in fields(User)}
        values["role"] = user.role.value
        if self.user(user.name) is None:
            self._db.execute(insert(t.users), values)
        else:
            self._db.execute(update(t.users).where(t.users.c.name == user.name), values)

    def add_session(self, session: Session) -> None:
        self._db.execute(insert(t.sessions), _columns(session))

    def seen(self, digest: str, at: datetime) -> None:
        statement = update(t.sessions).where(t.sessions.c.digest == digest)
        self._db.execute(statement, {"seen_at": at})

    def end_session(self, digest: str, at: datetime, ending: Ending) -> None:
        c = t.sessions.c
        statement = update(t.sessions).where(c.digest == digest, c.ended_at.is_(None))
        self._db.execute(statement, {"ended_at": at, "ending": ending.value})

    def put_device(self, device: DeviceKey) -> None:
        """Raises PointUnknown."""
        self._check_point(device.point)
        values, c = _columns(device), t.device_keys.c
        if self.device(device.digest) is None:
            self._db.execute(insert(t.device_keys), values)
        else:
            self._db.execute(update(t.device_keys).where(c.digest == device.digest), values)

    def put_tries(self, tries: Tries) -> None:
        self.forget_tries(tries.kind, tries.subject)
        if "\x00" not in tries.subject:
            self._db.execute(insert(t.sign_in_tries), _columns(tries))

    def forget_tries(self, kind: str, subject: str) -> None:
        c = t.sign_in_tries.c
        if "\x00" not in subject:
            self._db.execute(delete(t.sign_in_tries).where(c.kind == kind, c.subject == subject))

    def _check_point(self, code: str) -> None:
        known = select(t.points.c.code).where(t.points.c.code == code.replace("\x00", ""))
        if self._db.execute(known).first() is None:
            raise PointUnknown(code[:30])

    def add_line(self, line: TrailLine) -> None:
        names = [field.name for field in fields(TrailLine)]
        self._db.execute(insert(t.trail), dict(zip(names, astuple(line), strict=True)))
        end = {"number": line.number, "hash": line.hash}
        if line.number == 1:
            self._db.execute(insert(t.trail_head), {"id": 1, **end})
        else:
            self._db.execute(update(t.trail_head), end)


class SqlHouse:
    """See `vending.people.House`: the database of `store`, with the same place for one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def reading(self) -> Iterator[SqlHouseReading]:
        with self._store.reading() as books:
            yield SqlHouseReading(books._db)

    @contextmanager
    def writing(self) -> Iterator[SqlHouseWriting]:
        with self._store.writing() as books:
            yield SqlHouseWriting(books._db)


def tell_acts(store: SqlStore, clock: Callable[[], datetime]) -> None:
    """From now on what is done through recorded use cases is told in the trail, in the transaction
    that does it."""

    def before_commit(connection: Connection) -> None:
        if is_pending():
            write_pending(SqlHouseWriting(connection), clock)

    store.before_commit = before_commit


def _trail_of(document: str) -> ChainEnd | None:
    try:
        return SealContent.read(document).trail
    except UNREADABLE_SEAL:
        return None


def _user(row: Any) -> User:
    values = dict(row._mapping)
    values["role"] = Role(values["role"])
    return User(**values)


def _session(row: Any) -> Session:
    values = dict(row._mapping)
    ending = values.pop("ending")
    return Session(**values, ending=None if ending is None else Ending(ending))


def _columns(made: Session | Tries | DeviceKey) -> dict[str, Any]:
    values = {field.name: getattr(made, field.name) for field in fields(made)}
    ending = values.get("ending")
    return values if ending is None else {**values, "ending": ending.value}
