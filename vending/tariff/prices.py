"""What units cost: at one price, in blocks, by season. Rates are as stated in the tariff; whether
tax comes on top is the tariff's VAT rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, Protocol

from msgspec import Struct

from meters.quantities import Quantity, Rate

from .labels import Label
from .mistakes import Mistake
from .reading import Table
from .registry import registered, rule_from
from .rounding import Rounding


class Piece(Struct, frozen=True):
    """A run of units at one rate. A purchase fills pieces in order; the last one is endless."""

    rule: str
    rate: Rate
    rounding: Rounding
    width: int | None = None
    """How many smallest units fit; None in the last piece."""
    block: int = 0
    """1, 2, ... in a price of blocks."""
    season: Label | None = None


class PriceRule(Protocol):
    """One way of pricing units."""

    rule: ClassVar[str]

    @property
    def monthly(self) -> bool:
        """Whether it matters what was bought earlier in the month."""
        ...

    def begins_anew(self, day: date) -> bool:
        """Whether each purchase of this day begins in the first block, whatever was bought."""
        ...

    def pieces(self, day: date, used: int) -> tuple[Piece, ...]:
        """The pieces that the next unit begins, after `used` smallest units this month."""
        ...


@registered("price", "flat")
@dataclass(frozen=True, slots=True)
class FlatPrice:
    """Every unit costs the same.

    76.8 kWh at 0.5612 is 43.10016, so 43.10
    """

    rate: Rate
    rounding: Rounding

    rule: ClassVar[str] = "flat"
    monthly: ClassVar[bool] = False

    @classmethod
    def from_table(cls, table: Table) -> FlatPrice:
        return cls(table.rate("rate"), table.rounding())

    def begins_anew(self, day: date) -> bool:  # noqa: ARG002
        return False

    def pieces(self, day: date, used: int) -> tuple[Piece, ...]:  # noqa: ARG002
        return (Piece(self.rule, self.rate, self.rounding),)


class Period(Enum):
    """What fills the blocks."""

    MONTH = "month"
    """All units bought in the month: two purchases cost as one."""
    PURCHASE = "purchase"
    """Each purchase begins in the first block."""


@dataclass(frozen=True, slots=True)
class Block:
    """Units up to a bound, counted from nothing; the last block has none."""

    up_to: Quantity | None
    rate: Rate


@registered("price", "blocks")
@dataclass(frozen=True, slots=True)
class BlockPrice:
    """Each block of units has its price; only the units inside it pay it.

    Blocks to 100 at 0.40 and beyond at 0.60; 80 kWh bought this month; 50 more:
    20 at 0.40 is 8.00, and 30 at 0.60 is 18.00
    """

    blocks: tuple[Block, ...]
    period: Period
    rounding: Rounding

    rule: ClassVar[str] = "blocks"

    @property
    def monthly(self) -> bool:
        return self.period is Period.MONTH

    def begins_anew(self, day: date) -> bool:  # noqa: ARG002
        return not self.monthly

    @classmethod
    def from_table(cls, table: Table) -> BlockPrice:
        blocks: list[Block] = []
        rows = list(table.tables("blocks", some=True))
        reached = 0
        for row in rows:
            last = row is rows[-1]
            if last and row.has("up_to"):
                row.wrong("up_to", Mistake.LAST_BLOCK_BOUND)
            up_to = None if last else row.units("up_to")
            if up_to is not None:
                if up_to.value <= reached:
                    row.wrong("up_to", Mistake.BLOCK_ORDER)
                reached = up_to.value
            blocks.append(Block(up_to, row.rate("rate")))
            row.done()
        return cls(tuple(blocks), table.one_of("period", Period), table.rounding())

    def pieces(self, day: date, used: int) -> tuple[Piece, ...]:  # noqa: ARG002
        position = used if self.monthly else 0
        found = []
        for number, block in enumerate(self.blocks, start=1):
            width = None if block.up_to is None else block.up_to.value - position
            if width is None or width > 0:
                found.append(Piece(self.rule, block.rate, self.rounding, width, number))
                position += width or 0
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Season:
    """Holds from its first day until the next season begins, every year."""

    begins: tuple[int, int]
    """Month and day."""
    label: Label
    price: FlatPrice | BlockPrice


@registered("price", "seasonal")
@dataclass(frozen=True, slots=True)
class SeasonalPrice:
    """Another table for each season of the year.

    Winter from 11-15, summer from 04-01: on 14 November it is summer, on 1 January winter
    """

    seasons: tuple[Season, ...]
    """By first day."""

    rule: ClassVar[str] = "seasonal"

    @property
    def monthly(self) -> bool:
        return any(season.price.monthly for season in self.seasons)

    @classmethod
    def from_table(cls, table: Table) -> SeasonalPrice:
        seasons = []
        for row in table.tables("seasons", some=True):
            price = rule_from(row.table("price"), "price")
            if isinstance(price, SeasonalPrice):
                row.wrong("price", Mistake.SEASON_IN_SEASON)
            seasons.append(Season(row.season_start("begins"), Label.from_table(row), price))
            row.done()
        seasons.sort(key=lambda season: season.begins)
        if len({season.begins for season in seasons}) != len(seasons):
            table.wrong("seasons", Mistake.SEASON_DAY_TWICE)
        return cls(tuple(seasons))

    def season(self, day: date) -> Season:
        """Which one holds on a local day; before the year's first one, the year's last."""
        begun = [s for s in self.seasons if s.begins <= (day.month, day.day)]
        return begun[-1] if begun else self.seasons[-1]

    def begins_anew(self, day: date) -> bool:
        return self.season(day).price.begins_anew(day)

    def pieces(self, day: date, used: int) -> tuple[Piece, ...]:
        season = self.season(day)
        return tuple(
            Piece(p.rule, p.rate, p.rounding, p.width, p.block, season.label)
            for p in season.price.pieces(day, used)
        )
