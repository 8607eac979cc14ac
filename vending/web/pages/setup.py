"""The first run: an administrator, then the municipality and its tariffs, then perhaps parties to
try out with. The first page opens to the set-up code, and only until there is an administrator."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from meters.errors import RaseedError

from ...logos import MOST_BYTES, Logo, checked_logo
from ...messages import words_for
from ...municipality import Municipality
from ...parties import Role
from ...people import Arrival, UserDraft, UserExists
from ..callers import services_of
from .doors import let_in
from .rendering import page
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor, language_for

router = APIRouter(include_in_schema=False)

# A drawing may hold no script, and if one slipped through, it runs nowhere.
_LOGO_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "public, max-age=86400",
}


@router.get("/setup")
def first(request: Request) -> Response:
    """The first administrator, while there is nobody."""
    if services_of(request).first_run.is_over:
        return to("/sign-in")
    return _first(request)


@router.post("/setup")
def begin(request: Request, form: Filled) -> Response:
    """Makes the administrator and lets them in; a second factor comes next."""
    services, language = services_of(request), language_for(request)
    draft = UserDraft(
        form["name"],
        Role.ADMINISTRATOR,
        form["name_ar"][:100],
        form["name_en"][:100],
        language=language.value,
    )
    address = "" if request.client is None else request.client.host
    try:
        made = services.first_run.begin(draft, form["password"], form.number("code"), address)
    except UserExists:
        return to("/sign-in")
    except RaseedError as error:
        return _first(request, error, form)
    return let_in(request, Arrival(made.name, form["password"], "", "", address), "/municipality")


@router.get("/municipality")
def municipality(visit: Visiting) -> Response:
    return _municipality(visit)


@router.post("/municipality")
async def change(visit: Visiting, form: Filled) -> Response:
    """Names, address, numbers, logo, tariffs."""
    upload = (await visit.request.form()).get("logo")
    data = await upload.read(MOST_BYTES + 1) if isinstance(upload, UploadFile) else b""
    return await run_in_threadpool(_changed, visit, form, data)


@router.get("/logo")
def logo(request: Request) -> Response:
    """The municipality's, as it was handed in. Everybody may see it."""
    found = services_of(request).town_hall.municipality().logo
    if found is None:
        raise HTTPException(404)
    return Response(found.data, media_type=found.media, headers=_LOGO_HEADERS)


@router.post("/samples")
def add_samples(visit: Visiting) -> Response:
    """Parties to try out with."""
    try:
        visit.services.samples.add(visit.who.actor)
    except RaseedError as error:
        return _municipality(visit, error)
    return to("/municipality#samples")


@router.post("/samples/remove")
def remove_samples(visit: Visiting) -> Response:
    try:
        visit.services.samples.remove(visit.who.actor)
    except RaseedError as error:
        return _municipality(visit, error)
    return to("/municipality#samples")


def _first(
    request: Request, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    language = language_for(request)
    return page(
        request,
        "setup/first.html",
        language,
        status=200 if error is None else 422,
        error=None if error is None else words_for(error, language),
        form=form or Form.empty(),
    )


def _changed(visit: Visitor, form: Form, data: bytes) -> Response:
    services, old = visit.services, visit.services.town_hall.municipality()
    try:
        wanted = Municipality(
            name_ar=form["name_ar"],
            name_en=form["name_en"],
            address_ar=form["address_ar"],
            address_en=form["address_en"],
            phone=form.plain("phone"),
            tax_number=form.number("tax_number"),
            vat=form.number("vat"),
            message_ar=form["message_ar"],
            message_en=form["message_en"],
            tariffs=tuple(code for code in _tariffs(visit) if form[f"tariff:{code}"]),
            logo=_logo(form, data, old.logo),
        )
        services.town_hall.change(visit.who.actor, wanted, form["reason"][:200])
    except RaseedError as error:
        return _municipality(visit, error, form)
    return to("/municipality#samples" if not old.is_named else "/municipality")


def _logo(form: Form, data: bytes, old: Logo | None) -> Logo | None:
    """A new one, none, or the one that there is. Raises LogoUnusable."""
    if data:
        return checked_logo(data)
    return None if form["no_logo"] else old


def _municipality(
    visit: Visitor, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    services, actor = visit.services, visit.who.actor
    return shown(
        visit,
        "setup/municipality.html",
        error,
        town=services.town_hall.municipality(),
        tariffs=_tariffs(visit),
        samples=services.samples.there(actor),
        currency=services.currency,
        form=form,
    )


def _tariffs(visit: Visitor) -> dict[str, tuple[str, str]]:
    """Names of all tariffs by code, in both languages."""
    found = visit.services.tariff_desk.overview(visit.who.actor, limit=500)
    return {one.latest.code: (one.latest.name_ar, one.latest.name_en) for one in found}
