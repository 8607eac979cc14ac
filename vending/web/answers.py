"""Errors as problem details (RFC 9457), in the caller's language; never a traceback."""

from __future__ import annotations

import json
import logging
import secrets
import traceback
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from meters.errors import Broken, RaseedError, Unavailable

from ..masking import masked
from ..messages import phrase, validation_words
from ..problems import problem_of
from .callers import services_of
from .errors import MethodNotAllowed, NoSuchAddress, RequestInvalid, RequestRefused
from .language import language_of

log = logging.getLogger("raseed.web")

MEDIA_TYPE = "application/problem+json"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="raseed"'}


def answer_errors(app: FastAPI) -> None:
    """From here on `app` answers every error as problem details."""
    app.add_exception_handler(RaseedError, _ours)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(
    request: Request,
    error: RaseedError,
    errors: list[dict[str, Any]] | None = None,
    *,
    status: int | None = None,
    more: Mapping[str, str] | None = None,
) -> Response:
    """The whole answer to one error; `status` where HTTP has decided it already, and `more` headers
    that it asks for."""
    language = language_of(request)
    problem = problem_of(error, language)
    headers = {**(more or {}), "Content-Language": language.value}
    if problem.status == 401:
        headers |= _CHALLENGE
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "2"
    body = {
        "type": f"urn:raseed:error:{problem.code}",
        "title": problem.title,
        "status": status or problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "kind": problem.kind,
        "facts": problem.facts,
    }
    if errors is not None:
        body["errors"] = errors
    return _json(status or problem.status, body, headers)


def error_response(request: Request, error: Exception) -> Response:
    """The same answers for who serves a request before the framework does."""
    if isinstance(error, RaseedError):
        return _ours(request, error)
    if isinstance(error, RequestValidationError):
        return _shape(request, error)
    return _unexpected(request, error)


async def explained(request: Request, error: Exception) -> Exception:
    """`error`, or what it comes of where a row of the database cannot be read."""
    if isinstance(error, RequestValidationError):
        return error
    if isinstance(error, RaseedError) and not isinstance(error, Broken):
        return error
    services = services_of(request)
    found = await run_in_threadpool(services.explained, error)
    if found is not error and not isinstance(error, RaseedError):
        # A fault of ours may look the same; but what the error says may stand in the row.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s where a row cannot be read:\n%s", type(error).__name__, where)
    return found


def incident_of(error: Exception) -> str:
    """The number under which the log tells of a fault that nobody foresaw."""
    incident = secrets.token_hex(4)
    log.error("incident %s: %s", incident, type(error).__name__, exc_info=error)
    return incident


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, RaseedError)
    if isinstance(error, Broken):
        log.error("broken invariant: %s", masked(str(error)))
    return problem_response(request, error)


def _shape(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language = language_of(request)
    told = [
        # The input is left out: it may hold anything, a key or a token included.
        {
            "field": ".".join(str(part) for part in found["loc"]),
            "problem": found["type"],
            "detail": validation_words(found["type"], language),
        }
        for found in error.errors()
    ]
    return problem_response(request, RequestInvalid([entry["field"] for entry in told]), told)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        # The framework's word for a body that it could not even begin to read.
        return problem_response(request, RequestInvalid(["body"]), [])
    if error.status_code == 404:
        return problem_response(request, NoSuchAddress())
    if error.status_code == 405:
        allowed = {"Allow": ", ".join(_methods(request))}
        return problem_response(request, MethodNotAllowed(request.method), more=allowed)
    return problem_response(request, RequestRefused(error.status_code), status=error.status_code)


def _methods(request: Request) -> list[str]:
    """Those that there are at the address: the framework names those of one of its routes alone."""
    return sorted(
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in getattr(route, "methods", None) or ()
    )


def _unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours that nobody foresaw: an incident number outside, the traceback inside."""
    incident = incident_of(error)
    language = language_of(request)
    body = {
        "type": "urn:raseed:error:unexpected",
        "title": phrase("kind_broken", language),
        "status": 500,
        "detail": phrase("unexpected", language, incident=incident),
        "code": "unexpected",
        "kind": "broken",
        "facts": {"incident": incident},
    }
    return _json(500, body, {"Content-Language": language.value})


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode("utf-8")
    return Response(content, status, headers, media_type=MEDIA_TYPE)
