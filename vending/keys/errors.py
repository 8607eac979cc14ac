"""What can be wrong with a sealed key file or its passphrase. No fact ever holds a secret."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid, Refused, Unavailable


@dataclass(eq=False)
class KeyFileMissing(Invalid, code="keys.file_missing"):
    """There is no key file at this path."""

    path: str


@dataclass(eq=False)
class KeyFileExists(Refused, code="keys.file_exists"):
    """A key file is never overwritten by creating another."""

    path: str


@dataclass(eq=False)
class KeyBaseDateFixed(Refused, code="keys.base_date_fixed"):
    """A key's base date goes forward only, and only where another base date derives another
    decoder key (DKGA04): a meter that changes it forgets which tokens it has taken."""

    sgc: str
    krn: int
    base_date: int
    wanted: int


@dataclass(eq=False)
class KeyFileTooOpen(Refused, code="keys.file_too_open"):
    """Others than the owner may read or write the file (`mode` in octal)."""

    path: str
    mode: str


@dataclass(eq=False)
class KeyFileUnreadable(Unavailable, code="keys.file_unreadable"):
    """The operating system does not let us read the file."""

    path: str
    reason: str


@dataclass(eq=False)
class KeyFileNotWritten(Unavailable, code="keys.file_not_written"):
    """The new file could not be stored; the old one is untouched."""

    path: str
    reason: str


@dataclass(eq=False)
class NotAKeyFile(Invalid, code="keys.not_a_key_file"):
    """The file does not begin as a sealed key file does."""

    path: str


@dataclass(eq=False)
class KeyFileVersionUnsupported(Invalid, code="keys.version_unsupported"):
    """A key file of a format that this release does not read."""

    path: str
    version: str


@dataclass(eq=False)
class KeyFileTruncated(Invalid, code="keys.file_truncated"):
    """The file ends before the length that its own header states."""

    path: str


@dataclass(eq=False)
class KeyFileDamaged(Invalid, code="keys.file_damaged"):
    """The clear header is not readable, or bytes follow the end."""

    path: str


@dataclass(eq=False)
class WrongPassphraseOrDamaged(Invalid, code="keys.wrong_passphrase_or_damaged"):
    """The seal does not open. By design nobody can tell a wrong passphrase from a changed byte."""

    path: str


@dataclass(eq=False)
class KeyAlreadyHeld(Refused, code="keys.already_held"):
    """The file holds a key of this supply group and revision; it is never replaced silently."""

    sgc: str
    krn: int


@dataclass(eq=False)
class KeyRecordInvalid(Invalid, code="keys.record_invalid"):
    """A field of a key record does not hold what it should."""

    field: str


@dataclass(eq=False)
class PassphraseMissing(Invalid, code="keys.passphrase_missing"):
    """No passphrase in the environment, no passphrase file, and nobody to ask."""


@dataclass(eq=False)
class PassphraseTooShort(Invalid, code="keys.passphrase_too_short"):
    """A new passphrase needs at least `least` characters."""

    least: int


@dataclass(eq=False)
class PassphrasesDiffer(Invalid, code="keys.passphrases_differ"):
    """The new passphrase was typed twice, differently."""


@dataclass(eq=False)
class PassphraseFileUnusable(Invalid, code="keys.passphrase_file_unusable"):
    """The passphrase file is missing, unreadable, empty or readable by others."""

    path: str
    reason: str
