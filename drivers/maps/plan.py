"""Which requests read a set of registers: few, within what the meter takes, and so that no reply
that comes late can pass for the next one.

Pure. `plan` makes blocks; when the meter refuses one (exception 02 or 03), `split` says how to ask
instead and what to remember about this meter (`Learnt`), so that the same refusal is not run into
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .errors import MapInvalid
from .model import Limits, MeterMap, Register, Table

_COILS = (Table.COIL, Table.DISCRETE)
_MOST_COILS = 2000  # Modbus application protocol 6.1: quantity of coils


@dataclass(frozen=True, slots=True)
class Block:
    """One request. Words of it that belong to none of `registers` are of no interest: they fill
    holes, make the count even, or make it differ from the request before."""

    table: Table
    addr: int
    count: int
    """Registers, or coils."""
    registers: tuple[Register, ...]

    @property
    def shape(self) -> tuple[Table, int]:
        """What tells a reply from another on a line without transaction ids."""
        return self.table, self.count

    def slices(self, data: bytes) -> dict[str, bytes]:
        """Each register's bytes out of the reply's: two for each register, one for each coil.
        Raises ValueError if the reply is short or long."""
        size = 1 if self.table in _COILS else 2
        if len(data) != size * self.count:
            raise ValueError(f"{len(data)} bytes for {self.count}")
        return {
            register.name: data[
                size * (register.span[0] - self.addr) : size * (register.span[-1] + 1 - self.addr)
            ]
            for register in self.registers
        }


@dataclass(frozen=True, slots=True)
class Learnt:
    """What one meter has taught by refusing. Goes with the meter, not with its model."""

    cuts: frozenset[tuple[Table, int]] = frozenset()
    """No request may hold both this address and the one before it."""
    absent: frozenset[str] = frozenset()
    """Registers that it refuses even when they are asked for alone."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Registers that stay together: a group, halves of one address, or one alone. `end` is the
    address after the last."""

    table: Table
    start: int
    end: int
    registers: tuple[Register, ...]
    alone: bool


NOTHING_LEARNT = Learnt()


def plan(
    meter_map: MeterMap, names: Iterable[str], learnt: Learnt = NOTHING_LEARNT
) -> tuple[Block, ...]:
    """Requests that read all of `names` (full names) but those that the meter lacks. No two that
    follow each other have the same shape, where an order or a few registers more can avoid it.

    Raises KeyError for unknown names, MapInvalid for registers that cannot be read.
    """
    chosen = {name: meter_map.registers[name] for name in names}
    for register in chosen.values():
        if not register.access.readable:
            raise MapInvalid(meter_map.id, f"register {register.name}", "cannot be read")
    pieces = _pieces(r for r in chosen.values() if r.name not in learnt.absent)
    blocks = _merged(pieces, meter_map.limits, learnt)
    return tuple(_unlike_neighbours(blocks, meter_map, learnt))


def split(
    block: Block, meter_map: MeterMap, learnt: Learnt = NOTHING_LEARNT
) -> tuple[tuple[Block, ...], Learnt]:
    """The meter refused `block`: what to ask instead, and what is learnt from it. Nothing is left
    to ask if it was one register alone. Ends after as many steps as the block has registers."""
    pieces = _pieces(block.registers)
    limits = meter_map.limits
    start, end = _aligned(pieces[0].start, pieces[-1].end, limits)
    beyond = {end} if block.addr + block.count > end else set()
    beyond |= {start} if block.addr < start else set()
    if beyond:
        # It was asked for more than was wanted; perhaps that was all that was wrong.
        cuts = beyond
    elif len(pieces) == 1:
        absent = learnt.absent | {register.name for register in block.registers}
        return (), replace(learnt, absent=absent)
    else:
        holes = {right.start for left, right in pairwise(pieces) if right.start > left.end}
        cuts = holes or {pieces[len(pieces) // 2].start}
    after = replace(learnt, cuts=learnt.cuts | {(block.table, cut) for cut in cuts})
    return plan(meter_map, [register.name for register in block.registers], after), after


def _pieces(registers: Iterable[Register]) -> list[_Piece]:
    """Sorted by table and address, none reaching into another."""
    together: dict[str, list[Register]] = {}
    for register in registers:
        together.setdefault(register.group or f"={register.name}", []).append(register)
    pieces = [
        _Piece(
            members[0].table,
            min(member.span[0] for member in members),
            max(member.span[-1] for member in members) + 1,
            tuple(sorted(members, key=lambda member: (member.span[0], member.name))),
            members[0].read_alone,
        )
        for members in together.values()
    ]
    pieces.sort(key=lambda p: (p.table.value, p.alone, p.start, p.end, p.registers[0].name))
    apart: list[_Piece] = []
    for piece in pieces:
        last = apart[-1] if apart else None
        if last and not piece.alone and piece.table is last.table and piece.start < last.end:
            registers = (*last.registers, *piece.registers)
            apart[-1] = replace(last, end=max(last.end, piece.end), registers=registers)
        else:
            apart.append(piece)
    return apart


def _aligned(start: int, end: int, limits: Limits) -> tuple[int, int]:
    """Made even at both ends where the meter wants that."""
    if not limits.even_only:
        return start, end
    return start - start % 2, end + end % 2


def _merged(pieces: Sequence[_Piece], limits: Limits, learnt: Learnt) -> list[Block]:
    blocks: list[Block] = []
    run: list[_Piece] = []
    for piece in pieces:
        if run and not _joins(run, piece, limits, learnt):
            blocks.append(_block(run, limits))
            run = []
        run.append(piece)
    if run:
        blocks.append(_block(run, limits))
    return blocks


def _joins(run: Sequence[_Piece], piece: _Piece, limits: Limits, learnt: Learnt) -> bool:
    run_end = run[-1].end
    start, end = _aligned(run[0].start, piece.end, limits)
    return (
        piece.table is run[0].table
        and not piece.alone
        and not run[0].alone
        and piece.start - run_end <= limits.max_hole
        and end - start <= _most(piece.table, limits)
        and not any((piece.table, cut) in learnt.cuts for cut in range(run_end, piece.start + 1))
    )


def _most(table: Table, limits: Limits) -> int:
    return _MOST_COILS if table in _COILS else limits.max_registers


def _block(run: Sequence[_Piece], limits: Limits) -> Block:
    start, end = _aligned(run[0].start, run[-1].end, limits)
    registers = tuple(register for piece in run for register in piece.registers)
    return Block(run[0].table, start, end - start, registers)


def _unlike_neighbours(blocks: Sequence[Block], meter_map: MeterMap, learnt: Learnt) -> list[Block]:
    """The blocks in an order in which neighbours differ in shape; where two do not, one of them is
    made longer by a register that lies next to it."""
    ordered = _shuffled(blocks)
    for place in range(1, len(ordered)):
        if ordered[place].shape != ordered[place - 1].shape:
            continue
        for mendable in (place, place - 1):
            longer = _longer(ordered[mendable], meter_map, learnt)
            around = ordered[max(mendable - 1, 0) : mendable + 2]
            if longer.shape not in [block.shape for block in around]:
                ordered[mendable] = longer
                break
    return ordered


def _shuffled(blocks: Sequence[Block]) -> list[Block]:
    """Each time the commonest shape that differs from the last one, so that none piles up at the
    end."""
    left, ordered = list(blocks), list[Block]()
    counts = Counter(block.shape for block in blocks)
    while left:
        last = ordered[-1].shape if ordered else None
        block = max(left, key=lambda candidate: (candidate.shape != last, counts[candidate.shape]))
        left.remove(block)
        counts[block.shape] -= 1
        ordered.append(block)
    return ordered


def _longer(block: Block, meter_map: MeterMap, learnt: Learnt) -> Block:
    """With the register after it, or before it, that the map knows; as it is if there is none."""
    if any(register.read_alone for register in block.registers):
        return block
    start, end = block.addr, block.addr + block.count
    for register in meter_map.registers.values():
        if register.table is not block.table or not _may_fill(register, learnt):
            continue
        first, beyond = register.span[0], register.span[-1] + 1
        side = end if first == end else start if beyond == start else None
        if side is None or (block.table, side) in learnt.cuts:
            continue
        longer = _aligned(min(start, first), max(end, beyond), meter_map.limits)
        if longer[1] - longer[0] <= _most(block.table, meter_map.limits):
            return replace(block, addr=longer[0], count=longer[1] - longer[0])
    return block


def _may_fill(register: Register, learnt: Learnt) -> bool:
    return (
        register.access.readable
        and not register.read_alone
        and not register.group
        and register.name not in learnt.absent
    )
