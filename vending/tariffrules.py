"""Rules of the tariff desk that ask nobody but what they are given."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .ledger import Chart
from .plaintext import can_be_kept
from .tariff import Tariff, TariffMalformed
from .tariff.charges import heading_of
from .tariff.errors import (
    TariffInFile,
    TariffInUse,
    TariffNoticeShort,
    TariffRejected,
    TariffUnbooked,
)
from .tariff.files import ShippedVersion
from .tariff.life import Assembled, Key, Version
from .tariff.mistakes import Mistake
from .tariff.rows import ActKind

NOTICE = timedelta(seconds=5)
"""What changes a price is decided at least so long before it holds: every process has seen it by
then, so at no moment two counters sell by different versions."""
_EARNED = frozenset({"income", "liability"})
_OWED = frozenset({"asset"})
_MONEY = frozenset({"safe", "bank", "vat_due"})
"""Accounts of these kinds that no rule of a tariff may book on."""
_LONGEST = {"name_ar": 60, "name_en": 60}
_LONGEST_INSIDE = {**_LONGEST, "code": 40, "payer": 40}
"""As a debt's: they stand in the same places. The tariff's own code is bounded where it is read."""


def check_books(draft: Tariff, chart: Chart, source: str, row: int = 0) -> None:
    """Every sum has an account that takes it, in the one currency of the books: asked now, not in
    the middle of a sale. Raises TariffMalformed with the place in `source`, whose version of this
    row it is."""
    if draft.currency != chart.currency:
        raise TariffMalformed(source, "currency", Mistake.ONE_OF, [chart.currency])
    for unfit in _unfit(draft, chart):
        takes = ", ".join(unfit.fitting)
        raise TariffMalformed(source, f"versions[{row}].{unfit.place}", Mistake.BOOK, [takes])


@dataclass(frozen=True, slots=True)
class ChartBooks:
    """See `vending.tariff.live.Books`: this chart's word on versions in files, and on those that
    are kept."""

    chart: Chart

    def __call__(self, one: ShippedVersion) -> None:
        check_texts(one.document, one.file, one.row)
        check_books(one.tariff, self.chart, one.file, one.row)

    def check_kept(
        self, found: Assembled, files: Mapping[Key, ShippedVersion], now: datetime
    ) -> None:
        for code in found.codes():
            for tariff, gone in _asked(found.approved(code), now):
                for unfit in _unfit(tariff, self.chart):
                    if gone is None or unfit.code in gone:
                        file = files.get((code, tariff.version))
                        source, row = (code, 0) if file is None else (file.file, file.row)
                        where = f"versions[{row}].{unfit.place}"
                        raise TariffUnbooked(
                            code, tariff.version, source, where, unfit.book, unfit.fitting
                        )


def _asked(chain: Sequence[Tariff], now: datetime) -> Iterator[tuple[Tariff, set[str] | None]]:
    """Of approved versions, by their moments, those that a sale from now on may ask, with the
    codes of what it may ask them for (None: everything). Of versions that are over only what no
    later one has is still taken where it is owed; where nothing is sold any more, nothing is."""
    begun = [one for one in chain if one.active_from <= now]
    whole = list(chain[len(begun) :])
    if begun and (begun[-1].retired_from is None or begun[-1].retired_from > now):
        whole.insert(0, begun.pop())
    if not whole:
        return
    for tariff in whole:
        yield tariff, None
    later = _codes(whole[0])
    for tariff in reversed(begun):
        gone = _codes(tariff) - later
        yield tariff, gone
        later |= gone


def _codes(tariff: Tariff) -> set[str]:
    return {heading_of(charge).code for charge in tariff.charges}


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


def check_texts(text: str, source: str, row: int = 0) -> None:
    """Names go onto papers and codes into what is kept of every account. Raises TariffMalformed,
    with the place in `source`, whose version of this row it is, for one that cannot be kept or is
    too long. Asked of what is let in: what was kept before there was a longest is read as ever."""
    for place, value in _texts(tomllib.loads(text), ""):
        # The document of a version in a file holds this version alone.
        there = place.replace("versions[0]", f"versions[{row}]", 1)
        if not can_be_kept(value):
            raise TariffMalformed(source, there, Mistake.UNPRINTABLE)
        inside, _, key = place.rpartition(".")
        longest = (_LONGEST_INSIDE if inside else _LONGEST).get(key)
        if longest is not None and len(value) > longest:
            raise TariffMalformed(source, there, Mistake.TOO_LONG, [str(longest)])


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


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A sum that no account takes as the tariff says."""

    place: str
    code: str
    book: str
    fitting: list[str]
    """Roles of accounts that would."""


def _unfit(tariff: Tariff, chart: Chart) -> Iterator[_Unfit]:
    for place, code, role, kinds in _books(tariff):
        fitting = {
            account.role
            for account in chart.accounts()
            if (account.unit, account.per) == (tariff.currency, "none")
            and account.kind in kinds
            and account.role not in _MONEY
        }
        if role not in fitting:
            yield _Unfit(place, code, role, sorted(fitting))


def _books(tariff: Tariff) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Place, code, role, and the kinds of account that can take it: a charge is earned or passed
    on, what a payer bears is owed by them."""
    for row, charge in enumerate(tariff.charges):
        heading = heading_of(charge)
        yield f"charges[{row}].book", heading.code, heading.book, _EARNED
    for row, support in enumerate(tariff.supports):
        yield f"supports[{row}].book", support.code, support.book, _OWED
