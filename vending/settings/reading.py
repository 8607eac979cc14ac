"""Where settings come from, and what may be wrong with them there."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meters.errors import Invalid

from .settings import PREFIX, Settings

DEFAULT_FILE = Path("raseed.toml")
_ELSEWHERE = frozenset(
    PREFIX + name
    for name in (
        "CONFIG",
        "LANG",
        "DEBUG",
        "PASSPHRASE",
        "PASSPHRASE_FILE",
        "NEW_PASSPHRASE",
        "NEW_PASSPHRASE_FILE",
        "API_KEY",
        "DECODER_KEY",
        "POINT",
        "TERMINAL",
        "VENDING_KEY",
    )
)
"""Names in the environment that are read elsewhere."""


@dataclass(eq=False)
class SettingWrong(Invalid, code="settings.wrong"):
    """One setting is misspelt or has a value that does not fit. `problem` is pydantic's type of
    error; the value itself is left out, for it may be a secret."""

    name: str
    problem: str


@dataclass(eq=False)
class SettingsFileUnusable(Invalid, code="settings.file_unusable"):
    """The TOML file cannot be read or is not TOML."""

    path: str
    reason: str


def load_settings(file: Path | None = None) -> Settings:
    """Settings from `file`, else from the file that RASEED_CONFIG names, else from
    `raseed.toml` in the current folder if there is one; the environment goes over all.

    Raises SettingsFileUnusable, SettingWrong (the first of several).
    """
    problems = settings_problems(file)
    if problems:
        raise problems[0]
    return _build(file)


def settings_problems(file: Path | None = None) -> list[SettingsFileUnusable | SettingWrong]:
    """Every mistake in the settings at once: one misspelt name never hides the next."""
    problems: list[SettingsFileUnusable | SettingWrong] = [
        SettingWrong(name, "extra_forbidden")
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name not in _ELSEWHERE and not _is_ours(name)
    ]
    try:
        _build(file)
    except SettingsFileUnusable as error:
        problems.append(error)
    except ValidationError as error:
        problems += [
            SettingWrong(".".join(str(part) for part in told["loc"]), told["type"])
            for told in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    return problems


def shown(settings: Settings) -> dict[str, Any]:
    """All settings as plain values for people; secrets as stars."""
    told: dict[str, Any] = settings.model_dump(mode="json")
    told["database"]["url"] = settings.database_url_shown
    told["keys"]["file"] = str(settings.key_file)
    told["outbox"]["spool"] = str(settings.spool)
    return told


def _build(file: Path | None) -> Settings:
    path = file or (Path(os.environ["RASEED_CONFIG"]) if os.environ.get("RASEED_CONFIG") else None)
    if path is None and DEFAULT_FILE.exists():
        path = DEFAULT_FILE
    return Settings(**(_read(path) if path else {}))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsFileUnusable(str(path), error.strerror or "OSError") from None
    except UnicodeDecodeError:
        raise SettingsFileUnusable(str(path), "not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsFileUnusable(str(path), str(error)[:120]) from None


def _is_ours(name: str) -> bool:
    # A misspelt name inside a part is found by the part itself; here only the first word.
    first = name[len(PREFIX) :].lower().partition("__")[0]
    return first in Settings.model_fields
