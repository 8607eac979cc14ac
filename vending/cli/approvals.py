"""`raseed approval` and `raseed block`: acts of two people, and what is barred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ..approvals import Approval, ApprovalState
from ..approvals.approval import StepState
from ..messages import Language, isolated, on_the_wall, phrase, term
from ..running import Raseed
from ..shapes import ApprovalOut, BlockEventOut, BlockOut, OutcomeOut
from .asking import IdOption, Reason, given_or_new
from .context import Cli, Json, cli_of
from .paging import BeforeId, BeforeNumber, Limit

approval = typer.Typer(no_args_is_help=True, help="Acts that need two people.")
block = typer.Typer(no_args_is_help=True, help="What is barred from selling and being sold to.")

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="Id of the request.")]
KindArg = Annotated[
    str, typer.Argument(metavar="KIND", help="meter, agreement, operator, point or terminal.")
]
SubjectArg = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="Number, name or code; a terminal as P1/T1.")
]
KindOption = Annotated[str | None, typer.Option("--kind", help="Of this kind alone.")]


@approval.command("list")
def approval_list(
    ctx: typer.Context,
    state: Annotated[ApprovalState | None, typer.Option(help="Only these.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Whatever their state.")] = False,
    before: BeforeId = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Requests, latest first; unless told otherwise those that wait: for a second person, or
    approved and not done."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        actor, service = cli.actor(), raseed.approvals
        if everything or state is not None:
            found = service.approvals(
                actor, None if everything else state, before=before, limit=limit
            )
        else:
            found = service.waiting(actor, before=before, limit=limit)
        rows = [_out(raseed, one) for one in found]

    def people(cli: Cli) -> None:
        cli.table(
            ("id", "kind", "state", "requested_by", "decided_by", "expires_at", "reason"),
            (
                (
                    row.id,
                    _act(row.act, cli),
                    term(row.state, cli.language),
                    row.requested_by,
                    row.decided_by or "",
                    on_the_wall(row.expires_at),
                    row.reason,
                )
                for row in rows
            ),
        )
        for row in rows:
            if row.state == ApprovalState.NOT_DONE.value:
                name = isolated(row.id) if cli.language is Language.ARABIC else row.id
                cli.line(f"{name}: {why_not_done(cli, row)}")

    cli.show(rows, as_json, people)


@approval.command("show")
def approval_show(ctx: typer.Context, id: ApprovalId, as_json: Json = False) -> None:
    """One request, with everything that a second person must know."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        request_shown(cli, raseed, raseed.approvals.approval(cli.actor(), id), as_json)


@approval.command("approve")
def approval_approve(
    ctx: typer.Context,
    id: ApprovalId,
    point: Annotated[
        str | None, typer.Option(help="Your vending point, for what was asked for at none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Approve what somebody else asked for, and do it; or carry through what was approved and is
    not done. Safe to run again."""
    # Here, because it puts its commands into the groups of this module.
    from .acts import outcome_shown

    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        act = raseed.approvals.acts.get(raseed.approvals.approval(cli.actor(), id).act)
    # Only what is done elsewhere makes tokens; nobody is asked for a passphrase for the rest.
    with cli.raseed(keys=act is not None and act.execute is not None) as raseed:
        done = OutcomeOut.of(raseed.approvals.approve(cli.actor(point=point), id))

    def people(cli: Cli) -> None:
        facts_of(cli, done.approval)
        outcome = done.outcome or {}
        if "quote" in outcome:
            outcome_shown(cli, outcome)
        else:
            _document(cli, outcome)

    cli.show(done, as_json, people)


@approval.command("refuse")
def approval_refuse(
    ctx: typer.Context, id: ApprovalId, reason: Reason, as_json: Json = False
) -> None:
    """End what somebody else asked for without doing it; also what was approved and certainly not
    done."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        request_shown(cli, raseed, raseed.approvals.refuse(cli.actor(), id, reason), as_json)


@approval.command("withdraw")
def approval_withdraw(ctx: typer.Context, id: ApprovalId, as_json: Json = False) -> None:
    """Take an own request back."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        request_shown(cli, raseed, raseed.approvals.withdraw(cli.actor(), id), as_json)


@block.command("set")
def block_set(
    ctx: typer.Context,
    kind: KindArg,
    subject: SubjectArg,
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Bar it at once."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        shown = BlockOut.of(raseed.blocks.block(cli.actor(), kind, subject, reason))
    cli.show(shown, as_json, lambda cli: _blocks(cli, [shown]))


@block.command("lift")
def block_lift(
    ctx: typer.Context,
    kind: KindArg,
    subject: SubjectArg,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a block to be lifted. A second person approves it."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made = raseed.blocks.lift(cli.actor(), given_or_new(id), kind, subject, reason)
        request_shown(cli, raseed, made, as_json)


@block.command("list")
def block_list(
    ctx: typer.Context,
    kind: KindOption = None,
    after: Annotated[str, typer.Option(help="Go on behind this one, as point:P1.")] = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """What is barred now."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.blocks.blocks(cli.actor(), kind, after=after, limit=limit)
    rows = [BlockOut.of(one) for one in found]
    cli.show(rows, as_json, lambda cli: _blocks(cli, rows))


@block.command("history")
def block_history(
    ctx: typer.Context,
    kind: KindOption = None,
    subject: Annotated[str | None, typer.Option(help="Of this subject of the kind.")] = None,
    before: BeforeNumber = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Who barred and lifted what, latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.blocks.events(cli.actor(), kind, subject, before=before, limit=limit)
    rows = [BlockEventOut.of(one) for one in found]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("id", "kind", "subject", "act", "since", "actor", "reason"),
            (
                (
                    row.id,
                    term(row.kind, cli.language),
                    row.subject,
                    term(row.act, cli.language),
                    on_the_wall(row.at),
                    row.actor,
                    row.reason,
                )
                for row in rows
            ),
        ),
    )


def request_shown(cli: Cli, raseed: Raseed, made: Approval, as_json: bool) -> None:
    """Shows a request that was just made or ended."""
    shown = _out(raseed, made)
    cli.show(shown, as_json, lambda cli: facts_of(cli, shown))


def _out(raseed: Raseed, one: Approval) -> ApprovalOut:
    return ApprovalOut.of(one, raseed.approvals.state(one))


def facts_of(cli: Cli, shown: ApprovalOut) -> None:
    """A request with what it asks for."""
    cli.facts(
        (
            ("id", shown.id),
            ("act", _act(shown.act, cli)),
            ("state", term(shown.state, cli.language)),
            ("reason", shown.reason),
            ("requested_by", shown.requested_by),
            ("expires_at", on_the_wall(shown.expires_at, seconds=True)),
        )
    )
    if shown.decided_by is not None:
        cli.facts((("decided_by", shown.decided_by), ("note", shown.note or "-")))
    if shown.state == ApprovalState.NOT_DONE.value:
        cli.line(why_not_done(cli, shown))
    for step in shown.steps:
        if step.state == StepState.DONE.value:
            # What it did is told besides.
            continue
        when = on_the_wall(step.at, seconds=True)
        told = f"{term(step.state, cli.language)} {when} {step.by} {step.note}"
        cli.line(isolated(told) if cli.language is Language.ARABIC else told)
    _document(cli, shown.document)


def why_not_done(cli: Cli, shown: ApprovalOut) -> str:
    """Why what was approved is not done, in words, and what to do now."""
    if shown.failure is None:
        return phrase("not_done_cut_off", cli.language)
    told = shown.failure.detail
    return f"{cli.name(told.ar, told.en)} {phrase('not_done_what_now', cli.language)}"


def _act(name: str, cli: Cli) -> str:
    # Money is transferred too, and that is another word.
    return term("meter_transfer" if name == "transfer" else name, cli.language)


def _document(cli: Cli, document: Mapping[str, Any], depth: int = 1) -> None:
    """Field by field, what lies within further in; fields by their names where we have words."""
    for name, value in document.items():
        words = term(name, cli.language)
        told = "" if isinstance(value, Mapping) else f" {_told(value)}"
        line = f"{'  ' * depth}{words}:{told}"
        cli.line(isolated(line) if cli.language is Language.ARABIC else line)
        if isinstance(value, Mapping):
            _document(cli, value, depth + 1)


def _told(value: Any) -> str:
    if isinstance(value, list):
        return f"[{len(value)}]"
    return "-" if value is None else str(value)


def _blocks(cli: Cli, rows: list[BlockOut]) -> None:
    cli.table(
        ("kind", "subject", "since", "reason"),
        (
            (
                term(row.kind, cli.language),
                row.subject,
                on_the_wall(row.since),
                row.reason,
            )
            for row in rows
        ),
    )
