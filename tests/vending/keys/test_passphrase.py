"""Where the passphrase comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vending.keys import new_passphrase_from, passphrase_from
from vending.keys.errors import (
    PassphraseFileUnusable,
    PassphraseMissing,
    PassphrasesDiffer,
    PassphraseTooShort,
)


def typing(*answers: str) -> Callable[[], str]:
    given = iter(answers)
    return lambda: next(given)


def private(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def test_environment_then_file_then_prompt(tmp_path: Path) -> None:
    file = private(tmp_path / "p", "from the file\nsecond line\n")
    both = {"RASEED_PASSPHRASE": "from the text", "RASEED_PASSPHRASE_FILE": str(file)}
    assert passphrase_from(both).utf8() == b"from the text"
    assert passphrase_from({"RASEED_PASSPHRASE_FILE": str(file)}).utf8() == b"from the file"
    assert passphrase_from({}, typing("typed")).utf8() == b"typed"
    with pytest.raises(PassphraseMissing):
        passphrase_from({})
    with pytest.raises(PassphraseMissing):
        passphrase_from({}, typing(""))


def test_a_passphrase_file_must_be_private_and_hold_a_line(tmp_path: Path) -> None:
    file = private(tmp_path / "p", "from the file")
    environment = {"RASEED_PASSPHRASE_FILE": str(file)}
    file.chmod(0o640)
    with pytest.raises(PassphraseFileUnusable):
        passphrase_from(environment)
    private(file, "\n")
    with pytest.raises(PassphraseFileUnusable):
        passphrase_from(environment)
    file.write_bytes(b"\xff\xfe\n")
    with pytest.raises(PassphraseFileUnusable):
        passphrase_from(environment)
    file.unlink()
    with pytest.raises(PassphraseFileUnusable):
        passphrase_from(environment)


def test_a_new_passphrase_is_long_and_typed_twice() -> None:
    assert new_passphrase_from({}, typing("long enough to use", "long enough to use")).utf8()
    assert new_passphrase_from({"RASEED_NEW_PASSPHRASE": "long enough to use"}).utf8()
    with pytest.raises(PassphrasesDiffer):
        new_passphrase_from({}, typing("long enough to use", "long enough to usf"))
    with pytest.raises(PassphraseTooShort):
        new_passphrase_from({"RASEED_NEW_PASSPHRASE": "short"})
