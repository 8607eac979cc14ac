"""What an account owes besides units, and how much of it one payment gives.

Fees, monthly charges and debts become claims, ordered by priority. Each asks for a sum or a part
of the payment; together they get at most the capped part of it, and never what buys the guaranteed
units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from meters.quantities import Money

from .charges import MonthlyCharge, OneOffFee, Sum
from .costs import tax_line
from .counted import counted
from .errors import ChargeUnknown, CurrencyWrong
from .labels import Label
from .months import Month
from .quotes import Limited, LineKind, QuoteLine
from .recovery import Debt, Instalment
from .rounding import Rounding
from .state import AccountState
from .tariffs import Tariff
from .vat import NO_VAT, Vat, VatMode


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing owed. Of a payment it asks `fixed` plus `share` of it, at most what is `owed`."""

    kind: LineKind
    rule: str
    code: str
    label: Label
    book: str
    priority: int
    owed: int
    """Minor units, tax included."""
    rate: str
    fixed: int = 0
    share: Fraction = Fraction(0)
    vat: Vat = NO_VAT
    months: int = 0
    blocked: Limited | None = None
    reason: str = ""

    def wanted(self, tendered: int) -> Fraction:
        if self.blocked is not None:
            return Fraction(0)
        return min(Fraction(self.owed), self.fixed + self.share * tendered)


class Claims:
    """All claims on one account at one moment."""

    def __init__(self, tariff: Tariff, state: AccountState, now: datetime) -> None:
        """Raises ChargeUnknown, CurrencyWrong."""
        self._cap = tariff.protection.cap
        self._currency = tariff.currency
        month = Month.of(now, tariff.zone)
        found = [
            *_fees(tariff, state),
            *_monthly(tariff, state, month),
            *(_debt(debt, month, now, tariff.currency) for debt in state.debts),
        ]
        self.ordered = sorted(
            [claim for claim in found if claim.owed > 0], key=lambda c: (c.priority, c.code)
        )

    def total(self, tendered: int, room: int) -> int:
        """What they get together out of a payment that leaves `room` above the guaranteed units.

        Grows with the payment, and by at most one minor unit when the payment grows by one: what
        all ask for is a concave function of the payment, so capped by a part of it it never grows
        faster than that part. So more money never buys fewer units.
        """
        if not self.ordered:
            return 0
        wanted = sum((claim.wanted(tendered) for claim in self.ordered), Fraction(0))
        allowed = min(wanted, self._cap * tendered)
        return max(0, min(allowed.numerator // allowed.denominator, room))

    def lines(self, tendered: int, room: int) -> list[QuoteLine]:
        """`total`, line by line in the order of priority. What they ask for is rounded down as it
        adds up, so none gets an agora less than it asks for because of the parts before it: what
        is asked for in whole agorot is taken whole."""
        if not self.ordered:
            return []
        most = self.total(tendered, room)
        capped = self._cap * tendered <= room
        asked, given = Fraction(0), 0
        lines = []
        for claim in self.ordered:
            exact = claim.wanted(tendered)
            asked += exact
            reached = min(most, asked.numerator // asked.denominator)
            taken, given = reached - given, reached
            limited = claim.blocked
            if limited is None and taken < exact.numerator // exact.denominator:
                limited = Limited.CAP if capped else Limited.GUARANTEE
            lines.extend(self._lines(claim, tendered, exact, taken, limited))
        return lines

    def paid(self, amount: int, code: str = "") -> tuple[list[QuoteLine], int]:
        """Lines of a payment that is all for what is owed, and what of it is too much: to the claim
        of this code, or to all in their order but the disputed (postponed ones may be paid
        early)."""
        left = amount
        lines = []
        for claim in self.ordered:
            if code and claim.code != code:
                continue
            if not code and claim.blocked is Limited.DISPUTED:
                continue
            taken = min(left, claim.owed)
            left -= taken
            if taken:
                plain = replace(claim, rule="paid", share=Fraction(0))
                lines.extend(self._lines(plain, amount, Fraction(taken), taken, None))
        return lines, left

    def _lines(
        self, claim: Claim, tendered: int, exact: Fraction, taken: int, limited: Limited | None
    ) -> list[QuoteLine]:
        amount = Money(taken, self._currency)
        line = QuoteLine(
            rule=claim.rule,
            base=Money(tendered if claim.share else claim.owed, self._currency),
            rate=claim.rate,
            exact=exact,
            rounding=Rounding.DOWN if taken < exact else Rounding.UP,
            amount=amount,
            kind=claim.kind,
            code=claim.code,
            label=claim.label,
            months=claim.months,
            book=claim.book,
            limited=limited,
            reason=claim.reason,
            left=Money(claim.owed - taken, self._currency),
        )
        if not taken or not claim.vat.fraction:
            return [line]
        # What is owed has its tax in it, also where the tariff states it without.
        return [line, tax_line(replace(claim.vat, mode=VatMode.INCLUDED), amount, claim.code)]


def is_fee(line: QuoteLine, tariff: Tariff) -> bool:
    """Whether a line of what is owed is for a one-off fee; else a charge's is for a monthly one. A
    payment's lines (`paid`) do not say by themselves of which kind they are: the tariff that priced
    them does, and where its versions have used one code for both, the name on the line."""
    if line.rule in (OneOffFee.rule, MonthlyCharge.rule):
        return line.rule == OneOffFee.rule
    fee = tariff.due_fee(line.code)
    if fee is None or line.kind is not LineKind.CHARGE:
        return False
    return tariff.monthly(line.code) is None or line.label == fee.sum.heading.label


def _fees(tariff: Tariff, state: AccountState) -> list[Claim]:
    found = []
    for due in state.fees:
        fee = tariff.due_fee(due.code)
        if fee is None:
            raise ChargeUnknown(tariff.code, due.code)
        owed = fee.sum.gross if due.owed is None else due.owed
        found.append(_claim(fee.rule, fee.sum, owed.minor, 0))
    return found


def _monthly(tariff: Tariff, state: AccountState, month: Month) -> list[Claim]:
    found = []
    for one in counted(tariff, state, month):
        if one.charge is not None:
            found.append(_claim(one.charge.rule, one.charge.sum, one.owed, one.months))
        elif one.owed > 0:
            raise ChargeUnknown(tariff.code, one.code)
    return found


def _claim(rule: str, owing: Sum, owed: int, months: int) -> Claim:
    heading = owing.heading
    return Claim(
        kind=LineKind.CHARGE,
        rule=rule,
        code=heading.code,
        label=heading.label,
        book=heading.book,
        priority=owing.priority,
        owed=owed,
        rate=owing.gross.to_text(),
        fixed=owed,
        vat=heading.vat,
        months=months,
    )


def _debt(debt: Debt, month: Month, now: datetime, currency: str) -> Claim:
    if debt.owed.currency != currency:
        raise CurrencyWrong(debt.owed.currency, currency)
    blocked, reason = None, ""
    if debt.disputed:
        blocked, reason = Limited.DISPUTED, debt.disputed
    elif debt.postponed is not None and now < debt.postponed.until:
        blocked, reason = Limited.POSTPONED, debt.postponed.reason
    fixed, share = 0, Fraction(0)
    if isinstance(debt.recovery, Instalment):
        taken = debt.taken_by(month)
        fixed = max(0, debt.recovery.amount.minor - (0 if taken is None else taken.minor))
        rate = debt.recovery.amount.to_text()
    else:
        share, rate = debt.recovery.fraction, debt.recovery.percent
    return Claim(
        kind=LineKind.DEBT,
        rule=debt.recovery.rule,
        code=debt.code,
        label=debt.label,
        book=debt.book,
        priority=debt.priority,
        owed=debt.owed.minor,
        rate=rate,
        fixed=fixed,
        share=share,
        blocked=blocked,
        reason=reason,
    )
