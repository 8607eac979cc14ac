"""Files that hold secrets: read only if private, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from ..ondisk import keep
from .errors import (
    KeyFileExists,
    KeyFileMissing,
    KeyFileNotWritten,
    KeyFileTooOpen,
    KeyFileUnreadable,
    NotAKeyFile,
)

_LONGEST = 16 * 1024 * 1024


def read_private(path: Path) -> bytes:
    """The file's bytes, if it is a regular file that only its owner may touch.

    Raises KeyFileMissing, KeyFileUnreadable, KeyFileTooOpen, NotAKeyFile.
    """
    try:
        # Without O_NONBLOCK a named pipe at this path would hang the start for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyFileMissing(str(path)) from None
    except OSError as error:
        raise KeyFileUnreadable(str(path), error.strerror or "OSError") from None
    try:
        # Asked of the open file, not of the path: nobody can swap it in between.
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LONGEST:
            raise NotAKeyFile(str(path))
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise KeyFileTooOpen(str(path), f"{stat.S_IMODE(found.st_mode):04o}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise KeyFileUnreadable(str(path), error.strerror or "OSError") from None
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Store `content` with mode 0600, durably and as a whole: a crash leaves old or new.

    Raises KeyFileExists (only if not `replace`), KeyFileNotWritten.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(temporary, path)
            else:
                # A hard link refuses an existing name, which a rename does not.
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        keep(path.parent)
    except FileExistsError:
        raise KeyFileExists(str(path)) from None
    except OSError as error:
        raise KeyFileNotWritten(str(path), error.strerror or "OSError") from None


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Only one process at a time reads, changes and replaces a file beside `path`.

    The folder is locked because the file itself is replaced. Raises KeyFileMissing.
    """
    try:
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        raise KeyFileMissing(str(path)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
