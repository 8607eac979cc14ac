"""Errors, sorted by what the caller can do next.

A concrete error is a small dataclass below one of the five kinds, with a stable code:

    @dataclass(eq=False)
    class AmountTooLow(Invalid, code="vend.amount_too_low"):
        amount_minor: int
        least_minor: int

Its fields are facts for machines. Words for people, Arabic and English, are looked up by
code at the edge (vending/messages.py); a test holds that none is missing there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar


class RaseedError(Exception):
    """Base of all errors that we raise on purpose; `code` is stable across releases."""

    code: ClassVar[str] = ""
    _by_code: ClassVar[dict[str, type[RaseedError]]] = {}

    def __init_subclass__(cls, *, code: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if code:
            if code in RaseedError._by_code:
                raise TypeError(f"two errors share the code {code}")
            RaseedError._by_code[code] = cls
        cls.code = code

    def facts(self) -> dict[str, Any]:
        """The error's fields by name: plain values, never a secret, never a whole token."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts().items())
        return f"{self.code}: {told}" if told else self.code

    @staticmethod
    def registered() -> dict[str, type[RaseedError]]:
        """Every concrete error by its code, for the message table and its test."""
        return dict(RaseedError._by_code)


@dataclass(eq=False)
class Invalid(RaseedError):
    """The input is wrong. Fix it and ask again; nothing happened."""


@dataclass(eq=False)
class Refused(RaseedError):
    """The input is fine and a rule says no. Nothing happened."""


@dataclass(eq=False)
class Unavailable(RaseedError):
    """Something we need does not answer. Nothing happened; try later."""


@dataclass(eq=False)
class Unknown(RaseedError):
    """It may have happened. Do not repeat it: reconcile first."""


@dataclass(eq=False)
class Broken(RaseedError):
    """An invariant of ours does not hold. Stop and call for help."""


def nothing_happened(error: RaseedError) -> bool:
    """Whether its kind promises so."""
    return isinstance(error, Invalid | Refused | Unavailable)
