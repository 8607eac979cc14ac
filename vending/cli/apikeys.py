"""`raseed apikey`: who may call the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from meters.errors import Invalid

from ..api_keys import ApiScope
from ..messages import on_the_wall
from ..parties import Role
from ..shapes import ApiKeyOut
from .context import Cli, Json, Why, cli_of

app = typer.Typer(no_args_is_help=True, help="Keys by which programs call the API.")


@dataclass(eq=False)
class ScopeUnknown(Invalid, code="apikey.scope_unknown"):
    """A scope that does not exist."""

    scope: str
    known: str


@dataclass(eq=False)
class RoleUnknown(Invalid, code="apikey.role_unknown"):
    """A role that does not exist."""

    role: str
    known: str


@app.command("create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the key; never used twice.")],
    role: Annotated[
        str, typer.Option(help="operator, technician, billing, supervisor, administrator, auditor.")
    ] = "operator",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, vend, meter, register, books, approve; repeat."),
    ] = None,
    point: Annotated[str | None, typer.Option(help="Vending point that it sells for.")] = None,
    terminal: Annotated[
        str, typer.Option(help="Terminal printed on receipts; a key that sells needs one.")
    ] = "",
    person: Annotated[
        str,
        typer.Option(
            help="Who calls, as their other keys and their sign-in name them; the books write it "
            "down. Default: NAME."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a key. Its text is shown once and stored nowhere."""
    cli = cli_of(ctx)
    if role not in {one.value for one in Role}:
        raise RoleUnknown(role[:20], ", ".join(one.value for one in Role))
    for one in scope or ():
        if one not in {known.value for known in ApiScope}:
            raise ScopeUnknown(one[:20], ", ".join(known.value for known in ApiScope))
    scopes = frozenset(ApiScope(one) for one in scope or ("read",))
    with cli.raseed() as raseed:
        key, text = raseed.key_office.create(
            cli.actor(Role.ADMINISTRATOR),
            name,
            Role(role),
            scopes,
            point=point,
            terminal=terminal,
            person=person,
        )
    shown = {**ApiKeyOut.of(key).model_dump(mode="json"), "api_key": text}

    def people(cli: Cli) -> None:
        cli.facts((("api_key", text),))
        cli.line(cli.label("api_key_once"))

    cli.show(shown, as_json, people)


@app.command("list")
def list_keys(ctx: typer.Context, as_json: Json = False) -> None:
    """Keys by name, revoked ones included."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        rows = [ApiKeyOut.of(key) for key in raseed.api_keys.all()]
    cli.show(
        rows,
        as_json,
        lambda cli: cli.table(
            ("name", "person", "role", "scopes", "point", "created_at", "revoked_at"),
            (
                (
                    row.name,
                    row.person,
                    row.role,
                    " ".join(row.scopes),
                    row.point or "-",
                    on_the_wall(row.created_at, seconds=True),
                    on_the_wall(row.revoked_at, seconds=True) if row.revoked_at else "-",
                )
                for row in rows
            ),
        ),
    )


@app.command("revoke")
def revoke(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    reason: Why,
    as_json: Json = False,
) -> None:
    """From now on the key opens nothing."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        done = raseed.key_office.revoke(cli.actor(Role.ADMINISTRATOR), name, reason)
        shown = ApiKeyOut.of(done)
    cli.show(
        shown,
        as_json,
        lambda cli: cli.facts((("name", shown.name), ("revoked_at", shown.revoked_at))),
    )
