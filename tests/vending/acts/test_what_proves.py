"""What proves that a sale may be taken back is kept with the void; what proves that it may not is
named. On both databases."""

from __future__ import annotations

import pytest

from meters.account import TokenLogEntry
from meters.gateway import MeterMismatch, PushOutcome
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from tests.vending.acts.support import CHIEF, CLERK, WHY, Office, P, W, put_in
from vending.acts import Source
from vending.aftersale import Evidence
from vending.voids import GoneUnproved, NotProved, TokenTaken, read_document


def test_of_a_meter_that_is_gone_it_is_kept_why_that_proves_it(office: Office) -> None:
    office.sell_held("v-1")
    put_in(office, Source.NONE)
    office.lose()
    office.service.show(CLERK, "v-1")
    void = office.service.void(CHIEF, "v-1", WHY)
    assert void.evidence is Evidence.METER_GONE
    assert read_document(void) == {"meter": P, "because": "seen_after"}


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_the_meter_has_taken_is_named(office: Office, by_hand: bool) -> None:
    """As its log says, and as the books say of what was pushed: then nobody asks the meter."""
    office.sell("v-1")
    if by_hand:
        office.type_in("v-1")
    else:
        office.service.deliver(CLERK, "v-1")
        office.lose()
    with pytest.raises(TokenTaken) as error:
        office.service.void(CHIEF, "v-1", WHY)
    assert (error.value.vend_id, error.value.meter) == ("v-1", P)


def test_nothing_is_taken_back_while_its_token_is_on_the_line(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.sell("v-1")
    push, refused = DirectGateway.push_token, list[NotProved]()

    def meanwhile(gateway: DirectGateway, digits: str) -> PushOutcome:
        with pytest.raises(NotProved) as error:
            office.service.void(CHIEF, "v-1", WHY)
        refused.append(error.value)
        return push(gateway, digits)

    monkeypatch.setattr(DirectGateway, "push_token", meanwhile)
    office.service.deliver(CLERK, "v-1")
    (told,) = refused
    assert (told.vend_id, told.meter, told.why) == ("v-1", P, "being_delivered")
    assert office.service.what_became(CLERK, "v-1").void is None


@pytest.mark.parametrize("gone", [True, False])
def test_another_meter_that_answers_proves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """Where a meter that is gone hung, another one may hang now: that is no fault of the line."""
    office.sell("v-1")
    if gone:
        put_in(office, Source.NONE)
    closed = []

    def other(gateway: DirectGateway) -> list[TokenLogEntry]:
        raise MeterMismatch(P, W)

    monkeypatch.setattr(DirectGateway, "read_token_log", other)
    monkeypatch.setattr(DirectGateway, "close", lambda gateway: closed.append(gateway))
    with pytest.raises(GoneUnproved if gone else MeterMismatch):
        office.service.void(CHIEF, "v-1", WHY)
    # The line is free for whoever is next.
    assert len(closed) == 1
    assert office.service.what_became(CLERK, "v-1").void is None


def test_a_token_that_the_meter_calls_used_was_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the line at which it took it has left the log since."""
    office.sell("v-1")
    office.type_in("v-1")
    assert office.type_in("v-1") is TokenResult.USED_ERROR
    read = DirectGateway.read_token_log

    def last(gateway: DirectGateway) -> list[TokenLogEntry]:
        return read(gateway)[:1]

    monkeypatch.setattr(DirectGateway, "read_token_log", last)
    with pytest.raises(TokenTaken):
        office.service.void(CHIEF, "v-1", WHY)
