"""The benchmarks' frame: what is counted, what is printed, and that small runs give it all."""

from __future__ import annotations

import io
import json

import pytest

from vending.bench import BenchUnknown, run_bench
from vending.bench.registry import print_figures
from vending.bench.runner import Case, figure, in_child, interleaved, peak_memory_mb
from vending.bench.token_cases import Sizes
from vending.bench.tokens import measure

pytestmark = pytest.mark.system

FIELDS = ["name", "value", "unit", "anchor", "anchor_value", "ratio", "goal", "met"]
SMALL = Sizes(rounds=1, single=20, batch=200, derived=100, memory=5_000)


class TickingClock:
    """Each case's work takes as long as it says; the clock is read before and after it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.system
def test_rounds_take_turns_and_the_median_counts() -> None:
    clock = TickingClock()
    order: list[tuple[str, int]] = []
    # Round 0 warms up; of the seconds of rounds 1 to 3 the middle one gives the rate.
    seconds = {"a": [90.0, 1.0, 30.0, 2.0], "b": [90.0, 4.0, 5.0, 10.0]}

    def case(name: str) -> Case[int]:
        def prepare(round_: int) -> int:
            order.append((name, round_))
            clock.now += 1000.0  # preparing is not measured
            return round_

        def run(round_: int) -> int:
            clock.now += seconds[name][round_]
            return 100

        return Case(prepare, run)

    told: list[str] = []
    rates = interleaved({"a": case("a"), "b": case("b")}, rounds=3, tell=told.append, clock=clock)
    assert rates == {"a": 50.0, "b": 20.0}
    assert order == [(name, round_) for round_ in range(4) for name in ("a", "b")]
    assert told[0].startswith("a")


@pytest.mark.parametrize(
    ("value", "goal", "at_most", "met"),
    [
        (100.0, 100, False, True),
        (99.9, 100, False, False),
        (100.0, 100, True, True),
        (100.1, 100, True, False),
        (5.0, None, False, None),
    ],
)
def test_goals(value: float, goal: float | None, at_most: bool, met: bool | None) -> None:
    made = figure("x", value, "tokens/s", goal=goal, at_most=at_most)
    assert (made.goal, made.met) == (goal, met)
    assert (made.anchor, made.anchor_value, made.ratio) == (None, None, None)


def test_ratio() -> None:
    made = figure("x", 30_000.0, "tokens/s", anchor="bare", anchor_value=120_000.0)
    assert (made.anchor, made.anchor_value, made.ratio) == ("bare", 120_000.0, 0.25)


FIGURES = [
    figure("one.fast", 123_456.0, "tokens/s", anchor="bare", anchor_value=200_000.0, goal=1e5),
    figure("two.slow", 12.0, "MB", goal=10, at_most=True),
]


def test_json_has_every_field_and_null_where_there_is_none() -> None:
    out = io.StringIO()
    print_figures(FIGURES, as_json=True, out=out)
    rows = json.loads(out.getvalue())
    assert [list(row) for row in rows] == [FIELDS, FIELDS]
    assert rows[0] == {
        "name": "one.fast",
        "value": 123_500.0,
        "unit": "tokens/s",
        "anchor": "bare",
        "anchor_value": 200_000.0,
        "ratio": 0.6173,
        "goal": 100_000.0,
        "met": True,
    }
    assert rows[1]["anchor"] is None
    assert rows[1]["met"] is False


def test_table_tells_names_goals_and_misses() -> None:
    out = io.StringIO()
    print_figures(FIGURES, as_json=False, out=out)
    text = out.getvalue()
    for part in ("one.fast", "123,500 tokens/s", "100,000", "met", "two.slow", "missed", "bare"):
        assert part in text


def test_unknown_name_is_refused_before_anything_runs() -> None:
    out = io.StringIO()
    with pytest.raises(BenchUnknown) as raised:
        run_bench(["tokens", "nonsense"], True, out)
    assert raised.value.facts()["name"] == "nonsense"
    assert out.getvalue() == ""


def test_peak_memory_is_that_of_the_child_alone() -> None:
    ballast = bytearray(200_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert peak_memory_mb() > 200
    _, peak = (float(text) for text in in_child("vending.bench.tokens", "1000").split())
    assert 10 < peak < 200
    assert len(ballast) == 200_000_000


@pytest.mark.system
def test_tokens_in_small() -> None:
    told: list[str] = []
    figures = measure(told.append, SMALL)
    assert all(row.value > 0 for row in figures)
    names = {row.name for row in figures}
    assert len(names) == len(figures) == 21
    for cipher, keys in (
        ("ea07", ("known_key", "dkga02", "dkga04")),
        ("ea11", ("known_key", "dkga04")),
    ):
        for key in keys:
            for kind in ("scalar", "batch"):
                for way in ("encode", "decode"):
                    assert f"tokens.{cipher}.{key}.{kind}.{way}" in names
    goals = {row.name: row.goal for row in figures if row.goal is not None}
    assert goals["tokens.ea07.known_key.scalar.encode"] == 95_000
    assert goals["tokens.ea07.known_key.batch.encode"] == 2_000_000
    assert goals["tokens.ea11.dkga04.batch.encode"] == 300_000
    assert told
