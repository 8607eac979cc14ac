"""Who asks for a page: the session in the cookie, the language, and what a form brought."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import Request

from meters.errors import Refused
from meters.quantities import bare

from ...finding import western
from ...messages import Language
from ...parties import Role
from ...people import NotSignedIn, SignedIn
from ..callers import Services, services_of
from ..errors import RequestInvalid
from ..language import accepted_language
from .learning import check_practice

COOKIE: Final = "raseed_session"
DEVICE_COOKIE: Final = "raseed_device"
LANGUAGE_COOKIE: Final = "raseed_language"
_BY_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(\s\d{3})+(\.\d+)?")


@dataclass(eq=False)
class SetUpFirst(Refused, code="session.set_up_first"):
    """A password or a second factor of one's own comes first."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, asking for something."""

    request: Request
    who: SignedIn
    services: Services
    language: Language


def language_for(request: Request, who: SignedIn | None = None) -> Language:
    """`?lang=`, else the user's own, else the cookie, else what the browser asks for."""
    asked = (
        request.query_params.get("lang", ""),
        "" if who is None else who.user.language,
        request.cookies.get(LANGUAGE_COOKIE, ""),
    )
    known = {language.value: language for language in Language}
    for text in asked:
        if text in known:
            return known[text]
    return accepted_language(request.headers.get("accept-language", ""))


def signed_in(request: Request) -> SignedIn:
    """Raises NotSignedIn."""
    id = request.cookies.get(COOKIE, "")
    if not id:
        raise NotSignedIn()
    return services_of(request).doors.who(id)


def visitor(request: Request) -> Visitor:
    """For pages of people at work. Raises NotSignedIn, SetUpFirst, Practising."""
    who = signed_in(request)
    if who.setting_up:
        raise SetUpFirst()
    check_practice(request, who)
    return Visitor(request, who, services_of(request), language_for(request, who))


async def form(request: Request) -> AsyncIterator[Form]:
    """The fields of a form; a file that came with them is let go at the end."""
    async with request.form(max_files=1, max_fields=200) as data:
        yield Form(data)


class Form(Mapping[str, str]):
    """Text fields, with digits of any script as 0 to 9 where a number is asked for."""

    def __init__(self, data: FormData) -> None:
        self._data = {name: value for name, value in data.items() if isinstance(value, str)}

    @classmethod
    def empty(cls) -> Form:
        """Nothing was filled in yet."""
        return cls(FormData())

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Form:
        """As it would be if it were sent again."""
        return cls(FormData(dict(fields)))

    def __getitem__(self, name: str) -> str:
        """Trimmed; empty if it is not there."""
        return self._data.get(name, "").strip()

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def number(self, name: str) -> str:
        """As typed on any keyboard, a card or a scanner: ٠-٩ as 0-9, `٫` as the point, without
        spaces and dashes. One at the beginning stays: it is a minus, and no amount."""
        return "".join(
            "." if c == "\u066b" else c
            for place, c in enumerate(western(bare(self[name])))
            if not c.isspace() and (place == 0 or c not in "-\u2010\u2011")
        )

    def amount(self, name: str) -> str:
        """Money, units or pieces as typed on any keyboard: ٠-٩ as 0-9, `٫` as the point. Spaces are
        left out only where they part thousands. What else stands inside stays there, and whoever
        reads it as a number refuses it: `20-5` is not 205, nor `10 50` 1050."""
        typed = western(bare(self[name])).replace("\u066b", ".")
        return "".join(typed.split()) if _BY_THOUSANDS.fullmatch(typed) else typed

    def role(self, name: str) -> Role:
        """Raises RequestInvalid: a role that was mistyped is no other role."""
        known = {role.value: role for role in Role}
        if self[name] not in known:
            raise RequestInvalid([name])
        return known[self[name]]

    def plain(self, name: str) -> str:
        """A day, a telephone, a code: as typed, with digits 0 to 9."""
        return western(self[name])


Visiting = Annotated[Visitor, Depends(visitor)]
Filled = Annotated[Form, Depends(form)]
