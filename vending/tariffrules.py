"""Rules of the tariff desk that ask nobody but what they are given."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from .ledger import Chart
from .plaintext import can_be_kept
from .tariff import Tariff, TariffMalformed
from .tariff.charges import heading_of
from .tariff.errors import TariffInFile, TariffInUse, TariffNoticeShort, TariffRejected
from .tariff.files import ShippedVersion
from .tariff.life import Assembled, Version
from .tariff.mistakes import Mistake
from .tariff.rows import ActKind

NOTICE = timedelta(seconds=5)
"""What changes a price is decided at least so long before it holds: every process has seen it by
then, so at no moment two counters sell by different versions."""
_EARNED = frozenset({"income", "liability"})
_OWED = frozenset({"asset"})
_MONEY = frozenset({"safe", "bank", "vat_due"})
"""Accounts of these kinds that no rule of a tariff may book on."""


def check_books(draft: Tariff, chart: Chart, source: str, row: int = 0) -> None:
    """Every sum has an account that takes it: asked now, not in the middle of a sale. Raises
    TariffMalformed with the place in `source`, whose version of this row it is."""
    for place, role, kinds in _books(draft):
        fitting = {
            account.role
            for account in chart.accounts()
            if (account.unit, account.per) == (draft.currency, "none")
            and account.kind in kinds
            and account.role not in _MONEY
        }
        if role not in fitting:
            takes = ", ".join(sorted(fitting))
            raise TariffMalformed(source, f"versions[{row}].{place}", Mistake.BOOK, [takes])


def books_in(chart: Chart) -> Callable[[ShippedVersion], None]:
    """The same for versions that come as files."""

    def check(one: ShippedVersion) -> None:
        check_books(one.tariff, chart, one.file, one.row)

    return check


def check_notice(code: str, moment: datetime, now: datetime) -> None:
    """Raises TariffNoticeShort if what is decided now would hold too soon."""
    if moment < now + NOTICE:
        raise TariffNoticeShort(code, moment.astimezone(UTC).isoformat(), NOTICE.seconds)


def check_left(code: str, chain: Sequence[Tariff], agreements: int) -> None:
    """Raises TariffInUse if these versions come to an end while agreements are at the tariff."""
    if agreements and (not chain or chain[-1].retired_from is not None):
        raise TariffInUse(code, agreements)


def of_desk(found: Assembled, code: str, number: int) -> Version:
    """A version that was handed in at the desk and stands. Raises TariffUnknown,
    TariffVersionUnknown, TariffRejected, TariffInFile."""
    version = found.find(code, number)
    rejected = version.act(ActKind.REJECTED)
    if rejected is not None:
        raise TariffRejected(code, number, rejected.actor)
    if version.in_file:
        raise TariffInFile(code, number)
    return version


def check_texts(text: str, source: str) -> None:
    """Names go onto papers. Raises TariffMalformed for one that cannot be kept."""
    for place, value in _texts(tomllib.loads(text), ""):
        if not can_be_kept(value):
            raise TariffMalformed(source, place, Mistake.UNPRINTABLE)


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for row, one in enumerate(value):
            yield from _texts(one, f"{place}[{row}]")


def cleaned(note: str) -> str:
    """Without line breaks, control signs and halves of characters."""
    spaced = " ".join(note.split())
    return "".join(sign for sign in spaced if sign.isprintable())


def _books(draft: Tariff) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Place, role, and the kinds of account that can take it: a charge is earned or passed on,
    what a payer bears is owed by them."""
    for row, charge in enumerate(draft.charges):
        yield f"charges[{row}].book", heading_of(charge).book, _EARNED
    for row, support in enumerate(draft.supports):
        yield f"supports[{row}].book", support.book, _OWED
