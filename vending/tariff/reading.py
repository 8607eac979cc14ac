"""Reading a tariff file strictly: every value has one type, a key that nobody knows is refused,
and a mistake is told with the file, the place and the problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meters.account import Commodity
from meters.quantities import (
    Money,
    MoneyTooMuch,
    NotANumber,
    Quantity,
    Rate,
    TooFine,
    decimal_from_text,
)

from .errors import TariffMalformed
from .mistakes import Mistake
from .months import PLACE, YEARS
from .rounding import Rounding

_CODE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_DAY = re.compile(r"\d\d-\d\d", re.ASCII)
_MOST_MINOR = 10**12
"""Far above any sum that is meant, far below what a database cannot hold."""
_NO_NUMBERS = (NotANumber, TooFine, MoneyTooMuch)
EnumT = TypeVar("EnumT", bound=Enum)


class Table:
    """One table of a TOML file. Ask for each key once, then call `done`."""

    def __init__(
        self, data: dict[str, Any], source: str, place: str, commodity: Commodity, currency: str
    ) -> None:
        self._data = data
        self._source = source
        self._place = place
        self._asked: set[str] = set()
        self.commodity = commodity
        self.currency = currency

    def wrong(self, key: str, problem: Mistake, *details: object) -> NoReturn:
        """Raises TariffMalformed for a place in this table."""
        told = [str(one) for one in details]
        raise TariffMalformed(self._source, self._at(key)[:200], problem, told)

    def _no_number(self, key: str, error: NotANumber | TooFine | MoneyTooMuch) -> NoReturn:
        """Raises TariffMalformed for a text that is no number of this kind."""
        if isinstance(error, TooFine):
            self.wrong(key, Mistake.TOO_FINE, error.text, error.decimals)
        if isinstance(error, MoneyTooMuch):
            self.wrong(key, Mistake.TOO_MUCH)
        self.wrong(key, Mistake.NOT_A_NUMBER, error.text)

    def has(self, key: str) -> bool:
        return key in self._data

    def is_text(self, key: str) -> bool:
        return isinstance(self._data.get(key), str)

    def done(self) -> None:
        """Raises TariffMalformed for keys that were never asked for: mostly mistyped ones."""
        for key in self._data:
            if key not in self._asked:
                self.wrong(key, Mistake.UNKNOWN_KEY)

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._value(key, str, Mistake.MUST_BE_TEXT, default)
        if not value.strip():
            self.wrong(key, Mistake.EMPTY)
        return value

    def code(self, key: str) -> str:
        """A code: small letters, digits, `-` and `_`."""
        value = self.text(key)
        if not _CODE.fullmatch(value):
            self.wrong(key, Mistake.CODE)
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number, at least 1."""
        value: int = self._value(key, int, Mistake.MUST_BE_WHOLE, default)
        if value < 1:
            self.wrong(key, Mistake.AT_LEAST_ONE)
        return value

    def moment(self, key: str) -> datetime:
        """A date and time with its offset."""
        value: datetime = self._value(key, datetime, Mistake.MUST_BE_MOMENT)
        if value.tzinfo is None:
            self.wrong(key, Mistake.NO_OFFSET)
        if value.year not in YEARS:
            self.wrong(key, Mistake.YEARS, YEARS[0], YEARS[-1])
        return value

    def season_start(self, key: str) -> tuple[int, int]:
        """`MM-DD` as month and day; a day that every year has."""
        text = self.text(key)
        try:
            # Python reads weeks as well, and `W46-1` is a date to it.
            day = date.fromisoformat(f"2001-{text}") if _DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if day is None:
            self.wrong(key, Mistake.MONTH_AND_DAY)
        return day.month, day.day

    def one_of(self, key: str, kind: type[EnumT], default: EnumT | None = None) -> EnumT:
        text = self.text(key, None if default is None else str(default.value))
        try:
            return kind(text)
        except ValueError:
            self.wrong(key, Mistake.ONE_OF, ", ".join(str(one.value) for one in kind))

    def rounding(self) -> Rounding:
        return self.one_of("rounding", Rounding)

    def zone(self, key: str) -> ZoneInfo:
        if not self.has(key):
            return PLACE
        try:
            return ZoneInfo(self.text(key))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # The last one for a part of the world (a folder), or a name that no file can have.
            self.wrong(key, Mistake.ZONE)

    def money(self, key: str) -> Money:
        """More than nothing, in the tariff's currency."""
        try:
            value = Money.from_text(self.text(key), self.currency)
        except _NO_NUMBERS as error:
            self._no_number(key, error)
        if value.minor <= 0:
            self.wrong(key, Mistake.NOT_POSITIVE)
        if value.minor > _MOST_MINOR:
            self.wrong(key, Mistake.TOO_MUCH)
        return value

    def rate(self, key: str) -> Rate:
        """A price per display unit, more than nothing."""
        try:
            value = Rate.from_text(self.text(key), self.currency, self.commodity.quantity)
        except _NO_NUMBERS as error:
            self._no_number(key, error)
        if value.per_unit <= 0:
            self.wrong(key, Mistake.NOT_POSITIVE)
        return value

    def percent(self, key: str, *, least: int = 0, most: int = 100) -> tuple[str, Fraction]:
        """The number in plain digits, as lines and papers say it, and the part of one that it
        means."""
        try:
            number = decimal_from_text(self.text(key))
        except _NO_NUMBERS as error:
            self._no_number(key, error)
        if not least <= number <= most:
            self.wrong(key, Mistake.PERCENT, least, most)
        # However it was typed (`١٦`, `+16`): programs read it back, and it stands between words.
        # Its sign alone is taken off: `abs` would round to the digits of a calculation.
        return f"{number.copy_abs():f}", Fraction(number) * Fraction(1, 100)

    def units(self, key: str) -> Quantity:
        """A number of token steps (tenths of a display unit), more than none."""
        try:
            value = self.commodity.quantity.from_text(self.text(key))
        except _NO_NUMBERS as error:
            self._no_number(key, error)
        if value.value <= 0 or value.value % self.commodity.token_step:
            self.wrong(key, Mistake.TENTHS)
        return value

    def table(self, key: str) -> Table:
        return self._inside(self._value(key, dict, Mistake.MUST_BE_TABLE), self._at(key))

    def tables(self, key: str, *, some: bool = False) -> Iterator[Table]:
        """A list of tables; at least one if `some`."""
        if not self.has(key) and not some:
            return
        values = self._value(key, list, Mistake.MUST_BE_TABLES)
        if not values and some:
            self.wrong(key, Mistake.EMPTY)
        for place, value in enumerate(values):
            if not isinstance(value, dict):
                self.wrong(key, Mistake.MUST_BE_TABLES)
            yield self._inside(value, f"{self._at(key)}[{place}]")

    def _inside(self, data: dict[str, Any], place: str) -> Table:
        return Table(data, self._source, place, self.commodity, self.currency)

    def _value(self, key: str, kind: type[Any], otherwise: Mistake, default: Any = None) -> Any:
        self._asked.add(key)
        value = self._data.get(key, default)
        if value is None:
            self.wrong(key, Mistake.MISSING)
        # A TOML boolean would pass as a whole number.
        if not isinstance(value, kind) or isinstance(value, bool):
            self.wrong(key, otherwise)
        return value

    def _at(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key
