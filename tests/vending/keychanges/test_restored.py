"""Books that were restored from a copy made before a change of keys, which a meter has gone
through: the books call its old key its own. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.verdicts import TokenResult
from tests.vending.support import OPERATOR, POWER
from vending.keychanges import KeyChangeState

from .support import REVISED
from .town import BOSS, WHY, KeyTown

pytestmark = pytest.mark.system


@pytest.fixture
def town(place: Path | str, tmp_path: Path) -> Iterator[KeyTown]:
    """What the copy brings back. The meter has taken the set of a change that is lost."""
    lost, back = KeyTown(tmp_path / "lost.db"), KeyTown(place)
    lost.changes.plan(BOSS, POWER.number, WHY, krn=REVISED.ref.krn)
    given = lost.sold("lost")
    assert given.key_tokens
    assert lost.typed(given) is TokenResult.ACCEPT
    lost.store.close()
    back.machine, back.gateway = lost.machine, lost.gateway
    back.clock.forward(days=2)
    yield back
    back.store.close()


def test_tokens_under_the_old_key_are_not_taken(town: KeyTown) -> None:
    assert town.typed(town.sold("after")) is not TokenResult.ACCEPT


def test_planned_again_the_next_sale_is_taken_though_its_set_is_dead(town: KeyTown) -> None:
    refused = town.sold("too-soon")
    assert town.typed(refused) is not TokenResult.ACCEPT
    town.changes.plan(BOSS, POWER.number, "Planned again: the books were restored", krn=2)
    sold = town.sold("after")
    assert sold.key_tokens
    # The credit alone: to the meter the set is a wrong number, and after a few it locks itself.
    (credit,) = sold.tokens
    assert town.machine.enter_token(credit.digits, town.clock()).result is TokenResult.ACCEPT
    proved = town.changes.confirm_by_reading(BOSS, POWER.number).change
    assert proved.state is KeyChangeState.CONFIRMED
    # What was sold too soon was never taken, which the meter's log proves.
    assert town.service.void(OPERATOR, "too-soon", "Made under the key of before").entry
    assert town.typed(town.sold("later")) is TokenResult.ACCEPT
    town.check()
