"""The first page: what this person can do here."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from .rendering import page
from .visitor import Visiting

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(visit: Visiting) -> Response:
    return page(visit.request, "home.html", visit.language, visit.who)
