"""The server's log: a line is written within a moment, not at once.

Writing gives up the interpreter, and while sales are made it is long in coming back; one write for
the lines of a quarter of a second costs a request nothing. Warnings and worse go out at once, and
with them everything before them.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import lru_cache
from typing import Final, TextIO

_MOMENT_S: Final = 0.25


class UnhurriedHandler(logging.StreamHandler[TextIO]):
    """A StreamHandler for many lines. What a killed process still held is lost: a quarter of a
    second of access lines, never of sales."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] = []
        self._ended = threading.Event()
        threading.Thread(target=self._write_now_and_then, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        self._held.append(self.format(record) + self.terminator)
        if record.levelno >= logging.WARNING:
            self.flush()

    def say(self, name: str, line: str) -> None:
        """A line of INFO under this logger's name, as the formatter of this program writes it. For
        the one line that every request leaves: a record of its own costs a third of what it takes
        to answer it."""
        self._held.append(f"{moment(time.time())} INFO {name} {line}\n")

    def flush(self) -> None:
        """Writes what is held."""
        with self.lock or threading.Lock():
            held, self._held = self._held, []
            if held:
                self.stream.write("".join(held))
                self.stream.flush()

    def close(self) -> None:
        self._ended.set()
        self.flush()
        super().close()

    def _write_now_and_then(self) -> None:
        while not self._ended.wait(_MOMENT_S):
            self.flush()


class BriefFormatter(logging.Formatter):
    """The lines of this program."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """As the one that it overrides."""
        return moment(record.created) if datefmt is None else super().formatTime(record, datefmt)


def moment(created: float) -> str:
    """The time of a line on the clock of the machine: `2026-11-26 18:07:35,041`."""
    second = int(created)
    return f"{_second(second)},{int((created - second) * 1000):03d}"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    # Kept for all lines of the second.
    return time.strftime(logging.Formatter.default_time_format, time.localtime(second))


def without_what_nobody_reads() -> None:
    """No line tells file, thread or process: they are not looked up for each (as the standard
    library's `Logging HOWTO` has it, "Optimization")."""
    logging._srcfile = None
    logging.logThreads = False
    logging.logProcesses = False
    logging.logMultiprocessing = False
