"""`raseed operator` and `raseed point`: who sells, and within which limits."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..approvals.operators import Operators
from ..messages import term
from ..operators import Operator, Settlement
from ..parties import Role
from ..shapes import FloatOut, Measure, OperatorOut, PointOut
from ..shapes.operators import limit_of
from .approvals import request_shown
from .asking import IdOption, Reason, given_or_new
from .context import Cli, Json, cli_of
from .paging import After, Limit

operator = typer.Typer(no_args_is_help=True, help="People who sell.")
point = typer.Typer(no_args_is_help=True, help="Vending points.")

CodeArg = Annotated[
    str, typer.Argument(metavar="CODE", help="The person, with or without a door (cli:) in front.")
]
PointArg = Annotated[str, typer.Argument(metavar="CODE", help="Code of the vending point.")]
AmountOption = Annotated[str | None, typer.Option(help="As 500.00, or `none`.")]
NameOption = Annotated[str | None, typer.Option()]
SettlementOption = Annotated[
    Settlement | None,
    typer.Option(help="deposit: sales are set off against what the operator has paid in."),
]
PercentOption = Annotated[str | None, typer.Option(help="Percent of what is taken, as 1.5.")]

_NONE = "none"


@operator.command("add")
def operator_add(
    ctx: typer.Context,
    code: CodeArg,
    name_ar: Annotated[str, typer.Option(help="Name in Arabic.")],
    name_en: Annotated[str, typer.Option(help="Name in English.")],
    settlement: SettlementOption = Settlement.TILL,
    credit_limit: AmountOption = None,
    most_per_sale: AmountOption = None,
    most_per_day: AmountOption = None,
    commission: PercentOption = "0",
    as_json: Json = False,
) -> None:
    """Register who sells, and on what terms."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        operators = raseed.operators

        def limit(text: str | None) -> int | None:
            return limit_of(None if text == _NONE else text, operators.currency)

        wanted = Operator(
            code,
            name_ar,
            name_en,
            settlement or Settlement.TILL,
            limit(credit_limit),
            limit(most_per_sale),
            limit(most_per_day),
            commission or "0",
        )
        made = operators.register(cli.actor(Role.ADMINISTRATOR), wanted)
        _shown(cli, operators, [made], as_json, single=True)


@operator.command("list")
def operator_list(
    ctx: typer.Context,
    after: After = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Operators by code, with their terms."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.operators.operators(cli.actor(), after=after, limit=limit)
        _shown(cli, raseed.operators, found, as_json)


@operator.command("float")
def operator_float(ctx: typer.Context, code: CodeArg, as_json: Json = False) -> None:
    """What an operator may still sell for."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = FloatOut.of(raseed.operators.float_of(cli.actor(), code))
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts(
            (
                ("operator", shown.operator),
                ("settlement", term(shown.settlement, cli.language)),
                ("deposit", _plain(shown.deposit)),
                ("credit_limit", _plain(shown.credit_limit)),
                ("available", _plain(shown.available)),
            )
        ),
    )


@operator.command("change")
def operator_change(
    ctx: typer.Context,
    code: CodeArg,
    reason: Reason,
    name_ar: NameOption = None,
    name_en: NameOption = None,
    settlement: SettlementOption = None,
    credit_limit: AmountOption = None,
    most_per_sale: AmountOption = None,
    most_per_day: AmountOption = None,
    commission: PercentOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for an operator's terms to be changed. A second person approves it."""
    cli = cli_of(ctx)
    changes = _given(
        name_ar=name_ar,
        name_en=name_en,
        settlement=None if settlement is None else settlement.value,
        credit_limit=credit_limit,
        most_per_sale=most_per_sale,
        most_per_day=most_per_day,
        commission=commission,
    )
    with cli.raseed() as raseed:
        made = raseed.operators.change(cli.actor(), given_or_new(id), code, changes, reason)
        request_shown(cli, raseed, made, as_json)


@point.command("list")
def point_list(ctx: typer.Context, as_json: Json = False) -> None:
    """Vending points with their limits."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.points(cli.actor())
        rows = [PointOut.of(one, raseed.operators.currency) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("code", "name", "most_per_sale", "most_per_day", "most_in_till", "needs_shift"),
            (
                (
                    row.code,
                    cli.name(row.name.ar, row.name.en),
                    _plain(row.most_per_sale),
                    _plain(row.most_per_day),
                    _plain(row.most_in_till),
                    cli.label("yes" if row.needs_shift else "no"),
                )
                for row in rows
            ),
        ),
    )


@point.command("change")
def point_change(
    ctx: typer.Context,
    code: PointArg,
    reason: Reason,
    most_per_sale: AmountOption = None,
    most_per_day: AmountOption = None,
    most_in_till: AmountOption = None,
    needs_shift: Annotated[
        bool | None, typer.Option("--needs-shift/--no-shift", help="Sells in an open shift alone.")
    ] = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a vending point's limits to be changed. A second person approves it."""
    cli = cli_of(ctx)
    changes = _given(
        most_per_sale=most_per_sale,
        most_per_day=most_per_day,
        most_in_till=most_in_till,
        needs_shift=needs_shift,
    )
    with cli.raseed() as raseed:
        made = raseed.operators.change_point(cli.actor(), given_or_new(id), code, changes, reason)
        request_shown(cli, raseed, made, as_json)


def _given(**options: Any) -> dict[str, Any]:
    """What was typed; `none` takes a limit away."""
    return {
        name: None if value == _NONE else value
        for name, value in options.items()
        if value is not None
    }


def _shown(
    cli: Cli, operators: Operators, found: list[Operator], as_json: bool, *, single: bool = False
) -> None:
    rows = [OperatorOut.of(one, operators.currency) for one in found]

    def people(cli: Cli) -> None:
        cli.table(
            (
                "operator",
                "name",
                "settlement",
                "credit_limit",
                "most_per_sale",
                "most_per_day",
                "commission",
            ),
            (
                (
                    row.code,
                    cli.name(row.name.ar, row.name.en),
                    term(row.settlement, cli.language),
                    _plain(row.credit_limit),
                    _plain(row.most_per_sale),
                    _plain(row.most_per_day),
                    f"{row.commission} %",
                )
                for row in rows
            ),
        )

    cli.show(rows[0] if single else rows, as_json, people)


def _plain(amount: Measure | None) -> str:
    return "-" if amount is None else f"{amount.value} {amount.unit}"
