"""X and Z reports on paper. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from meters.quantities import Money

from ..drawer import MoveKind, ShiftReport
from ..drawer.shifts import FIRST
from ..drawer.tally import UnitTotal
from ..messages import Language
from ..record import QUANTITIES
from .letterhead import Letterhead
from .paper import Facts, Paper, Row, framed, row, told
from .words import Speech, ltr, number

Part = dict[str, Any]
_SIGNED: Final = ("sign_operator", "sign_supervisor")
_HASH_SHOWN: Final = 16


def shift_paper(
    report: ShiftReport, head: Letterhead, language: Language, *, practice: bool = False
) -> Paper:
    """A shift as it stood (X) or was closed (Z). What the report keeps back of a clerk who is
    going to count, the paper keeps back too."""
    speech = Speech(language)
    title = "report_z" if report.is_z else "report_x"
    return Paper(
        "shift",
        {
            **framed(speech, head, title, report.copy, practice=practice),
            "facts": _facts(speech, report),
            "parts": [part for part in _parts(speech, report) if part["rows"]],
            "signatures": [speech.say(name) for name in _SIGNED] if report.is_z else [],
            "chain": _chain(speech, report) if report.is_z else "",
        },
    )


def _facts(speech: Speech, report: ShiftReport) -> Facts:
    shift = report.shift
    return [
        *([(speech.say("report"), ltr(report.code))] if report.number else []),
        (speech.say("shift"), ltr(shift.code)),
        (speech.say("point"), ltr(shift.point)),
        *told((speech.say("terminal"), ltr(shift.terminal))),
        (speech.say("operator"), speech.free(shift.operator)),
        (speech.say("opened_at"), speech.moment(shift.opened_at)),
        (speech.say("closed_at" if report.is_z else "taken_at"), speech.moment(report.at)),
        (speech.say("closed_by" if report.is_z else "taken_by"), speech.free(report.actor)),
        *told((speech.say("x_reports"), ltr(len(report.x_reports) or ""))),
    ]


def _chain(speech: Speech, report: ShiftReport) -> str:
    """Z reports of a terminal are chained: the hash of the one before."""
    if report.before == FIRST:
        return speech.say("no_z_before")
    return speech.say("z_before", hash=ltr(report.before[:_HASH_SHOWN]))


def _parts(speech: Speech, report: ShiftReport) -> Iterator[Part]:
    sums, currency = report.tally, report.shift.currency
    yield _part(speech, "cash_drawer", list(_drawer(speech, report)))
    yield _part(speech, "moves", list(_moves(speech, report)))
    if report.is_z:
        yield _table(
            speech,
            "count",
            ("tender", "expected", "counted", "difference"),
            [
                [
                    speech.say(one.tender),
                    _cell(one.expected, currency),
                    _cell(one.counted, currency),
                    _cell(one.difference, currency),
                ]
                for one in report.results
            ],
        )
        assert report.count is not None
        yield _table(
            speech, "pieces", ("piece", "pieces", "sum"), piece_rows(report.count.pieces, currency)
        )
    kinds = [
        [
            speech.say(f"sale_{one.kind}"),
            ltr(one.sales),
            ltr(one.voids),
            _cell(one.taken, currency),
        ]
        for one in sums.kinds
    ]
    taken = [one.taken for one in sums.kinds]
    known = [one for one in taken if one is not None]
    together = [
        speech.say("sum"),
        ltr(sum(one.sales for one in sums.kinds)),
        ltr(sum(one.voids for one in sums.kinds)),
        _cell(sum(known) if known == taken else None, currency),
    ]
    yield _table(speech, "sales", ("kind", "sales", "voids", "money"), kinds, together)
    tenders = [
        [
            speech.say(one.tender),
            _cell(one.sales, currency),
            _cell(one.voids, currency),
            _cell(one.net, currency),
        ]
        for one in sums.tenders
    ]
    together = [
        speech.say("sum"),
        *(
            _cell(sum(getattr(one, name) for one in sums.tenders), currency)
            for name in ("sales", "voids", "net")
        ),
    ]
    yield _table(speech, "takings", ("tender", "sales", "voids", "sum"), tenders, together)
    units = [row(_name(speech, one), _units(speech, one)) for one in sums.units]
    yield _part(speech, "issued", units)
    figures = [
        row(speech.say(f"figure_{one.name}"), speech.amount(one.amount, currency))
        for one in sums.figures
    ]
    yield _part(speech, "of_it", figures)


def _drawer(speech: Speech, report: ShiftReport) -> Iterator[Row]:
    sums, currency = report.tally, report.shift.currency
    yield row(speech.say("opening_float"), speech.amount(sums.opening_float, currency))
    yield row(speech.say("cash_in"), speech.amount(sums.cash_in, currency))
    yield row(speech.say("cash_out"), speech.amount(sums.cash_out, currency))
    expected = report.expected
    value = speech.say("blind") if expected is None else speech.amount(expected, currency)
    yield row(speech.say("expected"), value, strong=True)


def _moves(speech: Speech, report: ShiftReport) -> Iterator[Row]:
    """What went into the drawer and out of it besides sales, and why."""
    for move in report.moves:
        if move.kind is not MoveKind.FLOAT:
            amount = speech.amount(move.kind.sign * move.amount, report.shift.currency)
            yield row(speech.free(move.reason), amount, speech.moment(move.at))


def piece_rows(pieces: tuple[tuple[int, int], ...], currency: str) -> list[list[str]]:
    """Notes and coins: value, how many, together."""
    return [
        [_cell(value, currency), ltr(many), _cell(value * many, currency)] for value, many in pieces
    ]


def _name(speech: Speech, total: UnitTotal) -> str:
    return speech.say(total.commodity)


def _units(speech: Speech, total: UnitTotal) -> str:
    kind, value = QUANTITIES.get(total.unit), total.sales + total.voids
    return ltr(value) if kind is None else speech.quantity(kind(value))


def _cell(minor: int | None, currency: str) -> str:
    """An amount in a table of many: the sign stands at the head."""
    return "-" if minor is None else ltr(number(Money(minor, currency)))


def _part(speech: Speech, title: str, rows: list[Row]) -> Part:
    return {"title": speech.say(title), "names": [], "rows": rows, "total": []}


def _table(
    speech: Speech,
    title: str,
    names: tuple[str, ...],
    rows: list[list[str]],
    total: list[str] | None = None,
) -> Part:
    """`total`: what the rows come to; of a single one it says nothing new."""
    return {
        "title": speech.say(title),
        "names": [speech.say(name) for name in names],
        "rows": rows,
        "total": total or [] if len(rows) > 1 else [],
    }
