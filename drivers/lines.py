"""What can go wrong on a line, by what the caller can do next."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Refused, Unavailable, Unknown


@dataclass(eq=False)
class LineDown(Unavailable, code="line.down"):
    """No connection: the request was certainly not sent."""

    address: str
    reason: str


@dataclass(eq=False)
class LineBusy(Unavailable, code="line.busy"):
    """The line never falls silent: somebody jabbers on it. Nothing was sent."""

    address: str


@dataclass(eq=False)
class Resting(Unavailable, code="line.resting"):
    """The meter has not answered for a while and is left alone for `seconds` more, so that it does
    not hold up the others. Nothing was sent."""

    address: str
    unit: str
    seconds: int


@dataclass(eq=False)
class NoReply(Unknown, code="line.no_reply"):
    """The request was sent and no usable reply came: the meter may have acted on it."""

    address: str
    unit: str
    reason: str
    """`timeout`, `crc`, `truncated`, `wrong_unit`, `wrong_function`, `dropped`, `conflict` ..."""


@dataclass(eq=False)
class Declined(Refused, code="line.declined"):
    """The meter or its gateway answered, and said no (a Modbus exception, NAK, an error byte)."""

    unit: str
    function: str
    reason: str
    """`exception_2`, `nak`, `error_04` ..."""
    nothing_happened: bool
    """Whether this answer rules out that the meter acted on the request."""
    is_misfit: bool
    """The meter does not know what was asked: another model, or a block that must be split."""
