"""What people do at the doors: come in, change what they come in with, keep others out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyotp

from tests.system.desks import WHY
from tests.system.office_acts import SECRET
from tests.system.two_at_once import (
    HUDA,
    PASSWORD,
    Act,
)
from tests.vending.support import (
    START,
)
from vending.parties import Role
from vending.people import Arrival, SignedIn, UserDraft
from vending.running import Raseed

KEPT: Final[dict[str, str]] = {}
"""What browsers and devices hold: ids of sessions, and keys."""


def come(name: str, device: str = "") -> Act:
    def do(made: Raseed) -> None:
        key = KEPT.get(device, "")
        arrival = Arrival(name, PASSWORD, "", "T1", "10.0.0.9", key)
        KEPT[name], _ = made.doors.sign_in(arrival)

    return do


def signed_in(name: str, act: Callable[[Raseed, SignedIn], object]) -> Act:
    """As a page does it: who comes, and then the act."""
    return lambda made: act(made, made.doors.who(KEPT[name]))


def own_password(new: str) -> Act:
    return signed_in("samir", lambda made, who: made.doors.change_password(who, PASSWORD, new))


def reset(made: Raseed) -> None:
    made.office.reset_password(HUDA, "samir", "another long one", WHY)


def shut_out(name: str, by: str) -> Act:
    gone = UserDraft(name, Role.ADMINISTRATOR, name, name)
    return signed_in(
        by, lambda made, who: made.office.change(who.actor, gone, active=False, reason=WHY)
    )


def let_go(made: Raseed) -> None:
    gone = UserDraft("samir", Role.OPERATOR, "سمير", "Samir", point="P1")
    made.office.change(HUDA, gone, active=False, reason=WHY)


def device(made: Raseed) -> None:
    _, text = made.devices.make(HUDA, "D2", "P1", "T2")
    KEPT["D2"] = text.replace("-", "")


def revoke_device(made: Raseed) -> None:
    made.devices.revoke(HUDA, "D2", WHY)


def move_telephone(made: Raseed, who: SignedIn) -> None:
    code = pyotp.TOTP(SECRET).at(START)
    made.doors.move_second_factor(who, PASSWORD, SECRET, code)


def take_telephone(made: Raseed) -> None:
    made.office.take_second_factor(HUDA, "nour", WHY)
