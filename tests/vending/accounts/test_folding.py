"""Whatever happens to an account in whatever order: rebuilt from it, it is what was kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from meters.account import Commodity
from meters.quantities import Energy, Money
from meters.values import replace
from tests import examples
from tests.vending.accounts.test_state import SOLD, STATE, TARIFF, WITH_FEE
from tests.vending.tariff.strategies import NOW, THIS_MONTH, debts, sums, tariffs
from vending.accounts import (
    AccountProblem,
    DebtUnknown,
    Happened,
    Move,
    Opening,
    Sold,
    Voided,
    after_sale,
    begun,
    document_of,
    folded,
    in_order,
    kept_state,
    state_of,
    unsettled,
)
from vending.accounts.events import (
    KINDS,
    DebtAdded,
    DebtDisputed,
    DebtPostponed,
    DebtRestored,
    DebtWrittenDown,
    DisputeSettled,
    Event,
    FeeAdded,
    FeeWaived,
    Outcome,
    PostponementEnded,
    TariffChanged,
    WriteDownAsked,
)
from vending.accounts.happened import event_document, happened_from
from vending.accounts.ports import KeptAccount
from vending.accounts.proving import checked, rebuilt, unreadable
from vending.tariff import (
    AccountState,
    AmountTooHigh,
    AmountTooLow,
    ChargeState,
    FeeDue,
    Month,
    QuoteRequest,
    Tariff,
    TariffBook,
    parse_tariffs,
    pay_owed,
    quote,
)

_OF_NO_DEBT = ("fee_added", "fee_waived", "tariff_changed")
charge_states = st.builds(
    ChargeState, st.sampled_from(["month", "lamp"]), st.just(THIS_MONTH), st.just(Money(0)) | sums
)


@st.composite
def events(draw: st.DrawFn, known: list[str]) -> Event:
    """Any event that speaks of a debt in `known`, or adds one."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    reason = draw(st.sampled_from(["on paper", "باتفاق"]))
    if kind == "debt_added" or (kind not in _OF_NO_DEBT and not known):
        debt = draw(debts(f"d{len(known)}"))
        known.append(debt.code)
        return DebtAdded(reason=reason, debt=debt, source="Bill 7")
    code = draw(st.sampled_from(known)) if known else ""
    off = draw(sums)
    made: dict[str, Event] = {
        "debt_disputed": DebtDisputed(reason=reason, code=code),
        "dispute_settled": DisputeSettled(
            reason=reason, code=code, outcome=draw(st.sampled_from(Outcome)), off=off
        ),
        "debt_postponed": DebtPostponed(
            reason=reason, code=code, until=NOW + draw(st.timedeltas(timedelta(0), timedelta(90)))
        ),
        "postponement_ended": PostponementEnded(reason=reason, code=code),
        "write_down_asked": WriteDownAsked(
            reason=reason,
            code=code,
            off=off,
            outcome=draw(st.none() | st.sampled_from(Outcome)),
            to=draw(st.none() | sums),
        ),
        "debt_written_down": DebtWrittenDown(reason=reason, code=code, off=off),
        "debt_restored": DebtRestored(reason=reason, code=code, off=off),
        "fee_added": FeeAdded(reason=reason, code="once", owed=draw(st.none() | sums)),
        "fee_waived": FeeWaived(reason=reason, code="once"),
        "tariff_changed": TariffChanged(
            reason=reason,
            before="home",
            tariff="any",
            charges=tuple(draw(st.lists(charge_states, unique_by=lambda one: one.code))),
        ),
    }
    return made[kind]


class Counter:
    """An account that is kept as text from one act to the next, as the store keeps it."""

    def __init__(self, tariff: Tariff) -> None:
        self.tariff = tariff
        self.opening = Opening(Commodity.ELECTRICITY, "ILS", None)
        self.document: str | None = None
        self.balance = Money(0)
        self.entry = 0
        self.sales: list[Sold] = []
        self.voids: list[Voided] = []
        self.happened: list[Happened] = []

    def sell(self, paid: Money, now: datetime) -> None:
        month = Month.of(now, self.tariff.zone)
        state = state_of(self.document, self.balance, Commodity.ELECTRICITY, None, month)
        try:
            sold = quote(self.tariff, QuoteRequest(paid), state, now)
        except (AmountTooLow, AmountTooHigh):
            return
        kept = kept_state(self.document, self.balance, Commodity.ELECTRICITY)
        after = after_sale(kept, self.opening, sold, now, self.tariff)
        self.entry += 1
        self.sales.append(Sold(self.entry, now, sold))
        self._keep(document_of(after), after.balance)

    def void(self, place: int) -> None:
        taken = {one.quote for one in self.voids}
        standing = [one for one in self.sales if one.quote not in taken]
        if not standing:
            return
        sale = standing[place % len(standing)]
        kept = kept_state(self.document, self.balance, Commodity.ELECTRICITY)
        back = unsettled(kept, sale.quote, sale.at, self.tariff)
        self.entry += 1
        self.voids.append(Voided(self.entry, sale.at, sale.quote))
        self._keep(document_of(back), back.balance)

    def happen(self, event: Event, now: datetime) -> None:
        state = kept_state(self.document, self.balance, Commodity.ELECTRICITY)
        if isinstance(event, FeeAdded) and (state.fees or self.tariff.fee("once") is None):
            # The desk refuses these: see test_desk.py.
            return
        if isinstance(event, TariffChanged):
            # Only what the tariff can ask for comes over: see test_moving.py.
            own = {charge.sum.heading.code for charge in self.tariff.monthly_ever}
            kept = tuple(one for one in event.charges if one.code in own)
            event = replace(event, charges=kept)
        made = Happened("A1", len(self.happened) + 1, self.entry, now, "Layla", "e", event)
        self.happened.append(made)
        self._keep(document_of(event.applied(state, now)), self.balance)

    def _keep(self, document: str, balance: Money) -> None:
        self.document, self.balance = document, balance

    def moves(self) -> list[Move]:
        return list(in_order(self.sales, self.voids, self.happened))


@settings(max_examples=examples(40))
@given(tariffs(), st.data())
def test_rebuilt_is_what_was_kept_step_by_step(tariff: Tariff, data: st.DataObject) -> None:
    counter = Counter(tariff)
    known: list[str] = []
    now = NOW
    for _ in range(data.draw(st.integers(0, 12), label="steps")):
        now += data.draw(st.sampled_from([timedelta(hours=1), timedelta(days=20)]))
        act = data.draw(st.sampled_from(["sell", "sell", "void", "event", "event"]))
        if act == "sell":
            counter.sell(Money(data.draw(st.integers(100, 60_000))), now)
        elif act == "void":
            counter.void(data.draw(st.integers(0, 9)))
        else:
            counter.happen(data.draw(events(known)), now)
    book = TariffBook(tariff.lineage())
    state = folded(counter.opening, counter.moves(), book, counter.balance)
    assert (None if state is None else document_of(state)) == counter.document
    if state is not None:
        assert state.balance == counter.balance


@settings(max_examples=examples(40))
@given(st.data())
def test_every_event_is_read_as_it_was_written(data: st.DataObject) -> None:
    event = data.draw(events(["d0", "d1"]))
    happened = Happened("A1", 3, 8, NOW, "Layla", "e-1", event)
    kept = event_document(happened)
    back = happened_from("A1", 3, 8, event.kind, NOW, "Layla", event.reason, kept)
    if isinstance(event, DebtAdded):
        # What was taken in no month is not kept.
        debt = event.debt
        taken = debt.taken if debt.taken_in is not None else None
        happened = replace(happened, event=replace(event, debt=replace(debt, taken=taken)))
    assert back == happened
    assert event_document(back) == kept


def test_events_stand_behind_the_entry_they_name() -> None:
    moves = list(
        in_order(
            [_sold(1), _sold(3), _sold(4)],
            [Voided(5, NOW, _sold(3).quote)],
            [_noted(1, 0), _noted(2, 3), _noted(3, 3), _noted(4, 5)],
        )
    )
    told = [f"e{m.seq}" if isinstance(m, Happened) else m.entry for m in moves]
    assert told == ["e1", 1, 3, "e2", "e3", 4, 5, "e4"]


def _noted(seq: int, after: int) -> Happened:
    return Happened("A1", seq, after, NOW, "Layla", "", FeeAdded(reason="noted", code="once"))


def _sold(entry: int) -> Sold:
    return Sold(entry, NOW, SOLD)


def test_a_sale_of_nothing_leaves_the_account_as_it_was() -> None:
    nothing = replace(SOLD, quantity=Energy(0), lines=())
    opening = Opening(Commodity.ELECTRICITY, "ILS")
    assert after_sale(STATE, opening, nothing, NOW, TARIFF) is STATE
    moves: list[Move] = [Sold(1, NOW, nothing), Voided(2, NOW, nothing)]
    assert folded(opening, moves, TariffBook([TARIFF]), Money(0)) is None


def test_a_report_counts_every_problem_and_tells_the_first_hundred() -> None:
    """Of an account two: nothing ever happened to it, and the ledger says that it owes 10.00."""
    book = TariffBook([TARIFF])
    kept = KeptAccount("A1", "electricity", None, TARIFF.code, "{}", 1000, [])
    few = checked([kept], [("A9", 100)], book, "ILS")
    assert [(one.agreement, one.what, one.detail) for one in few.problems] == [
        ("A1", "unexpected", ""),
        ("A1", "debts", "ledger 10.00 ILS, account 0.00 ILS"),
        ("A9", "debts", "ledger 1.00 ILS"),
    ]
    assert (few.accounts, few.found) == (1, 3)
    for accounts, strays in ((60, 3), (2, 97), (49, 3)):
        report = checked([kept] * accounts, [("A9", 100)] * strays, book, "ILS")
        told = (report.accounts, report.found, len(report.problems))
        assert told == (accounts, 2 * accounts + strays, 100)
    assert report.problems[-1] == few.problems[-1]

    def broken(accounts: int) -> Iterator[KeptAccount]:
        yield from [kept] * accounts
        raise ValueError

    for accounts, most in ((1, 4), (60, 100)):
        report = checked(broken(accounts), [("A9", 100)], book, "ILS")
        assert (report.found, len(report.problems)) == (2 * accounts + 2, most)
        assert AccountProblem("", "unreadable", "ValueError") in report.problems
    assert unreadable("A1", DebtUnknown("e")).detail == str(DebtUnknown("e"))


def test_only_debts_of_their_own_account_are_held_against_it() -> None:
    opened = {"reason": "noted", "source": "Bill 7"}
    moves: list[Move] = [
        replace(_noted(1, 0), event=DebtAdded(debt=STATE.debts[0], **opened)),
        replace(
            _noted(2, 0),
            event=DebtAdded(debt=replace(STATE.debts[0], code="e", book="fines"), **opened),
        ),
    ]
    kept = KeptAccount("A1", "electricity", None, TARIFF.code, None, 0, moves)
    _, owed = rebuilt(kept, TariffBook([TARIFF]), "ILS")
    assert owed == STATE.debts[0].owed.minor


def told_of(moves: list[Move], tariff: str = TARIFF.code) -> dict[str, str]:
    kept = KeptAccount("A1", "electricity", None, tariff, None, 0, moves)
    report = checked([kept], [], TariffBook([TARIFF]), "ILS")
    return {one.what: one.detail for one in report.problems if one.what != "missing"}


def test_of_each_kind_of_problem_the_first_is_told() -> None:
    wrong = replace(SOLD, used_before=Energy(5), lines=())
    later = replace(SOLD, used_before=Energy(7), lines=())
    assert told_of([Sold(1, NOW, wrong), Sold(2, NOW, later)]) == {"use_before": "1: 5, 0"}
    assert told_of([_noted(3, 0), _noted(7, 0)]) == {"event_missing": "1: found 3"}
    went = TariffChanged(reason="noted", before="other", tariff="third", charges=())
    moved = replace(_noted(1, 1), event=went)
    sold = Sold(1, NOW, replace(SOLD, lines=()))
    assert told_of([sold, moved], "third") == {"tariff_undecided": f"{TARIFF.code}, other"}
    assert told_of([sold, moved], "fourth") == {"tariff_undecided": f"{TARIFF.code}, other"}
    right = replace(moved, event=replace(went, before=TARIFF.code))
    assert told_of([sold, right], "fourth") == {"tariff_undecided": "third, fourth"}
    assert told_of([sold, right], "third") == {}


def test_an_account_has_the_balance_that_the_ledger_says() -> None:
    opening = Opening(Commodity.ELECTRICITY, "ILS")
    state = folded(opening, [_sold(1)], TariffBook([TARIFF]), Money(77))
    assert state is not None
    assert state.balance == Money(77)


def test_a_fee_that_had_got_lost_is_due_in_the_rebuilt_account() -> None:
    """Books of before: it was lost in a payment for another thing, and perhaps put on once more."""
    (tariff,) = parse_tariffs(WITH_FEE, "t")
    told = begun(AccountState(Money(0), debts=STATE.debts), Commodity.ELECTRICITY, None, THIS_MONTH)
    paid = pay_owed(tariff, Money(500), told, NOW, "d")
    opening = Opening(Commodity.ELECTRICITY, "ILS")
    debt = DebtAdded(reason="noted", debt=STATE.debts[0], source="Bill 7")
    moves: list[Move] = [
        replace(_noted(1, 0), event=debt),
        _noted(2, 0),
        Sold(1, NOW, paid),
        _noted(3, 1),
    ]
    for some in (moves[:3], moves):
        state = folded(opening, some, TariffBook([tariff]), Money(0))
        assert state is not None
        assert state.fees == (FeeDue("once"),)
        kept = document_of(replace(state, fees=()))
        account = KeptAccount("A1", "electricity", None, tariff.code, kept, 1000, some)
        (problem,) = checked([account], [], TariffBook([tariff]), "ILS").problems
        assert (problem.what, problem.detail) == ("differs", "fees")


def test_an_event_of_before_is_written_as_it_was() -> None:
    """A fee whose sum nobody noted: its text, and so its hash, has not changed."""
    assert event_document(_noted(1, 0)) == '{"code":"once"}'
    noted = replace(_noted(1, 0), event=FeeAdded(reason="noted", code="once", owed=Money(900)))
    assert event_document(noted) == '{"code":"once","owed":[900,"ILS"]}'
    asked = WriteDownAsked(reason="noted", code="d", off=Money(100))
    told = '{"code":"d","id":"w-1","off":[100,"ILS"],"outcome":null,"to":null}'
    assert event_document(replace(_noted(1, 0), id="w-1", event=asked)) == told
