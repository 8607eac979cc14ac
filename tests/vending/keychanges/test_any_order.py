"""Key changes of one meter in any order: planned, told anew as the key gets another expiry number,
sold behind, taken back, handed out again. Whatever happens, a customer who types what they have in
its order gets what they paid for, and the books end with the key that the meter has."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from meters.errors import RaseedError
from meters.gateway import Gateway
from tests.contracts.any_order import run_machine
from tests.databases import Postgres, new_place
from tests.vending.support import OPERATOR, POWER
from vending.parties import Meter
from vending.sale import SaleReceipt

from .support import OLD, REVISED
from .test_voided import CHIEF, LOST, TAKEN_BACK, Keypad
from .town import BOSS, WHY, Told

KENS: Final = (255, 200, 150)
"""Expiry numbers that lie far ahead."""
THEN: Final = st.sampled_from(["", "seen", "held"])
"""What is sold behind it."""


class Town(Told):
    """Its meter may have no registers that tell of its key."""

    tells = True

    def line(self, meter: Meter) -> Gateway:
        gateway = super().line(meter)
        return gateway if self.tells else Keypad(self.gateway)


def told(act: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[Any, RaseedError | None]:
    try:
        return act(*arguments, **named), None
    except RaseedError as error:
        return None, error


class KeyOrders(RuleBasedStateMachine):
    """One meter, and the papers of its customer."""

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.town = Town(new_place(kind, self.folder, server))
        self.keys = [OLD, REVISED]
        self.papers: dict[str, SaleReceipt] = {}
        """Those that stand, in their order; without digits while nobody has seen them."""
        self.typed: set[str] = set()
        self.sold = 0

    # The office

    @initialize(hold=st.booleans())
    def begin(self, hold: bool) -> None:
        """With a set that is out."""
        self.plan(2, 1, "held" if hold else "seen")

    @rule(krn=st.sampled_from([1, 2]), ti=st.sampled_from([1, 1, 7]), then=THEN)
    def plan(self, krn: int, ti: int, then: str) -> None:
        _, error = told(self.town.changes.plan, BOSS, POWER.number, WHY, krn=krn, ti=ti)
        self.only(error, "keychange.open", "keys.change_not_permitted")
        self.sell_then(then)

    @rule()
    def cancel(self) -> None:
        _, error = told(self.town.changes.cancel, BOSS, POWER.number, WHY)
        self.only(error, "keychange.none", "keychange.step")

    @rule(which=st.integers(0, 1), ken=st.sampled_from(KENS), then=THEN)
    def tell_anew(self, which: int, ken: int, then: str) -> None:
        self.keys[which] = replace(self.keys[which], ken=ken)
        self.town.key_is_now(*self.keys)
        self.sell_then(then)

    def sell_then(self, then: str) -> None:
        if then:
            self.sell(hold=then == "held")

    @rule(hold=st.booleans())
    def sell(self, hold: bool) -> None:
        self.sold += 1
        vend_id = f"v-{self.sold}"
        self.papers[vend_id] = self.town.sold(vend_id, hold=hold)

    @rule(which=st.integers(0, 9))
    def show(self, which: int) -> None:
        if self.papers:
            vend_id = list(self.papers)[which % len(self.papers)]
            self.papers[vend_id] = self.town.service.show(OPERATOR, vend_id)

    @rule(which=st.integers(0, 9), tells=st.booleans())
    def void(self, which: int, tells: bool) -> None:
        if not self.papers:
            return
        vend_id = list(self.papers)[-1 - which % len(self.papers)]
        self.town.tells = tells
        self.town.clock.forward(minutes=3)
        _, error = told(self.town.service.void, CHIEF, vend_id, TAKEN_BACK)
        self.only(error, "void.token_taken", "void.not_proved")
        if vend_id in self.typed:
            assert error is not None
        if error is None:
            del self.papers[vend_id]

    @rule(tells=st.booleans())
    def confirm(self, tells: bool) -> None:
        self.town.tells = tells
        _, error = told(self.town.changes.confirm_by_reading, OPERATOR, POWER.number)
        self.only(error, "keychange.none", "keychange.set_not_out", "keychange.moved")

    @rule()
    def say_entered(self) -> None:
        """Of what is in the meter: what is not true is not said."""
        # Not where the books stand: whose set was taken back, they are where it began.
        state = self.town.machine.memory.acceptance
        to = [change.move for change in self.town.changes.of_meter(BOSS, POWER.number, limit=1)]
        if (state.krn, state.ti, state.ken) in [(m.to_krn, m.to_ti, m.to_ken) for m in to]:
            _, error = told(self.town.changes.mark_entered, OPERATOR, POWER.number)
            self.only(
                error,
                "keychange.none",
                "keychange.step",
                "keychange.set_held",
                "keychange.set_unseen",
            )

    # The customer

    @property
    def untyped(self) -> list[SaleReceipt]:
        return [paper for id, paper in self.papers.items() if id not in self.typed]

    @rule(whole=st.booleans())
    def type_next(self, whole: bool) -> None:
        """The next paper, perhaps without its credit."""
        if not self.untyped or not self.is_seen(self.untyped[0]):
            return
        paper = self.untyped[0]
        if whole:
            self.type_paper(paper)
        else:
            self.enter(*[token.digits for token in paper.key_tokens])

    @rule()
    def type_all(self) -> None:
        """All that was sold is shown and typed in its order, with what is handed out again where
        the meter refuses something."""
        for vend_id, paper in self.papers.items():
            if not self.is_seen(paper):
                self.papers[vend_id] = self.town.service.show(OPERATOR, vend_id)
        self.try_papers()
        if self.untyped:
            again = self.town.changes.tokens_again(OPERATOR, POWER.number, LOST)
            digits = [token.digits for token in again.tokens]
            for place in range(0, len(digits), 2):
                self.enter(*digits[place : place + 2])
                self.try_papers()
        assert not self.untyped

    @rule()
    def buys_and_uses(self) -> None:
        self.type_all()
        self.sell(hold=False)
        self.try_papers()
        assert not self.untyped
        state, held = self.town.machine.memory.acceptance, self.town.meter()
        assert (state.krn, state.ti, state.ken) == (held.krn, held.ti, held.ken)
        # A plan whose need has passed, as the key was changed back, hinders nothing.
        left = held.planned
        assert left is None or (left.krn, left.ti) == (held.krn, held.ti)
        self.town.check()

    def try_papers(self) -> None:
        """Once more those that were refused, as long as that helps."""
        while True:
            before = len(self.untyped)
            for paper in self.untyped:
                self.type_paper(paper)
            if len(self.untyped) in (0, before):
                return

    def type_paper(self, paper: SaleReceipt) -> None:
        self.enter(*[token.digits for token in paper.key_tokens])
        if self.enter(paper.tokens[-1].digits):
            self.typed.add(paper.vend_id)

    def enter(self, *digits: str) -> bool:
        """One behind the other, and after a while, so that the keypad is not locked."""
        taken = False
        self.town.clock.forward(minutes=30)
        for token in digits:
            taken = self.town.machine.enter_token(token, self.town.clock()).result.is_taken
        return taken

    def is_seen(self, paper: SaleReceipt) -> bool:
        return bool(paper.tokens[-1].digits)

    def only(self, error: RaseedError | None, *codes: str) -> None:
        if error is not None:
            assert error.code in codes, error.code

    def teardown(self) -> None:
        try:
            self.buys_and_uses()
        finally:
            self.town.store.close()
            shutil.rmtree(self.folder)


@pytest.mark.system
@pytest.mark.hypothesis
def test_keys_are_changed_in_any_order(kind: str, server: Postgres | None) -> None:
    run_machine(KeyOrders, kind, server, sqlite=6, postgresql=2, steps=25)
