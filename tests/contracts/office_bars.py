"""What the office model knows of who and what is barred."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tests.databases import Postgres
from tests.system.everything import CHIEF, LAYLA
from tests.vending.approvals.support import NADIA
from tests.vending.support import ADMIN, OPERATOR, TECHNICIAN
from vending.parties import Actor

from .office_model import OfficeModel

Bar = tuple[str, str]
"""Kind and subject, as the model writes it: people without their door and in small letters."""

SELLERS: Final[tuple[Bar, ...]] = (
    ("operator", "samir"),
    ("operator", "kiosk"),
    ("operator", "omar"),
    ("operator", "nadia"),
    ("point", "P2"),
    ("terminal", "P1/T1"),
    ("terminal", "P2/T5"),
    ("terminal", "P1/T9"),
)
"""Who sells, gives back and decides, and where. The town hall itself stays open: barred, it would
leave nothing to look at."""
WRITTEN: Final = {"samir": "cli:Samir", "kiosk": " KIOSK", "omar": "Omar", "nadia": "api:nadia"}
"""How people are written by those who bar them."""
WHO_BARS: Final = (LAYLA, CHIEF, NADIA, ADMIN, OPERATOR, TECHNICIAN)


class HasBars(OfficeModel):
    """Of each that is barred, the reason."""

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__(kind, server)
        self.bars: dict[Bar, str] = {}

    def barred(
        self, actor: Actor, meters: Iterable[str] = (), agreements: Iterable[str] = ()
    ) -> bool:
        """Whether this person sells nothing there, or nothing is sold to one of these."""
        keys = [("point", actor.point or ""), ("operator", actor.name.casefold())]
        if actor.terminal:
            keys.append(("terminal", f"{actor.point}/{actor.terminal}"))
        keys += [("meter", meter) for meter in meters]
        keys += [("agreement", agreement) for agreement in agreements]
        return any(key in self.bars for key in keys)

    def no_seller(self, actor: Actor) -> tuple[str, bool]:
        """Why this person gives nothing back and shows nothing there."""
        return "vend.blocked", self.barred(actor)

    def no_sale(self, actor: Actor, *agreements: str) -> tuple[str, bool]:
        """Why nothing is sold to these agreements, at the meters that they have now."""
        meters = [self.meters[agreement] for agreement in agreements]
        return "vend.blocked", self.barred(actor, meters, agreements)
