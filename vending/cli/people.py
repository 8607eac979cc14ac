"""`raseed user`: people who sign in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ..keys.storage import read_private
from ..messages import term
from ..parties import Role
from ..people import User, UserDraft, UserUnknown
from ..running import Raseed
from .context import Cli, Json, Why, cli_of
from .secrets_in import SecretMissing

user = typer.Typer(no_args_is_help=True, help="People who sign in.")

NameArg = Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with.")]
RoleOption = Annotated[Role | None, typer.Option(help="What they may do.")]
PointOption = Annotated[str | None, typer.Option(help="Vending point; `none` for none.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="Private file with the password; else it is asked, or read from input."),
]


@user.command("add")
def user_add(
    ctx: typer.Context,
    name: NameArg,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    name_ar: Annotated[str, typer.Option(help="Name in Arabic.")],
    name_en: Annotated[str, typer.Option(help="Name in English.")] = "",
    point: PointOption = None,
    language: Annotated[str, typer.Option(help="ar or en.")] = "ar",
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Add somebody. The first one is an administrator; the others change the password when they
    come in."""
    cli = cli_of(ctx)
    draft = UserDraft(
        name, role, name_ar, name_en, _none(point), "en" if language == "en" else "ar"
    )
    password = _password(cli, password_file)
    with cli.raseed() as raseed:
        if raseed.office.is_empty:
            made = raseed.office.begin(draft, password)
        else:
            made = raseed.office.add(cli.actor(Role.ADMINISTRATOR), draft, password)
    _shown(cli, [made], as_json, single=True)


@user.command("list")
def user_list(ctx: typer.Context, as_json: Json = False) -> None:
    """Everybody by name, those out of use too."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.office.users(cli.actor(Role.ADMINISTRATOR))
    _shown(cli, found, as_json)


@user.command("change")
def user_change(
    ctx: typer.Context,
    name: NameArg,
    reason: Why,
    role: RoleOption = None,
    point: PointOption = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="May they come in?")
    ] = None,
    as_json: Json = False,
) -> None:
    """Another role or point, out of use, or in use again. Their sessions end."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        old = _user(raseed, cli, name)
        draft = UserDraft(
            old.name,
            role or old.role,
            old.name_ar,
            old.name_en,
            old.point if point is None else _none(point),
            old.language,
        )
        wanted = old.active if active is None else active
        made = raseed.office.change(
            cli.actor(Role.ADMINISTRATOR), draft, active=wanted, reason=reason
        )
    _shown(cli, [made], as_json, single=True)


@user.command("reset")
def user_reset(
    ctx: typer.Context,
    name: NameArg,
    reason: Why,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """A new password, which they change when they come in."""
    cli = cli_of(ctx)
    password = _password(cli, password_file)
    with cli.raseed() as raseed:
        raseed.office.reset_password(cli.actor(Role.ADMINISTRATOR), name, password, reason)
        _shown(cli, [_user(raseed, cli, name)], as_json, single=True)


@user.command("take-second-factor")
def user_take_second_factor(
    ctx: typer.Context, name: NameArg, reason: Why, as_json: Json = False
) -> None:
    """For a telephone that is lost: they set up a new one."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        raseed.office.take_second_factor(cli.actor(Role.ADMINISTRATOR), name, reason)
        _shown(cli, [_user(raseed, cli, name)], as_json, single=True)


def _user(raseed: Raseed, cli: Cli, name: str) -> User:
    for one in raseed.office.users(cli.actor(Role.ADMINISTRATOR)):
        if one.name == name:
            return one
    raise UserUnknown(name[:40])


def _none(point: str | None) -> str | None:
    return None if point in (None, "", "none") else point


def _password(cli: Cli, file: Path | None) -> str:
    """Never an argument, which the whole machine can see. Raises SecretMissing."""
    ask = cli.asker("ask_password")
    if file is not None:
        text = read_private(file).decode("utf-8", "replace")
    else:
        text = sys.stdin.readline(1024) if ask is None else ask()
    if not text.strip():
        raise SecretMissing("password")
    return text.strip("\r\n")


def _shown(cli: Cli, users: list[User], as_json: bool, *, single: bool = False) -> None:
    rows = [
        {
            "name": one.name,
            "role": one.role.value,
            "name_ar": one.name_ar,
            "name_en": one.name_en,
            "point": one.point,
            "active": one.active,
            "second_factor": bool(one.second),
        }
        for one in users
    ]
    told: dict[str, Any] = rows[0] if single else {"users": rows}
    cli.show(
        told,
        as_json,
        lambda cli: cli.table(
            ("name", "role", "person", "point", "in_use", "second_factor"),
            (
                (
                    one.name,
                    term(one.role.value, cli.language),
                    cli.name(one.name_ar, one.name_en),
                    one.point or "-",
                    cli.label("yes" if one.active else "no"),
                    cli.label("yes" if one.second else "no"),
                )
                for one in users
            ),
        ),
    )
