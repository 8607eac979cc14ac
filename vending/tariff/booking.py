"""Where the money of a quote belongs in the books."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .quotes import LineKind, QuoteLine

UNITS = ""
"""The role of the sales of units; the books name it after the commodity."""
TAX = "vat_due"


class Share(Struct, frozen=True):
    """A part of what was taken: `minor` is credited to the account of this role (debited where it
    is negative, as the part that a payer bears)."""

    role: str
    minor: int


def shares_of(lines: Sequence[QuoteLine]) -> tuple[Share, ...]:
    """What each role gets, without tax, and all tax; the sum is all that was taken, exactly."""
    shares: dict[str, int] = {}
    # A tax line has the code of the line that it is for.
    roles = {
        (line.code if line.kind is LineKind.CHARGE else ""): line.book
        for line in lines
        if line.kind in (LineKind.CHARGE, LineKind.UNITS)
    }
    for line in lines:
        if line.kind is LineKind.TAX:
            shares[TAX] = shares.get(TAX, 0) + line.amount.minor
            if line.included:
                role = roles[line.code]
                shares[role] = shares.get(role, 0) - line.amount.minor
        else:
            shares[line.book] = shares.get(line.book, 0) + line.amount.minor
    return tuple([Share(role, minor) for role, minor in shares.items() if minor])
