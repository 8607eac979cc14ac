"""The sale that was practised last, shown again and asked about as a real one is. Nothing of it is
booked: its form stays with whoever learns, in a cookie, and it is made anew from that form.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from meters.errors import Invalid
from meters.values import replace

from ...sale import BasketReceipt
from .counter_forms import request_of
from .learning import LAST_COOKIE, mark_of
from .visitor import Form, Visitor

_LONGEST: Final = 3_000
_MOST_COPIES: Final = 1_000_000
_FORGED: Final = (
    binascii.Error,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    OSError,
    RecursionError,
)
"""What reading something else than `remember` wrote may raise."""


@dataclass(eq=False)
class NothingPractised(Invalid, code="practice.none_yet"):
    """No sale was practised in this session, or practice has ended since."""


@dataclass(frozen=True, slots=True)
class Practised:
    """What is remembered of it."""

    fields: Mapping[str, str]
    """Of the form that confirmed it."""
    at: datetime
    copies: int = 0
    """How many have been shown."""

    def copied(self) -> Practised:
        """With one copy more."""
        return replace(self, copies=self.copies + 1)

    def basket(self, visit: Visitor, copy: int = 0) -> BasketReceipt:
        """As it would be now, at the time it was sold; the drawer may be closed meanwhile. Raises
        what a sale would raise."""
        service, actor = visit.services.service, visit.who.actor
        form = Form.of(self.fields)
        _, files = service.customer(actor, form["account"])
        request = request_of(form, files, visit.services.currency)
        made = service.rehearse(actor, request, shift_open=True).basket
        return BasketReceipt(
            tuple(replace(one, sold_at=self.at, copy=copy) for one in made.receipts)
        )


def remember(answer: Response, visit: Visitor, practised: Practised) -> None:
    """Until practice ends, or the next sale."""
    fields = {name: value for name, value in practised.fields.items() if value}
    told = [int(practised.at.timestamp()), practised.copies, fields]
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    kept = base64.urlsafe_b64encode(text.encode()).decode()
    if len(kept) <= _LONGEST:
        secure = visit.request.url.scheme == "https"
        value = f"{mark_of(visit.who)}.{kept}"
        answer.set_cookie(LAST_COOKIE, value, httponly=True, samesite="lax", secure=secure)
    else:
        answer.delete_cookie(LAST_COOKIE)


def practised_last(visit: Visitor) -> Practised:
    """By this session. Raises NothingPractised, also where what comes back is not what was
    given."""
    mark, _, kept = visit.request.cookies.get(LAST_COOKIE, "").partition(".")
    found = _read(visit, kept) if kept and mark == mark_of(visit.who) else None
    if found is None:
        raise NothingPractised()
    return found


def _read(visit: Visitor, kept: str) -> Practised | None:
    zone = visit.services.service.ports.clock().tzinfo
    try:
        data: Any = json.loads(base64.urlsafe_b64decode(kept.encode()))
        at, copies, fields = data
        if not (type(copies) is int and 0 <= copies < _MOST_COPIES):
            return None
        plain = {str(name): str(value) for name, value in fields.items()}
        return Practised(plain, datetime.fromtimestamp(int(at), zone), copies)
    except _FORGED:
        return None
