"""Many meters at once, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.support import OPERATOR, POWER, SGC, TECHNICIAN
from tokens.sts import BaseDate, EncryptionAlgorithm, KeyChangeNotPermitted, KeyRef, KeyUnknown
from vending.keychanges import Campaign, KeyChangeState, Scope, planning
from vending.keychanges.ports import Standing
from vending.permissions import ActorNotAllowed

from .support import APART, FIRST, OLD, OTHER, OVERLAP, REVISED, SHORT, THIRD, module
from .town import BOSS, WHY, KeyTown

S = KeyChangeState


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "AT_ONCE", 4)


def test_all_meters_of_a_key_are_planned_and_followed(place: Path | str) -> None:
    town = KeyTown(place, more_meters=9)
    town.changes.plan(BOSS, POWER.number, WHY, ti=4)
    town.issue()
    made = town.changes.plan_campaign(BOSS, OLD.ref, REVISED.ref, WHY)
    # One meter has tokens out that nobody has entered.
    assert made == Campaign(OLD.ref, REVISED.ref, 10, Standing(0, 1, 0, 0))
    assert town.meter().planned is None

    again = town.changes.plan_campaign(BOSS, OLD.ref, REVISED.ref, WHY)
    assert again == Campaign(OLD.ref, REVISED.ref, 0, Standing(10, 1, 0, 0))
    town.changes.mark_entered(OPERATOR, POWER.number)
    later = town.changes.plan_campaign(BOSS, OLD.ref, REVISED.ref, WHY)
    assert (later.planned, later.left_out) == (1, Standing(10, 0, 0, 0))
    planned = town.meter().planned
    assert planned is not None
    assert (planned.krn, planned.ti) == (2, 4)

    scope = Scope(OLD.ref, REVISED.ref)
    town.clock.forward(days=1)
    town.issue("v-2")
    left = town.changes.left(TECHNICIAN, scope)
    assert left.counts == {S.PLANNED: 10, S.ISSUED: 1}
    assert left.oldest is not None
    assert (town.clock() - left.oldest).days == 1
    everything = town.changes.left(TECHNICIAN).counts
    assert everything == {S.PLANNED: 10, S.ISSUED: 1, S.ENTERED: 1}
    page = town.changes.changes(TECHNICIAN, [S.PLANNED], scope, limit=6)
    rest = town.changes.changes(TECHNICIAN, [S.PLANNED], scope, after=page[-1].id)
    assert [len(page), len(rest)] == [6, 4]
    ids = [change.id for change in (*page, *rest)]
    assert ids == sorted(ids)
    (issued,) = town.changes.changes(TECHNICIAN, [S.ISSUED, S.CONFIRMED], scope)
    assert (issued.meter, issued.move.from_ti, issued.move.to_ti) == (POWER.number, 4, 4)

    assert town.changes.cancel_campaign(BOSS, scope, "The key centre called it off") == 10
    assert town.changes.cancel_campaign(BOSS, scope, "The key centre called it off") == 0
    assert town.changes.left(TECHNICIAN, scope).counts == {S.CANCELLED: 10, S.ISSUED: 1}
    assert not any(file.meter.planned for file in town.service.meters(BOSS))
    assert town.changes.changes(TECHNICIAN, (), Scope(target=OTHER.ref)) == []
    # What is out is followed as before, and what was called off can be planned anew.
    assert town.changes.plan_campaign(BOSS, OLD.ref, OTHER.ref, WHY).planned == 10
    # Each change and each step is attested, also those of many at once.
    town.check()
    town.store.close()


def test_a_campaign_over_tariff_indexes_leaves_those_that_have_it(place: Path | str) -> None:
    town = KeyTown(place, more_meters=2)
    with town.store.writing() as books:
        books._db.exec_driver_sql(f"UPDATE meters SET ti = 5 WHERE number = '{POWER.number}'")
    made = town.changes.plan_campaign(BOSS, OLD.ref, OLD.ref, WHY, ti=5)
    assert (made.planned, made.left_out) == (3, Standing(0, 0, 1, 0))
    # All of them keep what they have: nothing to do.
    assert town.changes.plan_campaign(BOSS, OLD.ref, OLD.ref, WHY).left_out.there == 4
    town.store.close()


def test_ciphers_that_the_new_key_does_not_serve_are_left_out(place: Path | str) -> None:
    """A key of 8 bytes serves 64-bit meters alone."""
    town = KeyTown(place, EncryptionAlgorithm.EA11, more_meters=1)
    with town.store.writing() as books:
        books._db.exec_driver_sql(f"UPDATE meters SET ea = '07' WHERE number = '{POWER.number}'")
    made = town.changes.plan_campaign(BOSS, OLD.ref, SHORT.ref, WHY)
    assert (made.planned, made.left_out) == (1, Standing(0, 0, 0, 2))
    town.store.close()


def test_a_base_date_that_ends_moves_each_key_to_the_one_that_takes_over(
    place: Path | str,
) -> None:
    town = KeyTown(place, more_meters=2)
    town.clock.now = OVERLAP
    made = town.changes.plan_base_date(BOSS, BaseDate.BASE_2014, WHY)
    told = {campaign.source: (campaign.target, campaign.planned) for campaign in made}
    assert told[OLD.ref] == (THIRD.ref, 4)
    # No key of that group counts from a later date.
    assert told[OTHER.ref] == (None, 0)
    held = module().keys()
    assert set(told) == {key.ref for key in held if key.base_date is BaseDate.BASE_2014}
    assert town.changes.plan_base_date(BOSS, BaseDate.BASE_2035, WHY) == [
        Campaign(THIRD.ref, None, 0, Standing(0, 0, 0, 0))
    ]
    assert FIRST.ref not in told
    made_set, sold = town.issue()
    assert sold.buyer.base_date == "35"
    town.type_in(made_set)
    assert town.machine.memory.acceptance.krn == THIRD.ref.krn
    assert set(town.machine.memory.acceptance.tids) == {0}
    town.store.close()


def test_campaigns_that_cannot_be(tmp_path: Path) -> None:
    town = KeyTown(tmp_path / "books.db")
    with pytest.raises(KeyUnknown):
        town.changes.plan_campaign(BOSS, OLD.ref, KeyRef(SGC, 7), WHY)
    with pytest.raises(ActorNotAllowed):
        town.changes.plan_campaign(OPERATOR, OLD.ref, REVISED.ref, WHY)
    with pytest.raises(ActorNotAllowed):
        town.changes.plan_base_date(OPERATOR, BaseDate.BASE_2035, WHY)
    with pytest.raises(ActorNotAllowed):
        town.changes.cancel_campaign(TECHNICIAN, Scope(), WHY)
    with pytest.raises(KeyChangeNotPermitted):
        town.changes.plan_campaign(BOSS, OLD.ref, APART.ref, WHY)
    with pytest.raises(KeyUnknown):
        town.changes.plan_campaign(BOSS, KeyRef("999999", 1), REVISED.ref, WHY)
    nobody = town.changes.plan_campaign(BOSS, REVISED.ref, OLD.ref, WHY)
    assert (nobody.planned, nobody.left_out) == (0, Standing(0, 0, 0, 0))
    assert town.changes.left(BOSS).counts == {}
    town.store.close()
