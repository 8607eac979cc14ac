"""What the models' commands put on the wire, typed by hand from the documents' worked frames (sums
computed), sent to a stand-in on a null modem."""

from __future__ import annotations

import pytest

from drivers.maps.reading import shipped_map
from meters.device import NotVerified, Outcome

from .bench import SOMEBODY, bench

SENT = [
    # The frames that the notes give for Acrel, with sums computed there.
    ("acrel-ddsy1352", "close_supply", {}, "01 10 00 57 00 02 04 00 01 00 01 27 75"),
    ("acrel-ddsy1352", "open_supply", {}, "01 10 00 57 00 02 04 00 01 00 00 E6 B5"),
    ("acrel-dtsy1352", "close_supply", {}, "01 10 00 57 00 02 04 00 01 00 01 27 75"),
    # Relay at 001A: 0 off, 1 on, with function 16 only.
    ("hiking-dds238", "close_supply", {}, "01 10 00 1A 00 01 02 00 00 A4 6A"),
    ("hiking-dds238", "open_supply", {}, "01 10 00 1A 00 01 02 00 01 65 AA"),
    # Unit id 1 stays in the high byte; 2 stands for 4800 baud.
    ("hiking-dds238", "set_line", {"baud": "4800"}, "01 10 00 15 00 01 02 01 02 24 C4"),
    # The vendor's own frames, byte-swapped.
    ("xintai-valve", "close_supply", {}, "01 06 00 1C 02 00 49 6C"),
    ("xintai-valve", "set_unit_id", {"new": "2"}, "01 06 00 0E 02 00 E9 69"),
    # Mailbox: 2008, a reserved word, tariff 4.
    (
        "schneider-iem3155",
        "set_tariff",
        {"tariff": "4"},
        "01 10 14 81 00 03 06 07 D8 00 00 00 04 D1 3A",
    ),
    ("chint-dtsu666", "set_line", {"baud": "19200"}, "01 10 00 2D 00 01 02 00 04 A1 EE"),
    # R1442 is wire 1441; one register, function 06.
    ("tuf-2000m", "set_unit_id", {"new": "9"}, "01 06 05 A1 00 09 18 E2"),
]


@pytest.mark.parametrize(("model", "command", "params", "frame"), SENT)
def test_a_command_sends_this_frame_once_and_is_proved(
    model: str, command: str, params: dict[str, str], frame: str
) -> None:
    here = bench(shipped_map(model), confirmed=True)
    record = here.device.command(command, params, SOMEBODY)
    assert here.writes() == [frame]
    assert record.outcome is Outcome.DONE, record.detail


OPEN = [
    ("xintai-valve", "close_supply", {}),
    ("xintai-valve", "set_credit", {"volume": "10"}),
    ("schneider-iem3155", "set_unit_id", {"new": "2", "baud_number": "2", "parity_number": "1"}),
]


@pytest.mark.parametrize(("model", "command", "params"), OPEN)
def test_what_no_source_settles_is_not_sent(
    model: str, command: str, params: dict[str, str]
) -> None:
    here = bench(shipped_map(model))
    with pytest.raises(NotVerified):
        here.device.command(command, params, SOMEBODY)
    assert here.writes() == []


def test_a_mailbox_that_says_no_is_told_with_its_words() -> None:
    """Tariff 9 does not exist: the order was taken, and its result is not `done`."""
    here = bench(shipped_map("schneider-iem3155"))
    record = here.device.command("set_tariff", {"tariff": "9"}, SOMEBODY)
    assert record.outcome is not Outcome.DONE
    assert "invalid_parameter" in record.detail
