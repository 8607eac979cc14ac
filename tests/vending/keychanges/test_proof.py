"""What the token log of a meter says about a set."""

from __future__ import annotations

import pytest

from meters.account import TokenLogEntry
from meters.verdicts import TokenResult
from vending.keychanges.proof import Traces, from_traces

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
