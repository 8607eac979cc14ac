"""Shifts, cash moves, X and Z reports as people see them at the command line."""

from __future__ import annotations

from ..drawer import ShiftReport
from ..messages import on_the_wall, term
from ..shapes import CashMoveOut, Measure, ShiftOut, ShiftReportOut
from .context import Cli


def show_shift(cli: Cli, shown: ShiftOut) -> None:
    """A shift that was opened."""
    cli.facts(
        (
            ("shift", shown.code),
            ("id", shown.id),
            ("operator", shown.operator),
            ("terminal", shown.terminal or "-"),
            ("opening_float", text_of(shown.opening_float)),
            ("state", term(shown.state, cli.language)),
        )
    )


def show_move(cli: Cli, shown: CashMoveOut) -> None:
    """Cash that was put in or taken out."""
    cli.facts(
        (
            ("kind", term(f"cash_{shown.kind}", cli.language)),
            ("amount", text_of(shown.amount)),
            ("reason", shown.reason),
            ("entry", shown.entry),
            ("id", shown.id),
        )
    )


def show_report(cli: Cli, made: ShiftReport, as_json: bool) -> None:
    """An X or Z report, on paper marked as a copy if it is one."""
    shown = ShiftReportOut.of(made)
    cli.show(shown, as_json, lambda cli: _paper(cli, shown))


def _paper(cli: Cli, z: ShiftReportOut) -> None:
    title = cli.label(f"report_{z.report.lower()}")
    cli.line(f"{title} ({cli.label('copy')} {z.copy_number})" if z.copy_number else title)
    taken = () if z.number is None else (("taken_by", z.actor), ("copies", z.copies), ("id", z.id))
    closing = taken if z.report == "X" else (("closed_by", z.actor),)
    cli.facts(
        (
            ("report", z.report_code),
            ("shift", z.code),
            ("operator", z.operator),
            ("opened_at", on_the_wall(z.opened_at, seconds=True)),
            ("time", on_the_wall(z.at, seconds=True)),
            *closing,
            ("opening_float", text_of(z.opening_float)),
            ("cash_in", text_of(z.cash_in)),
            ("cash_out", text_of(z.cash_out)),
            ("sales", z.sales),
            ("voids", z.voids),
        )
    )
    _takings(cli, z)
    if z.report == "X":
        hidden = cli.label("counted_blind")
        cli.facts((("expected_cash", hidden if z.expected is None else text_of(z.expected)),))
        return
    if z.pieces:
        cli.table(("piece", "pieces"), ((text_of(piece.value), piece.pieces) for piece in z.pieces))
    cli.table(
        ("tender", "expected", "counted", "difference"),
        (
            (
                term(row.tender, cli.language),
                row.expected.value,
                "-" if row.counted is None else row.counted.value,
                "-" if row.difference is None else row.difference.value,
            )
            for row in z.results
        ),
    )
    cli.facts((("entry", z.entry or "-"), ("copies", z.copies)))


def _takings(cli: Cli, z: ShiftReportOut) -> None:
    """By kind and by way of paying, and what of them is what."""
    if z.kinds:
        cli.table(
            ("kind", "sales", "voids", "taken"),
            (
                (term(f"sale_{k.kind}", cli.language), k.sales, k.voids, text_of(k.taken))
                for k in z.kinds
            ),
        )
    if z.tenders:
        cli.table(
            ("tender", "sales", "voids", "sum"),
            (
                (term(row.tender, cli.language), row.sales.value, row.voids.value, text_of(row.net))
                for row in z.tenders
            ),
        )
    cli.facts((f"figure_{name}", text_of(amount)) for name, amount in z.figures.items())
    cli.facts((unit.commodity, text_of(unit.sales)) for unit in z.units)


def text_of(measure: Measure | None) -> str:
    """With its unit; nothing where there is none."""
    return "" if measure is None else f"{measure.value} {measure.unit}"
