"""Faults of prepayment: orders and tokens that get lost, relays and valves that do not obey."""

from __future__ import annotations

import pytest

from drivers.device.supply import SupplyResting
from meters.device import Outcome
from meters.gateway import PushAccepted, PushRefused
from meters.verdicts import TokenResult
from simulators.payment_meter import PaymentMeter
from tests.simulators.support import ALIEN_KEY, MADE, Mint
from vending.messages import Language, verdict_words

from ..standins import BOSS, in_memory
from ..storms import Run, Storm
from .table import RELAY, VALVE, everything, reaction


@reaction("reply_lost", "hang_up", "write_lost")
def _() -> None:
    for name, arrives in (("reply_lost", True), ("hang_up", True), ("write_lost", False)):
        standin = in_memory(RELAY)
        standin.strike(name)
        record = standin.device().command("close_supply", {}, BOSS)
        assert record.outcome is (Outcome.DONE if arrives else Outcome.DECLINED), name
        assert standin.meter.place.switch.closed is not arrives
        writes = [one for one in record.frames if one.sent and one.hex[3:5] == "10"]
        assert len(writes) == 1, name


def sunny() -> Run:
    """A payment meter on a line without a cloud."""
    run = Run(1)
    run.storm = Storm(run.storm.chance, 0, 0, 0, 0, 0, 0)
    return run


@reaction("token_result")
def _() -> None:
    run, mint = sunny(), Mint()
    token = mint.energy(500)
    assert isinstance(run.gateway.push_token(token), PushAccepted)
    wrong = {
        token: TokenResult.USED_ERROR,
        mint.energy(100, tid=MADE - 1): TokenResult.OLD_ERROR,
        Mint(ALIEN_KEY).energy(100): TokenResult.CRC_ERROR,
        "9" * 20: TokenResult.FORMAT_ERROR,
    }
    for digits, result in wrong.items():
        assert run.gateway.push_token(digits) == PushRefused(result)
        assert verdict_words(result, Language.ARABIC)
        assert verdict_words(result, Language.ENGLISH)
    meter: PaymentMeter = run.meter
    assert meter.memory.tokens_accepted == 1


@reaction("relay_welded", "valve_stuck", "valve_half")
def _() -> None:
    for name, model in (
        ("relay_welded", RELAY),
        ("valve_stuck", VALVE),
        ("valve_half", VALVE),
    ):
        standin = in_memory(model)
        standin.strike(name)
        device = standin.device(confirmed=everything(standin))
        record = device.command("close_supply", {}, BOSS)
        assert record.outcome is not Outcome.DONE, name
        # A valve that knows that it is faulty says so: `still:on,valve`.
        assert record.detail.startswith(("still:on", "still_drawn", "stuck:moving")), record.detail
        writes = standin.meter.requests
        for _ in range(50):
            with pytest.raises(SupplyResting):
                device.command("close_supply", {}, BOSS)
        assert standin.meter.requests == writes, "no storm of orders"


@reaction("relay_chatter")
def _() -> None:
    standin = in_memory(RELAY)
    standin.strike("relay_chatter")
    device = standin.device()
    orders = 0
    for number in range(600):
        try:
            device.command(("close_supply", "open_supply")[number % 2], {}, BOSS)
            orders += 1
        except SupplyResting:
            standin.pause(0.5)
    assert orders < 32
