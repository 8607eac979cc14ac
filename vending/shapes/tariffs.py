"""Tariffs and their versions as JSON: what there is, what was done, what a version would mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from meters.errors import RaseedError

from ..explaining import comparison_said
from ..messages import Language
from ..problems import plain, problem_of
from ..tariff import Label, Quote, Tariff
from ..tariff.whatif import Case, Comparison
from ..tariffviews import Overview, Retirement, Standing
from .base import Measure, Name, Out
from .quotes import QuoteOut


class MomentOut(Out):
    """A version that begins."""

    version: int
    active_from: datetime

    @classmethod
    def of(cls, tariff: Tariff) -> MomentOut:
        return cls(version=tariff.version, active_from=tariff.active_from.astimezone(UTC))


class TariffOut(Out):
    """One tariff at a glance."""

    code: str
    name: Name
    commodity: str
    currency: str
    customer_class: str
    active: int | None = Field(description="The version that prices sales now")
    coming: list[MomentOut] = Field(description="Approved; their moments lie ahead")
    drafts: list[int] = Field(description="Versions that wait for a second person")
    agreements: int = Field(description="Supply agreements at this tariff")

    @classmethod
    def of(cls, one: Overview) -> TariffOut:
        tariff = one.latest
        return cls(
            code=tariff.code,
            name=Name(ar=tariff.name_ar, en=tariff.name_en),
            commodity=tariff.commodity.value,
            currency=tariff.currency,
            customer_class=tariff.customer_class.value,
            active=None if one.active is None else one.active.version,
            coming=[MomentOut.of(tariff) for tariff in one.coming],
            drafts=list(one.drafts),
            agreements=one.agreements,
        )


class ActOut(Out):
    """What somebody did to a version."""

    act: str = Field(description="`approved`, `rejected` or `retired`")
    at: datetime
    actor: str
    note: str


class TariffVersionOut(Out):
    """One version, and where it stands."""

    tariff: str
    version: int
    name: Name
    state: str = Field(description="`draft`, `approved`, `active`, `retired` or `rejected`")
    source: str = Field(description="`file`: came with the installation; `desk`: was handed in")
    active_from: datetime
    retired_from: datetime | None
    drafted_by: str
    drafted_at: datetime | None = Field(description="null where it came as a file")
    approved_by: str | None
    approved_at: datetime | None
    acts: list[ActOut] = Field(description="Over the desk, by time")

    @classmethod
    def of(cls, standing: Standing) -> TariffVersionOut:
        return cls(**_version_fields(standing))


class TariffDocumentOut(TariffVersionOut):
    """One version with its text."""

    document: str = Field(description="TOML")

    @classmethod
    def of(cls, standing: Standing) -> TariffDocumentOut:
        return cls(**_version_fields(standing), document=standing.version.document)


class RetirementOut(Out):
    """The end of a version, and whom it meets."""

    version: TariffVersionOut
    agreements: int = Field(description="Supply agreements at this tariff")
    followed_by: MomentOut | None = Field(
        description="The version that begins after the end; until then nothing is sold at this "
        "tariff"
    )

    @classmethod
    def of(cls, one: Retirement) -> RetirementOut:
        later = one.followed_by
        return cls(
            version=TariffVersionOut.of(one.standing),
            agreements=one.agreements,
            followed_by=None if later is None else MomentOut.of(later),
        )


class RefusalOut(Out):
    """Why there is no price."""

    code: str
    detail: Name
    facts: dict[str, Any]

    @classmethod
    def of(cls, error: RaseedError) -> RefusalOut:
        ar, en = (problem_of(error, language) for language in Language)
        return cls(code=error.code, detail=Name(ar=ar.detail, en=en.detail), facts=ar.facts)


class CaseOut(Out):
    """One payment by both versions."""

    amount: Measure
    first: QuoteOut | None = Field(description="null: refused")
    second: QuoteOut | None
    first_refused: RefusalOut | None
    second_refused: RefusalOut | None
    difference: Measure | None = Field(description="Units more by the second; may be negative")

    @classmethod
    def of(cls, case: Case) -> CaseOut:
        difference = case.difference
        return cls(
            amount=Measure.of(case.amount),
            first=_quote(case.one),
            second=_quote(case.other),
            first_refused=_refusal(case.one),
            second_refused=_refusal(case.other),
            difference=None if difference is None else Measure.of(difference),
        )


class ChangeOut(Out):
    """One thing that differs."""

    code: str
    facts: dict[str, Any]


class ComparisonOut(Out):
    """Two versions side by side, and the same payments by both."""

    tariff: str
    first: int
    second: int
    at: datetime = Field(description="The moment that both are priced at")
    used: Measure = Field(description="Bought earlier in that month")
    changes: list[ChangeOut]
    cases: list[CaseOut]
    explanation: list[Name] = Field(description="Changes, then payments: one sentence each")

    @classmethod
    def of(cls, one: Comparison) -> ComparisonOut:
        told = (comparison_said(one, language) for language in Language)
        return cls(
            tariff=one.one.code,
            first=one.one.version,
            second=one.other.version,
            at=one.at.astimezone(UTC),
            used=Measure.of(one.used),
            changes=[
                ChangeOut(code=c.code, facts={n: _fact(v) for n, v in c.facts.items()})
                for c in one.changes
            ],
            cases=[CaseOut.of(case) for case in one.cases],
            explanation=[Name(ar=ar, en=en) for ar, en in zip(*told, strict=True)],
        )


def _version_fields(standing: Standing) -> dict[str, Any]:
    version, tariff = standing.version, standing.version.tariff
    by_desk = version.kept is not None and not version.in_file
    return {
        "tariff": tariff.code,
        "version": tariff.version,
        "name": Name(ar=tariff.name_ar, en=tariff.name_en),
        "state": standing.state.value,
        "source": "desk" if by_desk else "file",
        "active_from": _utc(tariff.active_from),
        "retired_from": _utc(tariff.retired_from),
        "drafted_by": tariff.drafted_by,
        "drafted_at": version.kept.drafted_at if by_desk and version.kept else None,
        "approved_by": tariff.approved_by or None,
        "approved_at": _utc(tariff.approved_at),
        "acts": [
            ActOut(act=act.act.value, at=act.at, actor=act.actor, note=act.note)
            for act in version.acts
        ],
    }


def _utc(moment: datetime | None) -> datetime | None:
    """Files write moments as the clock on the wall had them; answers are in UTC."""
    return None if moment is None else moment.astimezone(UTC)


def _quote(found: Quote | RaseedError) -> QuoteOut | None:
    return QuoteOut.of(found) if isinstance(found, Quote) else None


def _refusal(found: Quote | RaseedError) -> RefusalOut | None:
    return RefusalOut.of(found) if isinstance(found, RaseedError) else None


def _fact(value: Any) -> Any:
    if isinstance(value, Label):
        return {"ar": value.ar, "en": value.en}
    return plain(value)
