"""What a meter wants to see before it changes anything, or tells: from a private file, the
environment or a hidden prompt, and never an argument, which the whole machine can read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.device.params import is_secret
from drivers.maps.model import MeterMap, Protocol
from drivers.maps.reading import shipped_map
from meters.errors import Invalid

from ..keys.storage import read_private
from .context import Cli

_PASSWORD_ENV: Final = "RASEED_METER_PASSWORD"  # noqa: S105 - a name
_WITH_PASSWORD: Final = (Protocol.DLT645, Protocol.IEC21)
"""Of their sessions; Modbus meters have theirs as a parameter of the command."""

PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="The meter's password, in a file that only you can read. Else"
        " RASEED_METER_PASSWORD, else it is asked for.",
        dir_okay=False,
    ),
]


@dataclass(eq=False)
class SecretArgument(Invalid, code="meter.secret_argument"):
    """A password stands among the arguments. It is not repeated here."""

    parameter: str
    variable: str


def password_for(cli: Cli, meter_map: MeterMap, file: Path | None) -> str:
    """Of a session, where the protocol wants one."""
    if meter_map.protocol not in _WITH_PASSWORD:
        return ""
    return secret(cli, file)


def secrets_of(meter_map: MeterMap, name: str) -> list[str]:
    """Parameters of a command that nobody may give among the arguments. (A token is one of its
    own: it is worth nothing but at its meter.)"""
    wanted = meter_map.commands[name].params if name in meter_map.commands else {}
    return [one for one, kind in wanted.items() if is_secret(one, kind) and one != "token"]


def secrets_for(
    cli: Cli, meter_map: MeterMap, name: str, given: Mapping[str, str], file: Path | None
) -> dict[str, str]:
    """Passwords that the command wants. Raises SecretArgument for one that stands among the
    arguments, where the whole machine can read it."""
    found = {}
    for param in secrets_of(meter_map, name):
        if param in given:
            raise SecretArgument(param, _PASSWORD_ENV)
        if told := secret(cli, file):
            found[param] = told
    return found


def given_password(model: str, file: Path | None) -> str:
    """For reading what few meters of a model lock: nobody is asked. Raises MapUnknown, and what
    `read_private` raises."""
    locked = model and shipped_map(model).protocol in _WITH_PASSWORD
    return _given(file) if locked else ""


def secret(cli: Cli, file: Path | None) -> str:
    """From a private file, the environment or a hidden prompt; empty if there is none of them.
    Raises what `read_private` raises."""
    ask = cli.asker("ask_meter_password")
    return _given(file) or (ask() if file is None and ask is not None else "")


def _given(file: Path | None) -> str:
    if file is not None:
        return read_private(file).decode("utf-8", "replace").strip()
    return os.environ.get(_PASSWORD_ENV, "")
