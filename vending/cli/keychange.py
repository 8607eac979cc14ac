"""`raseed keychange`: plan key changes, and follow them until a reading proves them."""

from __future__ import annotations

from typing import Annotated

import typer

from tokens.sts import BaseDate

from ..keychanges import KeyChangeState, Scope, read_key
from ..messages import on_the_wall, term
from ..shapes import CampaignOut, ConfirmationOut, KeyChangeOut, KeyChangesLeftOut
from ..shapes.key_changes import MeterKeyOut
from .asking import Reason
from .context import Cli, Json, MeterArg, cli_of
from .paging import AfterNumber, Limit

app = typer.Typer(no_args_is_help=True, help="Moving meters to other keys.")

Ti = Annotated[int | None, typer.Option(min=0, max=99, help="Tariff index.", show_default=False)]
Source = Annotated[
    str | None, typer.Option("--from", metavar="SGC/KRN", help="As 123457/1.", show_default=False)
]
Target = Annotated[
    str | None, typer.Option("--to", metavar="SGC/KRN", help="As 123457/2.", show_default=False)
]


def _scope(source: str | None, target: str | None) -> Scope:
    return Scope(
        None if source is None else read_key(source), None if target is None else read_key(target)
    )


@app.command("plan")
def plan(
    ctx: typer.Context,
    number: MeterArg,
    reason: Reason,
    sgc: Annotated[str | None, typer.Option(help="Supply group.", show_default=False)] = None,
    krn: Annotated[int | None, typer.Option(help="Key revision.", show_default=False)] = None,
    ti: Ti = None,
    as_json: Json = False,
) -> None:
    """Plan a meter's move to another key. Its tokens come with the meter's next sale."""
    cli = cli_of(ctx)
    with cli.raseed(keys=True) as raseed:
        made = raseed.key_changes.plan(cli.actor(), number, reason, sgc=sgc, krn=krn, ti=ti)
    _show(cli, KeyChangeOut.of(made), as_json)


@app.command("campaign")
def campaign(
    ctx: typer.Context,
    reason: Reason,
    source: Source = None,
    target: Target = None,
    base_date: Annotated[
        int | None,
        typer.Option(help="All keys that count from 1993, 2014 or 2035.", show_default=False),
    ] = None,
    ti: Ti = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take the plans back.")] = False,
    as_json: Json = False,
) -> None:
    """Plan the move of all meters of a key (or of a base date), or take such plans back."""
    cli = cli_of(ctx)
    if cancel:
        if base_date is not None or ti is not None:
            raise typer.BadParameter("goes with --from and --to alone", param_hint="--cancel")
        with cli.raseed() as raseed:
            scope = _scope(source, target)
            number = raseed.key_changes.cancel_campaign(cli.actor(), scope, reason)
        cli.show(
            {"cancelled": number}, as_json, lambda cli: cli.facts((("keys_cancelled", number),))
        )
        return
    if base_date is not None:
        if source is not None or target is not None or ti is not None:
            raise typer.BadParameter("stands alone", param_hint="--base-date")
        if base_date not in [known.value for known in BaseDate]:
            raise typer.BadParameter("1993, 2014 or 2035", param_hint="--base-date")
        with cli.raseed(keys=True) as raseed:
            moves = raseed.key_changes
            made = moves.plan_base_date(cli.actor(), BaseDate(base_date), reason)
    elif source is None or target is None:
        raise typer.BadParameter("both, or --base-date", param_hint="--from / --to")
    else:
        old, new = read_key(source), read_key(target)
        with cli.raseed(keys=True) as raseed:
            made = [raseed.key_changes.plan_campaign(cli.actor(), old, new, reason, ti=ti)]
    rows = [CampaignOut.of(one) for one in made]
    cli.show(rows, as_json, lambda cli: _campaigns(cli, rows))


@app.command("cancel")
def cancel(ctx: typer.Context, number: MeterArg, reason: Reason, as_json: Json = False) -> None:
    """Take a meter's plan back before its tokens are issued."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.key_changes.cancel(cli.actor(), number, reason)
    _show(cli, KeyChangeOut.of(made), as_json)


@app.command("entered")
def entered(
    ctx: typer.Context,
    number: MeterArg,
    note: Annotated[str, typer.Option(help="Who said so.")] = "",
    as_json: Json = False,
) -> None:
    """Write down that the tokens are in the meter."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.key_changes.mark_entered(cli.actor(), number, note)
    _show(cli, KeyChangeOut.of(made), as_json)


@app.command("push")
def push(ctx: typer.Context, number: MeterArg, as_json: Json = False) -> None:
    """Hand the issued tokens to the meter over its line."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed, cli.progress("meter"):
        made = ConfirmationOut.of(raseed.key_changes.push(cli.actor(), number))
    cli.show(made, as_json, lambda cli: _confirmation(cli, made))


@app.command("confirm")
def confirm(
    ctx: typer.Context,
    number: Annotated[
        str | None,
        typer.Argument(metavar="[METER]", help="Without one: all that the books prove."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look for a proof that a meter holds its new key: in the books, then in the meter."""
    cli = cli_of(ctx)
    if number is None:
        with cli.raseed() as raseed:
            found = raseed.key_changes.confirm_delivered(cli.actor())
        cli.show({"confirmed": found}, as_json, lambda cli: cli.facts((("keys_confirmed", found),)))
        return
    with cli.raseed() as raseed, cli.progress("meter"):
        made = ConfirmationOut.of(raseed.key_changes.confirm_by_reading(cli.actor(), number))
    cli.show(made, as_json, lambda cli: _confirmation(cli, made))


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[
        list[KeyChangeState] | None, typer.Option(help="May be given more than once.")
    ] = None,
    source: Source = None,
    target: Target = None,
    after: AfterNumber = 0,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Changes, the oldest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.key_changes.changes(
            cli.actor(), state or (), _scope(source, target), after=after, limit=limit
        )
    rows = [KeyChangeOut.of(one) for one in found]
    cli.show(rows, as_json, lambda cli: _table(cli, rows))


@app.command("left")
def left(
    ctx: typer.Context, source: Source = None, target: Target = None, as_json: Json = False
) -> None:
    """How far a campaign has come: how many changes stand where."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.key_changes.left(cli.actor(), _scope(source, target))
    shown = KeyChangesLeftOut.of(found)

    def people(cli: Cli) -> None:
        cli.facts((f"keys_{state.value}", getattr(shown, state.value)) for state in KeyChangeState)
        oldest = shown.oldest
        cli.facts((("keys_oldest", "-" if oldest is None else on_the_wall(oldest, seconds=True)),))

    cli.show(shown, as_json, people)


@app.command("show")
def show(ctx: typer.Context, number: MeterArg, as_json: Json = False) -> None:
    """All changes of a meter with their steps, the latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.key_changes.of_meter(cli.actor(), number)
    rows = [KeyChangeOut.of(one) for one in found]

    def people(cli: Cli) -> None:
        for row in rows:
            change_facts(cli, row)
            cli.line()

    cli.show(rows, as_json, people)


def _show(cli: Cli, shown: KeyChangeOut, as_json: bool) -> None:
    cli.show(shown, as_json, lambda cli: change_facts(cli, shown))


def change_facts(cli: Cli, change: KeyChangeOut) -> None:
    """Where a change stands, with its steps."""
    cli.facts(
        (
            ("id", change.id),
            ("meter", change.meter),
            ("state", term(change.state, cli.language)),
            ("key_from", _key(change.source)),
            ("key_to", _key(change.target)),
            ("reason", change.reason),
            ("requested_by", change.planned_by),
            ("vend_id", change.issued_with or "-"),
        )
    )
    if change.events:
        cli.table(
            ("time", "state", "actor", "vend_id", "note"),
            (
                (
                    on_the_wall(event.at, seconds=True),
                    term(event.state, cli.language),
                    event.actor,
                    event.vend_id or "",
                    event.note,
                )
                for event in change.events
            ),
        )


def _confirmation(cli: Cli, made: ConfirmationOut) -> None:
    change_facts(cli, made.change)
    taken = {True: "key_taken", False: "key_not_taken", None: "key_unproved"}[made.taken]
    cli.facts((("found", term(taken, cli.language)), ("note", made.note)))
    if made.results:
        cli.facts((("verdict", ", ".join(result or "-" for result in made.results)),))


def _campaigns(cli: Cli, rows: list[CampaignOut]) -> None:
    cli.table(
        (
            "key_from",
            "key_to",
            "keys_planned",
            "keys_planned_before",
            "keys_issued",
            "keys_there",
            "keys_unfit",
        ),
        (
            (
                f"{row.source.sgc}/{row.source.krn}",
                "-" if row.target is None else f"{row.target.sgc}/{row.target.krn}",
                row.planned,
                row.planned_before,
                row.issued,
                row.there,
                row.unfit,
            )
            for row in rows
        ),
    )


def _table(cli: Cli, rows: list[KeyChangeOut]) -> None:
    cli.table(
        ("id", "meter", "state", "key_from", "key_to", "vend_id", "reason"),
        (
            (
                row.id,
                row.meter,
                term(row.state, cli.language),
                _key(row.source),
                _key(row.target),
                row.issued_with or "",
                row.reason,
            )
            for row in rows
        ),
    )


def _key(key: MeterKeyOut) -> str:
    told = "" if key.ken is None else f" BDT {key.base_date} KEN {key.ken}"
    return f"{key.sgc}/{key.krn} TI {key.ti:02d}{told}"
