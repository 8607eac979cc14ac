"""`quote`: money in, priced units out, and what is left stays the customer's. Pure."""

from __future__ import annotations

from fractions import Fraction

from meters.quantities import Money, Quantity
from tokens.sts import carried

from .errors import AmountNotPositive, AmountTooHigh, AmountTooLow, CurrencyWrong
from .quotes import Quote, QuoteLine
from .rounding import Rounding, rounded
from .tariffs import Tariff

MOST_STEPS = 18_201_624
"""Largest value of the 16-bit amount field (IEC 62055-41; STS notes, section 7.1)."""


def quote(tariff: Tariff, tendered: Money, balance: Money, most: Quantity | None = None) -> Quote:
    """What `tendered` buys together with the `balance` carried over from earlier payments.

    The units are the most that the money pays for, reduced to a whole number of token steps and
    to a value that the token carries exactly, so the customer is billed for what the meter will
    credit, to the watt-hour or litre. The rest stays on the balance. `most` is a further limit on
    the units of one token (the vending key's).

    Raises CurrencyWrong, AmountNotPositive, AmountTooLow, AmountTooHigh.
    """
    if tendered.currency != tariff.currency:
        raise CurrencyWrong(tendered.currency, tariff.currency)
    if tendered.minor <= 0:
        raise AmountNotPositive(tendered.to_text())
    if tendered > tariff.most_per_sale:
        raise AmountTooHigh(tendered.to_text(), tariff.most_per_sale.to_text())

    step = tariff.commodity.token_step
    kind = tariff.commodity.quantity
    most_steps = min(MOST_STEPS, most.value // step) if most is not None else MOST_STEPS
    budget = tendered + balance
    pricer = _StepPricer(tariff, step)
    steps = pricer.affordable(budget.minor, most_steps + 1)
    if steps == 0:
        least = pricer.cost(1) - balance.minor
        raise AmountTooLow(tendered.to_text(), Money(least, tariff.currency).to_text())
    if steps > most_steps:
        # What buys all but one agora of the first step too many.
        possible = pricer.cost(most_steps + 1) - 1 - balance.minor
        raise AmountTooHigh(tendered.to_text(), Money(max(possible, 0), tariff.currency).to_text())

    quantity = _carried_floor(kind, steps, step)
    net = tariff.price.net(quantity)
    vat = tariff.vat.on(net)
    lines = (
        QuoteLine(
            rule=tariff.price.rule,
            base=quantity,
            rate=tariff.price.rate.to_text(),
            exact=tariff.price.rate.cost(quantity),
            rounding=tariff.price.rounding,
            amount=net,
        ),
        QuoteLine(
            rule=tariff.vat.rule,
            base=net,
            rate=tariff.vat.percent,
            exact=tariff.vat.fraction * net.minor,
            rounding=tariff.vat.rounding,
            amount=vat,
        ),
    )
    return Quote(
        tariff=tariff.code,
        tariff_version=tariff.version,
        tariff_name_ar=tariff.name_ar,
        tariff_name_en=tariff.name_en,
        commodity=tariff.commodity,
        tendered=tendered,
        balance_before=balance,
        quantity=quantity,
        lines=lines,
        net=net,
        vat=vat,
        balance_after=budget - net - vat,
    )


class _StepPricer:
    """Cost of n token steps in whole minor units, in plain integers because the search asks often.

    Equal to `Tariff.cost`; a test holds the two together.
    """

    __slots__ = ("_net", "_net_rounding", "_vat", "_vat_rounding")

    def __init__(self, tariff: Tariff, step: int) -> None:
        self._net: Fraction = tariff.price.rate.per_unit * step
        self._vat: Fraction = tariff.vat.fraction
        self._net_rounding: Rounding = tariff.price.rounding
        self._vat_rounding: Rounding = tariff.vat.rounding

    def cost(self, steps: int) -> int:
        net = rounded(steps * self._net.numerator, self._net.denominator, self._net_rounding)
        vat = rounded(net * self._vat.numerator, self._vat.denominator, self._vat_rounding)
        return net + vat

    def affordable(self, budget: int, most: int) -> int:
        """The largest number of steps, up to `most`, that costs no more than `budget`.

        Found by halving, because rounding twice makes the inverse of `cost` inexact.
        """
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            if self.cost(middle) <= budget:
                low = middle
            else:
                high = middle - 1
        return low


def _carried_floor(kind: type[Quantity], steps: int, step: int) -> Quantity:
    """The largest amount up to `steps` steps that the token's field holds exactly."""
    wanted = kind(steps * step)
    if carried(wanted) == wanted:
        return wanted
    # The field rounds up, so look for the last amount that it does not lift above the wanted one.
    low, high = 0, steps - 1
    while low < high:
        middle = (low + high + 1) // 2
        if not wanted < carried(kind(middle * step)):
            low = middle
        else:
            high = middle - 1
    return carried(kind(low * step))
