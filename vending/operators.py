"""People who sell: how they settle, what they may take, what they earn. Pure; a sale asks here
inside its own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from meters.errors import Invalid, Refused
from meters.quantities import Money, decimal_from_text

from .parties import VendingPoint
from .tariff.rounding import Rounding, rounded_fraction


@dataclass(eq=False)
class OperatorUnknown(Invalid, code="operator.unknown"):
    """No operator has this code."""

    operator: str


class Settlement(Enum):
    """Whose money lies in the drawer."""

    TILL = "till"
    """The municipality's: it is banked."""
    DEPOSIT = "deposit"
    """The operator's own: each sale is set off against what they have paid in, and their credit
    limit."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who sells. Limits are minor units of the currency that is sold in."""

    code: str
    """The person, as `persons.person` has it: the same terms hold, whichever door they come in
    by and however their name is written."""
    name_ar: str
    name_en: str
    settlement: Settlement = Settlement.TILL
    credit_limit: int | None = None
    """How far sales may go beyond the deposit; None: not at all."""
    most_per_sale: int | None = None
    """None: no limit. So is the next."""
    most_per_day: int | None = None
    commission: str = "0"
    """Percent of what is taken, plain decimal text."""


@dataclass(eq=False)
class OperatorSaleLimit(Refused, code="operator.sale_limit"):
    """The operator may not take this much at once."""

    operator: str
    limit: str
    asked: str
    left: str
    """What could still be taken in one sale: money as text, as the other two."""


@dataclass(eq=False)
class OperatorDayLimit(Refused, code="operator.day_limit"):
    """The operator would take more today than they may."""

    operator: str
    limit: str
    asked: str
    left: str


@dataclass(eq=False)
class PointSaleLimit(Refused, code="point.sale_limit"):
    """Not this much is sold at once at this point."""

    point: str
    limit: str
    asked: str
    left: str


@dataclass(eq=False)
class PointDayLimit(Refused, code="point.day_limit"):
    """More would be sold today at this point than may be."""

    point: str
    limit: str
    asked: str
    left: str


@dataclass(eq=False)
class FloatUsedUp(Refused, code="operator.float_used_up"):
    """The operator's deposit and credit do not cover the sale: money must be paid in first."""

    operator: str
    available: str
    needed: str


@dataclass(eq=False)
class TillFull(Refused, code="point.till_full"):
    """More cash would lie in the till than may: bank it first. What is paid in other ways still
    goes."""

    point: str
    limit: str
    asked: str


@dataclass(eq=False)
class TillShort(Refused, code="point.till_short"):
    """More cash would be given back than the books have in the point's till."""

    point: str
    amount: str


def check_sale_limits(
    operator: Operator | None,
    point: VendingPoint,
    due: Money,
    taken_today_by_operator: int,
    taken_today_at_point: int,
) -> None:
    """Whether `due` may be taken now; both sums are minor units taken since local midnight, this
    sale not among them. A limit is reached exactly and not passed; what takes nothing (or gives
    back) is never refused.

    Raises, in this order, OperatorSaleLimit, OperatorDayLimit, PointSaleLimit, PointDayLimit.
    """
    if due.minor <= 0:
        return
    who = "" if operator is None else operator.code
    for error, name, limit, taken in (
        (OperatorSaleLimit, who, None if operator is None else operator.most_per_sale, 0),
        (
            OperatorDayLimit,
            who,
            None if operator is None else operator.most_per_day,
            taken_today_by_operator,
        ),
        (PointSaleLimit, point.code, point.most_per_sale, 0),
        (PointDayLimit, point.code, point.most_per_day, taken_today_at_point),
    ):
        if limit is not None and taken + due.minor > limit:
            raise error(name, *_facts(limit, due, taken))


def available_float(operator: Operator, deposit_balance: Money) -> Money:
    """What the operator may still sell for: what stands to their credit, and the credit limit.
    Below 0 where a limit was lowered behind what is owed."""
    return deposit_balance + Money(operator.credit_limit or 0, deposit_balance.currency)


def check_float(operator: Operator | None, deposit_balance: Money, needed: Money) -> None:
    """Whether the operator can settle `needed`. `deposit_balance` is what stands to the
    operator's credit: minus the ledger's sum of `operator_deposit` (which is debit positive);
    below 0 if they owe. Nothing is asked of those who settle by till.

    Raises FloatUsedUp.
    """
    if operator is None or operator.settlement is Settlement.TILL or needed.minor <= 0:
        return
    available = available_float(operator, deposit_balance)
    if needed > available:
        raise FloatUsedUp(operator.code, str(available), str(needed))


def check_till(point: VendingPoint, till_balance: Money, cash: Money) -> None:
    """Whether `cash` may be put into the till where `till_balance` lies already; taking out is
    never refused. Raises TillFull; how much lies there is not told: a clerk counts blind."""
    if point.most_in_till is None or cash.minor <= 0:
        return
    if till_balance.minor + cash.minor > point.most_in_till:
        limit, asked, _ = _facts(point.most_in_till, cash, till_balance.minor)
        raise TillFull(point.code, limit, asked)


def commission_of(operator: Operator | None, taken: Money) -> Money:
    """What the operator earns by `taken`: the percentage, rounded half up to the minor unit. What
    is given back takes back the same."""
    if operator is None:
        return Money(0, taken.currency)
    exact = taken.minor * Fraction(decimal_from_text(operator.commission)) / 100
    return Money(rounded_fraction(exact, Rounding.HALF_UP), taken.currency)


def _facts(limit: int, asked: Money, taken: int) -> tuple[str, str, str]:
    left = max(0, limit - taken)
    return str(Money(limit, asked.currency)), str(asked), str(Money(left, asked.currency))
