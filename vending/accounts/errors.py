"""What can be wrong with an act on an account."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Broken, Invalid, Refused


@dataclass(eq=False)
class AccountDocumentBroken(Broken, code="account.document_broken"):
    """The kept account cannot be read. It is a cache: rebuild it from the books."""

    problem: str


@dataclass(eq=False)
class AccountEventBroken(Broken, code="account.event_broken"):
    """A recorded event of an account cannot be read."""

    event: str


@dataclass(eq=False)
class SaleBroken(Broken, code="account.sale_broken"):
    """What is kept of a sale cannot be read, so it is not known what it made of its account."""

    sale: str


@dataclass(eq=False)
class DebtUnknown(Invalid, code="account.debt_unknown"):
    """No debt with this code stands on the account."""

    debt: str


@dataclass(eq=False)
class DebtWrong(Invalid, code="account.debt_wrong"):
    """A debt is not as a debt must be: `part` of it (`code`, `name`, `amount`, `priority`,
    `recovery`, `source`)."""

    part: str


@dataclass(eq=False)
class DebtCodeReused(Refused, code="account.debt_code_reused"):
    """The agreement has a debt with this code, and it was written down otherwise."""

    agreement: str
    debt: str


@dataclass(eq=False)
class DebtCodeTaken(Refused, code="account.debt_code_taken"):
    """The agreement's tariff charges something under this code: a payment that names it would be
    for both."""

    tariff: str
    debt: str


@dataclass(eq=False)
class EventIdReused(Refused, code="account.event_id_reused"):
    """The account has an event with this id, and it was another one or somebody else's."""

    agreement: str
    id: str


@dataclass(eq=False)
class NothingOwed(Refused, code="account.nothing_owed"):
    """The debt has been paid or struck off: there is nothing to put off or to dispute."""

    debt: str


@dataclass(eq=False)
class MoreThanOwed(Refused, code="account.more_than_owed"):
    """More is to be struck off than is owed (perhaps a sale has taken some of it meanwhile)."""

    debt: str
    owed: str
    asked: str


@dataclass(eq=False)
class PostponedPast(Invalid, code="account.postponed_past"):
    """A debt is put off to a day that has not passed."""

    day: str


@dataclass(eq=False)
class PostponedTooLong(Refused, code="account.postponed_too_long"):
    """This role may not put a debt off for so long."""

    day: str
    last: str
    """The last day that it may."""
    role: str


@dataclass(eq=False)
class NotPostponed(Refused, code="account.not_postponed"):
    """The debt is not put off."""

    debt: str


@dataclass(eq=False)
class DisputedAlready(Refused, code="account.disputed_already"):
    """The debt is disputed already; settle that first."""

    debt: str


@dataclass(eq=False)
class NotDisputed(Refused, code="account.not_disputed"):
    """The debt is not disputed."""

    debt: str


@dataclass(eq=False)
class ReductionWrong(Invalid, code="account.reduction_wrong"):
    """A dispute reduces a debt to less than is owed and more than nothing; and nothing else names
    an amount."""

    debt: str
    owed: str


@dataclass(eq=False)
class FeeUnknown(Invalid, code="account.fee_unknown"):
    """The agreement's tariff has no one-off fee with this code."""

    tariff: str
    fee: str


@dataclass(eq=False)
class FeeDueAlready(Refused, code="account.fee_due_already"):
    """The fee stands on the account and is not paid yet."""

    fee: str


@dataclass(eq=False)
class FeeNotDue(Refused, code="account.fee_not_due"):
    """The fee does not stand on the account."""

    fee: str


@dataclass(eq=False)
class TariffSame(Refused, code="account.tariff_same"):
    """The agreement is at this tariff already."""

    agreement: str
    tariff: str


@dataclass(eq=False)
class ChargesOwed(Refused, code="account.charges_owed"):
    """Charges or fees are owed that the new tariff has no rule for: they are paid first."""

    agreement: str
    charges: list[str]
    """Their codes."""
    owed: str
    """All of them together."""


@dataclass(eq=False)
class OutcomeUnknown(Invalid, code="account.outcome_unknown"):
    """A dispute ends `upheld`, `reduced` or `rejected`."""

    outcome: str


@dataclass(eq=False)
class RecoveryUnclear(Invalid, code="account.recovery_unclear"):
    """A debt is recovered by a percentage of each payment or by an instalment for each month: one
    of them, not both."""


@dataclass(eq=False)
class AccountsDiffer(Broken, code="accounts.differ"):
    """Kept accounts do not follow from the books; the first of them."""

    found: int
    agreement: str
    what: str
    detail: str
