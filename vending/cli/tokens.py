"""`raseed token`: encode, decode, explain, and run vector files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from meters.errors import Invalid, Refused
from meters.verdicts import TokenResult
from tokens.sts import (
    STANDARD,
    BaseDate,
    DecoderKey,
    EncryptionAlgorithm,
    KeyFieldInvalid,
    Stamp,
    Token,
    TokenFieldUnreadable,
    TokenWithTid,
    decode_token,
    encode_token,
    explain,
    grouped,
    kind_named,
    kinds,
    run_conformance,
    tid_at,
    tid_moment,
    token_digits,
)
from tokens.sts.digits import extract_class
from tokens.sts.unverified import NAMES, including

from ..messages import verdict_words
from ..surroundings import random_nibbles, utc_now
from .context import Cli, Json, cli_of
from .secrets_in import SecretMissing, optional_hex_secret

app = typer.Typer(no_args_is_help=True, help="STS tokens.")

_KEY_ENV = "RASEED_DECODER_KEY"
_CLEAR_CLASS = 1

DigitsArg = Annotated[str, typer.Argument(metavar="DIGITS", help="20 digits; quote the spaces.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--decoder-key-file",
        help="Private file with the meter's key in hex; else RASEED_DECODER_KEY, else standard "
        "input. Never an argument.",
    ),
]
Ea = Annotated[str | None, typer.Option(help="Cipher: 07, 09 or 11. Default: by the key's length.")]
Base = Annotated[int, typer.Option("--base-date", help="1993, 2014 or 2035.")]


@dataclass(eq=False)
class TokenNotOpened(Refused, code="token.not_opened"):
    """The digits hold no token under this key; `result` says why."""

    result: TokenResult


@dataclass(eq=False)
class FieldMalformed(Invalid, code="token.field_malformed"):
    """A field is given as name=value."""

    text: str


@dataclass(eq=False)
class VectorsUnreadable(Invalid, code="token.vectors_unreadable"):
    """The vector file cannot be read, is not JSON, or is not a list of entries."""

    path: str
    reason: str


@app.command("kinds")
def token_kinds(ctx: typer.Context, as_json: Json = False) -> None:
    """The kinds of token, by class and subclass."""
    rows = [(kind.name, kind.token_class, kind.subclass) for kind in kinds()]
    told = {"kinds": [{"name": n, "class": c, "subclass": s} for n, c, s in rows]}
    cli_of(ctx).show(told, as_json, lambda cli: cli.table(("kind", "class", "subclass"), rows))


@app.command("encode")
def token_encode(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="See `raseed token kinds`.")],
    field: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A field of the kind; repeat.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="DATETIME", help="Moment of issue; default: now.")
    ] = None,
    tid: Annotated[int | None, typer.Option(help="Token identifier instead of a moment.")] = None,
    rnd: Annotated[
        int | None, typer.Option(help="Random nibble, 0 to 15; default: random.")
    ] = None,
    base_date: Base = 2014,
    ea: Ea = None,
    decoder_key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """20 digits of one token under a meter's key. For tests: a sale is `raseed vend`."""
    cli = cli_of(ctx)
    clear = kind_named(kind).token_class == _CLEAR_CLASS if ea is None else False
    key = None if clear else _key(cli, decoder_key_file, ea)
    row = kind_named(kind, key.ea) if key is not None else kind_named(kind)
    stamp = Stamp()
    if issubclass(row, TokenWithTid):
        number = tid if tid is not None else tid_at(_base(base_date), _moment(at))
        stamp = Stamp(number, random_nibbles()() if rnd is None else rnd)
    token = row.from_fields(_fields(field or []), stamp)
    digits = encode_token(token, key)
    told = {"kind": row.name, "digits": digits, "grouped": grouped(digits), **_told(token)}
    cli.show(told, as_json, lambda cli: cli.line(grouped(digits)))


@app.command("decode")
def token_decode(
    ctx: typer.Context,
    digits: DigitsArg,
    base_date: Base = 2014,
    ea: Ea = None,
    decoder_key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """What 20 digits hold under a meter's key; exit code 3 if they hold nothing."""
    cli = cli_of(ctx)
    plain, base = token_digits(digits), _base(base_date)
    key = None if _is_clear(plain) else _key(cli, decoder_key_file, ea)
    token = decode_token(plain, key)
    if isinstance(token, TokenResult):
        raise TokenNotOpened(token)
    told: dict[str, Any] = {"kind": token.name, "class": token.token_class, **_told(token)}
    if isinstance(token, TokenWithTid):
        told["tid_moment"] = tid_moment(base, token.tid).isoformat()

    def people(cli: Cli) -> None:
        for name, value in told.items():
            if name == "fields":
                for inner, one in value.items():
                    cli.line(f"{inner}: {one}")
            else:
                cli.line(f"{name}: {value}")

    cli.show(told, as_json, people)


@app.command("explain")
def token_explain(
    ctx: typer.Context,
    digits: DigitsArg,
    base_date: Base = 2014,
    ea: Ea = None,
    decoder_key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """How 20 digits turn into a token, step by step. Without a key, as far as the class."""
    cli = cli_of(ctx)
    plain, base = token_digits(digits), _base(base_date)
    key = None if _is_clear(plain) else _optional_key(cli, decoder_key_file, ea)
    steps = explain(plain, key, base)
    told = {"steps": [{"name": s.name, "result": s.result, "ok": s.ok} for s in steps]}

    def people(cli: Cli) -> None:
        width = max(len(step.name) for step in steps)
        for step in steps:
            cli.line(f"{'ok' if step.ok else '!!'}  {step.name:<{width}}  {step.result}")
        if not all(step.ok for step in steps) and key is not None:
            verdict = decode_token(plain, key)
            if isinstance(verdict, TokenResult):
                cli.line(verdict_words(verdict, cli.language))

    cli.show(told, as_json, people)
    if not all(step.ok for step in steps) and key is not None:
        raise typer.Exit(3)


@app.command("conformance")
def conformance(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="A vector file.")],
    as_json: Json = False,
) -> None:
    """Run a vector file; ends with `N passed, M failed`, exit code 1 if any failed."""
    cli = cli_of(ctx)
    entries = _entries(file)
    with cli.progress("vectors"):
        report = run_conformance(entries)
    if as_json:
        failures = [{"id": name, "reason": reason} for name, reason in report.failures]
        told = {"passed": report.passed, "failed": report.failed, "failures": failures}
        cli.show(told, as_json, lambda _: None)
    else:
        for name, reason in report.failures:
            cli.line(f"FAILED {name}: {' '.join(reason.split())}")
        cli.line(f"{report.passed} passed, {report.failed} failed")
    if report.failed:
        raise typer.Exit(1)


def _entries(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_bytes(), parse_float=str)
    except OSError as error:
        raise VectorsUnreadable(str(file), error.strerror or "OSError") from None
    except (ValueError, RecursionError):
        raise VectorsUnreadable(str(file), "not JSON") from None
    if not isinstance(found, list):
        raise VectorsUnreadable(str(file), "not a list of entries")
    return found


def _key(cli: Cli, file: Path | None, ea: str | None) -> DecoderKey | None:
    key = _optional_key(cli, file, ea)
    if key is None:
        raise SecretMissing(_KEY_ENV)
    return key


def _optional_key(cli: Cli, file: Path | None, ea: str | None) -> DecoderKey | None:
    secret = optional_hex_secret(_KEY_ENV, file, cli.asker("ask_decoder_key"))
    if secret is None:
        return None
    try:
        cipher = EncryptionAlgorithm(ea or ("11" if len(secret) == 16 else "07"))
    except ValueError:
        raise KeyFieldInvalid("ea", str(ea)[:10]) from None
    # Naming the cipher is enabling it: these commands issue nothing for a customer.
    algorithms = including(STANDARD, *NAMES) if ea else STANDARD
    return DecoderKey(cipher, secret, algorithms.ciphers)


def _is_clear(digits: str) -> bool:
    """True for class 1, which is not encrypted."""
    return extract_class(digits)[0] == _CLEAR_CLASS


def _told(token: Token) -> dict[str, Any]:
    # The opened parts of a key change are parts of a key.
    shown = {n: "hidden" if n.startswith("nk") else v for n, v in token.to_fields().items()}
    told: dict[str, Any] = {"fields": shown}
    if isinstance(token, TokenWithTid):
        told["tid"] = token.tid
    rnd = getattr(token, "rnd", None)
    if rnd is not None:
        told["rnd"] = rnd
    return told


def _fields(texts: list[str]) -> dict[str, str]:
    fields = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise FieldMalformed(text[:40])
        fields[name.strip()] = value.strip()
    return fields


def _base(year: int) -> BaseDate:
    try:
        return BaseDate(year)
    except ValueError:
        raise KeyFieldInvalid("base_date", str(year)[:10]) from None


def _moment(text: str | None) -> datetime:
    if text is None:
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TokenFieldUnreadable("at", text[:40]) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
