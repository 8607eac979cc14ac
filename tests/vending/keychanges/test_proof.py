"""What the registers and the token log of a meter say about a set."""

from __future__ import annotations

from typing import Any

import pytest

from meters.account import MeterSts, TokenLogEntry
from meters.verdicts import TokenResult
from vending.keychanges.proof import Traces, from_registers, from_traces
from vending.keymoves import KeyMove

R = TokenResult
SET, PAID, OTHER = "5e7", "9a1d", "0"


def log(newest: int, *lines: tuple[str, TokenResult]) -> list[TokenLogEntry]:
    """Newest first."""
    return [
        TokenLogEntry(fingerprint=mark, result=result, sequence=newest - place)
        for place, (mark, result) in enumerate(lines)
    ]


@pytest.mark.parametrize(
    ("lines", "newest", "before", "known", "taken"),
    [
        pytest.param([(SET, R.ACCEPT)], 9, 3, 3, True, id="the set was taken"),
        pytest.param([(SET, R.FIRST_KCT)], 4, 3, 3, False, id="a part of it is not the key"),
        pytest.param([(PAID, R.ACCEPT)], 9, 3, 3, True, id="what was paid was taken"),
        pytest.param([(PAID, R.CRC_ERROR)], 9, 3, 3, False, id="what was paid was not opened"),
        pytest.param([(PAID, R.LOCKED_OUT)], 9, 3, 3, None, id="it was not looked at"),
        pytest.param(
            [(SET, R.ACCEPT), (PAID, R.CRC_ERROR)],
            9,
            3,
            3,
            True,
            id="typed too early, then the set",
        ),
        pytest.param([(OTHER, R.CRC_ERROR)], 4, 3, 3, False, id="nothing of it, and no gap"),
        pytest.param([(OTHER, R.CRC_ERROR)], 9, 3, 3, None, id="lines have fallen out"),
        pytest.param([(OTHER, R.CRC_ERROR)], 4, 3, 7, None, id="it was cleared since"),
        pytest.param([], 0, 0, 0, False, id="nothing was ever typed"),
        pytest.param([], 0, 0, 2, None, id="it is another meter's"),
    ],
)
def test_what_a_log_says(
    lines: list[tuple[str, TokenResult]],
    newest: int,
    before: int,
    known: int,
    taken: bool | None,
) -> None:
    traces = Traces({SET}, {PAID: "v-1"}, log_before=before, log_known=known)
    assert from_traces(traces, log(newest, *lines)).taken is taken


def move(*, from_ken: int = 255, **changes: Any) -> KeyMove:
    """A move of which only this changes."""
    old: dict[str, Any] = {"sgc": "123457", "krn": 1, "ti": 1, "ken": from_ken}
    new = old | changes
    return KeyMove(
        **{f"from_{name}": value for name, value in old.items()},
        **{f"to_{name}": value for name, value in new.items()},
    )


@pytest.mark.parametrize(
    ("changes", "told", "taken"),
    [
        ({"krn": 2}, ("123457", 2, 1, 255), True),
        ({"krn": 2}, ("123457", 1, 1, 255), False),
        pytest.param({"krn": 2}, ("123457", 3, 1, 255), None, id="a third revision"),
        pytest.param({"krn": 2}, ("123457", 2, 7, 255), None, id="another tariff index than both"),
        ({"krn": 2, "ti": 7}, ("123457", 2, 7, 255), True),
        ({"krn": 2, "ti": 7}, ("123457", 1, 1, 255), False),
        pytest.param({"krn": 2, "ti": 7}, ("123457", 1, 7, 255), None, id="half of it"),
        pytest.param({"krn": 2}, (None, 2, 1, 255), True, id="it was not told the group"),
        pytest.param({"sgc": "600001"}, (None, 1, 1, 255), None, id="the group alone, not told"),
        ({"sgc": "600001"}, ("600001", 1, 1, 255), True),
        ({"sgc": "600001"}, ("123457", 1, 1, 255), False),
        ({"ken": 180}, ("123457", 1, 1, 180), True),
        ({"ken": 180}, ("123457", 1, 1, 255), False),
        pytest.param({"ken": 180}, ("123457", 2, 1, 180), None, id="that of a key before"),
        pytest.param({"ken": None}, ("123457", 1, 1, 255), None, id="nothing that a register has"),
    ],
)
def test_what_the_registers_say(
    changes: dict[str, Any],
    told: tuple[str | None, int, int, int],
    taken: bool | None,
) -> None:
    """Supply group, key revision, tariff index and key expiry."""
    assert from_registers(move(**changes), MeterSts(*told, 2, 7)).taken is taken


@pytest.mark.parametrize(
    ("changes", "ends", "young", "old"),
    [
        pytest.param({"krn": 2}, False, True, True, id="another key opens nothing of before"),
        pytest.param({"ken": 250}, False, True, False, id="only what had expired tells"),
        pytest.param({}, True, True, False, id="nothing changes"),
    ],
)
def test_which_later_token_shows_a_move(
    changes: dict[str, Any], ends: bool, young: bool, old: bool
) -> None:
    """From a key whose tokens end with the 243rd stretch of 2 to the 16 minutes, to another."""
    made = move(from_ken=243, **changes)
    assert made.leads_nowhere is ends
    assert (made.shows(244 << 16), made.shows((244 << 16) - 1)) == (young, old)
