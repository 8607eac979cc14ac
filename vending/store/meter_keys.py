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

from ..aftersale import Evidence
from ..keychanges.changes import KeyChange, KeyChangeState
from ..keymoves import KeyMove
from . import schema as t

_M = t.meters
_E, _V = t.key_change_events, t.voids.c

_OF_A_KEY = ("sgc", "krn", "ti", "base_date", "ken")
_NONE: dict[str, int | str | None] = {"next_sgc": None, "next_krn": None, "next_ti": None}


def has_new_key(db: Connection, meter: str, move: KeyMove) -> None:
    """From here on the books call the new key the meter's own, and plan no other."""
    db.execute(update(_M).where(_M.c.number == meter).values(**_own_new(move), **_NONE))


def has_old_key(db: Connection, meter: str, move: KeyMove) -> None:
    """From here on they call the old key its own, and its next sale brings the new one."""
    db.execute(update(_M).where(_M.c.number == meter).values(**_own_old(move), **_next(move)))


def follow(db: Connection, change: KeyChange, state: KeyChangeState) -> None:
    """What a step of a change that is out means for its meter."""
    move = change.move
    old = _is(change.meter, _own_old(move), **_next(move))
    if state in (KeyChangeState.ENTERED, KeyChangeState.CONFIRMED):
        if db.execute(select(_M.c.number).where(*old)).first() is not None:
            has_new_key(db, change.meter, move)
    elif state is KeyChangeState.ISSUED and not carried(db, change):
        bring_again(db, change)


def bring_again(db: Connection, change: KeyChange) -> bool:
    """The meter's next sale begins with the set. False if it did already, or if the books call
    another key the meter's own by now."""
    new = _is(change.meter, _own_new(change.move), **_NONE)
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


def _own_old(move: KeyMove) -> dict[str, Any]:
    return {name: getattr(move, f"from_{name}") for name in _OF_A_KEY}


def _own_new(move: KeyMove) -> dict[str, Any]:
    return {name: getattr(move, f"to_{name}") for name in _OF_A_KEY}


def _next(move: KeyMove) -> dict[str, Any]:
    return {name: getattr(move, name.replace("next", "to")) for name in _NONE}


def _is(meter: str, own: dict[str, Any], **next_key: Any) -> list[Any]:
    """What was written down before base dates and expiry numbers were tracked has none, and says
    nothing of them."""
    known = {name: value for name, value in own.items() if value is not None}
    wanted = {**known, **next_key}
    return [_M.c.number == meter, *(_M.c[name] == value for name, value in wanted.items())]
