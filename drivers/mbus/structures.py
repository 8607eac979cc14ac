"""Which data structure a frame has, by its control information."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .fixed import fixed
from .frames import FIXED, VARIABLE, Long
from .records import variable
from .telegram import NotATelegram, Telegram

STRUCTURES: Final[Mapping[int, Callable[[Long], Telegram]]] = {VARIABLE: variable, FIXED: fixed}


def telegram(frame: Long) -> Telegram:
    """What the meter tells. Raises NotATelegram."""
    read = STRUCTURES.get(frame.ci)
    if read is None:
        raise NotATelegram("other_structure")
    return read(frame)
