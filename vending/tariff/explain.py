"""Why the units came out as they did, and how they differ from last time: facts, in the order in
which a cashier would tell them. The edge has the words (vending/explaining.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from meters.quantities import Money, Quantity

from .labels import Label
from .paying import GIVEN
from .quotes import Limited, LineKind, Quote, QuoteLine


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing to say. `facts` are Money, Quantity, Label, text or whole numbers."""

    code: str
    """Key of its words."""
    facts: dict[str, Any]


CODES = (
    "bought",
    "bought_alone",
    *(f"given_{rule}" for rule in GIVEN),
    "used_before",
    "price_flat",
    "price_block",
    "season",
    "tax_added",
    "tax_included",
    "tax_on_charge",
    "charge_part",
    "charge_per_unit",
    "charge_month",
    "charge_months",
    "charge_month_and_rest",
    "charge_months_and_rest",
    "charge_rest",
    "charge_once",
    "free_units",
    "subsidy",
    "debt_taken",
    "debt_instalment_taken",
    "debt_postponed",
    "debt_disputed",
    "limited_cap",
    "limited_guarantee",
    "carried",
    "kept_on_balance",
    "last_same",
    "last_more",
    "last_fewer",
    "because_paid_more",
    "because_paid_less",
    "because_balance_more",
    "because_balance_less",
    "because_deducted_more",
    "because_deducted_less",
    "because_support_more",
    "because_support_less",
    "because_version",
    "because_tariff",
    "because_season",
    "because_block_higher",
    "because_block_lower",
    "because_block_reached",
    "because_used_more",
    "because_used_less",
)
"""Everything that can be said; words/reasons.toml has words for each."""


def explain(quote: Quote, previous: Quote | None = None) -> list[Reason]:
    """The reasons behind `quote`; with the sale before it, also behind the difference. What was
    given is no purchase: it is told as given, and stands beside none."""
    given = next((line.rule for line in quote.of_kind(LineKind.UNITS) if line.rule in GIVEN), None)
    if given is not None:
        return [Reason(f"given_{given}", {"units": quote.quantity}), *_rest(quote)]
    spent = {
        "tendered": quote.tendered,
        "units": quote.quantity,
        "paid": _money(quote, _units_part(quote)),
    }
    # A balance of nothing is nothing to tell.
    bought = (
        Reason("bought_alone", spent)
        if quote.balance_before.is_zero
        else Reason("bought", {**spent, "balance": quote.balance_before})
    )
    reasons = [
        bought,
        *_prices(quote),
    ]
    names = {line.code: line.label for line in quote.of_kind(LineKind.CHARGE)}
    for line in quote.lines:
        if line.kind is LineKind.TAX:
            reasons.extend(_tax(line, names.get(line.code)))
        else:
            reasons.extend(_line(line))
    limits = {line.limited for line in quote.lines}
    for limit in (Limited.CAP, Limited.GUARANTEE):
        if limit in limits:
            reasons.append(Reason(f"limited_{limit.value}", {"deducted": quote.deducted}))
    reasons.extend(_rest(quote))
    if previous is not None and previous.commodity is quote.commodity:
        reasons.extend(_compared(quote, previous))
    return reasons


def _rest(quote: Quote) -> Iterator[Reason]:
    """What stays on the balance."""
    if not quote.balance_after.is_zero:
        # Where the balance alone has paid for it, there may be any sum left.
        rest = "kept_on_balance" if quote.tendered.is_zero else "carried"
        yield Reason(rest, {"balance": quote.balance_after})


def _prices(quote: Quote) -> Iterator[Reason]:
    lines = quote.of_kind(LineKind.UNITS)
    used = quote.used_before
    if used is not None and not used.is_zero and any(line.block for line in lines):
        yield Reason("used_before", {"used": used, "block": lines[0].block})
    if lines and lines[0].label is not None:
        yield Reason("season", {"season": lines[0].label})
    for line in lines:
        facts = {
            "units": line.base,
            "rate": line.rate,
            "currency": line.amount.currency,
            "unit": line.base.display_unit if isinstance(line.base, Quantity) else "",
            "amount": line.amount,
        }
        if line.block:
            yield Reason("price_block", {**facts, "block": line.block})
        else:
            yield Reason("price_flat", facts)


def _tax(line: QuoteLine, charge: Label | None) -> Iterator[Reason]:
    """What is added to the units, or is in them; and what is added to a charge, or the sentences
    would not sum up to what was paid. What a charge contains is told with it."""
    if line.amount.is_zero:
        return
    facts: dict[str, Any] = {"amount": line.amount, "rate": line.rate}
    if not line.code:
        yield Reason("tax_included" if line.included else "tax_added", facts)
    elif not line.included:
        yield Reason("tax_on_charge", {**facts, "name": charge})


def _line(line: QuoteLine) -> Iterator[Reason]:
    facts: dict[str, Any] = {"name": line.label, "amount": line.amount, "rate": line.rate}
    if line.kind is LineKind.SUPPORT:
        given = {**facts, "amount": -line.amount, "units": line.base, "payer": line.payer}
        yield Reason(line.rule, given)
    elif line.kind is LineKind.DEBT:
        code = "debt_taken"
        if line.reason and line.limited:
            code = f"debt_{line.limited.value}"
        elif line.rule == "instalment" and not line.exact:
            code = "debt_instalment_taken"
        yield Reason(code, {**facts, "left": line.left, "reason": line.reason})
    elif line.rule == "percent":
        yield Reason("charge_part", {**facts, "base": line.base})
    elif line.rule == "per_unit":
        yield Reason("charge_per_unit", facts)
    elif line.rule == "once":
        yield Reason("charge_once", {**facts, "left": line.left})
    elif line.kind is LineKind.CHARGE:
        code = ("charge_rest", "charge_month")[line.months] if line.months < 2 else "charge_months"
        if line.before is not None:
            code = f"{code}_and_rest"
        more = {"months": line.months, "left": line.left, "before": line.before}
        yield Reason(code, {**facts, **more})


def _compared(quote: Quote, previous: Quote) -> Iterator[Reason]:
    """Each cause by its own measure; together they are why, none is a part of the other."""
    more = quote.quantity.value - previous.quantity.value
    if not more:
        yield Reason("last_same", {"units": quote.quantity})
        return
    kind = type(quote.quantity)
    yield Reason(
        "last_more" if more > 0 else "last_fewer",
        {"difference": kind(abs(more)), "last": previous.quantity},
    )
    for name, now, before in (
        ("paid", quote.tendered, previous.tendered),
        ("balance", quote.balance_before, previous.balance_before),
        ("deducted", quote.deducted, previous.deducted),
        ("support", _support(quote), _support(previous)),
    ):
        if now != before:
            direction = "more" if now > before else "less"
            apart = Money(abs(now.minor - before.minor), now.currency)
            yield Reason(f"because_{name}_{direction}", {"difference": apart, "last": before})
    if quote.tariff != previous.tariff:
        yield Reason("because_tariff", {"tariff": _tariff(quote), "last": _tariff(previous)})
    elif quote.tariff_version != previous.tariff_version:
        yield Reason("because_version", {"version": quote.tariff_version})
    seasons = [_season(one) for one in (quote, previous)]
    if seasons[0] != seasons[1] and seasons[0] is not None:
        yield Reason("because_season", {"season": seasons[0]})
    same = (quote.tariff, quote.tariff_version) == (previous.tariff, previous.tariff_version)
    if same and seasons[0] == seasons[1]:
        # The blocks of another table are other blocks.
        yield from _blocks(quote, previous)


def _blocks(quote: Quote, previous: Quote) -> Iterator[Reason]:
    now_block, last_block = _block(quote), _block(previous)
    if not (now_block and last_block):
        return
    if quote.used_before is None and now_block != last_block:
        yield Reason("because_block_reached", {"block": now_block, "last": last_block})
    elif now_block != last_block:
        code = "because_block_higher" if now_block > last_block else "because_block_lower"
        yield Reason(code, {"block": now_block, "last": last_block})
    elif _below(quote) != _below(previous):
        # Both ended in one block, and one of them found more room in those before it.
        used, last = quote.used_before, previous.used_before
        if used is not None and last is not None and used != last:
            direction = "more" if used > last else "less"
            apart = type(used)(abs(used.value - last.value))
            yield Reason(f"because_used_{direction}", {"difference": apart, "last": last})


def _units_part(quote: Quote) -> int:
    """What the units took, with tax and charges that grow with them, after supports."""
    return quote.total.minor - quote.deducted.minor


def _support(quote: Quote) -> Money:
    borne = -sum(line.amount.minor for line in quote.of_kind(LineKind.SUPPORT))
    return _money(quote, borne)


def _tariff(quote: Quote) -> Label:
    """Its name, as on the customer's paper: nobody knows its code."""
    return Label(quote.tariff_name_ar, quote.tariff_name_en)


def _season(quote: Quote) -> Any:
    return next((line.label for line in quote.of_kind(LineKind.UNITS)), None)


def _block(quote: Quote) -> int:
    """The highest block that the sale reached; 0 without blocks."""
    return max((line.block for line in quote.of_kind(LineKind.UNITS)), default=0)


def _below(quote: Quote) -> list[tuple[int, int]]:
    """Units that the sale took in each block before the highest one that it reached."""
    lines = quote.of_kind(LineKind.UNITS)[:-1]
    return [(line.block, line.base.value) for line in lines if isinstance(line.base, Quantity)]


def _money(quote: Quote, minor: int) -> Money:
    return Money(minor, quote.tendered.currency)
