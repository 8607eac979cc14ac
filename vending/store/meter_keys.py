"""Which key the books call a meter's own, and which one its next sale brings, while the set of a
change is out.

As long as a sale that stands carries the set, the new key is the meter's own. Where all that
carried it were taken back, and later sales stand that need the new key, the meter's next sale
begins with the set once more: the old key is the meter's own again, until somebody says that the
set is in the meter, or it is proved.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, exists, select, update

from ..keychanges.changes import KeyChange, KeyChangeState
from ..sale import Evidence, KeyMove
from . import schema as t

_M = t.meters
_E, _V = t.key_change_events, t.voids.c

_Key = tuple[str | None, int | None, int | None]
_NONE: _Key = (None, None, None)


def has_new_key(db: Connection, meter: str, move: KeyMove) -> None:
    """From here on the books call the new key the meter's own, and plan no other."""
    db.execute(update(_M).where(_M.c.number == meter).values(**_own(_to(move)), **_next(_NONE)))


def has_old_key(db: Connection, meter: str, move: KeyMove) -> None:
    """From here on they call the old key its own, and its next sale brings the new one."""
    db.execute(
        update(_M).where(_M.c.number == meter).values(**_own(_from(move)), **_next(_to(move)))
    )


def follow(db: Connection, change: KeyChange, state: KeyChangeState) -> None:
    """What a step of a change that is out means for its meter."""
    move = change.move
    old = _is(change.meter, _own(_from(move)), _next(_to(move)))
    if state in (KeyChangeState.ENTERED, KeyChangeState.CONFIRMED):
        if db.execute(select(_M.c.number).where(*old)).first() is not None:
            has_new_key(db, change.meter, move)
    elif state is KeyChangeState.ISSUED and not carried(db, change):
        bring_again(db, change)


def bring_again(db: Connection, change: KeyChange) -> bool:
    """The meter's next sale begins with the set. False if it did already, or if the books call
    another key the meter's own by now."""
    new = _is(change.meter, _own(_to(change.move)), _next(_NONE))
    if db.execute(select(_M.c.number).where(*new)).first() is None:
        return False
    has_old_key(db, change.meter, change.move)
    return True


def carried(db: Connection, change: KeyChange, but: str = "") -> bool:
    """Whether a sale that carries the set stands, other than `but`."""
    found = select(_E.c.vend_id).where(
        _E.c.change == change.id,
        _E.c.state == KeyChangeState.ISSUED.value,
        _E.c.vend_id != but,
        ~_taken_back(_E.c.vend_id),
    )
    return db.execute(found.limit(1)).first() is not None


def needed(db: Connection, change: KeyChange, but: str) -> bool:
    """Whether tokens are out that were made since the set was issued, other than those of `but`;
    what was paid without one, and what was taken back, needs no key."""
    sold = t.sales.c
    issue = select(sold.entry).where(sold.vend_id == change.issued_with).scalar_subquery()
    standing = exists().where(
        sold.meter == change.meter,
        sold.entry >= issue,
        sold.vend_id != but,
        t.tokens.c.vend_id == sold.vend_id,
        ~_taken_back(sold.vend_id),
    )
    return bool(db.execute(select(standing)).scalar())


def _taken_back(vend_id: Any) -> Any:
    return exists().where(_V.vend_id == vend_id, _V.evidence != Evidence.REFUND.value)


def _from(move: KeyMove) -> _Key:
    return move.from_sgc, move.from_krn, move.from_ti


def _to(move: KeyMove) -> _Key:
    return move.to_sgc, move.to_krn, move.to_ti


def _own(key: _Key) -> dict[str, str | int | None]:
    return dict(zip(("sgc", "krn", "ti"), key, strict=True))


def _next(key: _Key) -> dict[str, str | int | None]:
    return dict(zip(("next_sgc", "next_krn", "next_ti"), key, strict=True))


def _is(meter: str, *values: dict[str, str | int | None]) -> list[Any]:
    wanted = {name: value for each in values for name, value in each.items()}
    return [_M.c.number == meter, *(_M.c[name] == value for name, value in wanted.items())]
