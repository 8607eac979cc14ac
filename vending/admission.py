"""What may be written into the register, whoever sends it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from meters.errors import Broken, Invalid

from .parties import SupplyAgreement
from .tariff import Month

EARLIEST: Final = Month(2000, 1)
"""No agreement's charges count from before."""
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(eq=False)
class SinceWrong(Invalid, code="agreement.since_wrong"):
    """Monthly charges of an agreement count from a month that is none, long gone or far ahead."""

    agreement: str
    since: str
    first: str
    last: str


@dataclass(eq=False)
class AgreementBroken(Broken, code="agreement.broken"):
    """What is kept of an agreement cannot be read."""

    agreement: str


def checked_since(agreement: SupplyAgreement, now: Month) -> str:
    """The month that its charges count from: this one, unless it says otherwise. Raises
    SinceWrong."""
    if agreement.since is None:
        return str(now)
    # As texts of one form, months order by time; the year 0 is no year of a calendar.
    first, last = str(EARLIEST), str(now.plus(1))
    if not _MONTH.fullmatch(agreement.since) or not first <= agreement.since <= last:
        raise SinceWrong(agreement.number[:40], agreement.since[:20], first, last)
    return agreement.since


def first_month(agreement: SupplyAgreement) -> Month | None:
    """From when its charges count, as it is kept. Raises AgreementBroken: whatever was written
    into the database past us must not take other people's sales with it."""
    return read_first(agreement.number, agreement.since)


def read_first(agreement: str, since: str | None) -> Month | None:
    """See `first_month`."""
    try:
        return None if since is None else Month.from_text(since)
    except ValueError:
        raise AgreementBroken(agreement) from None
