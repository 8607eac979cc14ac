"""What the database keeps of tariffs, in whatever transaction asks. Insert-only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from ..tariff.rows import ActKind, KeptVersion, TariffAct
from . import schema as t
from .attesting import add_row

_COUNTS = select(
    select(func.count()).select_from(t.tariff_files).scalar_subquery(),
    select(func.count()).select_from(t.tariff_approvals).scalar_subquery(),
)
_a = t.tariff_approvals.c


class SqlTariffRows:
    """See `vending.tariff.rows.TariffRowsWriting`."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def counts(self) -> tuple[int, int]:
        versions, acts = self._db.execute(_COUNTS).one()
        return int(versions), int(acts)

    def kept(self) -> list[KeptVersion]:
        c = t.tariff_files.c
        found = self._db.execute(select(t.tariff_files).order_by(c.code, c.version))
        return [KeptVersion(*row) for row in found]

    def acts(self) -> list[TariffAct]:
        found = self._db.execute(
            select(_a.code, _a.version, _a.act, _a.at, _a.actor, _a.note, _a.effective_at).order_by(
                _a.at, _a.code, _a.version, _a.act
            )
        )
        return [
            TariffAct(code, version, ActKind(act), at, actor, note, effective_at)
            for code, version, act, at, actor, note, effective_at in found
        ]

    def latest(self) -> datetime | None:
        return self._db.execute(select(t.chain.c.at)).scalar()

    def agreements_at(self, code: str) -> int:
        wanted = select(func.count()).where(t.agreements.c.tariff == code)
        return int(self._db.execute(wanted).scalar_one())

    def keep(self, version: KeptVersion) -> None:
        values = {name: getattr(version, name) for name in KeptVersion.__slots__}
        add_row(self._db, "tariff_file", values)

    def add(self, act: TariffAct) -> None:
        values = {name: getattr(act, name) for name in TariffAct.__slots__}
        add_row(self._db, "tariff_approval", {**values, "act": act.act.value})
