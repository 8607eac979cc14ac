"""Messages of IEC 62056-21 with check sums computed by hand from the standard's rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.iec21.frames import (
    Block,
    DataSet,
    answer,
    bcc,
    blocks,
    call,
    command,
    data_sets,
    identification,
    option,
)

COMMANDS = {
    "password": (command("P1", "(00000000)"), "015031022830303030303030302903 61"),
    "read": (command("R1", "1.8.0()"), "0152310231 2E382E30282903 5A"),
    "write": (command("W1", "0.9.1(135500)"), "01573102302E392E3128 3133353530302903 5C"),
    "break": (command("B0"), "0142300371"),
    "anybody": (call(), "2F3F210D0A"),
    "one of many": (call("12345678"), "2F3F3132333435363738210D0A"),
    "readout at 9600": (option("5", "0"), "063035300D0A"),
    "programming at 9600": (option("5", "1"), "063035310D0A"),
    "programming at 300": (option("0", "1"), "063030310D0A"),
}
SHAPELESS = (
    b"\x01\x03",
    b"\x01R\x03",
    b"\x01r1\x03",
    b"\x01R12\x03",
    b"\x01R1(5)\x03",
    b"\x01\x02(5)\x03",
    b"\x01R1\x02\x02(5)\x03",
    b"\x02P0\x02(5)\x03",
    b"\x02(\x005)\x03",
    b"\x02(5\xb5)\x03",
)
"""First byte and body of what is no message."""
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)


@pytest.mark.parametrize("name", COMMANDS)
def test_vectors(name: str) -> None:
    made, text = COMMANDS[name]
    assert made == bytes.fromhex(text)


def test_a_meter_names_itself() -> None:
    told = identification(bytes.fromhex("2F49536B354D453136322D303033330D0A"))
    assert told is not None
    assert (told.maker, told.speed, told.text) == ("ISk", "5", "ME162-0033")
    assert told.reaction_s == 0.02
    assert identification(b"/?!\r\n/ABC4x\r\n") is not None
    assert identification(b"/?!\r\n") is None


def test_the_answer_of_the_published_exchange() -> None:
    (block,) = blocks(answer("(001234.56*kWh)"))
    assert block == Block("", "(001234.56*kWh)")
    assert data_sets(block.text) == (DataSet("", (("001234.56", "kWh"),)),)


def test_data_sets() -> None:
    text = "F.F(00)\r\n1.8.0(001234.56*kWh)(00001.2*kWh)\r\n0.9.1(135500)\r\n!\r\n"
    assert data_sets(text) == (
        DataSet("F.F", (("00", ""),)),
        DataSet("1.8.0", (("001234.56", "kWh"), ("00001.2", "kWh"))),
        DataSet("0.9.1", (("135500", ""),)),
    )
    for spoilt in ("1.8.0", "1.8.0(12", "1.8.0(1*2*3)", "(1)x", "1.8.0((1))"):
        assert data_sets(spoilt) is None, spoilt


@given(texts.filter(lambda t: "(" not in t and ")" not in t), st.booleans())
def test_what_is_said_is_heard(text: str, is_last: bool) -> None:
    assert list(blocks(answer(text, is_last))) == [Block("", text, is_last)]
    if text:
        assert list(blocks(command("R1", text))) == [Block("R1", text)]


@pytest.mark.parametrize("body", SHAPELESS, ids=repr)
def test_a_right_check_sum_does_not_make_a_message(body: bytes) -> None:
    (block,) = blocks(body + bytes([bcc(body[1:])]))
    assert not block.is_sound


def test_a_start_of_data_that_became_a_start_of_header_is_noticed() -> None:
    for text in ("", "(001234.56*kWh)", "1.8.0(001234.56*kWh)"):
        (block,) = blocks(b"\x01" + answer(text)[1:])
        assert not block.is_sound, text


@given(texts, st.data())
def test_eight_spoilt_bits_in_a_row_are_noticed(text: str, data: st.DataObject) -> None:
    wire = answer(text)
    burst = data.draw(st.integers(1, 255)) << data.draw(st.integers(0, 8 * len(wire) - 8))
    spoilt = (int.from_bytes(wire, "little") ^ burst).to_bytes(len(wire), "little")
    assert Block("", text) not in [b for b in blocks(spoilt) if b.is_sound] or spoilt == wire
