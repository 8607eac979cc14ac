"""Templates to pages: one Jinja environment for each language, everything escaped, nothing
undefined passes silently."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ...messages import Language
from ...people import SignedIn
from ..callers import services_of
from . import assets
from .catalogs import LOCALES, translations
from .learning import practises
from .telling import Telling

DIRECTIONS: Final = {Language.ARABIC: "rtl", Language.ENGLISH: "ltr"}


@cache
def environment(language: Language) -> Environment:
    """Templates that speak one language."""
    made = Environment(
        loader=PackageLoader("vending.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(  # type: ignore[attr-defined]
        translations(language), newstyle=True
    )
    made.filters.update(Telling(language).filters)
    made.globals.update(
        asset=assets.address,
        language=language,
        direction=DIRECTIONS[language],
        locale_tag=str(LOCALES[language]).replace("_", "-"),
        Language=Language,
        fresh=_fresh,
    )
    return made


def page(
    request: Request,
    template: str,
    language: Language,
    who: SignedIn | None = None,
    *,
    status: int = 200,
    block: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page, or with `block` that piece of it for a swap in the browser."""
    # Every page that is reached in practice stands in its frame.
    learnt = practises(request, who)
    told = {
        "request": request,
        "who": who,
        "path": request.url.path,
        # In practice nothing real is printed.
        "printer_here": not learnt and who is not None and _has_printer(request, who),
        "practice": learnt,
        **values,
    }
    made = environment(language)
    if block is not None:
        text = render_block(made, template, block, **told)
    else:
        text = made.get_template(template).render(**told)
    headers = {"Content-Language": language.value}
    if request.method == "POST":
        # The address of a form is not for the address bar: it cannot be asked for again.
        headers["HX-Push-Url"] = "false"
    return HTMLResponse(text, status, headers)


def _has_printer(request: Request, who: SignedIn) -> bool:
    plan = services_of(request).service.ports.outbox
    return plan.printer_at(who.actor.point, who.actor.terminal) is not None


def _fresh() -> str:
    """A name for what a form asks for: pressed twice, it is asked for once."""
    return secrets.token_hex(12)


def wants_piece(request: Request) -> bool:
    """Whether htmx asks to swap a piece of the page that stands. A link or a form that it follows
    in the browser's place is given the whole page."""
    return by_script(request) and request.headers.get("hx-boosted") != "true"


def by_script(request: Request) -> bool:
    """Whether htmx asks: it must be told where to go on, for it follows a redirect by itself."""
    return request.headers.get("hx-request") == "true"
