"""Tariffs as data: one TOML file per tariff, its versions in it, each with the moment from which
it holds. A version that has been used is never edited; a change is a new version.

    code = "electricity-domestic"
    commodity = "electricity"
    currency = "ILS"
    name_ar = "كهرباء منزلي"
    name_en = "Electricity, domestic"

    [[versions]]
    version = 1
    active_from = 2026-01-01T00:00:00+02:00
    most_per_sale = "5000.00"
    price = { rule = "flat", rate = "0.5612", rounding = "half_up" }
    vat = { percent = "16", rounding = "half_up" }

Rates are text: base currency per display unit (kWh, m3), without VAT.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from meters.account import Commodity
from meters.errors import Invalid
from meters.quantities import MINOR_DIGITS, Money, Quantity, Rate, decimal_from_text

from .errors import TariffMalformed, TariffMissing
from .rounding import Rounding, rounded, rounded_fraction


@dataclass(frozen=True, slots=True)
class FlatPrice:
    """Every unit costs the same. `rate` is without VAT."""

    rate: Rate
    rounding: Rounding

    rule = "flat"

    def net(self, amount: Quantity) -> Money:
        """Price of `amount` without VAT, rounded once, on the whole amount."""
        return Money(rounded_fraction(self.rate.cost(amount), self.rounding), self.rate.currency)


@dataclass(frozen=True, slots=True)
class Vat:
    """Value-added tax on top of the net amount, rounded once, on the whole net amount."""

    percent: str
    """Plain decimal text, exactly as written in the tariff (`16`)."""
    fraction: Fraction
    rounding: Rounding

    rule = "vat"

    def on(self, net: Money) -> Money:
        exact = self.fraction * net.minor
        return Money(rounded(exact.numerator, exact.denominator, self.rounding), net.currency)


@dataclass(frozen=True, slots=True)
class Tariff:
    """One version of one tariff."""

    code: str
    version: int
    commodity: Commodity
    currency: str
    name_ar: str
    name_en: str
    active_from: datetime
    price: FlatPrice
    vat: Vat
    most_per_sale: Money

    def cost(self, amount: Quantity) -> Money:
        """What `amount` costs, VAT included. Never falls when the amount grows."""
        net = self.price.net(amount)
        return net + self.vat.on(net)


class TariffBook:
    """All versions of all tariffs; answers which holds at a moment."""

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        """Raises TariffMalformed if two versions of one tariff share a number or a moment."""
        self._versions: dict[str, list[Tariff]] = {}
        for tariff in tariffs:
            self._versions.setdefault(tariff.code, []).append(tariff)
        for code, versions in self._versions.items():
            versions.sort(key=lambda t: t.active_from)
            for what in ("version", "active_from"):
                if len({getattr(t, what) for t in versions}) != len(versions):
                    raise TariffMalformed(code, f"two versions share {what}")

    def active(self, code: str, at: datetime) -> Tariff:
        """The latest version whose moment has come. Raises TariffMissing."""
        for tariff in reversed(self._versions.get(code, [])):
            if tariff.active_from <= at:
                return tariff
        raise TariffMissing(code)

    def codes(self) -> list[str]:
        return sorted(self._versions)


def parse_tariffs(text: str, source: str) -> list[Tariff]:
    """All versions in one TOML text. Raises TariffMalformed, saying where in `source`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TariffMalformed(source, str(error)) from None
    versions = data.get("versions")
    if not isinstance(versions, list) or not versions:
        raise TariffMalformed(source, "versions")
    return [
        _version(data, version, source, f"versions[{place}]")
        for place, version in enumerate(versions)
    ]


def read_tariffs(folder: Path) -> TariffBook:
    """Every `*.toml` in a folder. Raises TariffMalformed."""
    found: list[Tariff] = []
    for path in sorted(folder.glob("*.toml")):
        found.extend(parse_tariffs(path.read_text(encoding="utf-8"), path.name))
    return TariffBook(found)


def _version(data: dict[str, Any], version: dict[str, Any], source: str, where: str) -> Tariff:
    place = where
    try:
        place = "commodity"
        commodity = Commodity(data["commodity"])
        place = "currency"
        currency = data["currency"]
        if currency not in MINOR_DIGITS:
            raise ValueError(currency)
        place = f"{where}.active_from"
        active_from = version["active_from"]
        if not isinstance(active_from, datetime) or active_from.tzinfo is None:
            raise ValueError("a date and time with its offset")
        place = f"{where}.price"
        price = version["price"]
        if price["rule"] != FlatPrice.rule:
            raise ValueError(price["rule"])
        rate = Rate.from_text(price["rate"], currency, commodity.quantity)
        if rate.per_unit <= 0:
            raise ValueError("a price is more than nothing")
        flat = FlatPrice(rate, Rounding(price["rounding"]))
        place = f"{where}.vat"
        percent = version["vat"]["percent"]
        fraction = Fraction(decimal_from_text(percent)) / 100
        if fraction < 0:
            raise ValueError(percent)
        vat = Vat(percent, fraction, Rounding(version["vat"]["rounding"]))
        place = f"{where}.most_per_sale"
        most = Money.from_text(version["most_per_sale"], currency)
        place = where
        number = version["version"]
        if type(number) is not int or number < 1:
            raise ValueError("version")
        place = "code"
        code, name_ar, name_en = (_text(data, key) for key in ("code", "name_ar", "name_en"))
    except (KeyError, ValueError, TypeError, Invalid, AttributeError) as error:
        raise TariffMalformed(source, f"{place} ({error})") from None
    return Tariff(
        code=code,
        version=number,
        commodity=commodity,
        currency=currency,
        name_ar=name_ar,
        name_en=name_en,
        active_from=active_from,
        price=flat,
        vat=vat,
        most_per_sale=most,
    )


def _text(data: dict[str, Any], key: str) -> str:
    value = data[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is empty")
    return value
