"""Parameters of a command: texts that people type, read by the types that the map names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from meters.device import CommandParameter
from meters.readings import Value

from ..maps.model import Command

SECRET_NAMES: Final = frozenset({"password", "code", "pin", "token", "key", "operator"})
"""Parameters with these names never reach a record, whatever their type."""
BLANK: Final = "***"

_WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    "u8": (0, 0xFF),
    "u16": (0, 0xFFFF),
    "u32": (0, 0xFFFFFFFF),
    "s16": (-0x8000, 0x7FFF),
    "s32": (-0x80000000, 0x7FFFFFFF),
}
_SHAPED = re.compile(r"(?P<kind>digits|hex|enum)\((?P<inside>[^()]*)\)")
_LONGEST_TEXT: Final = 64
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_PLAIN = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


def read_params(command: Command, given: Mapping[str, str]) -> dict[str, Value]:
    """Each parameter of the command, read by its type. Raises CommandParameter for the first that
    is missing, unknown or impossible; its words never hold the text of a secret."""
    for name in given:
        if name not in command.params:
            raise CommandParameter(command.name, name[:40], "unknown")
    read = {}
    for name, kind in command.params.items():
        if name not in given:
            raise CommandParameter(command.name, name, "missing")
        try:
            read[name] = _read(kind, given[name])
        except ValueError as error:
            raise CommandParameter(command.name, name, str(error)) from None
    return read


def shown_params(command: Command, given: Mapping[str, str]) -> dict[str, str]:
    """As given, with secrets blanked: for records."""
    return {
        name: BLANK if is_secret(name, command.params.get(name, "")) else text
        for name, text in given.items()
    }


def is_secret(name: str, kind: str) -> bool:
    """Twenty digits are a token; the rest is told by its name."""
    return kind == "digits(20)" or not SECRET_NAMES.isdisjoint(name.split("_"))


def _read(kind: str, text: str) -> Value:
    if kind in _WHOLE:
        return _whole(text, *_WHOLE[kind])
    if kind in _SIMPLE:
        return _SIMPLE[kind](text)
    shape = _SHAPED.fullmatch(kind)
    if shape is None:
        raise ValueError(f"type {kind} is not known")
    return _SHAPES[shape["kind"]](text, shape["inside"])


def _whole(text: str, least: int, most: int) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", text, re.ASCII) or not least <= int(text) <= most:
        raise ValueError(f"needs a whole number from {least} to {most}")
    return Decimal(int(text))


def _decimal(text: str) -> Decimal:
    try:
        if _PLAIN.fullmatch(text):
            return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern leaves none
        pass
    raise ValueError("needs a plain number")


def _moment(text: str) -> datetime:
    """The meter's own time: without a zone, as it keeps it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("needs a date and time like 2026-11-26 08:30:00") from None
    if found.tzinfo is not None:
        raise ValueError("needs the meter's own time, without a zone")
    return found


def _digits(text: str, inside: str) -> str:
    plain = text.replace(" ", "").replace("-", "")
    if not _DIGITS.fullmatch(plain) or len(plain) != int(inside):
        raise ValueError(f"needs {inside} digits")
    return plain


def _text(text: str) -> str:
    if not text.isascii() or not text.isprintable() or not 0 < len(text) <= _LONGEST_TEXT:
        raise ValueError(f"needs 1 to {_LONGEST_TEXT} plain characters")
    return text


def _hex(text: str, inside: str) -> str:
    if not _HEX.fullmatch(text) or len(text) != 2 * int(inside):
        raise ValueError(f"needs {inside} bytes in hex")
    return text.lower()


def _enum(text: str, inside: str) -> str:
    names = [name.strip() for name in inside.split(",")]
    if text not in names:
        raise ValueError(f"needs one of {', '.join(names)}")
    return text


_SIMPLE: Final[Mapping[str, Callable[[str], Value]]] = {
    "decimal": _decimal,
    "datetime": _moment,
    "text": _text,
}
_SHAPES: Final[Mapping[str, Callable[[str, str], Value]]] = {
    "digits": _digits,
    "hex": _hex,
    "enum": _enum,
}
