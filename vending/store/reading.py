"""Reading the books. Statements are built once; only values change."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, or_, select

from meters.account import Commodity, MeterAccount, Supply, SupplyState
from meters.verdicts import TokenResult
from tokens.sts import BaseDate

from ..aftersale import DeliveryEvent, Evidence, MeterReading, Printing, SaleState, SoldHere, Void
from ..clock import ClockConfirmation
from ..ground import OpenShift
from ..ledger import ChainHead, LedgerProblem, PostedEntry, Posting, StoredEntry
from ..persons import same_person
from ..record import QUANTITIES, SaleRecord, TokenRecord
from ..sale import SaleKind
from . import audit, walk
from . import schema as t
from .clock import latest_confirmation
from .parties import NUL
from .rows import posted_of, void_of
from .taking_back import SqlTakingBack

SALE_COLUMNS = tuple(c for c in t.sales.columns if c.name not in ("vend_id", "entry"))
TOKEN_COLUMNS = tuple(c for c in t.tokens.columns if c.name != "vend_id")

_BALANCE = select(t.balances.c.amount).where(
    t.balances.c.account == bindparam("account"),
    t.balances.c.holder == bindparam("holder"),
    t.balances.c.unit == bindparam("unit"),
)
SALES = (
    select(
        t.sales.c.vend_id,
        t.sales.c.entry,
        t.idempotency.c.input_hash,
        t.receipts.c.number,
        *SALE_COLUMNS,
    )
    .join(t.idempotency, t.idempotency.c.vend_id == t.sales.c.vend_id)
    .join(t.receipts, t.receipts.c.vend_id == func.coalesce(t.sales.c.basket, t.sales.c.vend_id))
)
_SALE = SALES.where(t.sales.c.vend_id == bindparam("vend_id"))
# The agreement that the meter is at: its customer's, who may have had another meter then; and of
# whoever had this meter before, nothing is told.
_AT_METER = select(t.agreements.c.number).where(t.agreements.c.meter == bindparam("meter"))
_LAST_BOUGHT = (
    SALES.outerjoin(t.voids, t.voids.c.vend_id == t.sales.c.vend_id)
    .where(
        t.sales.c.agreement == _AT_METER.scalar_subquery(),
        t.sales.c.kind.in_([kind.value for kind in SaleKind if kind.is_bought]),
        or_(t.voids.c.vend_id.is_(None), t.voids.c.evidence == Evidence.REFUND.value),
    )
    .order_by(t.sales.c.entry.desc())
    .limit(1)
)
_TOKENS = (
    select(*TOKEN_COLUMNS)
    .where(t.tokens.c.vend_id == bindparam("vend_id"))
    .order_by(t.tokens.c.position)
)
_LAST_TID = select(func.max(t.tokens.c.tid)).where(
    t.tokens.c.pan == bindparam("pan"), t.tokens.c.base_date == bindparam("base_date")
)
_LOOKED_AT = 2_000
"""Sales of one terminal, the latest: further back nobody asks what became of their last one."""
_CLOCKS_APART = timedelta(minutes=10)
"""Further apart are no two clocks by which sales follow each other (`clock.ClockLimits.entry`)."""
_CHAIN = select(t.chain.c.number, t.chain.c.hash, t.chain.c.at, t.chain.c.closed_until)
_EVENTS = (
    select(*(c for c in t.delivery_events.columns if c.name != "vend_id"))
    .where(t.delivery_events.c.vend_id == bindparam("vend_id"))
    .order_by(t.delivery_events.c.seq)
)
_ACCOUNT = select(t.accounts.c.document).where(t.accounts.c.agreement == bindparam("agreement"))
_SHOWN = select(t.showings.c.at).where(t.showings.c.vend_id == bindparam("vend_id"))
_VOID = select(t.voids).where(t.voids.c.vend_id == bindparam("vend_id"))
_NOTES = select(func.count()).where(
    t.voids.c.point == bindparam("point"), t.voids.c.entry <= bindparam("entry")
)
_COPIES = select(func.count()).where(
    t.reprints.c.vend_id == bindparam("vend_id"), t.reprints.c.copy > 0
)
_PRINTINGS = (
    select(t.reprints.c.copy, t.reprints.c.at, t.reprints.c.actor, t.reprints.c.point)
    .where(t.reprints.c.vend_id == bindparam("vend_id"))
    .order_by(t.reprints.c.copy)
)
_BEHIND_ALL = 2**63 - 1
_READINGS = (
    select(t.readings)
    .where(t.readings.c.meter == bindparam("meter"), t.readings.c.id < bindparam("before"))
    .order_by(t.readings.c.id.desc())
    .limit(bindparam("most"))
)
_LATER = t.delivery_events.alias()
_DOUBTFUL = t.delivery_events.c.state.in_([SaleState.UNKNOWN.value, SaleState.DELIVERING.value])
_LAST_DOUBT = (
    select(t.delivery_events.c.at)
    .where(t.delivery_events.c.vend_id == bindparam("after"), _DOUBTFUL)
    .order_by(t.delivery_events.c.seq.desc())
    .limit(1)
)
_UNSETTLED = (
    select(t.delivery_events.c.vend_id)
    .where(
        _DOUBTFUL,
        ~exists().where(
            _LATER.c.vend_id == t.delivery_events.c.vend_id,
            _LATER.c.seq > t.delivery_events.c.seq,
        ),
    )
    .order_by(t.delivery_events.c.at, t.delivery_events.c.vend_id)
    .limit(bindparam("limit"))
)


class SqlReading(SqlTakingBack):
    """See `vending.ports.Reading`."""

    def balance(self, account: str, holder: str, unit: str) -> int:
        found = self._db.execute(
            _BALANCE, {"account": account, "holder": holder, "unit": unit}
        ).scalar()
        return 0 if found is None else int(found)

    def sale(self, vend_id: str) -> SaleRecord | None:
        if NUL in vend_id:
            return None
        row = self._db.execute(_SALE, {"vend_id": vend_id}).first()
        return None if row is None else self._record(row)

    def sales(
        self, *, meter: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[SaleRecord]:
        statement: Select[Any] = SALES
        if meter is not None:
            statement = statement.where(t.sales.c.meter == meter)
        if before is not None:
            statement = statement.where(t.sales.c.entry < before)
        rows = self._db.execute(statement.order_by(t.sales.c.entry.desc()).limit(limit)).all()
        return [self._record(row) for row in rows]

    def last_bought(self, meter: str) -> SaleRecord | None:
        row = self._db.execute(_LAST_BOUGHT, {"meter": meter}).first()
        return None if row is None else self._record(row)

    def sales_at(self, point: str, terminal: str, since: datetime, limit: int) -> list[SaleRecord]:
        sold = t.sales.c
        here = SALES.where(sold.point == point, sold.sold_at >= since, sold.terminal == terminal)
        order = sold.sold_at.desc(), sold.entry.desc()
        return [self._record(row) for row in self._db.execute(here.order_by(*order).limit(limit))]

    def basket(self, vend_id: str) -> list[SaleRecord]:
        if NUL in vend_id:
            return []
        led = or_(t.sales.c.vend_id == vend_id, t.sales.c.basket == vend_id)
        rows = self._db.execute(SALES.where(led).order_by(t.sales.c.entry)).all()
        return [self._record(row) for row in rows]

    def last_sales(self, point: str, terminal: str, operator: str) -> tuple[SoldHere, ...]:
        sold = t.sales.c
        statement = (
            select(sold.vend_id, sold.sold_at, sold.operator, sold.entry)
            .where(sold.point == point, sold.terminal == terminal, sold.basket.is_(None))
            .order_by(sold.sold_at.desc(), sold.entry.desc())
            .limit(_LOOKED_AT)
        )
        seen: list[Any] = []
        own: list[Any] = []
        # Which names are one person's, no database can tell; theirs is among the first.
        with self._db.execute(statement, execution_options={"yield_per": 50}) as rows:
            for row in rows:
                if own and row.sold_at < own[0].sold_at - _CLOCKS_APART:
                    break
                seen.append(row)
                if same_person(row.operator, operator):
                    own.append(row)
        # Found by their time, told apart by the journal: a clock is set back a little, or it is
        # that of another server.
        last = [max(some, key=lambda row: row.entry) for some in (seen, own) if some]
        return tuple(SoldHere(*row[:3]) for row in dict.fromkeys(last))

    def open_shift(self, point: str, terminal: str) -> OpenShift | None:
        o = t.open_shifts.c
        row = self._db.execute(
            select(o.shift, o.point, o.terminal, o.operator).where(
                o.point == point, o.terminal == terminal
            )
        ).first()
        return None if row is None else OpenShift(*row)

    def account_document(self, agreement: str) -> str | None:
        found = self._db.execute(_ACCOUNT, {"agreement": agreement}).scalar()
        return None if found is None else str(found)

    def shown(self, vend_id: str) -> bool:
        return self.first_shown(vend_id) is not None

    def first_shown(self, vend_id: str) -> datetime | None:
        return self._db.execute(_SHOWN, {"vend_id": vend_id}).scalar()

    def void_of(self, vend_id: str) -> Void | None:
        row = self._db.execute(_VOID, {"vend_id": vend_id}).first()
        return None if row is None else void_of(row)

    def note_number(self, void: Void) -> int:
        return int(
            self._db.execute(_NOTES, {"point": void.point, "entry": void.entry}).scalar_one()
        )

    def last_tid(self, pan: str, base_date: BaseDate) -> int | None:
        found = self._db.execute(_LAST_TID, {"pan": pan, "base_date": base_date.short}).scalar()
        return None if found is None else int(found)

    def chain_head(self) -> ChainHead:
        return ChainHead(*self._db.execute(_CHAIN).one())

    def clock_confirmed(self) -> ClockConfirmation | None:
        return latest_confirmation(self._db)

    def entries(self, cause: str) -> list[PostedEntry]:
        rows = self._db.execute(
            select(t.entries).where(t.entries.c.cause == cause).order_by(t.entries.c.number)
        ).all()
        return [self._posted(row) for row in rows]

    def delivery_events(self, vend_id: str) -> list[DeliveryEvent]:
        return [
            DeliveryEvent(
                seq=row.seq,
                state=SaleState(row.state),
                at=row.at,
                actor=row.actor,
                result=None if row.result is None else TokenResult(row.result),
                log_sequence=row.log_sequence,
                note=row.note,
            )
            for row in self._db.execute(_EVENTS, {"vend_id": vend_id})
        ]

    def copies(self, vend_id: str) -> int:
        return int(self._db.execute(_COPIES, {"vend_id": vend_id}).scalar_one())

    def printings(self, vend_id: str) -> list[Printing]:
        return [Printing(*row) for row in self._db.execute(_PRINTINGS, {"vend_id": vend_id})]

    def readings(
        self, meter: str, *, before: int | None = None, limit: int = 50
    ) -> list[MeterReading]:
        behind = _BEHIND_ALL if before is None else before
        rows = self._db.execute(_READINGS, {"meter": meter, "before": behind, "most": limit})
        return [reading_of(row) for row in rows]

    def unsettled(self, limit: int, after: str = "") -> list[str]:
        statement, values = _UNSETTLED, {"limit": limit}
        if after:
            # Settled meanwhile, it keeps the place that it had.
            last = after.replace(NUL, "")
            began = self._db.execute(_LAST_DOUBT, {"after": last}).scalar()
            if began is None:
                return []
            c = t.delivery_events.c
            statement = statement.where((c.at > began) | ((c.at == began) & (c.vend_id > last)))
        return list(self._db.execute(statement, values).scalars())

    # The audit

    def stored_entries(self) -> Iterator[StoredEntry]:
        return walk.stored_entries(self._db)

    def loose_ends(self, cached: Collection[str]) -> Iterator[LedgerProblem]:
        return audit.loose_ends(self._db, cached)

    def _record(self, row: Row[Any]) -> SaleRecord:
        found = self._db.execute(_TOKENS, {"vend_id": row.vend_id})
        return sale_record(row, tuple(TokenRecord(*token) for token in found))

    def _posted(self, row: Row[Any]) -> PostedEntry:
        lines = self._db.execute(
            select(
                t.postings.c.account, t.postings.c.holder, t.postings.c.unit, t.postings.c.amount
            )
            .where(t.postings.c.entry == row.number)
            .order_by(t.postings.c.line)
        )
        return posted_of(row, (Posting(*line) for line in lines))


def sale_record(row: Sequence[Any], tokens: tuple[TokenRecord, ...]) -> SaleRecord:
    """From the columns of SALES, in their order, plus the tokens."""
    vend_id, entry, input_hash, number, sold_at, point, *rest = row
    # What a damaged book lacks reads as nothing, and then differs from what was hashed.
    columns = [vend_id, input_hash or "", entry, sold_at, point, number or 0, *rest, tokens]
    return SaleRecord(*columns)


def reading_of(row: Row[Any]) -> MeterReading:
    kind = QUANTITIES[row.unit]
    account = MeterAccount(
        commodity=Commodity(row.commodity),
        balance=kind(row.balance),
        total_supplied=kind(row.total_supplied),
        supply=Supply(
            output=bool(row.output),
            state=SupplyState(row.state),
            reasons=frozenset(row.reasons.split()),
        ),
        tokens_accepted=row.tokens_accepted,
        last_result=TokenResult(row.last_result),
        read_at=row.read_at,
    )
    return MeterReading(row.meter, account, row.actor, row.id)
