"""Books as an accountant reads them who does not trust the program: plain rows, and sums of them.
Nothing here asks the product anything."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

ZONE: Final = ZoneInfo("Asia/Hebron")
TENDERS: Final = {
    "1010": "cash",
    "1020": "card",
    "1030": "cheque",
    "1040": "wallet",
    "1050": "transfer",
}
"""Where the money of each way of paying stands."""
EARNED: Final = (
    *("4010", "4020", "4110", "4120", "4130", "4140", "4150"),
    *("2020", "1210", "1310"),
)
"""Income, tax, debts and supports: what sales are made of."""

Row = dict[str, Any]
Between = tuple[date | None, date | None]


@dataclass(frozen=True)
class Line:
    """Of a sale."""

    rule: str
    base: int
    unit: str
    rate: str
    exact: Fraction
    amount: int
    more: Row

    @property
    def kind(self) -> str:
        told = "tax" if self.rule == "vat" else "units"
        return str(self.more.get("kind", told))


@dataclass
class RawBooks:
    """All rows of one moment."""

    engine: Engine
    entries: dict[int, Row] = field(init=False)
    postings: list[Row] = field(init=False)
    sales: dict[str, Row] = field(init=False)
    """By vend id; `document` is opened."""
    voids: dict[str, Row] = field(init=False)
    of: dict[int, list[Row]] = field(init=False)
    """Postings by entry."""
    sold_in: dict[int, Row] = field(init=False)
    """Sales by entry."""
    back_in: dict[int, Row] = field(init=False)
    """Sales by the entry that took them back or refunded them."""

    def __post_init__(self) -> None:
        entries = self.rows("SELECT number, at, kind FROM entries ORDER BY number")
        self.entries = {row["number"]: {**row, "at": local(row["at"])} for row in entries}
        self.postings = self.rows("SELECT * FROM postings ORDER BY entry, line")
        self.sales = {row["vend_id"]: opened(row) for row in self.rows("SELECT * FROM sales")}
        self.voids = {row["vend_id"]: opened(row) for row in self.rows("SELECT * FROM voids")}
        self.of = defaultdict(list)
        for posting in self.postings:
            self.of[posting["entry"]].append(posting)
        self.sold_in = {sale["entry"]: sale for sale in self.sales.values()}
        self.back_in = {void["entry"]: self.sales[id] for id, void in self.voids.items()}

    def rows(self, statement: str) -> list[Row]:
        with self.engine.connect() as db:
            return [row._asdict() for row in db.execute(text(statement))]

    def day(self, entry: int) -> date:
        """On the clock on the wall."""
        made: datetime = self.entries[entry]["at"]
        return made.date()

    def inside(self, between: Between) -> Callable[[int], bool]:
        first, last = between

        def holds(entry: int) -> bool:
            day = self.day(entry)
            return (first is None or day >= first) and (last is None or day <= last)

        return holds

    def moved(self, entry: int, *accounts: str, holder: str = "") -> int:
        """What an entry did to these accounts together."""
        return sum(
            one["amount"]
            for one in self.of[entry]
            if one["account"] in accounts and holder in ("", one["holder"])
        )

    def touched(self) -> Iterator[tuple[int, Row, int]]:
        """Entries of sales (1) and of what took them back (-1), with the sale."""
        for entry in self.entries:
            if entry in self.sold_in:
                yield entry, self.sold_in[entry], 1
            elif entry in self.back_in:
                yield entry, self.back_in[entry], -1

    def is_refund(self, entry: int) -> bool:
        return bool(self.entries[entry]["kind"] == "refund")

    def ways(self, entry: int, sale: Row, sign: int) -> Counter[str]:
        """What was taken or given back, by way of paying."""
        if not sale["document"].get("on_deposit"):
            found = {name: self.moved(entry, account) for account, name in TENDERS.items()}
        else:
            # It came off the operator's deposit, the commission went onto it.
            found = dict.fromkeys(TENDERS.values(), 0)
            for tender, amount in paid_parts(sale).items():
                found[tender] += sign * amount
            last = list(paid_parts(sale))[-1:]
            for tender in last:
                found[tender] += self.moved(entry, "2030", "5020") - sum(found.values())
        return Counter({name: amount for name, amount in found.items() if amount})


def opened(row: Row) -> Row:
    return {**row, "document": json.loads(row["document"])}


def local(moment: datetime | str) -> datetime:
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return read.astimezone(ZONE)


def paid_parts(sale: Row) -> Counter[str]:
    told = sale["document"]
    whole = [[sale["tender"], sale["tendered"] + told.get("rounding", 0)]]
    parts: Counter[str] = Counter()
    for part in told.get("parts") or whole:
        parts[part[0]] += part[1]
    return parts


def lines_of(sale: Row) -> list[Line]:
    found = []
    for kept in sale["document"]["lines"]:
        rule, base, unit, rate, over, under, _, amount, *more = kept
        exact = Fraction(over, under)
        found.append(Line(rule, base, unit, rate, exact, amount, more[0] if more else {}))
    return found


def half_up(exact: Fraction) -> int:
    """To the nearest whole agora, halves away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole
