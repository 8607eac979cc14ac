"""What is on the disk before anybody is told that it is there."""

from __future__ import annotations

import os
from pathlib import Path


def keep(path: Path) -> None:
    """Comes back once what a file holds, or which names a folder has, survives a power cut. Raises
    OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
