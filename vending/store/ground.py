"""What a batch of sales stands on, loaded with one statement per kind of row, however many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec.json import Encoder
from sqlalchemy import Connection

from meters.values import replace

from ..aftersale import Evidence
from ..blocking import Block, buyer_keys, seller_keys
from ..ground import Ground, KeptQuote, MeterGround, OpenShift, OperatorGround, PointGround, Wanted
from ..ledger import ChainHead
from ..record import SaleRecord, TokenRecord
from . import ground_statements as asked
from . import schema as t
from .errors import StoreContradiction
from .ground_statements import BASE_DATES, FILE_WIDTH
from .parties import NUL, meter_file_of, operator_of, point_of
from .prepared import STYLES, trip
from .reading import sale_record

_listed = Encoder().encode


class GroundLoader:
    """The statements of one kind of database."""

    def __init__(self, kind: str) -> None:
        self._head, self._sold = asked.chain(kind), asked.sold(kind)
        self._chain = asked.chain(kind, *asked.planning(kind))
        self._meters, self._points = asked.meters(kind), asked.points(kind)
        self._operators, self._blocks = asked.operators(kind), asked.blocks(kind)
        self._shifts, self._quotes = asked.shifts(kind), asked.quotes(kind)
        self._sales, self._tokens = asked.sales(kind), asked.tokens(kind)
        self._listed: Callable[[Collection[str]], Any] = list
        if kind == "sqlite":
            self._listed = lambda values: _listed(list(values)).decode()

    def head(self, db: Connection) -> ChainHead:
        """The end of the journal; from here on this transaction alone writes."""
        (rows,) = trip(db, (self._head, [()]))
        return _head(rows)

    def load(self, db: Connection, wanted: Wanted) -> Ground:
        """Everything wanted."""

        def listed(values: Collection[str]) -> Any:
            # No row is named with what no text of PostgreSQL can hold.
            return self._listed([value for value in values if NUL not in value])

        codes, numbers = listed(wanted.points), listed(wanted.meters)
        quotes = [(listed(wanted.quotes),)] if wanted.quotes else []
        chain, sold, files, places, operators, blocks, shifts, quoted = trip(
            db,
            (self._chain, [()]),
            (self._sold, [(listed(wanted.vend_ids),)]),
            (self._meters, [(*BASE_DATES, wanted.balance_account, numbers)]),
            (self._points, [(wanted.till_account, codes)]),
            (self._operators, [(wanted.deposit_account, listed(wanted.operators))]),
            (self._blocks, [(listed(_subjects(wanted)), numbers)]),
            (self._shifts, [(codes,)]),
            (self._quotes, quotes),
        )
        known = [(listed([vend_id for vend_id, _, _ in sold]),)] if sold else []
        sales, tokens = trip(db, (self._sales, known), (self._tokens, known))
        return Ground(
            head=_head(chain),
            sales=_sale_records(sales, tokens),
            meters=_with_sets_out(db, _meter_grounds(files)),
            points=_point_grounds(places),
            operators=_operator_grounds(operators),
            blocks={
                (kind, subject): _block(kind, subject, *rest) for kind, subject, *rest in blocks
            },
            shifts={
                (point, terminal): OpenShift(shift, point, terminal, operator)
                for shift, point, terminal, operator in shifts
            },
            quotes={row[0]: _quote(row) for row in quoted},
            voided={
                vend_id
                for vend_id, evidence, _ in sold
                if evidence is not None and Evidence(evidence).takes_back
            },
            shown={vend_id for vend_id, _, shown in sold if shown is not None},
        )


def _sale_records(rows: list[Any], tokens: list[Any]) -> dict[str, SaleRecord]:
    of_sale: dict[str, list[TokenRecord]] = {}
    for vend_id, *token in tokens:
        of_sale.setdefault(vend_id, []).append(TokenRecord(*token))
    found: dict[str, SaleRecord] = {}
    for row in rows:
        vend_id, entry, input_hash, number, sold_at, *rest = row
        plain = (vend_id, entry, input_hash, number, _moment(sold_at), *rest)
        found[vend_id] = sale_record(plain, tuple(of_sale.get(vend_id, ())))
    return found


def _subjects(wanted: Wanted) -> set[str]:
    """Everything that may be barred about these sales but agreements, which are not known yet; what
    kind it is of is told later."""
    keys = [
        *(key for operator in wanted.operators for key in seller_keys(operator, "", "")),
        *(
            key
            for point in wanted.points
            for terminal in wanted.terminals
            for key in seller_keys("", point, terminal)
        ),
        *(key for number in wanted.meters for key in buyer_keys(number, "")),
    ]
    return {subject for _, subject in keys}


def _block(kind: str, subject: str, reason: str, since: Any) -> Block:
    return Block(kind, subject, reason, _moment(since))


def _moment(value: Any) -> datetime:
    found = t.moment(value)
    assert found is not None
    return found


def _quote(row: Sequence[Any]) -> KeptQuote:
    id, made_at, expires_at, *rest = row
    return KeptQuote(id, _moment(made_at), _moment(expires_at), *rest)


def _point_grounds(rows: list[Any]) -> dict[str, PointGround]:
    found: dict[str, PointGround] = {}
    tills: dict[str, dict[str, int]] = {}
    for *columns, receipts, unit, amount in rows:
        code = columns[0]
        if code not in found:
            tills[code] = {}
            found[code] = PointGround(point_of(columns), receipts, tills[code])
        if unit is not None:
            tills[code][unit] = amount
    return found


def _operator_grounds(rows: list[Any]) -> dict[str, OperatorGround]:
    found: dict[str, OperatorGround] = {}
    deposits: dict[str, dict[str, int]] = {}
    for *columns, unit, amount in rows:
        code = columns[0]
        if code not in found:
            deposits[code] = {}
            found[code] = OperatorGround(operator_of(columns), deposits[code])
        if unit is not None:
            deposits[code][unit] = amount
    return found


def _head(rows: list[Any]) -> ChainHead:
    if not rows:
        # Somebody has taken the row out: nothing can be chained any more.
        raise StoreContradiction(t.chain.name)
    number, own_hash, at, closed_until, *_ = rows[0]
    return ChainHead(number, own_hash, t.moment(at), t.moment(closed_until))


def _meter_grounds(rows: list[Any]) -> dict[str, MeterGround]:
    found: dict[str, MeterGround] = {}
    balances: dict[str, int] = {}
    for row in rows:
        number, account, unit, amount = row[0], row[-3], row[-2], row[-1]
        if number not in found:
            # A row for each unit of the balance; nearly always there is one.
            balances = {}
            tids = zip(BASE_DATES, row[FILE_WIDTH:], strict=False)
            last_tids = {short: tid for short, tid in tids if tid is not None}
            found[number] = MeterGround(meter_file_of(row), balances, last_tids, account)
        if unit is not None:
            balances[unit] = amount
    return found


def _with_sets_out(db: Connection, meters: dict[str, MeterGround]) -> dict[str, MeterGround]:
    """The same; where a set that is out goes out with the next sale once more, as it was made."""
    planned = [one for one in meters.values() if one.file.meter.planned is not None]
    if planned:
        # Here, because it reads through the store that this module is a part of.
        from .key_issues import with_set_out

        for one in planned:
            number = one.file.meter.number.number
            file = replace(one.file, meter=with_set_out(db, one.file.meter))
            meters[number] = replace(one, file=file)
    return meters


GROUND = {kind: GroundLoader(kind) for kind in STYLES}
"""By kind of database."""
