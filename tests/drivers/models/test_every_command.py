"""Every command of every Modbus model, given to its stand-in: it can be carried out as it is
written, and its end is proved."""

from __future__ import annotations

import pytest

from drivers.maps.model import Protocol
from drivers.maps.reading import shipped_maps
from meters.device import Outcome
from tests.contracts.standins import BOSS, in_memory

from .bench import open_names

COMMANDS = [
    (one.id, name)
    for one in shipped_maps()
    if one.protocol is Protocol.MODBUS
    for name in one.commands
]
PLAIN = {"u8": "2", "u16": "2", "u32": "2", "decimal": "10", "datetime": "2026-03-01 18:00:00"}
"""By a parameter's type, something that most take."""
GIVEN = {
    ("raseed-payment", "push_token", "token"): "1" * 20,
    ("eastron-sdm630", "*", "password"): "1000",
}
ENDS = {
    # Nobody sold this token: the meter judges it, and its count stays.
    ("raseed-payment", "push_token"): {(Outcome.DECLINED, "no_increment")},
    # A meter that takes its rate from a contact is not told one.
    ("gavazzi-em340", "set_tariff"): {(Outcome.DECLINED, "tariff.source:input")},
}


@pytest.mark.parametrize(("model", "command"), COMMANDS)
def test_it_is_carried_out_and_proved(model: str, command: str) -> None:
    standin = in_memory(model)
    meter_map = standin.map
    params = {
        name: given(model, command, name, kind)
        for name, kind in meter_map.commands[command].params.items()
    }
    device = standin.device(confirmed=open_names(meter_map))
    record = device.command(command, params, BOSS)
    assert record.frames
    if (model, command) in ENDS:
        assert (record.outcome, record.detail) in ENDS[model, command]
    else:
        assert record.outcome is Outcome.DONE, record.detail


def given(model: str, command: str, name: str, kind: str) -> str:
    for key in ((model, command, name), (model, "*", name)):
        if key in GIVEN:
            return GIVEN[key]
    if kind.startswith("enum("):
        # The last one: the first is mostly how the meter is delivered.
        return kind.removeprefix("enum(").removesuffix(")").split(",")[-1]
    return PLAIN[kind]
