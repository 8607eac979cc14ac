"""Slips on paper, by way of a folder that a printing program watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..messages import Language
from ..outbox_ports import Queued
from ..sale import SaleReceipt
from .files import write_once
from .texts import slip_text


class Printer(Protocol):
    """Whatever puts a slip on paper."""

    def print(self, key: str, printer: str, slip: str) -> None:
        """Once per key, however often it is called. Raises NotSent, SendUnknown, SendRejected."""
        ...


@dataclass(frozen=True, slots=True)
class PrintSender:
    """Makes the slip from the books and hands it to the printer."""

    printer: Printer
    language: Language

    def send(self, queued: Queued, receipt: SaleReceipt, now: datetime) -> None:  # noqa: ARG002
        message = queued.message
        self.printer.print(message.key, message.target, slip_text(receipt, self.language))


@dataclass(frozen=True, slots=True)
class FolderPrinter:
    """A folder per printer; UTF-8 text files, named by key, that appear whole. Whoever prints one
    moves it into the folder `done` beside it (`files.DONE`)."""

    spool: Path

    def print(self, key: str, printer: str, slip: str) -> None:
        write_once(self.spool / printer, key, slip)
