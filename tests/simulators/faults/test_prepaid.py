"""Faults of prepayment: tokens judged wrongly, and supply that does not obey."""

from __future__ import annotations

from decimal import Decimal

from simulators.faults import FaultSet

from .rig import broken, fault, fresh


def test_tokens_judged_as_told() -> None:
    one = fresh("token_result", result="old_error", number=1)
    assert one.judged("0" * 20) == 9
    assert one.judged("0" * 20) is None


def test_a_welded_relay_and_stuck_valves(struck: list[str]) -> None:
    made = broken(fault("relay_welded"), struck, model="hiking-dds238")
    made.write("supply.output", "off")
    made.clock.now += 5
    assert made.number("power.active") == 3600
    stuck = broken(fault("valve_stuck"), struck, model="xintai-valve", credit=10**6, size=600)
    stuck.meter.pdu(6, bytes.fromhex("001c0200"))
    stuck.clock.now += 60
    assert stuck.number("flow") > 0
    assert stuck.read("supply.output") == frozenset({"on", "valve"})
    half = broken(fault("valve_half"), struck, model="xintai-valve", credit=10**6, size=600)
    half.meter.pdu(6, bytes.fromhex("001c0200"))
    half.clock.now += 60
    assert half.number("flow") == Decimal("0.3")


def test_a_welded_relay_that_comes_loose_follows(struck: list[str]) -> None:
    one = fault("relay_welded")
    made = broken(one, struck, model="hiking-dds238")
    made.write("supply.output", "off")
    made.meter.faults = FaultSet()
    one.end(made.meter.place, int(made.clock()))
    made.clock.now += 5
    assert made.number("power.active") == 0


def test_a_relay_that_chatters(struck: list[str]) -> None:
    made = broken(fault("relay_chatter", every_s="2s"), struck, model="hiking-dds238")
    words = set()
    for _ in range(8):
        words.add(made.read("supply.output"))
        made.clock.now += 1
    assert words == {"on", "off"}
