"""What a protocol's end asks of the meter behind it: values by their canonical names.

The ends know frames, passwords and counts; what a value is at this moment, and what writing it
does, is the meter's own affair. They share the names of the register maps:

* `get` serves readings (`energy.active.import`, `clock`, `meter.serial` ...), in the unit that the
  register map gives them;
* `put` changes settings, and acts: `supply.state` put to `open`, `ready` or `closed` is an order
  to the relay or valve; `account.balance` and `account.purchase_count` move with a top-up; `clock`
  sets the clock; `line.baud`, `meter.unit_id` and `meter.number` are kept, and the end of the line
  goes on with them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from meters.readings import Value


class NotAccepted(Exception):
    """The meter does not take this value. Nothing has changed."""


class Values(Protocol):
    """The meter behind a protocol's end."""

    def get(self, name: str) -> Value | None:
        """The value now, in the register's unit; None if this meter has none of that name."""
        ...

    def put(self, name: str, value: Value) -> None:
        """Write it. Raises NotAccepted."""
        ...

    def now(self) -> datetime:
        """The meter's own clock, naive, as it would show it."""
        ...
