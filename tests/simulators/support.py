"""Stand-in meters for tests: keys, tokens, worlds, and a simulator in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Energy, Power, Volume
from simulators.payment_meter import MeterMemory, PaymentMeter, capabilities
from simulators.server import Simulator
from simulators.world import parse_world
from tokens.sts import (
    BaseDate,
    ClearCredit,
    ClearTamperCondition,
    DecoderKey,
    EncryptionAlgorithm,
    KeyType,
    SetMaximumPowerLimit,
    Token,
    TransferCreditElectricity,
    TransferCreditWater,
    encode_token,
    new_acceptance_state,
    tid_at,
)

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MADE = tid_at(BaseDate.BASE_2014, datetime(2025, 1, 1, tzinfo=UTC))
NOW_TID = tid_at(BaseDate.BASE_2014, START)
KEY_HEX = {"07": "0123456789abcdef", "11": "00112233445566778899aabbccddeeff"}
ELECTRICITY = Drn.from_serial("60", 1)
WATER = Drn.from_serial("60", 2)
ALIEN_KEY = DecoderKey(EncryptionAlgorithm.EA07, bytes(range(8)))


@cache
def key(ea: str = "07") -> DecoderKey:
    return DecoderKey(EncryptionAlgorithm(ea), bytes.fromhex(KEY_HEX[ea]))


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


class Mint:
    """Tokens for one decoder key, each with a TID of its own."""

    def __init__(self, decoder_key: DecoderKey | None = None, tid: int = NOW_TID) -> None:
        self.key = decoder_key or key()
        self.tid = tid

    def _next(self) -> int:
        self.tid += 1
        return self.tid

    def of(self, token: Token) -> str:
        return encode_token(token, self.key)

    def energy(self, wh: int, tid: int | None = None) -> str:
        used = self._next() if tid is None else tid
        return self.of(TransferCreditElectricity(amount=Energy(wh), tid=used, rnd=5))

    def water(self, litres: int) -> str:
        return self.of(TransferCreditWater(amount=Volume(litres), tid=self._next(), rnd=5))

    def clear_credit(self, register: int) -> str:
        return self.of(ClearCredit(value=register, tid=self._next(), rnd=5))

    def clear_tamper(self) -> str:
        return self.of(ClearTamperCondition(value=0, tid=self._next(), rnd=5))

    def power_limit(self, watts: int) -> str:
        return self.of(SetMaximumPowerLimit(limit=Power(watts), tid=self._next(), rnd=5))


def make_meter(
    clock: Clock,
    commodity: Commodity = Commodity.ELECTRICITY,
    *,
    credit: int = 0,
    load: int = 0,
    key_type: KeyType = KeyType.DUTK,
    ken: int = 255,
    ea: str = "07",
    capacity: int = 999_999_999,
    **more: Any,
) -> PaymentMeter:
    state = new_acceptance_state(
        key=key(ea),
        sgc="123457",
        krn=1,
        ti=1,
        key_type=key_type,
        ken=ken,
        manufactured_tid=MADE,
    )
    return PaymentMeter(
        ELECTRICITY if commodity is Commodity.ELECTRICITY else WATER,
        commodity,
        MeterMemory(state, balance=credit, credited=credit),
        clock(),
        load=load,
        can=capabilities(commodity, capacity),
        **more,
    )


def meter_row(unit: int, drn: Drn, **more: Any) -> dict[str, Any]:
    """A meter of a world document; EA07 electricity unless told otherwise."""
    ea = more.pop("ea", "07")
    row = {
        "unit": unit,
        "drn": drn.number,
        "commodity": "electricity",
        "decoder_key": KEY_HEX[ea],
        "ea": ea,
        "sgc": "123457",
        "krn": 1,
        "ti": 1,
        "key_type": 2,
        "ken": 255,
        "manufactured_tid": MADE,
    }
    return row | more


def world(*rows: dict[str, Any]) -> dict[str, Any]:
    """A world document with one gateway, `north`."""
    return {"start": START.isoformat(), "gateways": {"north": {"port": 0, "meters": list(rows)}}}


@dataclass
class Running:
    """A simulator that serves in another thread; touch its meters only through `call`."""

    simulator: Simulator
    loop: asyncio.AbstractEventLoop = field(repr=False)

    @property
    def port(self) -> int:
        return self.simulator.gateways["north"]

    def call(self, work: Any) -> Any:
        """Run `work()` between two requests, in the simulator's own thread."""

        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(5)


@contextmanager
def running(document: dict[str, Any], clock: Clock) -> Iterator[Running]:
    """Serve a world on free loopback ports until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(parse_world(document), clock)
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(5)
        yield Running(simulator, loop)
    finally:
        asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
