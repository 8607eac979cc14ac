"""A disk of any small size, to be filled up and grown: a tmpfs, which only root may mount."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FILLER = "filler"


class SmallDisk:
    """Mounted at `path`, a folder where everybody may write: PostgreSQL is somebody else."""

    def __init__(self, path: Path, size_kb: int) -> None:
        self.path = path
        self.size_kb = size_kb

    def resize(self, size_kb: int) -> None:
        """Files stay as they are."""
        _run("mount", "-o", f"remount,size={size_kb}k", str(self.path))
        self.size_kb = size_kb

    @property
    def free_kb(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize // 1024

    def leave(self, free_kb: int) -> None:
        """Fills it up to this rest with a file."""
        with (self.path / _FILLER).open("ab") as filler:
            while self.free_kb > free_kb:
                filler.write(bytes(1024 * min(256, self.free_kb - free_kb)))
                filler.flush()


@contextmanager
def small_disk(size_kb: int) -> Iterator[SmallDisk]:
    """Until the block ends. Skips the test where it may not be mounted."""
    folder = Path(tempfile.mkdtemp(prefix=".raseed-disk-"))
    try:
        reason = _run(
            "mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=777", "tmpfs", str(folder)
        )
        if reason:
            pytest.skip(f"a small tmpfs cannot be mounted here: {reason}")
        try:
            yield SmallDisk(folder, size_kb)
        finally:
            _run("umount", "-l", str(folder))
    finally:
        folder.rmdir()


def _run(*command: str) -> str:
    """What it complains about; empty if it has done it."""
    if shutil.which(command[0]) is None:
        return f"no program {command[0]}"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or f"exit code {done.returncode}") if done.returncode else ""
