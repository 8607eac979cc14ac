"""Errors of the request itself."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid


@dataclass(eq=False)
class RequestInvalid(Invalid, code="request.invalid"):
    """The body or a parameter does not have the described shape; `fields` names each place."""

    fields: list[str]


@dataclass(eq=False)
class ParameterUnknown(Invalid, code="request.parameter_unknown"):
    """Behind the question mark stand `names` that this address does not know: `known` are all."""

    names: list[str]
    known: list[str]


@dataclass(eq=False)
class ParametersNotTaken(Invalid, code="request.no_parameters"):
    """Behind the question mark stand `names`, and this address takes none."""

    names: list[str]


@dataclass(eq=False)
class ParameterRepeated(Invalid, code="request.parameter_repeated"):
    """Each of `names` is given more than once where one value counts."""

    names: list[str]


@dataclass(eq=False)
class FieldRepeated(Invalid, code="request.field_repeated"):
    """An object of the body holds each of `names` more than once: which one counts is not said."""

    names: list[str]


@dataclass(eq=False)
class NoSuchAddress(Invalid, code="request.no_such_address"):
    """The API has nothing at this path."""


@dataclass(eq=False)
class MethodNotAllowed(Invalid, code="request.method"):
    """The path exists, but not with this method."""

    method: str


@dataclass(eq=False)
class RequestTooLarge(Invalid, code="request.too_large"):
    """The body is longer than any request of this API can be."""

    most_bytes: int


@dataclass(eq=False)
class RequestRefused(Invalid, code="request.refused"):
    """The web server refused the request for a reason of HTTP."""

    status: int
