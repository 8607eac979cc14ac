"""Why the books do not do what somebody asked."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Broken, Invalid, Refused


@dataclass(eq=False)
class AccountUnknown(Invalid, code="ledger.account.unknown"):
    """The chart of accounts has no account of this code."""

    account: str


@dataclass(eq=False)
class HolderWrong(Invalid, code="ledger.holder_wrong"):
    """The account is held by points, agreements or meters and none that exists was named; or it
    is held by nobody and somebody was named."""

    account: str
    holder: str
    per: str


@dataclass(eq=False)
class StatementTooLong(Invalid, code="ledger.statement_too_long"):
    """More than `most` postings to the account in these days: nobody reads them in one piece, and
    who answers while others sell would hold them all in memory."""

    account: str
    most: int


@dataclass(eq=False)
class UnitWrong(Invalid, code="ledger.unit_wrong"):
    """The account is kept in another unit."""

    account: str
    unit: str
    expected: str


@dataclass(eq=False)
class LinesUnbalanced(Invalid, code="ledger.lines_unbalanced"):
    """The lines of an adjustment do not sum to zero in one unit (or there are none that move
    anything)."""

    unit: str
    sum: int


@dataclass(eq=False)
class SameAccount(Invalid, code="ledger.same_account"):
    """An adjustment both debits and credits one account, of one holder: some of it moves
    nothing."""

    account: str
    """With its holder, as people write it: `1010:P1`."""


@dataclass(eq=False)
class LineTooLarge(Invalid, code="ledger.line_too_large"):
    """No municipality moves that much: a slip of the keyboard would stand in the books for ever."""

    most: int
    """Smallest units: agorot, Wh, litres, tokens."""


@dataclass(eq=False)
class WriteOffWrong(Invalid, code="ledger.write_off_wrong"):
    """What is given up is more than 0 of what somebody owes or something holds: an asset."""

    account: str


@dataclass(eq=False)
class WriteOffTooMuch(Refused, code="ledger.write_off_too_much"):
    """Less than that stands there to be given up."""

    account: str
    holder: str
    there: str


@dataclass(eq=False)
class ReasonMissing(Invalid, code="ledger.reason_missing"):
    """An act like this needs a reason that somebody else understands a year later."""

    least: int


@dataclass(eq=False)
class AdjustmentIdMalformed(Invalid, code="ledger.adjustment_id_malformed"):
    """An adjustment's id is 1 to 64 letters, digits and `. _ : -`, made by the caller."""

    length: int


@dataclass(eq=False)
class AdjustmentUnknown(Invalid, code="ledger.adjustment.unknown"):
    """No adjustment has this id."""

    adjustment: str


@dataclass(eq=False)
class AdjustmentIdReused(Refused, code="ledger.adjustment_id_reused"):
    """An adjustment with this id was requested with other lines or another reason, or by
    somebody else."""

    adjustment: str


@dataclass(eq=False)
class AdjustmentDecided(Refused, code="ledger.adjustment_decided"):
    """The adjustment has been posted or voided already; it stands as it is."""

    adjustment: str
    state: str


@dataclass(eq=False)
class OwnRequest(Refused, code="ledger.own_request"):
    """Who asked for it cannot approve it: a second person is needed."""

    adjustment: str
    actor: str


@dataclass(eq=False)
class OwnDeposit(Refused, code="ledger.own_deposit"):
    """It moves the deposit of who wants to approve it: another person is needed."""

    adjustment: str
    actor: str


@dataclass(eq=False)
class EntryUnknown(Invalid, code="ledger.entry.unknown"):
    """The journal has no entry of this number."""

    entry: int


@dataclass(eq=False)
class SoldUnreadable(Broken, code="ledger.sold_unreadable"):
    """What is kept of a sale, or of its void, cannot be read: no sum that counts it can be told."""

    entry: int
    """Its number; what was booked by it is still told."""


@dataclass(eq=False)
class NotReversible(Refused, code="ledger.not_reversible"):
    """Only adjustments and write-offs are reversed here: a sale is undone where it was sold, by
    what became of its token, and a reversal by a new adjustment."""

    entry: int
    kind: str


@dataclass(eq=False)
class AlreadyReversed(Refused, code="ledger.already_reversed"):
    """This entry has been reversed, or a request to do so is waiting."""

    entry: int
    by: str


@dataclass(eq=False)
class Overdrawn(Refused, code="ledger.overdrawn"):
    """The customer's carried balance would fall below zero."""

    agreement: str
    balance: str
    taken: str


@dataclass(eq=False)
class DepositTooSmall(Refused, code="deposit.too_small"):
    """More is paid out than the operator's deposit holds."""

    operator: str
    balance: str


@dataclass(eq=False)
class DebtNotNamed(Refused, code="ledger.debt_not_named"):
    """What stands on the account of debts moves debt by debt, so that it always is what the
    agreement's debts sum up to."""

    account: str
    agreement: str


@dataclass(eq=False)
class MonthMalformed(Invalid, code="ledger.month_malformed"):
    """A month is written as 2026-11."""

    text: str


@dataclass(eq=False)
class DayMalformed(Invalid, code="ledger.day_malformed"):
    """A day is written as 2026-11-23."""

    text: str


@dataclass(eq=False)
class DaysBackwards(Invalid, code="ledger.days_backwards"):
    """The first day asked for lies behind the last one."""

    first: str
    last: str


@dataclass(eq=False)
class DayBeforeBooks(Refused, code="ledger.day_before_books"):
    """The books begin later. Months are closed from the first one on, so one entry of a mistyped
    year would ask for every month since to be closed first."""

    day: str
    begin: str
    """Their first month."""


@dataclass(eq=False)
class MonthBeforeBooks(Refused, code="ledger.month_before_books"):
    """The books begin later: in this month there is nothing to be closed."""

    month: str
    begin: str
    """Their first month."""


@dataclass(eq=False)
class DayNotBegun(Refused, code="ledger.day_not_begun"):
    """A day that has not come cannot be sealed."""

    day: str


@dataclass(eq=False)
class SealedLater(Refused, code="ledger.sealed_later"):
    """A later state of the books has been sealed; seals only go forward."""

    day: str
    sealed: str


@dataclass(eq=False)
class CheckOutdated(Refused, code="ledger.check_outdated"):
    """Somebody has sealed since this check was made: it is made anew, and then kept."""

    day: str


@dataclass(eq=False)
class PeriodNotOver(Refused, code="ledger.period_not_over"):
    """A month is closed after its last day."""

    month: str


@dataclass(eq=False)
class PeriodClosedAlready(Refused, code="ledger.period_closed_already"):
    """The month lies in what is closed."""

    month: str
    last: str


@dataclass(eq=False)
class PeriodSkipped(Refused, code="ledger.period_skipped"):
    """Months are closed in their order, from the first that has entries."""

    month: str
    expected: str


@dataclass(eq=False)
class PeriodNotLast(Refused, code="ledger.period_not_last"):
    """Only the month that was closed last can be reopened."""

    month: str
    last: str


@dataclass(eq=False)
class DaysUnchecked(Refused, code="ledger.days_unchecked"):
    """No seal tells that the month's days from this one on were checked: check them first."""

    month: str
    day: str


@dataclass(eq=False)
class RequestsWaiting(Refused, code="ledger.requests_waiting"):
    """Adjustments requested in this month wait for a second person: approve or void them."""

    month: str
    count: int


@dataclass(eq=False)
class AgreementUnknown(Invalid, code="agreement.unknown"):
    """No supply agreement has this number."""

    agreement: str
