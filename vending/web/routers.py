"""What all addresses of the API have in common: where they begin, and how errors are described."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from .answers import MEDIA_TYPE
from .exact import ExactRoute

PREFIX: Final = "/api/v1"


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["urn:raseed:error:vend.id_reused"])
    title: str
    status: int
    detail: str = Field(description="What happened and what to do, in the caller's language")
    code: str = Field(description="Stable across releases", examples=["vend.id_reused"])
    kind: str = Field(description="`invalid`, `refused`, `unavailable`, `unknown` or `broken`")
    facts: dict[str, Any]
    errors: list[dict[str, str]] | None = Field(None, description="Per field, for a wrong body")


_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ProblemOut, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in (
        (401, "No key, or not a valid one"),
        (403, "The key or role does not allow this"),
        (404, "Unknown customer, meter or vend id"),
        (409, "A rule says no"),
        (413, "The body is larger than any that is wanted here"),
        (422, "The input is wrong"),
        (500, "Something is broken; the answer has the number of the incident"),
        (502, "It may have happened: ask what became of it"),
        (503, "Nothing happened: try later"),
    )
}


def api_router(*tags: str) -> APIRouter:
    """For a file of routes; `create_app` takes these as they are."""
    return APIRouter(prefix=PREFIX, responses=_PROBLEMS, tags=list(tags), route_class=ExactRoute)
