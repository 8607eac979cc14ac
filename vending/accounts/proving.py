"""Accounts held against the books: each one rebuilt, and its debts compared with the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meters.account import Commodity
from meters.errors import RaseedError
from meters.quantities import Money

from ..admission import read_first
from ..plaintext import printable
from ..tariff import TariffBook
from .events import TariffChanged
from .folding import Move, Opening, Sold, Watch, folded
from .happened import Happened
from .ports import KeptAccount
from .state import document_of

MOST_TOLD = 100
"""Problems that a report lists; it counts them all."""
UNREADABLE = (RaseedError, TypeError, ValueError, LookupError, AttributeError, AssertionError)
"""What rebuilding an account from damaged rows may end in."""


@dataclass(frozen=True, slots=True)
class AccountProblem:
    """Where a kept account and the books differ."""

    agreement: str
    what: str
    """`missing` (something happened and no account is kept), `unexpected` (the other way round),
    `differs`, `debts` (the ledger says otherwise), `unreadable` (it cannot be rebuilt),
    `tariff_undecided` (it was sold by another tariff than it was moved to by two people, or stands
    at another one), `use_before` (a sale was priced as if something else had been bought that
    month: its entry, what it says and what the books say), `event_missing` (they are numbered
    without gaps)."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AccountsReport:
    """What a check of all accounts found."""

    accounts: int
    """Agreements looked at."""
    found: int
    """How many problems there are; the first ones are told."""
    problems: tuple[AccountProblem, ...]

    @property
    def ok(self) -> bool:
        return self.found == 0


@dataclass(frozen=True, slots=True)
class RebuiltAccounts:
    """What a rebuilding changed."""

    accounts: int
    changed: int
    moved: int
    """Changed by somebody else meanwhile, so left alone: rebuild again."""
    unreadable: tuple[AccountProblem, ...]
    """Left as they were, because their history cannot be read."""


def rebuilt(
    kept: KeptAccount, tariffs: TariffBook, currency: str, watch: Watch | None = None
) -> tuple[str | None, int]:
    """The account as the books say it must be kept, and the sum of its debts in minor units (those
    that stand on the ledger account of debts). Raises AgreementBroken, the errors of
    `folded` and of its moves."""
    first = read_first(kept.agreement, kept.since)
    opening = Opening(Commodity(kept.commodity), currency, first)
    state = folded(opening, kept.moves, tariffs, Money(0, currency), watch)
    if state is None:
        return None, 0
    owed = sum(debt.owed.minor for debt in state.debts if debt.book == "debts")
    return document_of(state), owed


def checked(
    accounts: Iterable[KeptAccount],
    strays: Iterable[tuple[str, int]],
    tariffs: TariffBook,
    currency: str,
) -> AccountsReport:
    """Every account held against the books; `strays` are debts in the ledger that no agreement
    has, by holder."""
    count, found = 0, 0
    told: list[AccountProblem] = []
    try:
        for kept in accounts:
            count += 1
            problems = _problems(kept, tariffs, currency)
            found += len(problems)
            told += problems[: MOST_TOLD - len(told)]
    except UNREADABLE as error:
        # A sale that cannot be read: whose it is, and what stands behind it, is not known.
        found += 1
        told = [*told[: MOST_TOLD - 1], unreadable("", error)]
    for holder, minor in strays:
        found += 1
        if len(told) < MOST_TOLD:
            told.append(AccountProblem(holder, "debts", f"ledger {Money(minor, currency)}"))
    return AccountsReport(count, found, tuple(map(_printable, told)))


def unreadable(agreement: str, error: Exception) -> AccountProblem:
    """What keeps an account from being rebuilt."""
    told = str(error) if isinstance(error, RaseedError) else type(error).__name__
    return _printable(AccountProblem(agreement, "unreadable", told))


def _printable(told: AccountProblem) -> AccountProblem:
    return AccountProblem(printable(told.agreement), told.what, printable(told.detail))


class _Followed:
    """Watches the moves of an account as they pass: by which tariffs it was sold, and whether its
    events are all there."""

    def __init__(self) -> None:
        self.tariff: str | None = None
        self.other = ""
        """What it went over to without an event that says so; empty: nothing."""
        self.events = 0
        self.gap = ""
        self.use = ""
        """The first sale that was priced as if something else had been bought that month."""

    def along(self, moves: Iterable[Move]) -> Iterator[Move]:
        for move in moves:
            if isinstance(move, Sold):
                self.stands_at(move.quote.tariff)
            elif isinstance(move, Happened):
                self.events += 1
                if move.seq != self.events and not self.gap:
                    self.gap = f"{self.events}: found {move.seq}"
                if isinstance(move.event, TariffChanged):
                    self.stands_at(move.event.before)
                    self.tariff = move.event.tariff
            yield move

    def sold(self, move: Sold, used: int) -> None:
        said = move.quote.used_before
        if said is not None and said.value != used and not self.use:
            self.use = f"{move.entry}: {said.value}, {used}"

    def stands_at(self, tariff: str) -> None:
        if self.tariff is not None and tariff != self.tariff and not self.other:
            self.other = f"{self.tariff}, {tariff}"
        self.tariff = tariff


def _problems(kept: KeptAccount, tariffs: TariffBook, currency: str) -> list[AccountProblem]:
    followed = _Followed()
    try:
        watched = kept._replace(moves=followed.along(kept.moves))
        document, owed = rebuilt(watched, tariffs, currency, followed.sold)
    except UNREADABLE as error:
        return [unreadable(kept.agreement, error)]
    found = []
    followed.stands_at(kept.tariff)
    if followed.other:
        found.append(AccountProblem(kept.agreement, "tariff_undecided", followed.other))
    if followed.use:
        found.append(AccountProblem(kept.agreement, "use_before", followed.use))
    if followed.gap:
        found.append(AccountProblem(kept.agreement, "event_missing", followed.gap))
    if document != kept.document:
        found.append(_difference(kept.agreement, kept.document, document))
    if owed != kept.debts:
        ledger, state = Money(kept.debts, currency), Money(owed, currency)
        found.append(AccountProblem(kept.agreement, "debts", f"ledger {ledger}, account {state}"))
    return found


def _difference(agreement: str, kept: str | None, document: str | None) -> AccountProblem:
    if kept is None:
        return AccountProblem(agreement, "missing")
    if document is None:
        return AccountProblem(agreement, "unexpected")
    try:
        was, is_ = json.loads(kept), json.loads(document)
        parts = [name for name in sorted({*was, *is_}) if was.get(name) != is_.get(name)]
    except (ValueError, TypeError, AttributeError):
        parts = []
    return AccountProblem(agreement, "differs", ", ".join(parts))
