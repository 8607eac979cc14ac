"""`raseed tariff`: hand in, approve, reject, retire, try, compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from meters.errors import Invalid

from ..messages import LOCAL_ZONE, on_the_wall, term
from ..shapes import (
    ComparisonOut,
    ExplainedQuoteOut,
    RetirementOut,
    TariffDocumentOut,
    TariffOut,
    TariffVersionOut,
)
from ..shapes.base import Measure
from ..tariff.months import read_moment
from ..tariff.whatif import USUAL_AMOUNTS, Household
from ..tariffdesk import MOST_MONTHS_DUE
from ..tariffviews import Standing
from .asking import Reason
from .context import Cli, Json, cli_of
from .paging import After, Limit

app = typer.Typer(no_args_is_help=True, help="Tariffs and their versions.")

CodeArg = Annotated[str, typer.Argument(metavar="CODE", help="Code of the tariff.")]
VersionArg = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="Number.")]
Used = Annotated[str, typer.Option(help="Units bought earlier this month.")]
Due = Annotated[
    int,
    typer.Option(min=0, max=MOST_MONTHS_DUE, help="Months of monthly charges that it meets."),
]
At = Annotated[
    str | None,
    typer.Option("--at", help="2027-01-01, or 2027-01-01T06:00:00+02:00.", show_default=False),
]


@dataclass(eq=False)
class TariffFileUnusable(Invalid, code="tariff.file_unusable"):
    """The file that is to be handed in cannot be read."""

    path: str
    reason: str


@app.command("list")
def list_(
    ctx: typer.Context,
    after: After = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Tariffs by code: what is sold now, what is coming, what waits."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.tariff_desk.overview(cli.actor(), after=after, limit=limit)
    rows = [TariffOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("code", "name", "class", "active", "coming", "drafts", "agreements"),
            (
                (
                    row.code,
                    cli.name(row.name.ar, row.name.en),
                    term(row.customer_class, cli.language),
                    row.active or "-",
                    ", ".join(f"{c.version} ({_when(c.active_from)})" for c in row.coming) or "-",
                    ", ".join(str(number) for number in row.drafts) or "-",
                    row.agreements,
                )
                for row in rows
            ),
        ),
    )


@app.command("show")
def show(
    ctx: typer.Context,
    code: CodeArg,
    version: Annotated[int | None, typer.Argument(metavar="[VERSION]")] = None,
    as_json: Json = False,
) -> None:
    """The versions of a tariff, or one of them with its text."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        if version is not None:
            one = TariffDocumentOut.of(raseed.tariff_desk.version(cli.actor(), code, version))
            cli.show(one, as_json, lambda cli: _document(cli, one))
            return
        rows = [TariffVersionOut.of(s) for s in raseed.tariff_desk.versions(cli.actor(), code)]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("version", "state", "active_from", "drafted_by", "approved_by", "retired_from"),
            (
                (
                    row.version,
                    term(f"tariff_{row.state}", cli.language),
                    _when(row.active_from),
                    row.drafted_by,
                    row.approved_by or "-",
                    "-" if row.retired_from is None else _when(row.retired_from),
                )
                for row in rows
            ),
        ),
    )


@app.command("submit")
def submit(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML with one version.")],
    as_json: Json = False,
) -> None:
    """Hand in a draft. A second person approves it."""
    cli = cli_of(ctx)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise TariffFileUnusable(str(file), reason) from None
    with cli.raseed() as raseed:
        made = raseed.tariff_desk.submit(cli.actor(), text, file.name[:60])
    _show(cli, made, as_json)


@app.command("approve")
def approve(
    ctx: typer.Context,
    code: CodeArg,
    version: VersionArg,
    note: Annotated[str, typer.Option(help="A remark.")] = "",
    as_json: Json = False,
) -> None:
    """Approve somebody else's draft: from its moment it prices every sale."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.tariff_desk.approve(cli.actor(), code, version, note)
    _show(cli, made, as_json)


@app.command("reject")
def reject(
    ctx: typer.Context, code: CodeArg, version: VersionArg, reason: Reason, as_json: Json = False
) -> None:
    """Turn down a draft, or take back an approved version before its moment."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.tariff_desk.reject(cli.actor(), code, version, reason)
    _show(cli, made, as_json)


@app.command("retire")
def retire(
    ctx: typer.Context, code: CodeArg, reason: Reason, at: At = None, as_json: Json = False
) -> None:
    """End a tariff that no agreement uses, or that a later version follows; without --at at
    once."""
    cli = cli_of(ctx)
    end = _moment(at)
    with cli.raseed() as raseed:
        shown = RetirementOut.of(raseed.tariff_desk.retire(cli.actor(), code, end, reason))

    def people(cli: Cli) -> None:
        _facts(cli, shown.version)
        later = shown.followed_by
        told = "-" if later is None else f"{later.version} ({_when(later.active_from)})"
        cli.facts((("agreements", shown.agreements), ("followed_by", told)))

    cli.show(shown, as_json, people)


@app.command("preview")
def preview(
    ctx: typer.Context,
    code: CodeArg,
    version: VersionArg,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="A payment.")],
    used: Used = "0",
    months_due: Due = 1,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What a payment would buy by a version, drafts too, and why. Changes nothing."""
    cli = cli_of(ctx)
    household, moment = Household(used, months_due), _moment(at)
    with cli.raseed() as raseed:
        quote = raseed.tariff_desk.preview(cli.actor(), code, version, amount, household, moment)
    shown = ExplainedQuoteOut.with_reasons(quote, None)

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("tariff", f"{shown.tariff} {shown.tariff_version}"),
                ("pays", _measured(shown.tendered)),
                ("units", _measured(shown.quantity)),
            )
        )
        for sentence in shown.explanation:
            cli.line(cli.name(sentence.ar, sentence.en))

    cli.show(shown, as_json, people)


@app.command("compare")
def compare(
    ctx: typer.Context,
    code: CodeArg,
    first: VersionArg,
    second: VersionArg,
    amounts: Annotated[
        list[str] | None,
        typer.Option("--amount", help="A payment; may be given several times. Default: 50, 100."),
    ] = None,
    used: Used = "0",
    months_due: Due = 1,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What the second version changes against the first, and what the same household gets for
    the same payments by both. Changes nothing."""
    cli = cli_of(ctx)
    household, moment = Household(used, months_due), _moment(at)
    asked: Sequence[str] = amounts or USUAL_AMOUNTS
    with cli.raseed() as raseed:
        found = raseed.tariff_desk.compare(
            cli.actor(), code, first, second, asked, household, moment
        )
    shown = ComparisonOut.of(found)

    def people(cli: Cli) -> None:
        for sentence in shown.explanation:
            cli.line(cli.name(sentence.ar, sentence.en))

    cli.show(shown, as_json, people)


def _show(cli: Cli, made: Standing, as_json: bool) -> None:
    shown = TariffVersionOut.of(made)
    cli.show(shown, as_json, lambda cli: _facts(cli, shown))


def _document(cli: Cli, one: TariffDocumentOut) -> None:
    _facts(cli, one)
    cli.line()
    cli.line(one.document.rstrip())


def _facts(cli: Cli, row: TariffVersionOut) -> None:
    cli.facts(
        (
            ("tariff", f"{row.tariff} {row.version}"),
            ("name", cli.name(row.name.ar, row.name.en)),
            ("state", term(f"tariff_{row.state}", cli.language)),
            ("source", term(f"tariff_{row.source}", cli.language)),
            ("active_from", _when(row.active_from)),
            ("drafted_by", row.drafted_by),
        )
    )
    if row.approved_by is not None:
        cli.facts((("approved_by", row.approved_by),))
    if row.retired_from is not None:
        cli.facts((("retired_from", _when(row.retired_from)),))
    for act in row.acts:
        if act.note:
            cli.facts((("note", f"{act.note} ({act.actor})"),))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text, LOCAL_ZONE)


def _when(moment: datetime) -> str:
    """On the clock on the wall: a tariff begins at midnight here, not in UTC."""
    return on_the_wall(moment)


def _measured(measure: Measure) -> str:
    return f"{measure.value} {measure.unit}"
