"""How a command fails: one clear line on stderr, an exit code by the error's kind, no traceback."""

from __future__ import annotations

import json
import os
import secrets
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from meters.errors import Invalid, RaseedError

from ..messages import Language, phrase
from ..problems import problem_of

_UNEXPECTED_EXIT = 70
_USAGE_EXIT = 2
_JSON = "raseed.json"


@dataclass(eq=False)
class ArgumentNotText(Invalid, code="cli.argument_not_text"):
    """A command was given bytes that are no text in UTF-8. It is not told which: it may be a
    token."""

    place: int
    """Behind the name of the program, the first is 1."""


def check_text(arguments: Sequence[str]) -> None:
    """Raises ArgumentNotText. No database keeps such an argument, and no screen shows it."""
    for place, argument in enumerate(arguments, start=1):
        # Bytes that stand for no sign come in as halves of characters.
        if any("\ud800" <= sign <= "\udfff" for sign in argument):
            raise ArgumentNotText(place)


class GuardedGroup(TyperGroup):
    """The outermost command: whatever happens inside ends as words and an exit code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_JSON] = "--json" in args
        # Before it is parsed: what is read of a list is taken out of it.
        chosen = args[args.index("--lang") + 1 :][:1] if "--lang" in args else []
        try:
            check_text(args)
            return super().parse_args(ctx, args)
        except RaseedError as error:
            code = tell(error, language_of(*chosen), as_json=ctx.meta[_JSON])
            raise typer.Exit(code) from None
        except typer.TyperException as error:
            self._tell_usage(error, language_of(*chosen))
            raise

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except RaseedError as error:
            raise typer.Exit(_told(ctx, error)) from None
        except typer.TyperException as error:
            self._tell_usage(error, language_of(ctx.params.get("lang")))
            raise
        except (typer.Exit, typer.Abort, BrokenPipeError, EOFError):
            raise
        except Exception as error:
            raise typer.Exit(_told(ctx, error)) from None

    def _tell_usage(self, error: Any, language: Language) -> None:
        """Tells in Arabic what typer would say of a command line in English. Raises Exit."""
        told = usage_words(error, language)
        if told:
            _write(told)
            raise typer.Exit(_USAGE_EXIT) from None


def _told(ctx: Any, error: Exception) -> int:
    """Writes what ended a command, and what it comes of where that is found; the exit code."""
    language = language_of(ctx.params.get("lang"))
    found = error if ctx.obj is None else ctx.obj.explained(error)
    if found is not error:
        incident_of(error)
    if isinstance(found, RaseedError):
        return tell(found, language, as_json=ctx.meta[_JSON])
    return tell_unexpected(found, language)


def usage_words(error: Any, language: Language) -> str:
    """What is wrong with a command line, in Arabic; empty where typer's own words do."""
    kind, context = type(error).__name__, getattr(error, "ctx", None)
    if language is not Language.ARABIC or context is None or kind == "NoArgsIsHelpError":
        return ""
    help_ = f"{context.command_path} --help"
    hint = getattr(error, "param_hint", None)
    param = getattr(error, "param", None)
    if hint is None and param is not None:
        hint = param.get_error_hint()
    what = str(hint or getattr(error, "option_name", "") or "").replace("'", "").strip()
    name = {"MissingParameter": "usage_missing", "NoSuchOption": "usage_no_option"}.get(
        kind, "usage_wrong_value" if what else "usage_wrong"
    )
    return phrase(name, language, what=what, help=help_)


def language_of(chosen: str | None = None) -> Language:
    """`--lang`, else RASEED_LANG, else the locale: Arabic if that is Arabic, else English."""
    wanted = chosen or os.environ.get("RASEED_LANG")
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    text = (wanted or locale or "").lower()
    return Language.ARABIC if text.startswith("ar") else Language.ENGLISH


def tell(error: RaseedError, language: Language, *, as_json: bool = False) -> int:
    """Writes the error for the user, as one line; the exit code of its kind."""
    problem = problem_of(error, language)
    if as_json:
        told = {
            "code": problem.code,
            "kind": problem.kind,
            "detail": problem.detail,
            "facts": problem.facts,
        }
        _write(json.dumps(told, ensure_ascii=False))
    else:
        _write(f"{problem.detail} [{problem.code}]")
    return problem.exit_code


def tell_unexpected(error: Exception, language: Language) -> int:
    """A short apology with an incident number; the traceback only with RASEED_DEBUG=1."""
    _write(phrase("unexpected", language, incident=incident_of(error)))
    return _UNEXPECTED_EXIT


def incident_of(error: Exception) -> str:
    """A number to tell support; the traceback goes to standard error, with RASEED_DEBUG=1 only."""
    if os.environ.get("RASEED_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)
    return secrets.token_hex(4)


def _write(line: str) -> None:
    # A terminal that cannot show Arabic gets escapes instead of a second failure.
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
