"""Sets that tell a number alone share most of their sections: which one a meter has taken, and what
it is given. On both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meters.values import replace as replaced
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.support import OPERATOR, POWER, TECHNICIAN
from tokens.sts import EncryptionAlgorithm
from vending.accounting.daily import TokenMade
from vending.accounting.issuer import Issuer, made_under
from vending.aftersale import Evidence, SaleState
from vending.keychanges import KeyChangeState
from vending.sale import SaleReceipt

from .support import ANEW, MADE, OLD, OVERLAP, REVISED, module, stand_in
from .test_voided import CHIEF, Keypad
from .town import BOSS, WHY, Told

S = KeyChangeState
EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_the_log_tells_sets_within_a_key_apart(place: Path | str, ea: EncryptionAlgorithm) -> None:
    """All but one or two of their sections are the same."""
    town = Told(place, ea)
    town.gateway = Keypad(town.gateway)  # type: ignore[assignment]
    town.key_is_now(replace(OLD, ken=243))
    first = town.sold("v-1")
    town.key_is_now(replace(OLD, ken=250))
    second = town.sold("v-2")
    shared = {one.digits for one in first.key_tokens} & {one.digits for one in second.key_tokens}
    assert len(shared) == (1 if ea is EA07 else 3)
    assert town.typed(first) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.proof.taken is not True
    assert town.typed(second) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.note, looked.change.state) == ("the log holds the set, taken", S.CONFIRMED)
    town.check()
    town.store.close()


def test_a_void_takes_no_other_set_for_its_own(place: Path | str) -> None:
    """The section that completes both sets is the same."""
    town = Told(place)
    town.key_is_now(replace(OLD, ken=227))
    first = town.sold("v-1")
    town.key_is_now(replace(OLD, ken=243))
    second = town.sold("v-2")
    assert first.key_tokens[-1] == second.key_tokens[-1]
    assert town.typed(first) is TokenResult.ACCEPT
    assert town.service.void(CHIEF, "v-2", WHY).evidence is Evidence.NOT_IN_LOG
    assert town.typed(town.sold("v-3")) is TokenResult.ACCEPT
    assert town.machine.memory.acceptance.ken == town.meter().ken == 243
    town.check()
    town.store.close()


def test_a_token_that_the_set_before_opens_proves_no_expiry_number(place: Path | str) -> None:
    """The meter has the revised key, and was never told when that ends."""
    town = Told(place)
    town.gateway = Keypad(town.gateway)  # type: ignore[assignment]
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    first = town.sold("v-1")
    town.key_is_now(OLD, replace(REVISED, ken=250))
    second = town.sold("v-2")
    assert len(second.key_tokens) == 2
    assert town.typed(first) is TokenResult.ACCEPT
    assert town.typed(replaced(second, key_tokens=())) is TokenResult.ACCEPT
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert (looked.proof.taken, looked.change.state) == (False, S.ISSUED)
    town.check()
    town.store.close()


@pytest.mark.parametrize("ea", [EA07, EA11])
def test_a_set_within_a_key_is_delivered_whole_behind_another(
    place: Path | str, ea: EncryptionAlgorithm
) -> None:
    town = Told(place, ea)
    for vend_id, ken in (("v-1", 243), ("v-2", 250), ("v-3", 243)):
        town.key_is_now(replace(OLD, ken=ken))
        town.sold(vend_id)
        assert town.service.deliver(OPERATOR, vend_id).state is SaleState.DELIVERED
        assert town.machine.memory.acceptance.ken == town.meter().ken == ken
    town.check()
    town.store.close()


def test_a_set_that_another_came_behind_is_not_delivered_any_more(place: Path | str) -> None:
    """The meter would be told what does not hold."""
    town = Told(place)
    town.key_is_now(replace(OLD, ken=243))
    town.sold("v-1")
    town.key_is_now(replace(OLD, ken=250))
    assert town.typed(town.sold("v-2")) is TokenResult.ACCEPT
    assert town.service.deliver(OPERATOR, "v-1").state is SaleState.DELIVERED
    assert town.machine.memory.acceptance.ken == 250
    town.check()
    town.store.close()


def test_registers_prove_no_expiry_number_that_the_meter_had_before_another_base_date(
    place: Path | str,
) -> None:
    """No register tells the base date."""
    town = Told(place)
    town.clock.now = OVERLAP
    town.machine = stand_in(town.meter(), OLD, OVERLAP, MADE)
    town.gateway = DirectGateway(town.machine, POWER, town.clock)
    papers: list[SaleReceipt] = []
    for ken in (255, 75, 255):
        town.key_is_now(replace(ANEW, ken=ken))
        papers.append(town.sold(f"v-{len(papers)}"))
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.proof.taken is not True
    assert [town.typed(paper) for paper in papers] == [TokenResult.ACCEPT] * 3
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.change.state is S.CONFIRMED
    town.check()
    town.store.close()


def test_the_daily_check_opens_sets_of_before_under_whichever_base_date_their_key_had(
    tmp_path: Path,
) -> None:
    """The documents of their sales do not say, and the key counts from another day by now."""
    town = Told(tmp_path / "books.db")
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    sold = town.sold("v-1")
    sections = [
        TokenMade(f"key_change_{one.section}", None, 0, "", POWER.pan.number, "14", one.digits)
        for one in sold.key_tokens
    ]
    buyer = {"sgc": OLD.ref.sgc, "krn": 2, "ti": 1, "ea": "07"}
    move = {"from_sgc": OLD.ref.sgc, "from_krn": 1, "from_ti": 1}
    under = made_under({"buyer": buyer, "key_move": move})
    for key in (OLD, ANEW):
        issuer = Issuer(module(key, REVISED))
        assert [issuer.made(one, under) for one in sections] == [True, True]
        assert not issuer.made(sections[0], replace(under, left_ti=2))
    town.store.close()
