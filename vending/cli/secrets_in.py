"""Secrets that a command is given: from a private file, the environment, standard input or a
hidden prompt, and never as an argument, which the whole machine can see."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from meters.errors import Invalid

from ..keys.storage import read_private


@dataclass(eq=False)
class SecretMissing(Invalid, code="secret.missing"):
    """No file, no environment variable `name`, nothing on standard input."""

    name: str


@dataclass(eq=False)
class SecretNotHex(Invalid, code="secret.not_hex"):
    """The secret is not an even number of hexadecimal digits. It is not repeated here."""

    name: str


def hex_secret(name: str, file: Path | None, ask: Callable[[], str] | None) -> bytes:
    """The bytes of a secret written in hex. Raises SecretMissing, SecretNotHex and, for a file
    that others may read, KeyFileTooOpen."""
    secret = optional_hex_secret(name, file, ask)
    if secret is None:
        raise SecretMissing(name)
    return secret


def optional_hex_secret(
    name: str, file: Path | None, ask: Callable[[], str] | None
) -> bytes | None:
    """As `hex_secret`; None if there is none."""
    if file is not None:
        text = read_private(file).decode("ascii", "replace")
    elif os.environ.get(name):
        text = os.environ[name]
    elif ask is not None:
        text = ask()
    else:
        text = sys.stdin.readline(1024)
    digits = "".join(text.split())
    if not digits:
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise SecretNotHex(name) from None
