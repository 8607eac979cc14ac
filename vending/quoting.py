"""Binding quotes as they are kept: what was promised, what it was made from, and what was asked."""

from __future__ import annotations

import json
from typing import Any

from meters.account import Commodity
from meters.quantities import Energy, Money, Quantity, Volume

from .ground import KeptQuote
from .ledger import canonical_json
from .requests import Postponement, Units
from .tariff import BindingQuote, Quote, kept_line, line_from

_QUANTITIES: dict[str, type[Quantity]] = {kind.unit: kind for kind in (Energy, Volume)}


def kept_quote(
    promise: BindingQuote,
    ask: Money | Units,
    postpone: tuple[Postponement, ...],
    meter: str,
    agreement: str,
    actor: str,
) -> KeptQuote:
    """The promise with what was asked for: `meter` is a DRN."""
    asked = [ask.minor, ask.currency] if isinstance(ask, Money) else ask.text
    document = {
        "ask": asked,
        "postpone": [[one.debt, one.reason] for one in postpone],
        "digests": dict(promise.digests),
        "quote": _plain(promise.quote),
    }
    return KeptQuote(
        id=promise.id,
        made_at=promise.made_at,
        expires_at=promise.expires_at,
        meter=meter,
        agreement=agreement,
        actor=actor,
        document=canonical_json(document).decode("ascii"),
    )


def binding_from(kept: KeptQuote) -> tuple[BindingQuote, Money | Units, tuple[Postponement, ...]]:
    """What `kept_quote` was given."""
    data = json.loads(kept.document)
    asked = data["ask"]
    ask = Units(asked) if isinstance(asked, str) else Money(*asked)
    postpone = tuple(Postponement(*one) for one in data["postpone"])
    promise = BindingQuote(
        kept.id, _quote_from(data["quote"]), kept.made_at, kept.expires_at, data["digests"]
    )
    return promise, ask, postpone


_MONEY = ("tendered", "balance_before", "net", "vat", "balance_after")
_SAME = ("tariff", "tariff_version", "tariff_name_ar", "tariff_name_en")


def _plain(quote: Quote) -> dict[str, Any]:
    used = quote.used_before
    return {
        **{name: getattr(quote, name) for name in _SAME},
        **{name: getattr(quote, name).minor for name in _MONEY},
        "currency": quote.tendered.currency,
        "commodity": quote.commodity.value,
        "quantity": quote.quantity.value,
        "unit": quote.quantity.unit,
        "used_before": None if used is None else used.value,
        "lines": [kept_line(line) for line in quote.lines],
    }


def _quote_from(data: dict[str, Any]) -> Quote:
    kind, currency = _QUANTITIES[data["unit"]], data["currency"]
    used = data["used_before"]
    values: dict[str, Any] = {name: data[name] for name in _SAME}
    values |= {name: Money(data[name], currency) for name in _MONEY}
    return Quote(
        **values,
        commodity=Commodity(data["commodity"]),
        quantity=kind(data["quantity"]),
        lines=tuple(line_from(line, currency) for line in data["lines"]),
        used_before=None if used is None else kind(used),
    )
