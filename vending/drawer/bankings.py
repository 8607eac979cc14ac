"""Use cases of banking, over ports: take what closed shifts left to the bank, with a slip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from meters.quantities import Money

from ..clock import UNWATCHED, ClockGuard
from ..ledger import Chart, chained
from ..masking import check_references
from ..outbox import OutboxPlan
from ..paperorders import PaperKind, PaperOrder, print_original
from ..parties import Actor, PointUnknown, Role
from ..permissions import ActorNotAllowed, require
from ..ports import Clock
from ..sale import Tender
from .banking import (
    BANKED_UNASKED,
    Banking,
    BankRequest,
    Beneficiary,
    banking_entry,
    check_pieces,
    checked_reference,
)
from .copies import copy_to_printer, next_copy
from .errors import (
    BankedAlready,
    BankingIdReused,
    BankingUnknown,
    MoreThanThere,
    NothingToBank,
    ShiftElsewhere,
    ShiftStillOpen,
    ShiftUnknown,
)
from .ports import DrawerReading, DrawerStore, ShiftState
from .reports import z_report
from .shifts import Close, ShiftFile, known_id, new_id
from .tally import TENDER_ROLES, Tally, tally

MOST_SHIFTS = 1000
"""Of one banking."""


class Bankings:
    """One instance serves many threads. An operator banks for the own point; billing officers and
    supervisors for any. `outbox` says where the printers are."""

    def __init__(
        self,
        store: DrawerStore,
        chart: Chart,
        clock: Clock,
        beneficiary: Beneficiary = Beneficiary(),  # noqa: B008 - frozen
        guard: ClockGuard = UNWATCHED,
        outbox: OutboxPlan = OutboxPlan(),  # noqa: B008 - frozen
    ) -> None:
        self._store = store
        self._chart = chart
        self._clock = clock
        self._beneficiary = beneficiary
        self._guard = guard
        self._outbox = outbox

    @property
    def currency(self) -> str:
        """Of all that is banked."""
        return self._chart.role("bank").unit

    def bank(self, actor: Actor, request: BankRequest) -> Banking:
        """Books a deposit out of what lies at a point, and answers its slip, which comes out of the
        printer where the actor is, if there is one. Without amounts it is what the shifts left in
        cash (as counted) and cheques; without shifts and amounts, of all that wait. The same
        request again answers the first.

        Raises ActorNotAllowed (an operator at another point), DrawerIdMalformed, IdInCapitals,
        PointUnknown, BankingIdReused, ShiftUnknown, ShiftStillOpen, ShiftElsewhere, BankedAlready,
        NothingToBank, PiecesDiffer, MoreThanThere, ClockWentBack, ClockRanAhead, PeriodClosed,
        ReferenceTooLong, ReferenceHoldsToken.
        """
        require(actor, "bank")
        new_id(request.id)
        request = replace(request, reference=checked_reference(request.reference))
        if actor.role is Role.OPERATOR and request.point != actor.point:
            raise ActorNotAllowed("bank", actor.role.value)
        with self._store.writing() as books:
            now = self._clock()
            if not books.holder_exists("point", request.point):
                raise PointUnknown(request.point[:20])
            stored = books.banking(request.id)
            if stored is not None:
                if stored.request != request.hash:
                    raise BankingIdReused(request.id)
                return stored
            check_references(request.reference)
            closes = _closes(books, request)
            lines = _lines(closes, request)
            if not lines:
                raise NothingToBank(request.point)
            check_pieces(request.pieces, lines, self.currency)
            self._check_there(books, request.point, lines)
            head = books.chain_head()
            self._guard.check(now, head, books)
            made = Banking(
                id=request.id,
                number=books.last_banking_number(request.point) + 1,
                point=request.point,
                at=now,
                actor=actor.name,
                entry=head.number + 1,
                currency=self.currency,
                lines=lines,
                shifts=tuple(close.shift for close in closes),
                beneficiary=self._beneficiary,
                reference=request.reference,
                pieces=request.pieces,
                request=request.hash,
            )
            entry = banking_entry(made, [close.hash for close in closes], self._chart)
            cached = self._chart.cached()
            books.book(
                chained(entry, head), tuple(p for p in entry.postings if p.account in cached)
            )
            self._guard.booked(now)
            books.add_banking(made)
            order = PaperOrder(PaperKind.DEPOSIT, made.id, actor)
            print_original(books, self._outbox, order, now)
            return made

    def slip(self, actor: Actor, id: str) -> Banking:
        """The deposit slip. Raises BankingUnknown."""
        with self._store.reading() as books:
            return _known(books, actor, id)

    def reprint(self, actor: Actor, id: str) -> Banking:
        """A copy of the slip, numbered and recorded. Raises BankingUnknown."""
        order = PaperOrder(PaperKind.DEPOSIT, id, actor)
        with self._store.writing() as books:
            return next_copy(books, order, _known(books, actor, id), self._clock())

    def send_copy(self, actor: Actor, id: str) -> Banking:
        """The same, out of the printer where the actor is. Raises also NoPrinter."""
        order = PaperOrder(PaperKind.DEPOSIT, id, actor)
        with self._store.writing() as books:
            original, now = _known(books, actor, id), self._clock()
            return copy_to_printer(books, self._outbox, order, original, now)

    def waiting(
        self, actor: Actor, point: str
    ) -> list[tuple[ShiftFile, tuple[tuple[Tender, int], ...]]]:
        """Closed shifts of a point whose money is there still, the first first, with what each left
        in cash (as counted) and cheques; of nothing only those whose count differed. An operator
        sees those of the own point."""
        require(actor, "bank")
        if actor.role is Role.OPERATOR and point != actor.point:
            raise ActorNotAllowed("bank", actor.role.value)
        if not point:
            return []
        with self._store.reading() as books:
            found = books.shifts(point=point, state=ShiftState.WAITING, limit=MOST_SHIFTS)
        asked = BankRequest("", point)
        closed = [(file, file.close) for file in reversed(found)]
        return [(file, _lines([close], asked)) for file, close in closed if close is not None]

    def beside(self, actor: Actor, point: str) -> tuple[tuple[Tender, int], ...]:
        """What lies at a point beside the cash and cheques of shifts, open or waiting: what was
        paid by card, wallet or transfer, and what was sold without a shift. Minor units, above
        zero; banked by naming the amounts."""
        of_shifts = Counter[Tender]()
        for _, left in self.waiting(actor, point):
            of_shifts.update(dict(left))
        with self._store.reading() as books:
            of_shifts.update(self._held(books, point))
            there = [
                (tender, self._balance(books, point, tender) - of_shifts[tender])
                for tender in TENDER_ROLES
            ]
        return tuple((tender, amount) for tender, amount in there if amount > 0)

    def shift_codes(self, banking: Banking) -> list[str]:
        """The shifts of a banking as people know them: `P1-S0007`."""
        with self._store.reading() as books:
            found = [books.shift(id) for id in banking.shifts]
        return [file.shift.code for file in found if file is not None]

    def bankings(
        self,
        actor: Actor,
        *,
        point: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Banking]:
        """Booked last first, those below entry number `before`; an operator sees those of the own
        point, whichever they ask for. Raises PointUnknown."""
        require(actor, "bank")
        own = actor.role is Role.OPERATOR
        if own:
            point = actor.point or ""
        with self._store.reading() as books:
            if point is not None and not own and not books.holder_exists("point", point):
                raise PointUnknown(point[:20])
            return books.bankings(point=point, before=before, limit=limit)

    def _check_there(
        self, books: DrawerReading, point: str, lines: Sequence[tuple[Tender, int]]
    ) -> None:
        """Cash and cheques in an open drawer are not there for the bank: they would be missing at
        the count."""
        held = self._held(books, point)
        for tender, amount in lines:
            if amount > self._balance(books, point, tender) - held[tender]:
                raise MoreThanThere(tender.value, Money(amount, self.currency).to_text())

    def _balance(self, books: DrawerReading, point: str, tender: Tender) -> int:
        """Of what was paid this way at a point and is not banked."""
        account = self._chart.role(TENDER_ROLES[tender])
        return books.cached_balance(account.code, point, account.unit)

    def _held(self, books: DrawerReading, point: str) -> Counter[Tender]:
        """What lies in the drawers that are open at a point. One out of which more has gone than it
        held holds nothing: what it lacks does not lie elsewhere, and nobody can bank it."""
        held = Counter[Tender]()
        for drawer in self._open_drawers(books, point):
            held[Tender.CASH] += max(0, drawer.expected)
            held[Tender.CHEQUE] += max(0, drawer.net(Tender.CHEQUE))
        return held

    def _open_drawers(self, books: DrawerReading, point: str) -> list[Tally]:
        """What the shifts that are open at a point hold."""
        ids = [one.id for one in books.open_shifts() if one.point == point]
        return [tally(held, self._chart) for held in books.shift_books(ids).values()]


def _closes(books: DrawerReading, request: BankRequest) -> list[Close]:
    """How the shifts ended whose money it is: those named, or all that wait."""
    if request.shifts is None:
        if request.amounts is not None:
            return []
        waiting = books.shifts(point=request.point, state=ShiftState.WAITING, limit=MOST_SHIFTS)
        return [file.close for file in reversed(waiting) if file.close is not None]
    banked = books.banked(request.point)
    found: list[Close] = []
    for id in dict.fromkeys(request.shifts):
        file = _shift(books, id)
        if file.shift.point != request.point:
            raise ShiftElsewhere(id, file.shift.point)
        if file.close is None:
            raise ShiftStillOpen(id)
        if id in banked:
            raise BankedAlready(id)
        found.append(file.close)
    return found


def _shift(books: DrawerReading, id: str) -> ShiftFile:
    file = books.shift(known_id(id))
    if file is None:
        raise ShiftUnknown(id)
    return file


def _lines(closes: Sequence[Close], request: BankRequest) -> tuple[tuple[Tender, int], ...]:
    """By way of paying, without those of nothing."""
    if request.amounts is not None:
        return tuple((tender, amount) for tender, amount in request.amounts if amount)
    sums = dict.fromkeys(BANKED_UNASKED, 0)
    for close in closes:
        for tender in BANKED_UNASKED:
            # Cash as it was counted: the difference has been booked.
            cash = tender is Tender.CASH
            sums[tender] += close.counted if cash else z_report(close).tally.net(tender)
    return tuple((tender, amount) for tender, amount in sums.items() if amount > 0)


def _known(books: DrawerReading, actor: Actor, id: str) -> Banking:
    require(actor, "bank")
    found = books.banking(known_id(id))
    if found is None or (actor.role is Role.OPERATOR and found.point != actor.point):
        raise BankingUnknown(id)
    return found
