"""Where the passphrase comes from: environment, file or prompt; never a command argument,
which every user of the machine can see in the process list."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from .errors import (
    PassphraseFileUnusable,
    PassphraseMissing,
    PassphrasesDiffer,
    PassphraseTooShort,
)

ENV_TEXT = "RASEED_PASSPHRASE"
ENV_FILE = "RASEED_PASSPHRASE_FILE"
NEW_ENV_TEXT = "RASEED_NEW_PASSPHRASE"
NEW_ENV_FILE = "RASEED_NEW_PASSPHRASE_FILE"
LEAST_CHARACTERS = 12


class Passphrase:
    """A secret text without repr, equality or copies in error messages."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        # The same Arabic letters can be typed as different code points; NFC makes them one.
        self._text = unicodedata.normalize("NFC", text)

    def utf8(self) -> bytes:
        """The bytes for the key derivation function."""
        return self._text.encode("utf-8")

    @property
    def is_long_enough(self) -> bool:
        """True if it may protect a new file."""
        return len(self._text) >= LEAST_CHARACTERS

    def same_as(self, other: Passphrase) -> bool:
        return self._text == other._text

    def __repr__(self) -> str:
        return "Passphrase(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a passphrase is not pickled")


def passphrase_from(
    environment: Mapping[str, str],
    ask: Callable[[], str] | None = None,
    *,
    text_name: str = ENV_TEXT,
    file_name: str = ENV_FILE,
) -> Passphrase:
    """The passphrase from `RASEED_PASSPHRASE`, else the first line of the file that
    `RASEED_PASSPHRASE_FILE` names, else whatever `ask` answers.

    Raises PassphraseMissing (no source, or an empty answer), PassphraseFileUnusable.
    """
    text = environment.get(text_name, "")
    if not text and environment.get(file_name):
        text = _first_line(Path(environment[file_name]))
    if not text and ask is not None:
        text = ask()
    if not text:
        raise PassphraseMissing()
    return Passphrase(text)


def new_passphrase_from(
    environment: Mapping[str, str],
    ask: Callable[[], str] | None = None,
    *,
    text_name: str = NEW_ENV_TEXT,
    file_name: str = NEW_ENV_FILE,
) -> Passphrase:
    """Like `passphrase_from`, for protecting a new file: typed twice, at least 12 characters.

    Raises PassphraseTooShort and PassphrasesDiffer besides.
    """
    typed = ask is not None and not environment.get(text_name) and not environment.get(file_name)
    passphrase = passphrase_from(environment, ask, text_name=text_name, file_name=file_name)
    if not passphrase.is_long_enough:
        raise PassphraseTooShort(LEAST_CHARACTERS)
    if typed and ask is not None and not passphrase.same_as(Passphrase(ask())):
        raise PassphrasesDiffer()
    return passphrase


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise PassphraseFileUnusable(str(path), "mode")
            line = file.readline(4096).rstrip(b"\r\n").decode("utf-8")
    except OSError as error:
        raise PassphraseFileUnusable(str(path), error.strerror or "OSError") from None
    except UnicodeDecodeError:
        raise PassphraseFileUnusable(str(path), "not UTF-8") from None
    if not line:
        raise PassphraseFileUnusable(str(path), "empty")
    return line
