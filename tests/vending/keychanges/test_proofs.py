"""What a meter's word proves of a key change, and what it does not; on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.vending.support import OPERATOR, POWER, TECHNICIAN
from vending.keychanges import KeyChangeState, following
from vending.keychanges.changes import KeyChangeMoved
from vending.keychanges.proof import Proof

from .town import BOSS, WHY, KeyTown


def test_what_was_proved_is_written_over_nothing_that_came_between(
    place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    made, _ = town.issue()
    town.type_in(made)
    read = following._read

    def said_meanwhile(*how: Any) -> Any:
        monkeypatch.setattr(following, "_read", read)
        town.changes.mark_entered(OPERATOR, POWER.number)
        return read(*how)

    monkeypatch.setattr(following, "_read", said_meanwhile)
    with pytest.raises(KeyChangeMoved):
        town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    done = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert done.change.state is KeyChangeState.CONFIRMED
    town.store.close()


def test_a_token_that_was_delivered_before_the_set_was_issued_proves_nothing(
    place: Path | str,
) -> None:
    """Nor does it because an earlier change, of whichever meter, was issued before it."""
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    town.issue("v-1")
    town.service.deliver(OPERATOR, "v-1")
    assert town.changes.confirm_delivered(OPERATOR) == 1
    town.changes.plan(BOSS, POWER.number, WHY, ti=7)
    town.issue("v-2")
    assert town.changes.confirm_delivered(OPERATOR) == 0
    (change, *_) = town.changes.of_meter(BOSS, POWER.number)
    assert change.state is KeyChangeState.ISSUED
    town.store.close()


def test_a_log_that_proves_nothing_contradicts_nobody(
    place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = KeyTown(place)
    town.changes.plan(BOSS, POWER.number, WHY, krn=2)
    made, _ = town.issue()
    town.type_in(made)
    said = town.changes.mark_entered(OPERATOR, POWER.number)
    monkeypatch.setattr(following, "_read", lambda *_: Proof(None, "nothing is proved"))
    looked = town.changes.confirm_by_reading(TECHNICIAN, POWER.number)
    assert looked.proof.taken is None
    assert looked.change == said
    town.store.close()
