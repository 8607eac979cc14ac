"""Errors of pricing."""

from __future__ import annotations

from dataclasses import dataclass, field

from meters.errors import Broken, Invalid, Refused, Unavailable

from .mistakes import Mistake


@dataclass(eq=False)
class AmountNotPositive(Invalid, code="vend.amount_not_positive"):
    """A payment is more than nothing."""

    amount: str


@dataclass(eq=False)
class AmountTooLow(Invalid, code="vend.amount_too_low"):
    """What the payment and the carried balance leave after deductions does not buy the smallest
    step, or so few units are not sold; `least` is."""

    amount: str
    least: str


@dataclass(eq=False)
class AmountTooHigh(Invalid, code="vend.amount_too_high"):
    """More than one sale may take; `most` is the largest payment that is possible now."""

    amount: str
    most: str


@dataclass(eq=False)
class NotOwed(Invalid, code="vend.not_owed"):
    """Nothing is owed under the code that a payment names: it is mistyped, or paid."""

    owed_code: str


@dataclass(eq=False)
class MoreThanOwed(Invalid, code="vend.more_than_owed"):
    """A payment towards what is owed is larger than that; `owed` is the most that it may be."""

    amount: str
    owed: str


@dataclass(eq=False)
class UnitsNotCarried(Invalid, code="vend.units_not_carried"):
    """No token carries exactly these units; `below` and `above` are the nearest that one does."""

    units: str
    below: str
    above: str


@dataclass(eq=False)
class CurrencyWrong(Invalid, code="vend.currency"):
    """The tariff is in another currency."""

    currency: str
    expected: str


@dataclass(eq=False)
class TariffMissing(Refused, code="tariff.missing"):
    """No version of this tariff is active at this moment."""

    tariff: str


@dataclass(eq=False)
class TariffsUnseen(Unavailable, code="tariff.unseen"):
    """Nobody could look in time which versions hold by now; nothing was priced."""

    waited_s: int


@dataclass(eq=False)
class TariffCommodity(Refused, code="tariff.commodity"):
    """The agreement's tariff prices another commodity than its meter measures."""

    tariff: str
    meter: str


@dataclass(eq=False)
class TariffCurrency(Refused, code="tariff.currency"):
    """The tariff is in another currency than the books, which have no account for its sums."""

    tariff: str
    currency: str
    expected: str


@dataclass(eq=False)
class TariffNeedsHistory(Refused, code="tariff.needs_history"):
    """The tariff prices by the month, and what was bought this month is not known here."""

    tariff: str
    rule: str


@dataclass(eq=False)
class TariffMalformed(Invalid, code="tariff.malformed"):
    """A tariff file does not say what it must: the file, the place in it, and what is wrong."""

    source: str
    where: str
    problem: Mistake
    details: list[str] = field(default_factory=list)
    """What belongs to the problem: see `Mistake`."""


@dataclass(eq=False)
class TariffUnbooked(Invalid, code="tariff.unbooked"):
    """A version that is kept, and so is not edited any more, books at `where` in `source` on an
    account that the chart of accounts does not have, or not so that it takes the sum."""

    tariff: str
    version: int
    source: str
    where: str
    book: str
    fitting: list[str]
    """Accounts that would."""


@dataclass(eq=False)
class TariffNotDraft(Refused, code="tariff.not_draft"):
    """Only a draft can be approved; this version was approved already."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffOwnApproval(Refused, code="tariff.own_approval"):
    """Who drafted a version does not approve it."""

    tariff: str
    version: int
    person: str


@dataclass(eq=False)
class TariffActivationPast(Refused, code="tariff.activation_past"):
    """A version takes effect after its approval, never before."""

    tariff: str
    version: int
    active_from: str


@dataclass(eq=False)
class QuoteExpired(Refused, code="quote.expired"):
    """The quote was held until `until`; ask for a new one."""

    quote: str
    until: str


@dataclass(eq=False)
class QuoteChanged(Refused, code="quote.changed"):
    """What the quote was made from is no longer so: `changed` names it."""

    quote: str
    changed: list[str]


@dataclass(eq=False)
class QuoteMissing(Invalid, code="quote.unknown"):
    """No quote of this id is kept; they are given up some time after they expire."""

    quote: str


@dataclass(eq=False)
class QuoteIdMalformed(Invalid, code="quote.id_malformed"):
    """A quote id is 1 to 64 letters, digits and `. _ : -`."""

    length: int


@dataclass(eq=False)
class QuoteIdReused(Refused, code="quote.id_reused"):
    """A quote with this id was made for something else. It stands as it is; use a new id."""

    quote: str


@dataclass(eq=False)
class ChargeUnknown(Refused, code="tariff.charge_unknown"):
    """The account owes a charge that its tariff never had: move it to a debt first."""

    tariff: str
    charge: str


@dataclass(eq=False)
class TariffUnknown(Invalid, code="tariff.unknown"):
    """There is no tariff of this code."""

    tariff: str


@dataclass(eq=False)
class TariffVersionUnknown(Invalid, code="tariff.version.unknown"):
    """The tariff has no version of this number."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffVersionTaken(Refused, code="tariff.version_taken"):
    """A version of this number is there, with another content or from somebody else; a number is
    used once."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffKindDiffers(Refused, code="tariff.kind_differs"):
    """All versions of a tariff are for one commodity in one currency."""

    tariff: str
    expected: str


@dataclass(eq=False)
class TariffInFile(Refused, code="tariff.in_file"):
    """The version lies in a file of the installation: what is to be said of it is said there."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffRejected(Refused, code="tariff.rejected"):
    """The version was turned down; it stays so. A better one gets a number of its own."""

    tariff: str
    version: int
    by: str


@dataclass(eq=False)
class TariffMomentTaken(Refused, code="tariff.moment_taken"):
    """Another version begins at the same moment."""

    tariff: str
    version: int
    other: int


@dataclass(eq=False)
class TariffNoticeShort(Refused, code="tariff.notice_short"):
    """What changes a price is decided a little before it holds, so that every counter knows it by
    then; here it would hold from `moment`."""

    tariff: str
    moment: str
    seconds: int


@dataclass(eq=False)
class TariffInForce(Refused, code="tariff.in_force"):
    """The version has begun; it can be followed or retired, not taken back."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffInUse(Refused, code="tariff.in_use"):
    """Supply agreements are at this tariff and no later version follows: their customers could
    not buy any more."""

    tariff: str
    agreements: int


@dataclass(eq=False)
class TariffEnding(Refused, code="tariff.ending"):
    """The end of this tariff has been decided and no later version follows: no agreement is put at
    it any more, whose customer could not buy from `until` on."""

    tariff: str
    until: str


@dataclass(eq=False)
class TariffRetiredAlready(Refused, code="tariff.retired_already"):
    """The end of this version has been decided; it stands."""

    tariff: str
    version: int


@dataclass(eq=False)
class TariffChanged(Invalid, code="tariff.changed"):
    """A version in a file says something else than when the books met it first. What may have
    priced a sale is never edited."""

    tariff: str
    version: int
    file: str
    where: str


@dataclass(eq=False)
class TariffKeptWrong(Broken, code="tariff.kept_wrong"):
    """What the database keeps of a version is not what was let in."""

    tariff: str
    version: int
    problem: str


@dataclass(eq=False)
class TariffMomentMalformed(Invalid, code="tariff.moment_malformed"):
    """A moment is written as 2027-01-01 or 2027-01-01T00:00:00+02:00."""

    text: str
