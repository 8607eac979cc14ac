"""Columns of a batch: checked on the way in, so that the arithmetic behind needs no checks.

A column is an array, a sequence of ints, or one int that stands for every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meters.errors import Invalid

Words = NDArray[np.uint64]
Digits = NDArray[np.bytes_]
Integers = NDArray[Any] | Sequence[int] | int


@dataclass(eq=False)
class BatchShape(Invalid, code="batch.shape"):
    """A column has not the rows that the batch has, or holds something else than whole numbers."""

    column: str
    expected_rows: int
    found: str


@dataclass(eq=False)
class BatchValue(Invalid, code="batch.value"):
    """Row `row` (counted from 0) of a column lies outside `least` to `most`."""

    column: str
    row: int
    least: int
    most: int


@dataclass(eq=False)
class BatchText(Invalid, code="batch.text"):
    """Row `row` (counted from 0) of a text column is not what the column holds: 20 digits of a
    66-bit number, or 18 digits of a meter PAN."""

    column: str
    row: int


def first(wrong: NDArray[np.bool_]) -> int:
    """The first row that is marked."""
    return int(np.flatnonzero(wrong)[0])


def column(name: str, values: Integers, rows: int, least: int, most: int) -> NDArray[Any]:
    """`values` as `rows` 64-bit integers, unsigned where `least` is not negative.

    Always a copy: what was checked cannot change afterwards. Raises BatchShape, BatchValue.
    """
    if isinstance(values, int) and not least <= values <= most:
        raise BatchValue(name, 0, least, most)
    kind = np.int64 if least < 0 else np.uint64
    try:
        given = np.asarray(values)
    except (OverflowError, ValueError, TypeError):
        raise BatchShape(name, rows, type(values).__name__) from None
    if given.size == 0:
        given = given.astype(kind)
    if given.dtype.kind not in "iu" and given.dtype != object:
        raise BatchShape(name, rows, f"{given.dtype}")
    if given.ndim == 0:
        return np.full(rows, given, dtype=kind)
    if given.shape != (rows,):
        raise BatchShape(name, rows, f"shape {given.shape}")
    # A list with numbers beyond 64 bits arrives as objects; so would text or fractions.
    if given.dtype == object and not all(type(value) is int for value in given):
        raise BatchShape(name, rows, "object")
    wrong = (given < least) | (given > most)
    if wrong.any():
        raise BatchValue(name, first(wrong), least, most)
    return given.astype(kind)


def rows_of(name: str, values: Integers) -> int:
    """How many rows a column has; a single int is not a column. Raises BatchShape."""
    if isinstance(values, int) or (isinstance(values, np.ndarray) and values.ndim != 1):
        raise BatchShape(name, 0, "a single value")
    return len(values)


def text_column(name: str, values: Sequence[str], width: int) -> NDArray[np.bytes_]:
    """ASCII texts that all have `width` characters, as bytes. Raises BatchText."""
    for row, text in enumerate(values):
        if len(text) != width or not text.isascii():
            raise BatchText(name, row)
    return np.frombuffer("".join(values).encode("ascii"), dtype=f"S{width}")
