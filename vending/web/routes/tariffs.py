"""Tariffs: hand in, approve, reject, retire, try, compare."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from ...messages import LOCAL_ZONE
from ...shapes import (
    ComparisonOut,
    ExplainedQuoteOut,
    RetirementOut,
    TariffDocumentOut,
    TariffOut,
    TariffVersionOut,
)
from ...tariff import TariffMalformed
from ...tariff.mistakes import Mistake
from ...tariff.months import read_moment
from ...tariff.whatif import USUAL_AMOUNTS, Household
from ...tariffdesk import MOST_AMOUNTS, MOST_MONTHS_DUE
from ..callers import Bookkeeper, Desk, Reader
from ..errors import RequestInvalid
from ..exact import read_body
from ..routers import api_router

router = api_router("tariffs")

_SOURCE = "draft"
CodePath = Annotated[str, Path(max_length=60, description="Code of the tariff")]
VersionPath = Annotated[int, Path(ge=1, le=9999, description="Number of the version")]
Moment = Annotated[
    StrictStr | None,
    Field(
        max_length=40,
        description="As 2027-01-01 (the first moment of that day here) or "
        "2027-01-01T06:00:00+02:00",
    ),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TariffIn(_In):
    """A draft."""

    document: StrictStr = Field(max_length=65536, description="TOML with one version")


class NoteIn(_In):
    """A remark."""

    note: StrictStr = Field("", max_length=500)


class WhyIn(_In):
    """Why."""

    note: StrictStr = Field(max_length=500)


class RetirementIn(_In):
    """When a tariff ends, and why."""

    effective_at: Moment = None
    note: StrictStr = Field(max_length=500)


class _HouseholdIn(_In):
    used: StrictStr = Field("0", max_length=60, description="Units bought earlier this month")
    months_due: int = Field(
        1, ge=0, le=MOST_MONTHS_DUE, strict=True, description="Months of monthly charges to meet"
    )
    at: Moment = None

    @property
    def household(self) -> Household:
        return Household(self.used, self.months_due)


class PreviewIn(_HouseholdIn):
    """A payment to try."""

    amount: StrictStr = Field(max_length=60)


class ComparisonIn(_HouseholdIn):
    """Two versions, and payments to try by both."""

    first: int = Field(ge=1, le=9999, strict=True)
    second: int = Field(ge=1, le=9999, strict=True)
    amounts: list[Annotated[StrictStr, Field(max_length=60)]] = Field(
        list(USUAL_AMOUNTS), min_length=1, max_length=MOST_AMOUNTS
    )


async def _document(request: Request) -> str:
    """The TOML of a body that is JSON, or the text itself.

    Raises RequestInvalid, FieldRepeated, RequestValidationError, TariffMalformed.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media == "text/plain":
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise TariffMalformed(_SOURCE, "TOML", Mistake.NOT_TEXT) from None
    if media != "application/json":
        raise RequestInvalid(["body"])
    return read_body(TariffIn, body).document


Document = Annotated[str, Depends(_document)]
_BODIES = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"document": {"type": "string"}},
                    "required": ["document"],
                    "additionalProperties": False,
                }
            },
            "text/plain": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/tariffs")
def list_tariffs(
    actor: Reader,
    desk: Desk,
    after: Annotated[str, Query(max_length=60, description="Go on behind this code")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[TariffOut]:
    """Tariffs by code, with what is sold now, what is coming, and what waits."""
    return [TariffOut.of(one) for one in desk.overview(actor, after=after, limit=limit)]


@router.post("/tariffs", status_code=201, openapi_extra=_BODIES)
def submit(actor: Bookkeeper, desk: Desk, document: Document) -> TariffVersionOut:
    """Hand in a draft: TOML with one version, in a JSON field or as plain text. A second person
    approves it. Sending the same again answers the draft that there is."""
    return TariffVersionOut.of(desk.submit(actor, document, _SOURCE))


@router.get("/tariffs/{code}/versions")
def list_versions(actor: Reader, desk: Desk, code: CodePath) -> list[TariffVersionOut]:
    """Every version by number, rejected ones too."""
    return [TariffVersionOut.of(one) for one in desk.versions(actor, code)]


@router.get("/tariffs/{code}/versions/{number}")
def one_version(
    actor: Reader, desk: Desk, code: CodePath, number: VersionPath
) -> TariffDocumentOut:
    """One version with its text."""
    return TariffDocumentOut.of(desk.version(actor, code, number))


@router.post("/tariffs/{code}/versions/{number}/approval", status_code=201)
def approve(
    actor: Bookkeeper, desk: Desk, code: CodePath, number: VersionPath, body: NoteIn
) -> TariffVersionOut:
    """Approve somebody else's draft: from its moment it prices every sale (supervisors)."""
    return TariffVersionOut.of(desk.approve(actor, code, number, body.note))


@router.post("/tariffs/{code}/versions/{number}/rejection", status_code=201)
def reject(
    actor: Bookkeeper, desk: Desk, code: CodePath, number: VersionPath, body: WhyIn
) -> TariffVersionOut:
    """Turn down a draft, or take back an approved version before its moment."""
    return TariffVersionOut.of(desk.reject(actor, code, number, body.note))


@router.post("/tariffs/{code}/retirement", status_code=201)
def retire(actor: Bookkeeper, desk: Desk, code: CodePath, body: RetirementIn) -> RetirementOut:
    """End a tariff that no agreement uses, or that a later version follows (supervisors)."""
    end = None if body.effective_at is None else read_moment(body.effective_at, LOCAL_ZONE)
    return RetirementOut.of(desk.retire(actor, code, end, body.note))


@router.post("/tariffs/{code}/versions/{number}/preview")
def preview(
    actor: Reader, desk: Desk, code: CodePath, number: VersionPath, body: PreviewIn
) -> ExplainedQuoteOut:
    """What a payment would buy by a version, drafts too, and why. Changes nothing."""
    at = None if body.at is None else read_moment(body.at, LOCAL_ZONE)
    quote = desk.preview(actor, code, number, body.amount, body.household, at)
    return ExplainedQuoteOut.with_reasons(quote, None)


@router.post("/tariffs/{code}/comparison")
def compare(actor: Reader, desk: Desk, code: CodePath, body: ComparisonIn) -> ComparisonOut:
    """What the second version changes against the first, and what the same household gets for
    the same payments by both. Changes nothing."""
    at = None if body.at is None else read_moment(body.at, LOCAL_ZONE)
    return ComparisonOut.of(
        desk.compare(actor, code, body.first, body.second, body.amounts, body.household, at)
    )
