"""What a log that began anew or a half-typed set says of a sale that is to be taken back; on both
databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meters.account import TokenLogEntry
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.counter.test_evidence import CHIEF, WHY, P, Rig, plan, rig
from tests.vending.support import OPERATOR, TECHNICIAN
from vending.voids import NotProved

__all__ = ["rig"]


@pytest.mark.parametrize("left", [0, 1])
def test_a_log_that_began_anew_proves_nothing(
    rig: Rig, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for vend_id in ("v-1", "v-2", "v-3"):
        rig.sell(vend_id)
        rig.service.deliver(TECHNICIAN, vend_id)
        rig.town.clock.forward(minutes=3)
    rig.sell("v-4")
    rig.type_in(rig.service.reprint(OPERATOR, "v-4").tokens[0].digits)
    read = DirectGateway.read_token_log

    def cleared(gateway: DirectGateway) -> list[TokenLogEntry]:
        anew = replace(read(gateway)[-1], sequence=1, fingerprint="0" * 64)
        return [anew][:left]

    monkeypatch.setattr(DirectGateway, "read_token_log", cleared)
    with pytest.raises(NotProved, match="log_too_short"):
        rig.service.void(CHIEF, "v-4", WHY)


def test_a_log_that_began_anew_since_the_sale_proves_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.sell("v-1")
    rig.type_in(rig.service.reprint(OPERATOR, "v-1").tokens[0].digits)
    rig.town.clock.forward(minutes=3)
    rig.sell("v-2")
    rig.service.deliver(TECHNICIAN, "v-2")
    monkeypatch.setattr(DirectGateway, "read_token_log", lambda _: [])
    with pytest.raises(NotProved, match="log_too_short"):
        rig.service.void(CHIEF, "v-1", WHY)


def test_a_set_of_which_one_section_was_typed_has_not_moved_the_meter(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1")
    first, _ = rig.service.reprint(OPERATOR, "v-1").key_tokens
    assert rig.type_in(first.digits) is TokenResult.FIRST_KCT
    rig.service.void(OPERATOR, "v-1", WHY)
    meter = rig.service.meter(OPERATOR, P).meter
    assert (meter.krn, meter.planned is not None) == (1, True)
    rig.sell("v-2")
    again = rig.service.reprint(OPERATOR, "v-2")
    digits = [t.digits for t in again.key_tokens] + [t.digits for t in again.tokens]
    assert all(rig.type_in(one).is_taken for one in digits)


def test_a_set_that_was_typed_whole_has_moved_the_meter(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1")
    for token in rig.service.reprint(OPERATOR, "v-1").key_tokens:
        assert rig.type_in(token.digits).is_taken
    rig.service.void(OPERATOR, "v-1", WHY)
    assert rig.service.meter(OPERATOR, P).meter.krn == 2
