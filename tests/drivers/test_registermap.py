"""Register maps: words on the wire, and files that contradict themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.registermap import MapInvalid, MapUnknown, Register, RegisterContent, Table
from drivers.registermaps import MAPS_FOLDER, load_map, shipped_map
from meters.verdicts import TokenResult

HEAD = """
format = 1
id = "probe"
maker = "Raseed"
models = ["P1"]
commodity = ["water"]
revision = 1
trust = "bench"
[line]
protocol = "modbus-tcp"
port = 502
unit_id = {default = 1, min = 1, max = 247}
[limits]
max_registers = 4
turnaround_max_ms = 500
write_fc = [16]
"""
PLAIN = """
[[register]]
name = "volume"
table = "holding"
addr = 10
type = "u32"
kind = "counter"
access = "rw"
"""


def one(**changes: object) -> Register:
    """The register `volume` of a map, with some keys changed or added."""
    lines = dict(line.split(" = ") for line in PLAIN.strip().splitlines()[1:])
    lines |= {key: str(value) for key, value in changes.items()}
    text = "\n".join(f"{key} = {value}" for key, value in lines.items())
    return load_map(f"{HEAD}\n[[register]]\n{text}\n", "probe").registers["volume"]


@pytest.mark.parametrize(
    "path", sorted(MAPS_FOLDER.glob("raseed-payment.toml")), ids=lambda p: p.stem
)
def test_every_shipped_map_is_valid(path: object) -> None:
    name = getattr(path, "stem", "")
    assert shipped_map(name).id == name


# Typed by hand from the meter's interface sheet, not read from the file: a slip in the file
# cannot hide, although driver and simulator would both follow it.
SHEET = {
    "meter.number": (0, 7),
    "meter.commodity": (7, 1),
    "sts.supply_group": (8, 3),
    "sts.key_revision": (11, 1),
    "sts.tariff_index": (12, 1),
    "sts.key_expiry": (13, 1),
    "sts.algorithm": (14, 1),
    "sts.key_type": (15, 1),
    "account.balance": (16, 4),
    "account.total_supplied": (20, 4),
    "supply.output": (24, 1),
    "supply.state": (25, 1),
    "supply.reasons": (26, 1),
    "account.tokens_accepted": (27, 2),
    "account.last_result": (29, 1),
    "clock": (30, 2),
    **{f"token_log.sequence[{i}]": (32 + 7 * i, 2) for i in range(10)},
    **{f"token_log.result[{i}]": (34 + 7 * i, 1) for i in range(10)},
    **{f"token_log.fingerprint[{i}]": (35 + 7 * i, 4) for i in range(10)},
}


def test_the_payment_meters_map_is_the_sheet() -> None:
    payment = shipped_map("raseed-payment")
    mailbox = payment.registers["token.mailbox"]
    assert (mailbox.table, mailbox.addr, mailbox.words, mailbox.access) == (
        Table.HOLDING,
        256,
        10,
        "w",
    )
    inputs = {n: r for n, r in payment.registers.items() if r.table is Table.INPUT}
    assert {n: (r.addr, r.words) for n, r in inputs.items()} == SHEET
    assert payment.registers["account.last_result"].enum == {
        result.value: result.name.lower() for result in TokenResult
    }


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", (0x0102, 0x0304)),
        ("CDAB", (0x0304, 0x0102)),
        ("BADC", (0x0201, 0x0403)),
        ("DCBA", (0x0403, 0x0201)),
    ],
)
def test_orders_of_a_32_bit_value(order: str, words: tuple[int, ...]) -> None:
    register = one(order=f'"{order}"')
    assert register.encode(0x01020304) == words
    assert register.decode(words) == 0x01020304


def test_a_64_bit_value_and_a_text_on_the_wire() -> None:
    signed = one(type='"s64"')
    assert signed.encode(-2) == (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE)
    assert one(type='"s64"', order='"CDAB"').encode(1) == (1, 0, 0, 0)
    assert one(type='"ascii(4)"').encode("AB") == (0x4142, 0)
    assert one(type='"ascii(4)"', order='"BADC"').encode("ABC") == (0x4241, 0x0043)


_RANGES = {
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "s64": (-(2**63), 2**63 - 1),
}


@given(
    data=st.data(),
    type_=st.sampled_from(sorted(_RANGES)),
    order=st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]),
)
def test_numbers_come_back(data: st.DataObject, type_: str, order: str) -> None:
    least, most = _RANGES[type_]
    value = data.draw(st.integers(least, most))
    register = one(type=f'"{type_}"', order=f'"{order}"')
    words = register.encode(value)
    assert len(words) == register.words
    assert register.decode(words) == value
    for beyond in (least - 1, most + 1):
        with pytest.raises(RegisterContent):
            register.encode(beyond)


@given(names=st.frozensets(st.sampled_from(["a", "b", "c"])))
def test_bits_come_back(names: frozenset[str]) -> None:
    register = one(type='"bits"', bits='{0 = "a", 3 = "b", 15 = "c"}')
    assert register.decode(register.encode(names)) == names


def test_scales_are_exact() -> None:
    tens = one(scale='"10"')
    assert tens.decode(tens.encode(120)) == 120
    assert tens.encode(120) == (0, 12)
    with pytest.raises(RegisterContent):
        tens.encode(125)
    with pytest.raises(RegisterContent):
        one(scale='"0.1"').decode((0, 125))
    assert one(scale='"0.1"').decode((0, 120)) == 12


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": '"ascii(4)"'}, (0x80FF, 0)),
        ({"type": '"ascii(4)"'}, (0x0041, 0x4200)),
        ({"type": '"bits"', "bits": '{0 = "a"}'}, (2,)),
        ({"type": '"u16"', "enum": '{0 = "off"}'}, (1,)),
    ],
)
def test_words_without_a_meaning(changes: dict[str, str], words: tuple[int, ...]) -> None:
    with pytest.raises(RegisterContent):
        one(**changes).decode(words)


def test_a_text_that_does_not_fit_is_not_quoted() -> None:
    with pytest.raises(RegisterContent) as told:
        one(type='"ascii(4)"').encode("12345")
    assert "12345" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": '"u24"'}, "cannot read u24"),
        ({"type": '"ascii(3)"'}, "cannot read"),
        ({"order": '"ACBD"'}, "cannot read"),
        ({"scale": '"ten"'}, "cannot read"),
        ({"scale": '"0"'}, "scale"),
        ({"scale": "1"}, "scale must be str"),
        ({"kind": '"odd"'}, "kind"),
        ({"access": '"x"'}, "access"),
        ({"table": '"coil"'}, "cannot read"),
        ({"table": '"input"'}, "cannot be written"),
        ({"addr": 0x10000}, "not on the wire"),
        ({"addr": 0xFFFF}, "not on the wire"),
        ({"colour": '"red"'}, "unknown key colour"),
        ({"type": '"bits"'}, "bits"),
        ({"type": '"ascii(4)"', "order": '"CDAB"'}, "word order"),
        ({"unit_from": '"nowhere"'}, "unit_from"),
        ({"repeat": "{count = 2, stride = 1}"}, "overlaps"),
        ({"repeat": "{count = 0, stride = 1}"}, "count"),
    ],
)
def test_registers_that_contradict_themselves(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(MapInvalid) as told:
        one(**changes)
    assert problem in str(told.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "missing"),
        ("[", "file"),
        (HEAD, "register is missing"),
        (HEAD + PLAIN + PLAIN, "stands twice"),
        (HEAD.replace('id = "probe"', 'id = "other"') + PLAIN, "id"),
        (HEAD.replace("bench", "hearsay") + PLAIN, "trust"),
        (HEAD.replace("= 4", "= 200") + PLAIN, "max_registers"),
        (HEAD.replace("format = 1", "format = 2") + PLAIN, "format"),
        (HEAD.replace("port = 502", 'port = "502"') + PLAIN, "port must be int"),
    ],
)
def test_files_that_contradict_themselves(text: str, problem: str) -> None:
    with pytest.raises(MapInvalid) as told:
        load_map(text, "probe")
    assert problem in str(told.value)


COMMAND = """
[[command]]
name = "push"
danger = "credit"
params = {token = "digits(20)"}
write = "volume"
verify = ["volume"]
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('write = "volume"', 'write = "nothing"', "write must name"),
        ('verify = ["volume"]', 'verify = ["nothing"]', "no register nothing"),
        ('danger = "credit"', "", "danger is missing"),
    ],
)
def test_commands_that_contradict_themselves(old: str, new: str, problem: str) -> None:
    assert load_map(HEAD + PLAIN + COMMAND, "probe").commands["push"].write == "volume"
    with pytest.raises(MapInvalid) as told:
        load_map(HEAD + PLAIN + COMMAND.replace(old, new), "probe")
    assert problem in str(told.value)


def test_one_request_reads_together_what_lies_together() -> None:
    far = PLAIN.replace("volume", "far").replace("addr = 10", "addr = 13")
    near = PLAIN.replace("volume", "near").replace("addr = 10", "addr = 12")
    probe = load_map(HEAD + PLAIN + near, "probe")
    span = probe.span(["near", "volume"])
    assert (span.addr, span.count) == (10, 4)
    values = span.values((0, 1, 0, 2))
    assert (values.integer("volume"), values.integer("near")) == (1, 2)
    for wrong in (values.text, values.flags):
        with pytest.raises(RegisterContent):
            wrong("volume")
    with pytest.raises(RegisterContent):
        span.values((0, 1, 0))
    with pytest.raises(MapInvalid):
        load_map(HEAD + PLAIN + far, "probe").span(["far", "volume"])
    with pytest.raises(MapInvalid):
        load_map(HEAD + PLAIN.replace('"rw"', '"w"'), "probe").span(["volume"])


@pytest.mark.parametrize("name", ["nobody", "../meters/raseed-payment", ""])
def test_an_unknown_map(name: str) -> None:
    with pytest.raises(MapUnknown):
        shipped_map(name)
