"""Routes that answer what was asked, or say what they did not understand.

A list whose filter is misspelt would be the list of everything, and be taken for the answer; a
remark sent to an address that keeps none would be lost; of two amounts under one name either could
be the one that was meant. So what a route does not know, or was told twice, is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Final, TypeVar, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from ..masking import masked
from .errors import FieldRepeated, ParameterRepeated, ParametersNotTaken, ParameterUnknown

MOST_NAMES: Final = 10
"""So many of what was not understood are told."""
_LONGEST_NAME: Final = 60
Body = TypeVar("Body", bound=BaseModel)


class ExactRoute(APIRoute):
    """A route that refuses parameters it does not declare, one given twice that counts once, a
    body where it takes none, and one that names a field of it twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            self.check_parameters(request)
            if self.body_field is not None:
                check_said_once(await request.body())
            elif not self._reads_body_itself:
                check_no_body(await request.body())
            return await answer(request)

        return handler

    def check_parameters(self, request: Request) -> None:
        """Costs nothing without a question mark in the address. Raises ParameterUnknown,
        ParametersNotTaken, ParameterRepeated."""
        if not request.scope.get("query_string"):
            return
        known = dict(_parameters(self.dependant))
        given = Counter(name for name, _ in request.query_params.multi_items())
        if strange := [name for name in given if name not in known]:
            if not known:
                raise ParametersNotTaken(_told(strange))
            raise ParameterUnknown(_told(strange), list(known))
        if repeated := [name for name, times in given.items() if times > 1 and not known[name]]:
            raise ParameterRepeated(_told(repeated))

    @property
    def _reads_body_itself(self) -> bool:
        """Its description says what it reads, and its endpoint checks it."""
        return "requestBody" in (self.openapi_extra or {})


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


def check_no_body(body: bytes) -> None:
    """Passes what says nothing: no bytes, `null`, `{}`. Raises RequestValidationError, which names
    the fields."""
    if body.strip() in (b"", b"null"):
        return
    read_body(_Nothing, body)


def check_said_once(body: bytes) -> None:
    """Passes JSON whose objects name each of their fields once, and what is no JSON: who reads it
    says so. Raises FieldRepeated."""
    # Nested too deeply for one reader, it is refused by the other.
    with suppress(ValueError, RecursionError):
        _DECODER.decode(body.decode())


def _once(pairs: list[tuple[str, Any]]) -> None:
    times = Counter(name for name, _ in pairs) if len(pairs) > len(dict(pairs)) else {}
    if repeated := [name for name, count in times.items() if count > 1]:
        raise FieldRepeated(_told(repeated))


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once)


def read_body(kind: type[Body], body: bytes) -> Body:
    """JSON as this model. Raises FieldRepeated, and RequestValidationError as the framework would,
    without the input: it may hold anything, a key or a token included."""
    check_said_once(body)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError(
            [{**found, "loc": ("body", *found["loc"])} for found in told]
        ) from None


def _parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Each declared name, and whether it may be given several times."""
    for field in dependant.query_params:
        kinds = (field.field_info.annotation, *get_args(field.field_info.annotation))
        yield field.alias, any(get_origin(kind) is list for kind in kinds)
    for below in dependant.dependencies:
        yield from _parameters(below)


def _told(names: list[str]) -> list[str]:
    """Masked before they are cut: a part of a token is one, too."""
    return [masked(name)[:_LONGEST_NAME] for name in names[:MOST_NAMES]]
