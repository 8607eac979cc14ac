"""One version of a tariff, where it stands between draft and retired, and which one holds when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from meters.account import Commodity
from meters.quantities import Money

from ..persons import same_person
from .charges import Charge, MonthlyCharge, OneOffFee, PercentCharge, UnitCharge
from .errors import (
    TariffActivationPast,
    TariffEnding,
    TariffMalformed,
    TariffMissing,
    TariffNotDraft,
    TariffOwnApproval,
)
from .mistakes import Mistake
from .months import PLACE, Month
from .prices import PriceRule
from .recovery import UNPROTECTED, Protection
from .rows import TariffRows
from .support import FreeUnits, Support
from .vat import Vat


class TariffState(Enum):
    """Each follows from facts in the file; none is written down by itself."""

    DRAFT = "draft"
    """Nobody but its author has agreed to it. It never prices anything."""
    APPROVED = "approved"
    """By a second person; its moment has not come."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Followed by another version, or ended."""
    REJECTED = "rejected"
    """Turned down, or taken back before its moment. It never priced anything and never will, so
    no book holds it; the desk remembers it."""


class CustomerClass(Enum):
    """Whom a tariff is for."""

    DOMESTIC = "domestic"
    COMMERCIAL = "commercial"
    SOCIAL = "social"
    PUBLIC = "public"
    TEMPORARY = "temporary"


def _told() -> Any:
    """A field that follows from the others."""
    return field(init=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tariff:
    """One version of one tariff."""

    code: str
    version: int
    commodity: Commodity
    currency: str
    name_ar: str
    name_en: str
    active_from: datetime
    price: PriceRule
    vat: Vat
    """For the units, and for charges that do not name their own."""
    most_per_sale: Money
    drafted_by: str
    approved_by: str = ""
    """Empty in a draft."""
    approved_at: datetime | None = None
    retired_from: datetime | None = None
    """From here on the tariff is not sold at all, unless a later version is active."""
    customer_class: CustomerClass = CustomerClass.DOMESTIC
    zone: ZoneInfo = PLACE
    """Whose clock begins its months and seasons."""
    charges: tuple[Charge, ...] = ()
    supports: tuple[Support, ...] = ()
    protection: Protection = UNPROTECTED
    earlier: Tariff | None = field(default=None, compare=False, repr=False)
    """The version that held before, so that months gone by are charged as they were then."""
    unit_charges: tuple[PercentCharge | UnitCharge, ...] = _told()
    """Of its charges those that grow with a sale."""
    monthly_charges: tuple[MonthlyCharge, ...] = _told()
    monthly_ever: tuple[MonthlyCharge, ...] = _told()
    """Those, and behind them what only earlier versions charged by the month, as the last one did:
    months that a version was in force for are paid for whenever somebody pays."""
    borne: tuple[Support, ...] = _told()
    """Its supports in the order in which units take them: the first ones of a month are free,
    wherever the file says so; a subsidy begins behind them."""
    needs_history: str = _told()
    """The first rule that asks what the account has bought or been charged before; empty if
    none does."""

    def __post_init__(self) -> None:
        # Every sale asks for these several times.
        growing = tuple(c for c in self.charges if isinstance(c, PercentCharge | UnitCharge))
        monthly = tuple(c for c in self.charges if isinstance(c, MonthlyCharge))
        asking = [rule.rule for rule in (*self.supports, *monthly)]
        if self.price.monthly:
            asking.insert(0, self.price.rule)
        object.__setattr__(self, "unit_charges", growing)
        object.__setattr__(self, "monthly_charges", monthly)
        own = {charge.sum.heading.code for charge in monthly}
        before = () if self.earlier is None else self.earlier.monthly_ever
        gone = tuple(charge for charge in before if charge.sum.heading.code not in own)
        object.__setattr__(self, "monthly_ever", (*monthly, *gone))
        free_first = sorted(self.supports, key=lambda rule: not isinstance(rule, FreeUnits))
        object.__setattr__(self, "borne", tuple(free_first))
        object.__setattr__(self, "needs_history", asking[0] if asking else "")

    @property
    def is_draft(self) -> bool:
        return not self.approved_by

    def fee(self, code: str) -> OneOffFee | None:
        """What may be put on an account from now on."""
        fees = (c for c in self.charges if isinstance(c, OneOffFee))
        return next((fee for fee in fees if fee.sum.heading.code == code), None)

    def due_fee(self, code: str) -> OneOffFee | None:
        """The fee of this version, or of the last before it that had one: what was put on an
        account then is still asked for."""
        found = (version.fee(code) for version in self.lineage())
        return next((fee for fee in found if fee is not None), None)

    def monthly(self, code: str) -> MonthlyCharge | None:
        """The charge of this version, or of the last before it that had one."""
        charges = (c for c in self.monthly_ever if c.sum.heading.code == code)
        return next(charges, None)

    def lineage(self) -> Iterator[Tariff]:
        """This version and those that held before it, the latest first."""
        version: Tariff | None = self
        while version is not None:
            yield version
            version = version.earlier

    def monthly_sum(self, code: str, month: Month) -> int:
        """What a monthly charge asks for one month, by the version that counts in it; 0 where that
        version has no such charge, or where none was in force. Minor units, tax included."""
        version = self.counting_in(month)
        charges = () if version is None else version.monthly_charges
        return next((c.sum.gross.minor for c in charges if c.sum.heading.code == code), 0)

    def counting_in(self, month: Month) -> Tariff | None:
        """The version by which a month is charged: the one that held when the month began, else
        the first that began within it. None: no version was in force, and nothing is charged."""
        begins = month.begins(self.zone)
        first: Tariff | None = None
        for version in self.lineage():
            if version.active_from <= begins:
                if version.retired_from is None or version.retired_from > begins:
                    return version
                # What ended before the month, and was not followed, says nothing of it.
                break
            first = version
        if first is None or Month.of(first.active_from, self.zone) != month:
            return None
        return first

    def approved(self, by: str, at: datetime) -> Tariff:
        """This draft as approved by a second person.

        Raises TariffNotDraft, TariffOwnApproval, TariffActivationPast.
        """
        if not self.is_draft:
            raise TariffNotDraft(self.code, self.version)
        if same_person(by, self.drafted_by):
            raise TariffOwnApproval(self.code, self.version, by)
        if at > self.active_from:
            raise TariffActivationPast(self.code, self.version, self.active_from.isoformat())
        return replace(self, approved_by=by, approved_at=at)


class TariffBook:
    """All versions of all tariffs; answers which holds at a moment."""

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        """Raises TariffMalformed if two versions of one tariff share a number, or two approved
        ones a moment."""
        everything: dict[str, list[Tariff]] = {}
        for tariff in tariffs:
            everything.setdefault(tariff.code, []).append(tariff)
        self._versions: dict[str, list[Tariff]] = {}
        self._sold: dict[str, list[Tariff]] = {}
        for code, versions in everything.items():
            if len({t.version for t in versions}) != len(versions):
                raise TariffMalformed(code, "versions", Mistake.NUMBER_TWICE)
            chain: list[Tariff] = []
            for tariff in sorted(versions, key=lambda t: t.active_from):
                if not tariff.is_draft:
                    if chain and chain[-1].active_from == tariff.active_from:
                        raise TariffMalformed(code, "active_from", Mistake.MOMENT_TWICE)
                    chain.append(replace(tariff, earlier=chain[-1] if chain else None))
            self._sold[code] = chain
            drafts = [tariff for tariff in versions if tariff.is_draft]
            self._versions[code] = sorted([*chain, *drafts], key=lambda t: t.version)

    def active(self, code: str, at: datetime) -> Tariff:
        """The latest approved version whose moment has come. Raises TariffMissing."""
        for tariff in reversed(self._sold.get(code, [])):
            if tariff.active_from <= at:
                if tariff.retired_from is not None and tariff.retired_from <= at:
                    break
                return tariff
        raise TariffMissing(code)

    def lasting(self, code: str, at: datetime) -> Tariff:
        """The version that holds, of a tariff whose end is not decided: what an agreement may be
        put at. Raises TariffMissing, TariffEnding."""
        tariff, end = self.active(code, at), self._sold[code][-1].retired_from
        if end is not None:
            raise TariffEnding(code, end.isoformat())
        return tariff

    def seen_by(self, rows: TariffRows) -> TariffBook:  # noqa: ARG002
        """The book as one transaction sees it; with the writer's place, as it stays until the end.
        This one changes no more."""
        return self

    def version(self, code: str, number: int) -> Tariff:
        """One version, whatever its state: what a past sale was priced by. Raises TariffMissing."""
        for tariff in self._versions.get(code, []):
            if tariff.version == number:
                return tariff
        raise TariffMissing(f"{code} {number}")

    def versions(self, code: str) -> list[Tariff]:
        """By number, drafts too."""
        return list(self._versions.get(code, []))

    def state(self, tariff: Tariff, at: datetime) -> TariffState:
        """Where a version of this book stands at a moment."""
        if tariff.is_draft:
            return TariffState.DRAFT
        if tariff.active_from > at:
            return TariffState.APPROVED
        try:
            held = self.active(tariff.code, at)
        except TariffMissing:
            return TariffState.RETIRED
        return TariffState.ACTIVE if held.version == tariff.version else TariffState.RETIRED

    def codes(self) -> list[str]:
        return sorted(self._versions)
