"""What differs between two versions of a tariff: facts, in the order in which a billing officer
would tell them. The edge has the words (vending/explaining.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .charges import Charge, MonthlyCharge, OneOffFee, UnitCharge, heading_of
from .labels import Label
from .prices import BlockPrice, FlatPrice, PriceRule, SeasonalPrice
from .support import Support
from .tariffs import Tariff

NOTHING = "-"
"""Stands for what one of the two does not have."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `facts` are Label, Money, Quantity, text or moments."""

    code: str
    """Key of its words."""
    facts: dict[str, Any]


CHANGES = (
    "active_from",
    "retired_from",
    "name",
    "customer_class",
    "price",
    "price_rounding",
    "period",
    "vat",
    "vat_mode",
    "vat_rounding",
    "most_per_sale",
    "most_percent",
    "least_units",
    "zone",
    "rule_new",
    "rule_gone",
    "rule",
)
"""Everything that can be said; words/phrases.toml has words for each, as `change_...`."""

_OF_VERSION: tuple[tuple[str, Callable[[Tariff], Any]], ...] = (
    ("active_from", lambda t: t.active_from),
    ("retired_from", lambda t: t.retired_from),
    ("name", lambda t: Label(t.name_ar, t.name_en)),
    ("customer_class", lambda t: t.customer_class.value),
    ("price", lambda t: _each(t.price, _rates)),
    ("price_rounding", lambda t: _each(t.price, lambda price: price.rounding.value)),
    ("period", lambda t: _each(t.price, _period)),
    ("vat", lambda t: t.vat.percent),
    ("vat_mode", lambda t: t.vat.mode.value),
    ("vat_rounding", lambda t: t.vat.rounding.value),
    ("most_per_sale", lambda t: t.most_per_sale),
    ("most_percent", lambda t: t.protection.percent),
    ("least_units", lambda t: t.protection.units),
    ("zone", lambda t: t.zone.key),
)
_OF_CHARGE: tuple[tuple[str, Callable[[Charge], Any]], ...] = (
    ("amount", lambda c: _worth(c)),
    ("vat", lambda c: _charge_vat(c)),
    ("priority", lambda c: c.sum.priority if isinstance(c, MonthlyCharge | OneOffFee) else None),
    ("rounding", lambda c: getattr(getattr(c, "rounding", None), "value", None)),
    ("name", lambda c: heading_of(c).label),
    ("book", lambda c: heading_of(c).book),
)
_OF_SUPPORT: tuple[tuple[str, Callable[[Support], Any]], ...] = (
    ("units", lambda s: s.units),
    ("percent", lambda s: f"{s.percent}%"),
    ("payer", lambda s: s.payer),
    ("rounding", lambda s: s.rounding.value),
    ("name", lambda s: s.label),
    ("book", lambda s: s.book),
)


def changes(one: Tariff, other: Tariff) -> list[Change]:
    """What is other in `other`; who drafted and approved them does not count."""
    return [*_of_version(one, other), *_of_rules(one, other)]


def _of_version(one: Tariff, other: Tariff) -> Iterator[Change]:
    unit = one.commodity.quantity.display_unit
    for code, asked in _OF_VERSION:
        before, after = asked(one), asked(other)
        if before != after:
            facts = {"before": _or_nothing(before), "after": _or_nothing(after)}
            yield Change(code, {**facts, "unit": unit, "currency": one.currency})


def _of_rules(one: Tariff, other: Tariff) -> Iterator[Change]:
    before, after = _rules(one), _rules(other)
    for code, (rule, label, facets) in before.items():
        if code in after and after[code][0] == rule:
            for field, worth in after[code][2].items():
                if facets[field] != worth:
                    told = {"before": _or_nothing(facets[field]), "after": _or_nothing(worth)}
                    yield Change("rule", {"name": label, "rule": rule, "field": field, **told})
        else:
            yield Change("rule_gone", {"name": label, "rule": rule, "worth": _first(facets)})
    for code, (rule, label, facets) in after.items():
        if code not in before or before[code][0] != rule:
            yield Change("rule_new", {"name": label, "rule": rule, "worth": _first(facets)})


def _rules(tariff: Tariff) -> dict[str, tuple[str, Label, dict[str, Any]]]:
    """Charges and supports by code: kind, name, and what each has."""
    found: dict[str, tuple[str, Label, dict[str, Any]]] = {}
    for charge in tariff.charges:
        heading = heading_of(charge)
        facets = {field: asked(charge) for field, asked in _OF_CHARGE}
        found[heading.code] = (charge.rule, heading.label, facets)
    for support in tariff.supports:
        facets = {field: asked(support) for field, asked in _OF_SUPPORT}
        found[support.code] = (support.rule, support.label, facets)
    return found


def _each(price: PriceRule, asked: Callable[[Any], str]) -> Label | str:
    """What is asked of a price; of each season, with its name, where it has seasons."""
    if not isinstance(price, SeasonalPrice):
        return asked(price)
    told = [(s.label, "{:02d}-{:02d}".format(*s.begins), asked(s.price)) for s in price.seasons]
    return Label(
        "; ".join(f"{label.ar} ({begins}): {worth}" for label, begins, worth in told),
        "; ".join(f"{label.en} ({begins}): {worth}" for label, begins, worth in told),
    )


def _rates(price: FlatPrice | BlockPrice) -> str:
    if isinstance(price, FlatPrice):
        return price.rate.to_text()
    told, reached = [], "0"
    for block in price.blocks:
        bound = None if block.up_to is None else block.up_to.to_text()
        span = f">{reached}" if bound is None else f"{reached}-{bound}"
        told.append(f"{span}: {block.rate.to_text()}")
        reached = bound or reached
    return ", ".join(told)


def _period(price: FlatPrice | BlockPrice) -> str:
    return price.period.value if isinstance(price, BlockPrice) else NOTHING


def _worth(charge: Charge) -> Any:
    """Of a sum with its tax, as it is asked for."""
    if isinstance(charge, MonthlyCharge | OneOffFee):
        return charge.sum.gross
    return charge.rate_text if isinstance(charge, UnitCharge) else f"{charge.percent}%"


def _charge_vat(charge: Charge) -> str:
    vat = heading_of(charge).vat
    return f"{vat.percent}% {vat.mode.value} {vat.rounding.value}"


def _first(facets: dict[str, Any]) -> Any:
    return next(iter(facets.values()))


def _or_nothing(value: Any) -> Any:
    return NOTHING if value is None else value
