"""Copies of the papers that are kept (X and Z reports, deposit slips): each has the next number,
and is written down with who printed it and when, before there is a paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ..outbox import OutboxPlan
from ..paperorders import PaperOrder, send_to_printer
from .banking import Banking
from .ports import DrawerWriting
from .reports import ShiftReport

Paper = TypeVar("Paper", ShiftReport, Banking)


def next_copy(books: DrawerWriting, order: PaperOrder, original: Paper, now: datetime) -> Paper:
    """The next copy of what the order asks for, written down."""
    copy = original.copies + 1
    books.add_print(order.kind, order.subject, copy, now, order.actor.name)
    return replace(original, copy=copy, copies=copy)


def copy_to_printer(
    books: DrawerWriting, plan: OutboxPlan, order: PaperOrder, original: Paper, now: datetime
) -> Paper:
    """The same, out of the printer where the person is. Raises NoPrinter, and then the caller's
    transaction has to end: nothing was printed."""
    made = next_copy(books, order, original, now)
    send_to_printer(books, plan, replace(order, copy=made.copy), now)
    return made
