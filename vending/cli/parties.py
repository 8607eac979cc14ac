"""`raseed customer`, `raseed meter`, `raseed reading`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..messages import on_the_wall
from ..shapes import CustomerFileOut, CustomerOut, MeterOut, ReadingOut
from .context import Cli, Json, MeterArg, cli_of
from .paging import After, BeforeNumber, Limit

customer = typer.Typer(no_args_is_help=True, help="Customers.")
meter = typer.Typer(no_args_is_help=True, help="Meters.")
reading = typer.Typer(no_args_is_help=True, help="Stored readings.")


@customer.command("list")
def customer_list(
    ctx: typer.Context,
    search: Annotated[str, typer.Argument(help="Part of a name, account or phone number.")] = "",
    after: After = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Customers by account number."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.customers(cli.actor(), search, after=after, limit=limit)
    rows = [CustomerOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("account", "name", "phone"),
            ((row.account, cli.name(row.name.ar, row.name.en), row.phone) for row in rows),
        ),
    )


@customer.command("show")
def customer_show(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    as_json: Json = False,
) -> None:
    """One customer with their meters."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found, files = raseed.service.customer(cli.actor(), account)
        language = raseed.languages.of(found.account)
    shown = CustomerFileOut.with_meters(found, files, language)

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("account", shown.account),
                ("name", cli.name(shown.name.ar, shown.name.en)),
                ("phone", shown.phone),
                ("language", shown.language or "-"),
            )
        )
        _meter_table(cli, shown.meters)

    cli.show(shown, as_json, people)


@customer.command("language")
def customer_language(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    language: Annotated[str, typer.Argument(help="ar, en, or - for that of most customers.")],
    as_json: Json = False,
) -> None:
    """The language of their papers and SMS."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        chosen = raseed.languages.choose(cli.actor(), account, language.replace("-", ""))
    told = {"account": account, "language": chosen}
    cli.show(told, as_json, lambda cli: cli.facts((("language", chosen or "-"),)))


@meter.command("list")
def meter_list(
    ctx: typer.Context, after: After = "", limit: Limit = 100, as_json: Json = False
) -> None:
    """Meters in use by number."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        files = raseed.service.meters(cli.actor(), after=after, limit=limit)
    rows = [MeterOut.of(file) for file in files]
    cli.show(rows, as_json, lambda cli: _meter_table(cli, rows))


@meter.command("show")
def meter_show(ctx: typer.Context, number: MeterArg, as_json: Json = False) -> None:
    """One meter with its customer and place."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = MeterOut.of(raseed.service.meter(cli.actor(), number))
    at = shown.gateway
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts(
            (
                ("meter", shown.number),
                ("pan", shown.pan),
                ("commodity", cli.label(shown.commodity)),
                ("account", shown.customer.account),
                ("name", cli.name(shown.customer.name.ar, shown.customer.name.en)),
                ("quarter", shown.quarter),
                ("address", shown.address),
                ("tariff", shown.tariff),
                ("key", _key(shown)),
                ("gateway", at.place if at else "-"),
            )
        ),
    )


def meter_read(ctx: typer.Context, number: MeterArg, as_json: Json = False) -> None:
    """Read balance and supply from the meter now, and keep the reading."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        shown = ReadingOut.of(raseed.service.read_account(cli.actor(), number))
    cli.show(shown, as_json, lambda cli: _reading_facts(cli, shown))


@reading.command("list")
def reading_list(
    ctx: typer.Context,
    number: MeterArg,
    before: BeforeNumber = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Stored readings of a meter, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.service.readings(cli.actor(), number, before=before, limit=limit)
    rows = [ReadingOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("id", "read_at", "balance", "total", "supply", "actor"),
            (
                (
                    row.id,
                    on_the_wall(row.read_at, seconds=True),
                    f"{row.balance.value} {row.balance.unit}",
                    f"{row.total_supplied.value} {row.total_supplied.unit}",
                    cli.label("on" if row.supplied else "off"),
                    row.actor,
                )
                for row in rows
            ),
        ),
    )


def _key(meter: MeterOut) -> str:
    told = "" if meter.ken is None else f" BDT {meter.base_date} KEN {meter.ken}"
    return f"SGC {meter.sgc} KRN {meter.krn} TI {meter.ti:02d} EA{meter.ea}{told}"


def _reading_facts(cli: Cli, row: ReadingOut) -> None:
    cli.facts(
        (
            ("meter", row.meter),
            ("balance", f"{row.balance.value} {row.balance.unit}"),
            ("total", f"{row.total_supplied.value} {row.total_supplied.unit}"),
            ("supply", cli.label("on" if row.supplied else "off")),
            ("reasons", ", ".join(row.supply_reasons) or "-"),
            ("verdict", row.last_result),
            ("read_at", on_the_wall(row.read_at, seconds=True)),
        )
    )


def _meter_table(cli: Cli, rows: list[MeterOut]) -> None:
    cli.table(
        ("meter", "commodity", "account", "name", "quarter", "tariff"),
        (
            (
                row.number,
                cli.label(row.commodity),
                row.customer.account,
                cli.name(row.customer.name.ar, row.customer.name.en),
                row.quarter,
                row.tariff,
            )
            for row in rows
        ),
    )
