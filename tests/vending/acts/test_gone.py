"""Sales to a meter that is out of use: the table of the guide, row by row; and that a void and what
was moved never give the same value twice, in any order. On both databases."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.gateway import PushAccepted, PushOutcome, PushRefused, PushUnknown
from meters.identity import Drn
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.acts.support import (
    CHIEF,
    CLERK,
    FRESH,
    NEXT_DOOR,
    OTHER_CHIEF,
    RAMI,
    WHY,
    Office,
    P,
    new_meter,
    office_at,
    put_in,
)
from tests.vending.support import POWER
from vending.acts import Source
from vending.acts.errors import DownSinceWrong, SeenAlive
from vending.aftersale import Evidence, SaleState
from vending.approvals.errors import ApprovalIdReused
from vending.clock import ClockWentBack
from vending.messages import Language, term, words_for
from vending.record import SaleRecord
from vending.sale import SaleReceipt
from vending.voidproof import Proved, Proving
from vending.voidrules import GONE
from vending.voids import GoneUnproved, TokenTaken

GUIDE: Final = Path(__file__).parents[3] / "docs" / "billing.md"
SEEN: Final = {
    "before the exchange",
    "behind the exchange",
    "when the meter was dead",
    "sent, without an answer",
}


def table() -> list[tuple[str, ...]]:
    """The rows of the guide."""
    part = GUIDE.read_text("utf-8").partition("### A sale to a meter that is gone")[2]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in part.splitlines()
        if line.startswith("|")
    ]
    first = next(place for place, row in enumerate(rows) if set(row[0]) == {"-"})
    return [row for row in rows[first + 1 :] if row[0] in SEEN]


ROWS: Final = table()


def push_into_silence(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    push = DirectGateway.push_token

    def lost(gateway: DirectGateway, digits: str) -> PushOutcome:
        push(gateway, digits)
        return PushUnknown("answer lost")

    monkeypatch.setattr(DirectGateway, "push_token", lost)
    assert office.service.deliver(CLERK, "v-1").state is SaleState.UNKNOWN


def answer(office: Office) -> str:
    """What a void of the sale answers, as the guide has it."""
    try:
        return f"voided: `{office.service.void(CHIEF, 'v-1', WHY).evidence.value}`"
    except TokenTaken:
        return "refused: `taken`"
    except GoneUnproved as error:
        return f"refused: `{error.why}`"


@pytest.mark.parametrize("row", ROWS, ids=["-".join(row) for row in ROWS])
def test_the_table_of_the_guide(
    office: Office, row: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, by, second, bench, expected = row
    source = Source(by.split()[0])
    dead = office.town.clock()
    if by == "reading before the sale":
        office.sell("v-0")
        office.type_in("v-0")
        office.service.read_account(RAMI, P)
    office.town.clock.forward(minutes=5)
    down_since = dead + timedelta(minutes=1) if seen == "when the meter was dead" else None
    if seen == "behind the exchange":
        office.sell_held("v-1")
    else:
        office.sell("v-1")
    if seen == "sent, without an answer":
        push_into_silence(office, monkeypatch)
    if by == "reading behind the sale":
        office.town.clock.forward(minutes=1)
        office.service.read_account(RAMI, P)
    if bench == "log with the token":
        assert office.type_in("v-1") is TokenResult.ACCEPT
    if bench == "log that was cleared":
        for _ in range(40):
            office.meters[POWER].enter_token("1" * 20, office.town.clock())
            office.town.clock.forward(minutes=30)
    units = "20" if source in (Source.PHOTO, Source.LAB) else None
    put_in(office, source, units, down_since)
    if bench == "does not answer":
        office.lose()
    if second == "yes":
        office.approve("X-1")
    if seen == "behind the exchange":
        office.service.show(CLERK, "v-1")
    assert answer(office) == expected
    office.check()
    if expected.startswith("refused") and "taken" not in expected:
        # The other way is open.
        office.ask("M-1", "void_refund", sale="v-1")
        office.approve("M-1")
        office.check()


def test_the_table_has_every_case() -> None:
    assert len(ROWS) >= len(GONE)
    told = {row[-1].split("`")[1] for row in ROWS}
    assert {row.name for row in GONE if not row.proves} <= told
    assert {row[0] for row in ROWS} == SEEN


def test_a_refusal_tells_what_to_do_instead() -> None:
    for row in GONE:
        error = GoneUnproved("v-1", P, row.name)
        for language in Language:
            told = words_for(error, language)
            assert "void-refund v-1" in told
            assert term(row.name, language) in told
            assert term(row.name, language) != row.name


def test_a_meter_is_not_dead_while_it_answers(office: Office) -> None:
    office.sell("v-1")
    before = office.town.clock()
    office.town.clock.forward(minutes=5)
    office.service.read_account(RAMI, P)
    for since in (before, office.town.clock()):
        with pytest.raises(SeenAlive):
            put_in(office, Source.NONE, down_since=since)
    with pytest.raises(DownSinceWrong):
        put_in(office, Source.NONE, down_since=office.town.clock() + timedelta(days=1))
    office.service.deliver(CLERK, "v-1")
    with pytest.raises(SeenAlive):
        put_in(office, Source.NONE, down_since=office.town.clock() - timedelta(minutes=1))
    office.town.clock.forward(minutes=5)
    office.sell("v-2")
    office.service.void(CHIEF, "v-2", WHY)
    with pytest.raises(SeenAlive):
        put_in(office, Source.NONE, down_since=office.town.clock() - timedelta(minutes=1))
    office.town.clock.forward(minutes=5)
    since = office.town.clock() - timedelta(minutes=1)
    put_in(office, Source.NONE, down_since=since)
    put_in(office, Source.NONE, down_since=since)
    with pytest.raises(ApprovalIdReused):
        put_in(office, Source.NONE)


def test_what_was_refused_is_not_confirmed(office: Office) -> None:
    office.town.clock.forward(minutes=5)
    dead = office.town.clock()
    office.sell("v-1")
    put_in(office, Source.NONE, down_since=dead)
    office.lose()
    office.approvals.refuse(OTHER_CHIEF, "X-1", "It blinked on Tuesday")
    assert answer(office) == "refused: `down_unconfirmed`"


def test_used_once_more_behind_the_books_that_a_void_has_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put in next door and taken out there, the meter may have taken what was shown before."""
    office.sell_held("v-1")
    put_in(office, Source.NONE)
    office.service.show(CLERK, "v-1")
    office.lose()
    next_door = office.service.meter(CLERK, NEXT_DOOR.number).agreement.number
    proved = Proving.proved

    def then_used(self: Proving, record: SaleRecord) -> Proved:
        found = proved(self, record)
        assert found.proof.evidence is Evidence.METER_GONE
        for id, meter in (("X-2", POWER), ("X-3", Drn.from_serial("01", 9200))):
            office.town.clock.forward(minutes=3)
            new = new_meter(meter)
            office.exchanges.exchange(RAMI, id, next_door, new, Source.NONE, WHY)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Proving, "proved", then_used)
        with pytest.raises(GoneUnproved, match="nothing_read"):
            office.service.void(CHIEF, "v-1", WHY)
    assert office.service.what_became(CLERK, "v-1").void is None


@pytest.mark.parametrize(
    ("verdict", "state", "expected"),
    [
        (PushRefused(TokenResult.OVERFLOW_ERROR), SaleState.REFUSED, "voided: `meter_gone`"),
        (PushAccepted(TokenResult.ACCEPT), SaleState.DELIVERED, "refused: `taken`"),
    ],
)
def test_digits_that_only_the_line_has_seen(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    verdict: PushOutcome,
    state: SaleState,
    expected: str,
) -> None:
    """Nobody could type them; whether the meter took them when they were sent, it said."""
    office.sell_held("v-1")
    monkeypatch.setattr(DirectGateway, "push_token", lambda *_: verdict)
    assert office.service.deliver(CLERK, "v-1").state is state
    put_in(office, Source.NONE)
    office.lose()
    assert answer(office) == expected
    office.check()


@dataclass
class Story:
    """What may happen to two sales and their meter, in any order; what cannot, is refused."""

    office: Office
    exchanged: bool = False
    papers: dict[str, SaleReceipt] = field(default_factory=dict)
    """What somebody has in the hand, whatever became of the sale."""
    taken: dict[str, int] = field(default_factory=dict)
    """Units of the tokens that the meter took, and were not taken back before."""
    kept: set[str] = field(default_factory=set)
    """Typed in behind their void: the paper was not given back."""

    def sell(self, vend_id: str) -> None:
        self.office.sell(vend_id)
        self.show(vend_id)

    def sell_held(self, vend_id: str) -> None:
        self.office.sell_held(vend_id)

    def show(self, vend_id: str) -> None:
        self.papers[vend_id] = self.office.service.show(CLERK, vend_id)

    def type_in(self, vend_id: str) -> None:
        """Whoever has the paper, as long as the meter hangs there."""
        if self.exchanged or vend_id not in self.papers:
            return
        (token,) = self.papers[vend_id].tokens
        meter, now = self.office.meters[POWER], self.office.town.clock()
        if meter.enter_token(token.digits, now).result is TokenResult.ACCEPT:
            assert token.quantity is not None
            if vend_id in self.voided:
                self.kept.add(vend_id)
            else:
                self.taken[vend_id] = token.quantity.value

    def read(self, _: str) -> None:
        self.office.service.read_account(RAMI, P)

    def exchange(self, source: str) -> None:
        """A photo and a laboratory tell what was sold for money that stayed; a reading, all."""
        if self.exchanged:
            return
        units = f"{self.left / 1000:g}" if source in ("photo", "lab") else None
        put_in(self.office, Source(source), units)
        self.exchanged = True

    def burn(self, _: str) -> None:
        if self.exchanged:
            self.office.lose()

    def move(self, _: str) -> None:
        self.office.approve("X-1")

    def move_again(self, source: str) -> None:
        units = f"{self.left / 1000:g}"
        self.office.ask("X-2", "transfer", agreement="A1", old_meter=P, units=units, source=source)
        self.office.approve("X-2")

    def void(self, vend_id: str) -> None:
        self.office.service.void(CHIEF, vend_id, WHY)

    @property
    def left(self) -> int:
        return sum(self.taken.values())

    @property
    def voided(self) -> set[str]:
        with self.office.town.store.reading() as books:
            return {one for one in ("v-1", "v-2") if books.void_of(one) is not None}

    def check(self) -> None:
        """Whose money was given back was not on the meter then, and what was moved is of those
        whose money stayed."""
        assert not self.voided & set(self.taken)
        assert self.office.balance("meters_electricity", FRESH.number) <= self.left


SOURCES: Final = ("none", "reading", "photo", "lab")
SALE = st.sampled_from(["v-1", "v-2"])
STEP = st.one_of(
    st.tuples(st.sampled_from(["sell", "sell_held", "type_in", "type_in", "show", "void"]), SALE),
    st.tuples(st.sampled_from(["read", "burn", "move", "void"]), SALE),
    st.tuples(st.sampled_from(["exchange", "move_again"]), st.sampled_from(SOURCES)),
)


@given(steps=st.lists(STEP, min_size=4, max_size=14))
@settings(deadline=None, max_examples=60)
def test_nothing_is_given_twice_in_any_order(steps: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, office_at(Path(folder) / "books.db") as office:
        story = Story(office)
        for name, subject in steps:
            act: Callable[[str], None] = getattr(story, name)
            with suppress(RaseedError):
                act(subject)
            story.check()


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("ends", ["void move", "move void", "void burn move", "burn void move"])
def test_the_likely_orders(
    office: Office, *, held: bool, typed: bool, source: str, ends: str
) -> None:
    """The same on both databases."""
    story = Story(office)
    steps = [("sell", "v-1"), ("type_in", "v-1"), ("sell_held" if held else "sell", "v-2")]
    steps += [("type_in", "v-2"), ("read", ""), ("exchange", source)] if typed else []
    steps += [] if typed else [("read", ""), ("exchange", source), ("show", "v-2")]
    steps += [(name, source if name == "move_again" else "v-2") for name in ends.split()]
    for name, subject in [*steps, ("move_again", "photo"), ("void", "v-1"), ("void", "v-2")]:
        with suppress(RaseedError):
            getattr(story, name)(subject)
        story.check()
    office.check()


def test_a_clock_that_was_set_back_proves_nothing(office: Office) -> None:
    """By the moment of the exchange a token that was used before would have come out behind it."""
    office.sell("v-1")
    assert office.type_in("v-1") is TokenResult.ACCEPT
    office.lose()
    now = office.town.clock.now
    office.town.clock.forward(days=-1)
    with pytest.raises(ClockWentBack):
        put_in(office, Source.NONE)
    office.town.clock.now = now
    put_in(office, Source.NONE)
    office.town.clock.forward(minutes=10)
    with pytest.raises(GoneUnproved, match="nothing_read"):
        office.service.void(OTHER_CHIEF, "v-1", WHY)
    # Repeated, it is answered by any clock.
    office.town.clock.forward(days=-1)
    put_in(office, Source.NONE)
