"""People of the demo who sign in at its pages. Their names and their one password are told to
everybody, so they are made in the demo's own folder and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyotp

from ..municipality import Municipality
from ..parties import Actor, Role
from ..people import Arrival, UserDraft
from ..people.users import NEEDS_SECOND_FACTOR
from ..running import Raseed

PASSWORD: Final = "demo-olives"  # noqa: S105 - printed on purpose
TERMINALS: Final = {"samir": "T1-2", "maya": "T1-3", "rana": "E1-2"}
"""Where clerks sit: tills of their own, beside those that the scenes use."""

PEOPLE: Final = (
    UserDraft("samir", Role.OPERATOR, "سمير البرغوثي", "Samir Barghouti", "T1"),
    UserDraft("maya", Role.OPERATOR, "مايا خوري", "Maya Khoury", "T1", "en"),
    UserDraft("rana", Role.OPERATOR, "رنا الصالح", "Rana Saleh", "E1"),
    UserDraft("nadia", Role.BILLING, "نادية قاسم", "Nadia Qasem"),
    UserDraft("fadi", Role.TECHNICIAN, "فادي منصور", "Fadi Mansour"),
    UserDraft("basem", Role.SUPERVISOR, "باسم عودة", "Basem Odeh"),
    UserDraft("dalal", Role.SUPERVISOR, "دلال حمدان", "Dalal Hamdan", language="en"),
    UserDraft("adnan", Role.ADMINISTRATOR, "عدنان شاهين", "Adnan Shaheen", language="en"),
    UserDraft("wafa", Role.AUDITOR, "وفاء جابر", "Wafa Jaber"),
)
"""Two supervisors: what one asks for, the other approves. Most read Arabic, some English."""


TOWN: Final = Municipality(
    name_ar="بلدية وادي الزيتون",
    name_en="Municipality of Olive Valley",
    address_ar="شارع البلدية 1، البلدة القديمة",
    address_en="1 Municipality Street, Old Town",
    phone="02 000 0000",
)
"""What stands at the head of its papers. There is no such place."""


@dataclass(frozen=True, slots=True)
class Login:
    """How somebody signs in."""

    draft: UserDraft
    secret: str = ""
    """Of the second factor; empty: the password is enough."""

    @property
    def terminal(self) -> str:
        return TERMINALS.get(self.draft.name, "")

    def code(self) -> str:
        """The six digits of this half minute."""
        return pyotp.TOTP(self.secret).now() if self.secret else ""


def actor_of(name: str) -> Actor:
    """One of them at their till, as the books write them down."""
    draft = next(one for one in PEOPLE if one.name == name)
    return Actor(name, draft.role, draft.point, TERMINALS.get(name, ""))


def let_in(raseed: Raseed) -> list[Login]:
    """Makes them users. Who needs a second factor gets one as everybody does: by signing in once
    and confirming a code."""
    first = next(one for one in PEOPLE if one.role is Role.ADMINISTRATOR)
    founder = raseed.office.begin(first, PASSWORD).actor("demo")
    raseed.town_hall.change(founder, TOWN, "Its people have come")
    logins = []
    for draft in PEOPLE:
        if draft is not first:
            raseed.office.add(founder, draft, PASSWORD, must_change=False)
        needs = draft.role in NEEDS_SECOND_FACTOR
        logins.append(Login(draft, _second_factor(raseed, draft.name) if needs else ""))
    return logins


def _second_factor(raseed: Raseed, name: str) -> str:
    doors = raseed.doors
    _, who = doors.sign_in(Arrival(name, PASSWORD, "", "demo", "127.0.0.1"))
    secret = doors.new_second_factor()
    doors.confirm_second_factor(who, secret, pyotp.TOTP(secret).now())
    doors.sign_out(who)
    return secret
