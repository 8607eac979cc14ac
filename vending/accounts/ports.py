"""What the accounts of agreements need from the store, as Protocols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from meters.account import Commodity

from ..accounting.adjustments import Adjustment
from ..accounting.ports import BooksWriting, OperatorFacts
from ..approvals.ports import PeopleWriting
from ..clock import ClockConfirmation
from ..ledger import ChainHead, PostedEntry, Posting
from ..tariff import Month
from ..tariff.rows import TariffRows
from .folding import Move
from .happened import Happened


class AgreementFile(NamedTuple):
    """An agreement with its customer and meter."""

    number: str
    account: str
    """The customer's."""
    name_ar: str
    name_en: str
    meter: str
    commodity: Commodity
    tariff: str
    since: Month | None


class KeptAccount(NamedTuple):
    """What is kept of one agreement, and what it must follow from."""

    agreement: str
    commodity: str
    """As it is kept, like the next ones: what cannot be read must not hide the others."""
    since: str | None
    tariff: str
    document: str | None
    debts: int
    """What the ledger says that it owes of debts, in minor units."""
    moves: Iterable[Move]
    """In their order. To be read before the next account is asked for."""


class AccountsReading(Protocol):
    """One consistent view. Every method may raise the store's Unavailable."""

    def chain_head(self) -> ChainHead: ...

    def clock_confirmed(self) -> ClockConfirmation | None: ...

    def agreement_file(self, number: str) -> AgreementFile | None: ...

    def agreement_of(self, meter: str) -> AgreementFile | None:
        """By the DRN of the meter in use."""
        ...

    def balance(self, account: str, holder: str, unit: str) -> int:
        """Of one holder, debit positive."""
        ...

    def document(self, agreement: str) -> str | None:
        """The kept account; None if nothing has happened to it yet."""
        ...

    def happened(
        self, agreement: str, *, before: int | None = None, limit: int | None = None
    ) -> list[Happened]:
        """Its events, newest first; those with a `seq` below `before`. Raises
        AccountEventBroken."""
        ...

    def tariff_rows(self) -> TariffRows:
        """What is kept of tariffs, as this view sees it."""
        ...

    def adjustment(self, id: str) -> Adjustment | None: ...

    def operator_facts(self, code: str) -> OperatorFacts | None:
        """Somebody who sells, by the person; None if they are not written down."""
        ...

    def entry(self, number: int) -> PostedEntry | None: ...

    def kept_accounts(self, debts: str) -> Iterator[KeptAccount]:
        """Every agreement with its account; `debts` is the ledger account that debts stand on.
        Streams: flat memory. Raises SaleBroken and AccountEventBroken while moves are read."""
        ...

    def debts_of_nobody(self, debts: str) -> list[tuple[str, int]]:
        """Holders in the ledger account of debts that are no agreement, and what they owe."""
        ...


class AccountsWriting(AccountsReading, Protocol):
    """One transaction with the sole right to write until it ends."""

    def book(self, posted: PostedEntry, cached: tuple[Posting, ...]) -> None:
        """Writes an entry behind `chain_head()`, moves the head, and the balances kept ready."""
        ...

    def add_adjustment(self, adjustment: Adjustment) -> None: ...

    def add_event(self, happened: Happened) -> None: ...

    def set_tariff(self, agreement: str, tariff: str) -> None:
        """What the agreement is priced by from now on: the code of a tariff."""
        ...

    def keep(self, agreement: str, document: str | None) -> None:
        """The account from now on; None: nothing has happened to it."""
        ...


class AccountsStore(Protocol):
    """The books, for accounts."""

    def reading(self) -> AbstractContextManager[AccountsReading]: ...

    def proving(self) -> AbstractContextManager[AccountsReading]:
        """As `reading`, for all accounts: what is no text in a column of text is read as something
        that no row holds, instead of as an error."""
        ...

    def writing(self) -> AbstractContextManager[AccountsWriting]:
        """Commits at the end of the block; any exception inside rolls everything back."""
        ...

    def inside(self, books: BooksWriting) -> AccountsWriting:
        """The transaction that bookkeeping is in, for accounts to follow within it."""
        ...

    def beside(self, books: PeopleWriting) -> AccountsWriting:
        """The transaction that an approval is in, for accounts to follow within it."""
        ...
