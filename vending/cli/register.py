"""`raseed register`: parties from a file."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from meters.errors import Invalid

from ..parties import Role
from ..shapes import RegistrationIn, RegistrationOut
from ..surroundings import read_shipped_chart
from .context import Cli, Json, cli_of

app = typer.Typer()


@dataclass(eq=False)
class RegisterFileUnusable(Invalid, code="register.file_unusable"):
    """The file cannot be read, or is neither TOML nor JSON."""

    path: str
    reason: str


@dataclass(eq=False)
class RegisterFileWrong(Invalid, code="register.file_wrong"):
    """A field of the file is misspelt, missing or does not fit; `more` others are, too."""

    place: str
    problem: str
    more: int


@app.command("register")
def register(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="TOML or JSON; see config/examples/register.toml")
    ],
    as_json: Json = False,
) -> None:
    """Write down vending points, customers, places and meters: all of the file, or nothing."""
    cli = cli_of(ctx)
    typed = _checked(_read(file))
    registration = typed.registration(read_shipped_chart().currency)
    with cli.raseed_with_keys_at_hand() as raseed:
        raseed.service.register(cli.actor(role=Role.ADMINISTRATOR), registration)
    told = RegistrationOut.of(registration)

    def people(cli: Cli) -> None:
        cli.facts(
            (
                ("points", str(told.points)),
                ("customers", str(told.customers)),
                ("places", str(told.places)),
                ("meters", str(told.meters)),
            )
        )

    cli.show(told, as_json, people)


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
        document = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise RegisterFileUnusable(str(file), error.strerror or "OSError") from None
    except (UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise RegisterFileUnusable(str(file), str(error)[:120]) from None
    if not isinstance(document, dict):
        raise RegisterFileUnusable(str(file), "not an object")
    return document


def _checked(document: dict[str, Any]) -> RegistrationIn:
    try:
        return RegistrationIn.model_validate(document)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)
        place = ".".join(str(part) for part in wrong[0]["loc"])
        raise RegisterFileWrong(place[:80], wrong[0]["type"], len(wrong) - 1) from None
