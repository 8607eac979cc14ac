"""`quote`: money or units in, priced lines out, and what is left stays the customer's. Pure."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from meters.quantities import Money, Quantity
from meters.values import replace

from .claims import Claims
from .costs import UnitCost, affordable
from .errors import (
    AmountNotPositive,
    AmountTooHigh,
    AmountTooLow,
    CurrencyWrong,
    TariffNeedsHistory,
)
from .months import Month, local_day
from .quotes import LineKind, Quote, QuoteLine
from .state import AccountState, MonthUse, QuoteRequest
from .steps import MOST_STEPS, carried_floor, check_carried
from .tariffs import Tariff


def quote(tariff: Tariff, request: QuoteRequest, state: AccountState, now: datetime) -> Quote:
    """What the request buys, or costs, on this account now.

    Asked for money: the units are the most that the payment and the carried balance pay for after
    charges and debts, reduced to a value that the token carries exactly, so the customer is billed
    for what the meter will credit, to the watt-hour or litre. The rest stays on the balance.

    Asked for units: `tendered` is the least payment that buys them; asking for that much money
    never gives fewer. Units whose whole cost is rounded to nothing are not sold, either way; units
    of another commodity are a mistake of the caller's program, and raise TypeError.

    Raises CurrencyWrong, AmountNotPositive, AmountTooLow, AmountTooHigh, UnitsNotCarried,
    TariffNeedsHistory, ChargeUnknown.
    """
    pricing = _Pricing(tariff, request.most, state, now)
    if isinstance(request.ask, Money):
        return pricing.for_money(request.ask)
    return pricing.for_units(request.ask)


def use_of(tariff: Tariff, state: AccountState, now: datetime) -> MonthUse:
    """What was bought in the month that a sale at `now` counts in. Raises TariffNeedsHistory where
    that matters and is not known."""
    month = Month.of(now, tariff.zone)
    if state.use is None and tariff.needs_history:
        raise TariffNeedsHistory(tariff.code, tariff.needs_history)
    if state.use is None or not state.use.counts_in(month):
        return MonthUse(month, tariff.commodity.quantity(0))
    return state.use


class _Pricing:
    """One account at one moment, ready to be asked for several payments."""

    def __init__(
        self, tariff: Tariff, most: Quantity | None, state: AccountState, now: datetime
    ) -> None:
        if state.balance.currency != tariff.currency:
            raise CurrencyWrong(state.balance.currency, tariff.currency)
        self._tariff = tariff
        self._balance = state.balance
        self._step = tariff.commodity.token_step
        self._most = min(MOST_STEPS, most.value // self._step) if most is not None else MOST_STEPS
        use = use_of(tariff, state, now)
        day = local_day(now, tariff.zone)
        self._use = None if tariff.price.begins_anew(day) else use
        self._cost = UnitCost(tariff, day, use)
        self._before = {one.code: one.owed for one in state.charges if one.owed.minor}
        self._claims = Claims(tariff, state, now)
        least = tariff.protection.units
        self._guaranteed = 0 if least is None else self._cost.cost(least.value)

    def for_money(self, tendered: Money) -> Quote:
        tariff, step = self._tariff, self._step
        if tendered.currency != tariff.currency:
            raise CurrencyWrong(tendered.currency, tariff.currency)
        if tendered.minor <= 0:
            raise AmountNotPositive(tendered.to_text())
        if tendered > tariff.most_per_sale:
            raise AmountTooHigh(tendered.to_text(), tariff.most_per_sale.to_text())
        steps = affordable(self._cost, self._for_units(tendered.minor), step, self._most + 1)
        if steps == 0 or self._cost.costs_nothing(steps * step):
            least = self._payment_for(self._cost.cost(self._least() * step))
            raise AmountTooLow(tendered.to_text(), self._money(least).to_text())
        if steps > self._most:
            # What buys all but one agora of the first step too many.
            possible = self._payment_for(self._cost.cost((self._most + 1) * step)) - 1
            raise AmountTooHigh(tendered.to_text(), self._money(max(possible, 0)).to_text())
        return self._quote(tendered, carried_floor(tariff.commodity.quantity, steps, step))

    def for_units(self, units: Quantity) -> Quote:
        tariff = self._tariff
        kind, step = tariff.commodity.quantity, self._step
        if units.value <= 0:
            raise AmountNotPositive(units.to_text())
        most = carried_floor(kind, self._most, step)
        if units > most:
            raise AmountTooHigh(str(units), str(most))
        check_carried(units, step)
        if self._cost.costs_nothing(units.value):
            raise AmountTooLow(str(units), str(kind(self._least() * step)))
        tendered = self._money(self._payment_for(self._cost.cost(units.value)))
        if tendered > tariff.most_per_sale:
            raise AmountTooHigh(tendered.to_text(), tariff.most_per_sale.to_text())
        return self._quote(tendered, units)

    def _least(self) -> int:
        """The fewest steps that cost anything: one, unless it costs less than the coin that it is
        rounded to; many small purchases would be had for nothing then."""
        return bisect_left(range(self._most + 1), 1, key=lambda n: self._cost.full(n * self._step))

    def _room(self, tendered: int) -> int:
        """What charges and debts may take at most, so that the guaranteed units remain."""
        return tendered + self._balance.minor - self._guaranteed

    def _for_units(self, tendered: int) -> int:
        """What is left for units. Never falls when the payment grows."""
        taken = self._claims.total(tendered, self._room(tendered))
        return tendered + self._balance.minor - taken

    def _payment_for(self, cost: int) -> int:
        """The least payment that leaves `cost` for units; may be 0 where the balance is enough."""
        low = max(0, cost - self._balance.minor)
        high = low + sum(claim.owed for claim in self._claims.ordered)
        while low < high:
            middle = (low + high) // 2
            if self._for_units(middle) >= cost:
                high = middle
            else:
                low = middle + 1
        return low

    def _quote(self, tendered: Money, units: Quantity) -> Quote:
        tariff = self._tariff
        owed = self._claims.lines(tendered.minor, self._room(tendered.minor))
        if self._before:
            owed = [self._with_before(line) for line in owed]
        lines = (*self._cost.lines(units), *owed)
        return quote_of(tariff, lines, tendered, self._balance, units, self._use)

    def _with_before(self, line: QuoteLine) -> QuoteLine:
        """New months stand on one line with what was left of those before them."""
        before = self._before.get(line.code) if line.months else None
        return line if before is None else replace(line, before=before)

    def _money(self, minor: int) -> Money:
        return Money(minor, self._tariff.currency)


def quote_of(
    tariff: Tariff,
    lines: tuple[QuoteLine, ...],
    tendered: Money,
    balance: Money,
    units: Quantity,
    use: MonthUse | None,
) -> Quote:
    """The quote of these lines: what is paid and carried is what they cost and what is carried
    on. `use` is None where the price asks for none. Raises CurrencyWrong."""
    currency, paid = tariff.currency, tendered + balance
    if paid.currency != currency:
        raise CurrencyWrong(paid.currency, currency)
    net, vat = sums_of(lines, currency)
    return Quote(
        tariff=tariff.code,
        tariff_version=tariff.version,
        tariff_name_ar=tariff.name_ar,
        tariff_name_en=tariff.name_en,
        commodity=tariff.commodity,
        tendered=tendered,
        balance_before=balance,
        quantity=units,
        lines=lines,
        net=net,
        vat=vat,
        balance_after=Money(paid.minor - net.minor - vat.minor, currency),
        used_before=use.units if use is not None and tariff.needs_history else None,
    )


def sums_of(lines: tuple[QuoteLine, ...], currency: str) -> tuple[Money, Money]:
    """Everything taken but the tax, and the tax; a tax that is included counts in the second."""
    vat = taken = 0
    for line in lines:
        if line.kind is LineKind.TAX:
            vat += line.amount.minor
        if not line.included:
            taken += line.amount.minor
    return Money(taken - vat, currency), Money(vat, currency)
