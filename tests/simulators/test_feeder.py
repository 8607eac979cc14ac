"""The meter at the head of a site sees everybody behind it, and what is lost on the way."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.feeder import Feeder
from simulators.loads import MICRO, PER_UNIT, Draw, Use
from simulators.mapped import MappedMeter
from simulators.plans import Scenario
from simulators.premises import Premises
from simulators.scenario import parse_scenario, read_scenario
from simulators.town import Town
from simulators.trouble import Trouble

from .meters import Seconds
from .support import ELECTRICITY, START, Mint
from .test_town_payment import folder

NOW = int(START.timestamp())
TOWN = """
seed = 7
[[site]]
name = "north"
[[site]]
name = "south"
[[line]]
name = "substation"
site = "north"
meter = [{model = "schneider-iem3155", feeder = true, losses = 100}]
[[line]]
name = "homes"
site = "north"
meter = [
  {model = "hiking-dds238", count = 3, use = "flat", size = 3600},
  {model = "xintai-valve", count = 2, use = "flat", size = 500},
]
[[line]]
name = "elsewhere"
site = "south"
meter = [{model = "hiking-dds238", count = 5, use = "flat", size = 3600}]
[[line]]
name = "spring"
site = "north"
meter = [{model = "tuf-2000m", feeder = true, losses = 0}]
"""


def town(*faults: dict[str, Any], text: str = TOWN) -> tuple[Town, Seconds]:
    clock = Seconds(START.timestamp())
    plan: Scenario = parse_scenario(tomllib.loads(text) | {"fault": list(faults)}, START)
    made = Town(plan, clock)
    made.advance()
    return made, clock


def head(made: Town, line: str = "substation") -> MappedMeter:
    return made.lines[line].meters[0]


def counted(made: Town) -> Decimal:
    """Wh at the head."""
    return 1000 * number(head(made), "energy.active.import")


def number(meter: MappedMeter, name: str) -> Decimal:
    found = meter.get(name)
    assert isinstance(found, Decimal)
    return found


def test_it_sees_its_own_site_and_its_own_commodity_and_the_losses() -> None:
    made, clock = town()
    before = counted(made)
    assert number(head(made), "power.active") == 3 * 3600 * Decimal("1.1")
    assert number(head(made, "spring"), "flow") == Decimal("1.0")
    clock.now += 3600
    assert counted(made) - before == 3 * 3600 * Decimal("1.1")


def test_who_is_asked_in_between_changes_nothing() -> None:
    one, clock = town()
    before = counted(one)
    for meter in one.everyone():
        clock.now += 100
        meter.get("power.active")
    clock.now = START.timestamp() + 3600
    assert counted(one) - before == 11880


def test_a_bypass_shows_in_the_difference_and_a_supply_that_is_off_does_not() -> None:
    made, clock = town(
        {"target": "meter:homes/1", "name": "bypass", "passing": 400},
        {"target": "meter:homes/2", "name": "power_cut"},
    )
    off = made.lines["homes"].meters[2]
    off.put("supply.output", "off")
    first = {
        meter.unit: number(meter, "power.active") for meter in (made.lines["homes"].meters[0], off)
    }
    assert first == {1: 1440, 3: 0}
    assert number(head(made), "power.active") == 3600 * Decimal("1.1")
    clock.now += 60
    assert number(head(made), "power.active") == 3600 * Decimal("1.1")


steps = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(["on", "off", "bypass", "healed"]), st.integers(0, 5000)
    ),
    max_size=20,
)


@given(steps, st.integers(0, 300))
def test_what_it_counts_is_what_flowed_behind_it(
    acts: list[tuple[int, str, int]], losses: int
) -> None:
    places = [Premises(Draw(seed, Use.HOME, 2000, NOW), NOW) for seed in range(3)]
    feeder, now = Premises(Feeder(places, NOW, losses), NOW), NOW
    for who, act, later in acts:
        now += later
        match act:
            case "on" | "off":
                places[who].connect(act == "on", now)
            case "bypass":
                places[who].suffer("wire", Trouble(passing=300, around=700), now)
            case _:
                places[who].recover("wire", now)
        if later % 2:
            feeder.advance(now)
    feeder.advance(now)
    drawn = sum(place.drawn for place in places)
    assert feeder.forward == drawn * (1000 + losses) // 1000
    assert feeder.rate(now) == sum(p.real_rate(now) for p in places) * (1000 + losses) // 1000


@pytest.mark.parametrize("passing", [1000, 400])
def test_payment_meters_are_behind_it_too(tmp_path: Path, passing: int) -> None:
    text = TOWN_WITH_PAYMENT
    if passing < 1000:
        text += f'[[fault]]\ntarget = "meter:paid/2"\nname = "bypass"\npassing = {passing}\n'
    clock = Seconds(START.timestamp())
    made = Town(read_scenario(folder(tmp_path, text), START), clock)
    made.advance()
    meter = made.payment[ELECTRICITY]
    before = counted(made)
    # 1000 Wh of credit, drawn at 500 W, or at what the meter sees of it; then it is off.
    clock.now += 3600
    assert number(head(made), "power.active") == 500
    assert counted(made) - before == 500
    clock.now += 7200 * 1000 // passing
    past = 500 * (1000 - passing) // 1000
    assert number(head(made), "power.active") == past
    seen = meter.meter.memory.supplied
    hours = (clock.now - START.timestamp()) / 3600
    total = counted(made) - before
    assert seen == 1000
    assert abs(total - (seen + Decimal(past * hours))) < 1
    meter.enter(Mint().energy(100), made.now())
    clock.now += 1
    assert number(head(made), "power.active") == 500


TOWN_WITH_PAYMENT = """
world = "keys.json"
[[line]]
name = "substation"
meter = [{model = "schneider-iem3155", feeder = true, losses = 0}]
[[line]]
name = "paid"
payment = "north"
"""


def test_a_leak_behind_it_is_no_loss_but_a_draw() -> None:
    place = Premises(Draw(1, Use.FLAT, 100, NOW), NOW)
    place.suffer("pipe", Trouble(extra=40 * MICRO), NOW)
    feeder = Feeder([place], NOW, 0)
    assert feeder.rate(NOW + 1) == 140 * MICRO
    assert feeder.until(NOW + 3600) == 140 * PER_UNIT
