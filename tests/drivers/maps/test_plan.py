"""Requests: everything wanted is read once, nothing breaks what the meter takes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.maps.errors import MapInvalid
from drivers.maps.model import MeterMap, Table
from drivers.maps.plan import NOTHING_LEARNT, Block, Learnt, plan, split
from drivers.maps.reading import shipped_map

from .probes import probe

NAMES = [f"tariff.day_plan.{i}" for i in range(1, 100)]


def row(name: str, addr: int, type_: str = "u16", **more: Any) -> dict[str, Any]:
    return {"name": name, "table": "holding", "addr": addr, "type": type_, **more}


@st.composite
def maps(draw: st.DrawFn) -> MeterMap:
    even = draw(st.booleans())
    rows: list[dict[str, Any]] = []
    addr = draw(st.integers(0, 50))
    for name in NAMES[: draw(st.integers(1, 14))]:
        type_ = draw(st.sampled_from(["u16", "u32", "f32", "u64", "ascii(10)"]))
        table = draw(st.sampled_from(["input", "holding", "holding"]))
        made = row(name, addr, type_, table=table)
        match draw(st.sampled_from(["", "", "", "group", "alone", "half"])):
            case "group" if not even:
                made["group"] = f"{table}_{addr // 12}"
            case "alone":
                made["read_alone"] = True
            case "half":
                made["type"] = "high8"
                rows.append(row(f"pulse.source.{len(rows) + 1}", addr, "low8", table=table))
        rows.append(made)
        addr += 5 + draw(st.sampled_from([0, 0, 0, 1, 2, 20]))
        addr -= (
            5 - {"u16": 1, "u32": 2, "f32": 2, "u64": 4, "ascii(10)": 5, "high8": 1}[made["type"]]
        )
    limits = {
        "max_registers": draw(st.sampled_from([24, 30, 60, 124])),
        "max_hole": draw(st.integers(0, 10)),
        "even_only": even,
    }
    return probe(*rows, limits=limits)


@st.composite
def tasks(draw: st.DrawFn) -> tuple[MeterMap, list[str]]:
    meter_map = draw(maps())
    names = st.lists(st.sampled_from(sorted(meter_map.registers)), min_size=1, unique=True)
    return meter_map, draw(names)


def check(blocks: tuple[Block, ...], meter_map: MeterMap, names: list[str]) -> None:
    limits = meter_map.limits
    assert sorted(r.name for b in blocks for r in b.registers) == sorted(names)
    for block in blocks:
        assert 1 <= block.count <= limits.max_registers
        assert block.addr >= 0
        if limits.even_only:
            assert block.addr % 2 == block.count % 2 == 0
        inside = set(range(block.addr, block.addr + block.count))
        for register in block.registers:
            assert register.table is block.table
            assert inside.issuperset(register.span)
            if register.read_alone:
                assert block.registers == (register,)
        # No hole is longer than allowed, but within a group.
        if not any(register.group for register in block.registers):
            used = sorted({addr for r in block.registers for addr in r.span})
            for left, right in pairwise(used):
                assert right - left - 1 <= limits.max_hole
    for group in {meter_map.registers[name].group for name in names} - {""}:
        assert len([b for b in blocks if any(r.group == group for r in b.registers)]) == 1


@settings(max_examples=60)
@given(task=tasks())
def test_every_wanted_register_is_covered_and_no_limit_broken(
    task: tuple[MeterMap, list[str]],
) -> None:
    meter_map, names = task
    check(plan(meter_map, names), meter_map, names)


@pytest.mark.system
@settings(max_examples=60)
@given(task=tasks(), data=st.data())
def test_refusals_are_learnt_until_only_what_the_meter_has_is_asked_for(
    task: tuple[MeterMap, list[str]], data: st.DataObject
) -> None:
    """A meter that lacks some registers, and refuses every block that touches what it lacks."""
    meter_map, names = task
    every = sorted(meter_map.registers)
    lacks = set(data.draw(st.lists(st.sampled_from(every), unique=True), label="lacks"))
    used = {(r.table, addr) for r in meter_map.registers.values() for addr in r.span}
    there = {
        (register.table, addr)
        for register in meter_map.registers.values()
        if register.name not in lacks
        for addr in register.span
    }

    def answers(block: Block) -> bool:
        # Words that only make the count even are answered with zeros.
        spare = meter_map.limits.even_only
        span = range(block.addr, block.addr + block.count)
        words = {(block.table, addr) for addr in span}
        return all(word in there or (spare and word not in used) for word in words)

    learnt, asked, read = NOTHING_LEARNT, 0, set()
    queue = list(plan(meter_map, names, learnt))
    while queue:
        block = queue.pop(0)
        asked += 1
        assert asked <= 8 * len(names) + 8
        if answers(block):
            read |= {register.name for register in block.registers}
        else:
            more, learnt = split(block, meter_map, learnt)
            queue += more
    # Next time nothing is refused, and all that can be had is read.
    again = plan(meter_map, names, learnt)
    assert {register.name for block in again for register in block.registers} == read
    assert read | learnt.absent >= set(names)
    if not any(meter_map.registers[name].group for name in names) and not _shared(meter_map):
        assert all(answers(block) for block in again)
        assert learnt.absent == (set(names) & lacks)


def _shared(meter_map: MeterMap) -> bool:
    """Whether registers stand and fall together, because they share an address, or a pair of them
    where counts are even."""
    pair = 2 if meter_map.limits.even_only else 1
    cells = [
        cell
        for register in meter_map.registers.values()
        for cell in {(register.table, addr // pair) for addr in register.span}
    ]
    return len(cells) != len(set(cells))


def test_neighbours_differ_in_length_where_they_can() -> None:
    """A reply that comes late on a line without transaction ids must not fit the next request."""
    rows = [row(NAMES[i], 100 * i, "u32") for i in range(4)]
    rows += [row(NAMES[10 + i], 100 * i + 50, "u16") for i in range(4)]
    meter_map = probe(*rows, limits={"max_registers": 20})
    blocks = plan(meter_map, [r["name"] for r in rows])
    assert len(blocks) == 8
    assert all(a.shape != b.shape for a, b in pairwise(blocks))


def test_a_block_grows_by_a_known_neighbour_rather_than_look_like_the_one_before() -> None:
    rows = [row("line.baud", 0), row("line.parity", 1), row("line.format", 50)]
    meter_map = probe(*rows)
    first, second = plan(meter_map, ["line.baud", "line.format"])
    assert {first.count, second.count} == {1, 2}
    longer = first if first.count == 2 else second
    assert [register.name for register in longer.registers] == ["line.baud"]
    # It is refused: asked again as it was wanted.
    (again,), learnt = split(longer, meter_map)
    assert (again.addr, again.count) == (0, 1)
    assert learnt.absent == frozenset()


def test_read_alone_stays_alone_although_it_lies_within_another() -> None:
    """Gavazzi EM340: 000B is the model's number when read alone, half a voltage in a block."""
    em340 = shipped_map("gavazzi-em340")
    blocks = plan(em340, ["meter.code", "voltage.l2l3", "voltage.l3l1"])
    alone = next(b for b in blocks if b.registers[0].name == "meter.code")
    assert (alone.addr, alone.count, len(alone.registers)) == (0x000B, 1, 1)


def test_slices_give_each_register_its_bytes() -> None:
    meter_map = probe(row("line.baud", 3), row("line.parity", 5, "u32"), limits={"max_hole": 1})
    (block,) = plan(meter_map, ["line.parity", "line.baud"])
    assert (block.addr, block.count) == (3, 4)
    assert block.slices(bytes(range(8))) == {"line.baud": b"\0\1", "line.parity": b"\4\5\6\7"}
    with pytest.raises(ValueError, match="7 bytes"):
        block.slices(bytes(7))


def test_coils_count_one_by_one() -> None:
    rows = [row(f"supply.{n}", i, "bit", table="coil") for i, n in enumerate(["output", "state"])]
    (block,) = plan(probe(*rows), ["supply.output", "supply.state"])
    assert (block.table, block.count) == (Table.COIL, 2)
    assert block.slices(b"\1\0") == {"supply.output": b"\1", "supply.state": b"\0"}


def test_a_meter_without_a_register_is_not_asked_again() -> None:
    meter_map = probe(row("line.baud", 0), row("line.parity", 1))
    learnt = Learnt(absent=frozenset({"line.baud"}))
    (block,) = plan(meter_map, ["line.baud", "line.parity"], learnt)
    assert [register.name for register in block.registers] == ["line.parity"]
    assert plan(meter_map, ["line.baud"], learnt) == ()


def test_what_nobody_can_read_is_refused() -> None:
    payment = shipped_map("raseed-payment")
    with pytest.raises(MapInvalid):
        plan(payment, ["token.mailbox"])
    with pytest.raises(KeyError):
        plan(payment, ["nothing"])
