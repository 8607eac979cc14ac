"""What taking a sale back leaves as it is: shifts that are over, and key changes that the meter has
or has not; on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meters.account import TokenLogEntry
from meters.gateway import token_fingerprint
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.counter.support import T, ils, write
from tests.vending.counter.test_evidence import CHIEF, WHY, P, Rig, plan, rig
from tests.vending.support import OPERATOR, START, Town, request
from vending.drawer.errors import CashShort
from vending.requests import BasketRequest, Credit
from vending.voids import VoidNotAllowed

__all__ = ["rig"]


def open_shift(here: Town, id: str, number: int) -> None:
    """The next one at this seat; whatever was open there is over."""
    seat: dict[str, Any] = {"point": "P1", "terminal": "T1", "operator": OPERATOR.name}
    more = {"number": number, "opened_at": START, "currency": "ILS", "opening_float": 0}
    write(here, "shifts", id=id, **seat, **more)
    with here.store.writing() as books:
        books._db.execute(T["open_shifts"].delete())
    write(here, "open_shifts", shift=id, **seat)


def test_an_operator_takes_back_nothing_of_a_shift_that_is_over(here: Town) -> None:
    open_shift(here, "s-1", 1)
    held = [BasketRequest(f"v-{n}", (Credit(P, ils("20.00")),), hold=True) for n in (1, 2)]
    here.service.vend_basket(OPERATOR, held[0])
    open_shift(here, "s-2", 2)
    here.service.vend_basket(OPERATOR, held[1])
    with pytest.raises(VoidNotAllowed, match="other_shift"):
        here.service.void(OPERATOR, "v-1", WHY)
    assert here.service.void(OPERATOR, "v-2", WHY).shift == "s-2"
    with pytest.raises(CashShort):
        here.service.void(CHIEF, "v-1", WHY)
    here.service.vend(OPERATOR, request("v-3", amount="20.00"))
    assert here.service.void(CHIEF, "v-1", WHY).shift == "s-2"


def test_a_set_that_the_meter_has_stays_when_its_credit_is_taken_back(rig: Rig) -> None:
    plan(rig, 2)
    rig.sell("v-1")
    receipt = rig.service.reprint(OPERATOR, "v-1")
    assert all(rig.type_in(token.digits).is_taken for token in receipt.key_tokens)
    rig.service.void(OPERATOR, "v-1", WHY)
    meter = rig.service.meter(OPERATOR, P).meter
    assert (meter.krn, meter.planned) == (2, None)
    rig.sell("v-2")
    again = rig.service.reprint(OPERATOR, "v-2")
    assert again.key_tokens == ()
    assert rig.type_in(again.tokens[0].digits) is TokenResult.ACCEPT


def test_a_set_that_the_meter_has_refused_is_not_in_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of the log that says no is no proof that the key has moved."""
    plan(rig, 2)
    rig.sell("v-1")
    (first, _) = rig.service.reprint(OPERATOR, "v-1").key_tokens
    rig.type_in("1" * 20)
    read = DirectGateway.read_token_log

    def refused(self: DirectGateway) -> list[TokenLogEntry]:
        own = token_fingerprint(first.digits)
        return [replace(e, fingerprint=own, result=TokenResult.LOCKED_OUT) for e in read(self)]

    with monkeypatch.context() as patch:
        patch.setattr(DirectGateway, "read_token_log", refused)
        rig.service.void(OPERATOR, "v-1", WHY)
    meter = rig.service.meter(OPERATOR, P).meter
    assert (meter.krn, meter.planned is not None) == (1, True)
