"""What the office model knows of the keys of meters: a change is planned, its set goes out with the
next tokens, and is followed until somebody says that it was entered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from tests.databases import Postgres
from vending.sale import SaleReceipt

from .counter_model import Sums
from .office_bars import HasBars

Key = tuple[int, int]
"""Revision and tariff index."""
FIRST: Final[Key] = (1, 1)
"""That of every meter as it comes from its box."""
SECTIONS: Final = 2
"""Of the set of a 64-bit meter."""


@dataclass(eq=False)
class Change:
    """Of one meter's key."""

    old: Key
    new: Key
    state: str = "planned"
    carriers: list[str] = field(default_factory=list)
    """Sales that carry its set, the first one first."""
    given: bool = False
    """Whether the set was handed out by itself."""
    digits: tuple[str, ...] = ()
    """As it was."""
    typed: bool = False
    """Whether it is in the meter."""


class HasKeys(HasBars):
    """By meter: its changes, its tokens, and the key that the books call its own."""

    def __init__(self, kind: str, server: Postgres | None) -> None:
        super().__init__(kind, server)
        self.changes: defaultdict[str, list[Change]] = defaultdict(list)
        self.issued_to: defaultdict[str, list[str]] = defaultdict(list)
        """Sales with tokens, in their order, whatever became of them."""
        self.voided: set[str] = set()
        """Sales that were taken back; money that two people gave back leaves the token its
        customer."""
        self.held: set[str] = set()
        """Sales that were held back when they were made."""
        self.due: set[str] = set()
        """Meters whose next tokens begin with a set."""

    def moved(self, item: Any, receipt: SaleReceipt) -> Sums:
        sums = super().moved(item, receipt)
        self.issued(receipt)
        return sums

    def latest(self, meter: str) -> Change | None:
        """Its last change that was not called off."""
        return next((c for c in self.changes[meter][::-1] if c.state != "cancelled"), None)

    def key_of(self, meter: str) -> Key:
        """What the books call its own."""
        own = FIRST
        for change in self.changes[meter]:
            if change.state in ("entered", "confirmed") or (
                change.state == "issued" and meter not in self.due
            ):
                own = change.new
        return own

    def followed(self, meter: str) -> Change | None:
        """The change that a set or a word is about."""
        latest = self.latest(meter)
        if latest is None or latest.state != "planned":
            return latest
        standing = [c for c in self.changes[meter] if c.state != "cancelled"]
        before = standing[-2] if len(standing) > 1 else None
        return before if before is not None and before.state == "issued" else latest

    def issued(self, receipt: SaleReceipt) -> None:
        """A sale with tokens was made: a set that is due came with it."""
        meter, vend_id = receipt.buyer.meter, receipt.vend_id
        if not receipt.tokens:
            assert not receipt.key_tokens
            return
        assert (meter in self.due) == bool(receipt.key_tokens), (meter, receipt.key_tokens)
        self.issued_to[meter].append(vend_id)
        if receipt.held:
            self.held.add(vend_id)
        if meter not in self.due:
            return
        change = self.latest(meter)
        assert change is not None
        assert len(receipt.key_tokens) == SECTIONS
        move = receipt.key_move
        assert move is not None
        assert ((move.from_krn, move.from_ti), (move.to_krn, move.to_ti)) == (
            change.old,
            change.new,
        )
        self.due.discard(meter)
        self.planned.discard(meter)
        change.state = "issued"
        change.carriers.append(vend_id)

    def set_due(self, meter: str) -> None:
        self.due.add(meter)
        self.planned.add(meter)

    def not_due(self, meter: str) -> None:
        self.due.discard(meter)
        self.planned.discard(meter)

    def seen_by_anybody(self, vend_id: str) -> bool:
        """Whether digits of this sale were ever seen."""
        return vend_id not in self.held or vend_id in self.seen_at

    def no_set_seen(self, change: Change) -> str:
        """Why nobody can have entered the set, as a code; empty if somebody can."""
        if change.given or any(map(self.seen_by_anybody, change.carriers)):
            return ""
        standing = any(one not in self.voided for one in change.carriers)
        return "keychange.set_held" if standing else "keychange.set_unseen"

    def set_not_shown(self, meter: str, change: Change) -> bool:
        """Whether the set belongs to a sale that could still be taken back unseen."""
        if any(map(self.seen_by_anybody, change.carriers)):
            return False
        if any(one not in self.voided for one in change.carriers):
            return True
        later = [one for one in self.since(meter, change) if one not in self.voided]
        return bool(later) and not any(map(self.seen_by_anybody, later))

    def since(self, meter: str, change: Change) -> list[str]:
        """Sales with tokens from the one on that issued the set first."""
        whole = self.issued_to[meter]
        return whole[whole.index(change.carriers[0]) :]

    def taken_back(self, meter: str, vend_id: str, in_log: bool | None = None) -> None:
        """A sale with tokens was voided; `in_log`: whether the log of its meter, read for that,
        holds the set that came with it."""
        self.voided.add(vend_id)
        change = self.set_out(meter)
        if change is None:
            return
        own = vend_id in change.carriers
        if own and in_log:
            change.state = "confirmed"
            self.not_due(meter)
            self.proves_earlier(meter, change)
            return
        if change.state == "entered":
            if not own or in_log is None:
                return
            self.contradicted(meter, change)
        if any(one not in self.voided for one in change.carriers):
            return
        if any(one not in self.voided for one in self.since(meter, change)):
            # What stands needs the new key, and no paper of it has the set.
            self.set_due(meter)
            return
        change.state = "cancelled"
        self.changes[meter].append(Change(change.old, change.new))
        self.set_due(meter)

    def set_out(self, meter: str) -> Change | None:
        """The change whose set is out, perhaps with a plan behind it."""
        standing = [c for c in self.changes[meter] if c.state not in ("cancelled", "planned")]
        last = standing[-1] if standing else None
        return last if last is not None and last.state in ("issued", "entered") else None

    def contradicted(self, meter: str, change: Change) -> None:
        """The meter does not hold what somebody said that it does: what was planned behind it would
        be made under a key that it does not have."""
        for later in self.changes[meter][self.changes[meter].index(change) + 1 :]:
            if later.state == "planned":
                later.state = "cancelled"
                self.not_due(meter)
        change.state = "issued"

    def proves_earlier(self, meter: str, change: Change) -> None:
        """What proves a set proves those that it was made behind."""
        for earlier in self.changes[meter][: self.changes[meter].index(change)]:
            if earlier.state in ("issued", "entered"):
                earlier.state = "confirmed"

    def taken_down(self, meter: str) -> None:
        """A meter was put in for this one."""
        change = self.latest(meter)
        if change is not None and change.state == "planned":
            change.state = "cancelled"
            self.not_due(meter)
