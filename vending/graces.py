"""What each class of customers is granted while a meter whose credit the house holds cannot be
reached: the file `config/held-credit.toml`, or the municipality's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meters.account import Commodity
from meters.errors import Invalid
from meters.heldcredit import Grace, Then

from .heldcredit import Graces
from .tariff import CustomerClass

_Limit = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,3})?$")]
"""Decimals are text, so that nobody rounds them."""


@dataclass(eq=False)
class GracesMalformed(Invalid, code="held_credit.graces_malformed"):
    """The file cannot be read, a class of customers is missing in it, or a limit is no number."""

    path: str
    where: str
    problem: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Grace(_Part):
    hours: _Limit
    units: _Limit
    then: Literal["on", "off"]


class _Classes(_Part):
    # A class that is missing would be granted something by chance.
    domestic: _Grace
    commercial: _Grace
    social: _Grace
    public: _Grace
    temporary: _Grace


class _File(_Part):
    format: Literal[1]
    electricity: _Classes
    water: _Classes


def read_graces(path: Path) -> Graces:
    """Raises GracesMalformed."""
    try:
        document = _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GracesMalformed(str(path), "", type(error).__name__) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise GracesMalformed(str(path), where, first["type"]) from None
    return {
        (commodity, kind): _grace(getattr(getattr(document, commodity.value), kind.value))
        for commodity in Commodity
        for kind in CustomerClass
    }


def _grace(told: _Grace) -> Grace:
    return Grace(Decimal(told.hours), Decimal(told.units), Then(told.then))
