"""The keypad: lines typed, lines shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.keypad import GREETING, HELP, Keypad
from simulators.server import Simulator
from simulators.world import parse_world

from .support import ELECTRICITY, WATER, Clock, Mint, key, meter_row, world


def keypad(clock: Clock | None = None) -> Keypad:
    now = clock or Clock()
    document = world(
        meter_row(1, ELECTRICITY, load=1000),
        meter_row(2, WATER, commodity="water", ea="11", credit=500),
    )
    return Keypad(Simulator(parse_world(document), now).meters, now)


def grouped(token: str) -> str:
    return " ".join(token[i : i + 4] for i in range(0, 20, 4))


def test_meter_and_token_on_one_line() -> None:
    pad, mint = keypad(), Mint()
    token = mint.energy(12_300)
    assert pad.line(f"{ELECTRICITY} {token}") == "ACCEPT 12.3 kWh"
    assert pad.line(f"{ELECTRICITY} {grouped(token)}") == "USED"
    assert pad.line(f"{ELECTRICITY.pan} {mint.energy(100)}\r\n") == "ACCEPT 0.1 kWh"


def test_a_dialog_with_arabic_indic_digits() -> None:
    pad = keypad()
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    shown = pad.line(WATER.number.translate(arabic))
    assert shown == f"METER {WATER}. TYPE 20 DIGITS"
    token = Mint(key("11")).water(1_500)
    assert pad.line("\u200f" + grouped(token).translate(arabic)) == "ACCEPT 1.5 m3"
    assert pad.line(token) == "USED"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("", GREETING),
        ("help", HELP),
        ("METERS", f"{ELECTRICITY} {WATER}"),
        ("hello", "DIGITS ONLY, OR HELP"),
        ("12345678901234567890", "CHOOSE A METER FIRST"),
        ("1234 5678 9012 3456 7890", "CHOOSE A METER FIRST"),
        ("60000000013", "ERROR meter.check_digit"),
        ("600", "ERROR meter.number_length"),
        ("60000000038", "NO SUCH METER HERE"),
        (f"{ELECTRICITY} 123", "20 DIGITS NEEDED, 3 TYPED"),
        (f"LOAD {ELECTRICITY} 70", "LOAD 70"),
        (f"LOAD {ELECTRICITY}", HELP),
        (f"REMOTE {ELECTRICITY} sideways", HELP),
        (f"FAULT {ELECTRICITY} gremlins", "ERROR simulator.fault_invalid"),
        (f"FAULT {ELECTRICITY} slow nan", "ERROR simulator.fault_invalid"),
        (f"FAULT {ELECTRICITY} slow -1", "ERROR simulator.fault_invalid"),
        (f"FAULT {ELECTRICITY} reply_lost 2", "FAULT reply_lost"),
        (f"FAULT {ELECTRICITY} none", "FAULT none"),
    ],
)
def test_lines(line: str, shown: str) -> None:
    assert keypad().line(line) == shown


def test_nineteen_digits_are_counted_and_not_judged() -> None:
    pad = keypad()
    pad.line(str(ELECTRICITY))
    assert pad.line("1234 5678 9012 3456 789") == "20 DIGITS NEEDED, 19 TYPED"
    state = json.loads(str(pad.line(f"STATE {ELECTRICITY}")))
    assert state["last_result"] == "NONE"


def test_quit_hangs_up() -> None:
    assert keypad().line("quit") is None


def test_state_is_one_line_of_json() -> None:
    clock = Clock()
    pad = keypad(clock)
    pad.line(f"{ELECTRICITY} {Mint().energy(3_000)}")
    clock.pass_(hours=1)
    state = json.loads(str(pad.line(f"STATE {ELECTRICITY}")))
    assert state == {
        "drn": ELECTRICITY.number,
        "commodity": "electricity",
        "unit": "Wh",
        "balance": 2000,
        "total_supplied": 1000,
        "output": True,
        "reasons": [],
        "tokens_accepted": 1,
        "last_result": "ACCEPT",
        "load": 1000,
        "clock": "2026-03-01T09:00:00+00:00",
        "frames": {},
    }


def test_tamper_and_remote_open_the_supply() -> None:
    pad = keypad()
    assert pad.line(f"TAMPER {WATER}") == "TAMPER"
    assert pad.line(f"REMOTE {WATER} off") == "REMOTE off"
    assert json.loads(str(pad.line(f"STATE {WATER}")))["reasons"] == ["remote", "tamper"]
    assert pad.line(f"REMOTE {WATER} on") == "REMOTE on"
    assert pad.line(f"{WATER} {Mint(key('11')).clear_tamper()}") == "ACCEPT"
    assert json.loads(str(pad.line(f"STATE {WATER}")))["output"] is True


@given(
    lines=st.lists(
        st.one_of(
            st.text(max_size=40),
            st.builds(
                " ".join,
                st.lists(
                    st.sampled_from(
                        ["STATE", "LOAD", "FAULT", "REMOTE", "slow", "9", str(WATER), "1" * 20]
                    ),
                    max_size=4,
                ),
            ),
        ),
        max_size=6,
    )
)
def test_whatever_is_typed_shows_one_line(lines: list[str]) -> None:
    pad = keypad()
    for line in lines:
        shown = pad.line(line)
        assert shown is None or (shown and "\n" not in shown)
