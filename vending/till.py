"""The counter while a batch of sales is rung up: what they stand on is loaded once and moves along
with each sale, so that a later one sees the earlier ones as if they had been booked before. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from meters.quantities import Money
from meters.values import replace
from tokens.sts import BaseDate

from .accounts.state import document_of, state_of
from .admission import first_month
from .blocking import Block
from .ground import BookedSale, Ground, KeptQuote, MeterGround, OpenShift, OperatorGround
from .keychanges import KeySet
from .keymoves import KeyMove
from .ledger import ChainHead, JournalEntry, chained
from .outbox import Message
from .parties import MeterFile, MeterUnknown, PointUnknown, VendingPoint
from .persons import person
from .record import SaleRecord
from .sale import IssuedToken, SaleKind
from .tariff import AccountState, Month, Quote, Tariff


@dataclass
class _Moved:
    """What the sales of the batch have changed so far."""

    sales: dict[str, SaleRecord] = field(default_factory=dict)
    balances: dict[tuple[str, str, str], int] = field(default_factory=dict)
    tids: dict[tuple[str, str], int] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    """By agreement; the balance in it is out of date."""
    files: dict[str, MeterFile] = field(default_factory=dict)
    takings: dict[tuple[str | None, str | None, datetime], int] = field(default_factory=dict)

    def copy(self) -> _Moved:
        return _Moved(*(dict(getattr(self, name)) for name in self.__dataclass_fields__))


class Till:
    """The ground of a batch, moving."""

    def __init__(self, ground: Ground, cached: Collection[str]) -> None:
        """`cached` are the codes of the accounts whose balances are kept ready."""
        self.head = ground.head
        self.booked: list[BookedSale] = []
        """The new sales of the batch, in order."""
        self._ground = ground
        self._cached = cached
        self._moved = _Moved()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Sales added inside count together or, if anything is raised, not at all."""
        head, booked, moved = self.head, len(self.booked), self._moved
        self._moved = moved.copy()
        try:
            yield
        except BaseException:
            self.head, self._moved = head, moved
            del self.booked[booked:]
            raise

    def aside(self) -> Till:
        """A till beside this one, to see ahead on: what moves there does not move here."""
        ahead = Till(self._ground, self._cached)
        ahead._moved = self._moved.copy()
        return ahead

    def foresee(
        self,
        file: MeterFile,
        state: AccountState,
        tokens: Sequence[IssuedToken],
        base_date: str,
        keys: KeySet | None,
        balance_account: str,
        sold: Quote,
    ) -> None:
        """What a sale that was rung up and is not added yet will have moved."""
        moved, number = self._moved, file.meter.number
        agreement = file.agreement.number
        moved.accounts[agreement] = state
        change = sold.balance_before - sold.balance_after
        key = (balance_account, agreement, change.currency)
        moved.balances[key] = moved.balances.get(key, 0) + change.minor
        if keys is not None:
            moved.files[number.number] = _moved_file(file, keys.move)
        for token in tokens:
            moved.tids[number.pan.number, base_date] = token.tid

    def is_voided(self, vend_id: str) -> bool:
        """Whether a stored sale was taken back."""
        return vend_id in self._ground.voided

    def is_shown(self, vend_id: str) -> bool:
        """Whether the digits of a stored sale that was held have been shown."""
        return vend_id in self._ground.shown

    def sale(self, vend_id: str) -> SaleRecord | None:
        """The sale under this id, from before or from this batch."""
        return self._moved.sales.get(vend_id) or self._ground.sales.get(vend_id)

    def file(self, number: str) -> MeterFile:
        """Raises MeterUnknown."""
        return self._moved.files.get(number) or self._meter(number).file

    def point(self, code: str) -> VendingPoint:
        """Raises PointUnknown."""
        found = self._ground.points.get(code)
        if found is None:
            raise PointUnknown(code)
        return found.point

    def operator(self, code: str) -> OperatorGround | None:
        """None if nobody of this name is written down."""
        return self._ground.operators.get(code)

    def shift(self, point: str, terminal: str) -> OpenShift | None:
        """The shift that is open at this terminal."""
        return self._ground.shifts.get((point, terminal))

    @property
    def blocks(self) -> Mapping[tuple[str, str], Block]:
        """What is barred, by kind and subject."""
        return self._ground.blocks

    def quote(self, id: str) -> KeptQuote | None:
        return self._ground.quotes.get(id)

    def balance(self, file: MeterFile, account: str, unit: str) -> int:
        """The ledger balance of the meter's agreement, debit positive; `account` is the one that
        the ground was loaded for."""
        before = self._meter(file.meter.number.number).balances.get(unit, 0)
        return before + self._moved.balances.get((account, file.agreement.number, unit), 0)

    def in_till(self, code: str, account: str, currency: str) -> int:
        """Money in the till of a point."""
        before = self._ground.points[code].in_till.get(currency, 0)
        return before + self._moved.balances.get((account, code, currency), 0)

    def deposit(self, code: str, account: str, currency: str) -> Money:
        """What is left of an operator's deposit (below 0: on credit)."""
        before = self._ground.operators[code].deposit.get(currency, 0)
        return Money(-before - self._moved.balances.get((account, code, currency), 0), currency)

    def account(
        self, file: MeterFile, balance: Money, tariff: Tariff, now: datetime
    ) -> AccountState:
        """What the next price of the meter's agreement depends on."""
        moved = self._moved.accounts.get(file.agreement.number)
        if moved is not None:
            return replace(moved, balance=balance)
        since = first_month(file.agreement)
        kept = self._meter(file.meter.number.number).account
        month = Month.of(now, tariff.zone)
        return state_of(kept, balance, tariff.commodity, since, month)

    def taken(self, point: str | None, operator: str | None, day: datetime) -> int | None:
        """What was taken since the beginning of a day, at a point or at all of them; None if it was
        not loaded yet."""
        return self._moved.takings.get((point, operator, day))

    def know_taken(
        self, point: str | None, operator: str | None, day: datetime, taken: int
    ) -> None:
        """Says what was taken before this batch; sales of the batch add to it from here on."""
        self._moved.takings[point, operator, day] = taken

    def last_tid(self, file: MeterFile, base_date: str) -> int | None:
        """The largest TID of this meter under the base date with this short code."""
        number = file.meter.number
        moved = self._moved.tids.get((number.pan.number, base_date))
        return self._meter(number.number).last_tids.get(base_date) if moved is None else moved

    def next_receipt(self, code: str) -> int:
        """The number that the next basket at this point gets."""
        last = self._moved.receipts.get(code)
        return (self._ground.points[code].receipts if last is None else last) + 1

    def add(
        self,
        record: SaleRecord,
        entry: JournalEntry,
        state: AccountState | None = None,
        move: KeyMove | None = None,
        messages: tuple[Message, ...] = (),
    ) -> None:
        """From here on the sale counts. It carries the next receipt number (or that of its basket)
        and TIDs; `state` is its agreement's account from here on, `move` the key change that it
        carries.

        Raises PeriodClosed; then nothing has moved.
        """
        posted = chained(entry, self.head)
        cached = tuple([p for p in entry.postings if p.account in self._cached])
        document = None if state is None else document_of(state)
        self.booked.append(BookedSale(record, posted, cached, document, move, messages))
        # The latest moment, not the last entry's: small steps back must not add up.
        latest = entry.at if self.head.at is None else max(entry.at, self.head.at)
        self.head = ChainHead(posted.number, posted.hash, latest, posted.closed_until)
        moved = self._moved
        moved.sales[record.vend_id] = record
        moved.receipts[record.point] = record.receipt_number
        for account, holder, unit, amount in cached:
            key = (account, holder, unit)
            moved.balances[key] = moved.balances.get(key, 0) + amount
        for token in record.tokens:
            if token.tid is not None:
                moved.tids[token.pan, token.base_date] = token.tid
        if state is not None:
            moved.accounts[record.agreement] = state
        if move is not None:
            moved.files[record.meter] = _moved_file(self.file(record.meter), move)
        if record.kind == SaleKind.CORRECTION.value:
            # Its money was taken with the sale that it puts right.
            return
        seller = person(record.operator)
        for point, operator, day in moved.takings:
            if point in (None, record.point) and operator in (None, seller):
                moved.takings[point, operator, day] += record.tendered

    def _meter(self, number: str) -> MeterGround:
        found = self._ground.meters.get(number)
        if found is None:
            raise MeterUnknown(number)
        return found


def _moved_file(file: MeterFile, move: KeyMove) -> MeterFile:
    """The same with the meter's new key."""
    meter = replace(
        file.meter,
        sgc=move.to_sgc,
        krn=move.to_krn,
        ti=move.to_ti,
        planned=None,
        base_date=None if move.to_base_date is None else BaseDate(move.to_base_date),
        ken=move.to_ken,
    )
    return replace(file, meter=meter)
