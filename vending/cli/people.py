"""`raseed user`, `raseed audit`, `raseed device`, `raseed municipality`, `raseed demo-data`: who
signs in, what everybody did, where they sit, and whose house it is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..keys.storage import read_private
from ..logos import checked_logo
from ..messages import term
from ..municipality import told as municipality_told
from ..parties import Actor, Role
from ..people import TrailLine, User, UserDraft, UserUnknown
from ..people.trail import TrailBroken
from ..shapes.base import MOST_NUMBER
from ..wiring import Raseed
from .context import Cli, Json, cli_of
from .secrets_in import SecretMissing

user = typer.Typer(no_args_is_help=True, help="People who sign in.")
audit = typer.Typer(no_args_is_help=True, help="What everybody did, line by line.")
device = typer.Typer(no_args_is_help=True, help="Devices of vending points.")
samples = typer.Typer(no_args_is_help=True, help="Invented parties to try out with.")
municipality = typer.Typer(no_args_is_help=True, help="What stands at the head of every paper.")

NameArg = Annotated[str, typer.Argument(metavar="NAME", help="What they sign in with.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the trail keeps it.")]
RoleOption = Annotated[Role | None, typer.Option(help="What they may do.")]
PointOption = Annotated[str | None, typer.Option(help="Vending point; `none` for none.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="Private file with the password; else it is asked, or read from input."),
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


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
            made = raseed.office.add(_admin(cli), draft, password)
    _shown(cli, [made], as_json, single=True)


@user.command("list")
def user_list(ctx: typer.Context, as_json: Json = False) -> None:
    """Everybody by name, those out of use too."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.office.users(_admin(cli))
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
        made = raseed.office.change(_admin(cli), draft, active=wanted, reason=reason)
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
        raseed.office.reset_password(_admin(cli), name, password, reason)
        _shown(cli, [_user(raseed, cli, name)], as_json, single=True)


@user.command("take-second-factor")
def user_take_second_factor(
    ctx: typer.Context, name: NameArg, reason: Why, as_json: Json = False
) -> None:
    """For a telephone that is lost: they set up a new one."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        raseed.office.take_second_factor(_admin(cli), name, reason)
        _shown(cli, [_user(raseed, cli, name)], as_json, single=True)


@audit.command("list")
def audit_list(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="Of this person alone.")] = "",
    subject: Annotated[str, typer.Option(help="About this alone.")] = "",
    before: Annotated[
        int, typer.Option(min=0, max=MOST_NUMBER, help="Those before this line.")
    ] = 0,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Latest first."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        lines = raseed.office.trail(_admin(cli), before=before, limit=limit, subject=subject, by=by)
    cli.show(
        {"lines": [_line(one) for one in lines]},
        as_json,
        lambda cli: cli.table(
            ("entry", "at", "actor", "act", "about", "reason"),
            (
                (
                    one.number,
                    f"{one.at:%Y-%m-%d %H:%M:%SZ}",
                    one.actor,
                    term(f"did_{one.act}", cli.language),
                    one.subject,
                    one.reason,
                )
                for one in lines
            ),
        ),
    )


@audit.command("verify")
def audit_verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Whether each line follows from the one before."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count, problem = raseed.office.verify_trail(_admin(cli))
    if problem is not None:
        raise TrailBroken(problem.number, f"trail_{problem.problem}")
    cli.show({"ok": True, "lines": count}, as_json, lambda cli: _right(cli, count))


@device.command("add")
def device_add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the device.")],
    point: Annotated[str, typer.Option(help="Where it stands.")],
    terminal: Annotated[str, typer.Option(help="As printed on receipts.")],
    as_json: Json = False,
) -> None:
    """Make a device's key: shown once, to be typed at /device on that device."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        made, text = raseed.devices.make(_admin(cli), name, point, terminal)
    told = {"name": made.name, "point": made.point, "terminal": made.terminal, "key": text}
    cli.show(told, as_json, lambda cli: cli.facts(told.items()))


@device.command("list")
def device_list(ctx: typer.Context, as_json: Json = False) -> None:
    """Devices by name, revoked ones included."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        found = raseed.devices.devices(_admin(cli))
    rows = [
        {
            "name": one.name,
            "point": one.point,
            "terminal": one.terminal,
            "seen_at": None if one.seen_at is None else one.seen_at.isoformat(),
            "revoked_at": None if one.revoked_at is None else one.revoked_at.isoformat(),
        }
        for one in found
    ]
    cli.show(
        {"devices": rows},
        as_json,
        lambda cli: cli.table(
            ("name", "point", "terminal", "seen_at", "revoked_at"),
            ([value or "-" for value in row.values()] for row in rows),
        ),
    )


@device.command("revoke")
def device_revoke(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    reason: Why,
    as_json: Json = False,
) -> None:
    """Its key opens nothing any more."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        done = raseed.devices.revoke(_admin(cli), name, reason)
    told = {"name": done.name, "revoked_at": str(done.revoked_at)}
    cli.show(told, as_json, lambda cli: cli.facts(told.items()))


@municipality.command("show")
def municipality_show(ctx: typer.Context, as_json: Json = False) -> None:
    """The record as it stands."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        _town(cli, raseed, as_json)


@municipality.command("set")
def municipality_set(
    ctx: typer.Context,
    name_ar: Annotated[str | None, typer.Option()] = None,
    name_en: Annotated[str | None, typer.Option()] = None,
    address_ar: Annotated[str | None, typer.Option()] = None,
    address_en: Annotated[str | None, typer.Option()] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    tax_number: Annotated[str | None, typer.Option()] = None,
    vat: Annotated[str | None, typer.Option(help="Percent, as customers are told.")] = None,
    message_ar: Annotated[str | None, typer.Option(help="At the foot of a receipt.")] = None,
    message_en: Annotated[str | None, typer.Option(help="At the foot of a receipt.")] = None,
    logo: Annotated[Path | None, typer.Option(help="PNG or SVG.", exists=True)] = None,
    tariff: Annotated[
        list[str] | None,
        typer.Option(help="For new agreements; repeat it. `all`: any tariff there is."),
    ] = None,
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Change what is given; the rest stays."""
    cli = cli_of(ctx)
    given: dict[str, Any] = {
        "name_ar": name_ar,
        "name_en": name_en,
        "address_ar": address_ar,
        "address_en": address_en,
        "phone": phone,
        "tax_number": tax_number,
        "vat": vat,
        "tariffs": None if not tariff else tuple(one for one in tariff if one != "all"),
        "message_ar": message_ar,
        "message_en": message_en,
        "logo": None if logo is None else checked_logo(logo.read_bytes()),
    }
    with cli.raseed() as raseed:
        hall = raseed.town_hall
        changes = {name: value for name, value in given.items() if value is not None}
        hall.change(_admin(cli), replace(hall.municipality(), **changes), reason)
        _town(cli, raseed, as_json)


@samples.command("add")
def samples_add(ctx: typer.Context, as_json: Json = False) -> None:
    """Put them in."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count = len(raseed.samples.add(_admin(cli)))
    cli.show({"added": count}, as_json, lambda cli: cli.facts((("parties", count),)))


@samples.command("remove")
def samples_remove(ctx: typer.Context, as_json: Json = False) -> None:
    """Take them away, unless something was booked or written about them."""
    cli = cli_of(ctx)
    with cli.raseed() as raseed:
        count = raseed.samples.remove(_admin(cli))
    cli.show({"removed": count}, as_json, lambda cli: cli.facts((("parties", count),)))


def _admin(cli: Cli) -> Actor:
    return cli.actor(Role.ADMINISTRATOR)


def _user(raseed: Raseed, cli: Cli, name: str) -> User:
    for one in raseed.office.users(_admin(cli)):
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


def _line(one: TrailLine) -> dict[str, Any]:
    return {
        "number": one.number,
        "at": one.at.isoformat(),
        "actor": one.actor,
        "role": one.role,
        "point": one.point,
        "terminal": one.terminal,
        "act": one.act,
        "subject": one.subject,
        "reason": one.reason,
        "before": json.loads(one.before) if one.before else None,
        "after": json.loads(one.after) if one.after else None,
        "hash": one.hash,
    }


def _right(cli: Cli, count: int) -> None:
    cli.facts((("lines", count),))
    cli.line(cli.label("trail_right"))


def _town(cli: Cli, raseed: Raseed, as_json: bool) -> None:
    shown = municipality_told(raseed.town_hall.municipality())
    cli.show(shown, as_json, lambda cli: cli.facts(shown.items()))
