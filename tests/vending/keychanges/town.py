"""A town whose meters change keys: books, security module, and a stand-in meter on the line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from meters.gateway import Gateway
from meters.values import replace as replaced
from meters.verdicts import TokenResult
from simulators.direct import DirectGateway
from simulators.payment_meter import PaymentMeter
from tests.system.invariants import broken_rules
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SetClock,
    chart,
    new_store,
    request,
    service,
    town,
)
from tokens.sts import EncryptionAlgorithm, KeyAttributes, MemorySecurityModule
from vending.accounting import BookReports
from vending.keychanges import KeyChanges, KeySet, key_set
from vending.messages import LOCAL_ZONE
from vending.parties import Actor, Meter, Registration, Role
from vending.sale import SaleReceipt
from vending.store.books import SqlBooks
from vending.store.key_changes import SqlKeyChanges

from .support import OLD, module, stand_in

BOSS = Actor("Omar", Role.SUPERVISOR)
WHY = "New revision from the key centre"


def registration(ea: EncryptionAlgorithm, more_meters: int = 0) -> Registration:
    plain = town(more_meters)
    return replace(plain, meters=tuple(replace(meter, ea=ea) for meter in plain.meters))


@dataclass
class KeyTown:
    """Fresh books with the parties of `town`, all on the key OLD."""

    place: Path | str
    ea: EncryptionAlgorithm = EncryptionAlgorithm.EA07
    more_meters: int = 0
    parties: Registration | None = None

    def __post_init__(self) -> None:
        self.clock = SetClock()
        self.security: MemorySecurityModule = module()
        self.store = new_store(self.place)
        self.service = service(
            self.store, self.clock, security=self.security, gateway_for=self.line
        )
        parties = self.parties or registration(self.ea, self.more_meters)
        self.service.register(ADMIN, parties)
        self.machine: PaymentMeter = stand_in(self.meter(), OLD, self.clock(), timedelta(days=400))
        self.gateway = DirectGateway(self.machine, POWER, self.clock)
        self.changes = KeyChanges(SqlKeyChanges(self.store), self.security, self.line, self.clock)

    def line(self, meter: Meter) -> Gateway:
        assert meter.number == POWER
        return self.gateway

    def meter(self) -> Meter:
        return self.service.meter(ADMIN, POWER.number).meter

    def issue(self, vend_id: str = "v-1") -> tuple[KeySet, SaleReceipt]:
        """A sale that begins with the set of the planned change."""
        made = key_set(self.security, self.meter(), self.clock())
        assert made is not None
        sold = self.sell(vend_id)
        assert sold.key_tokens == made.tokens
        return made, sold

    def sold(self, vend_id: str, *, hold: bool = False) -> SaleReceipt:
        """Some minutes later."""
        self.clock.forward(minutes=3)
        return self.service.vend(OPERATOR, replaced(request(vend_id), hold=hold))

    def typed(self, receipt: SaleReceipt) -> TokenResult:
        """What the meter says to the last of the paper's tokens."""
        result = TokenResult.NONE
        keys, credit = receipt.key_tokens, receipt.tokens
        for digits in (*[key.digits for key in keys], *[one.digits for one in credit]):
            result = self.machine.enter_token(digits, self.clock()).result
        return result

    def states(self) -> list[str]:
        """Of the latest change, step by step."""
        (change, *_) = self.changes.of_meter(BOSS, POWER.number)
        return [event.state.value for event in change.events]

    def check(self) -> None:
        """The books are right, also by what the vending keys make of their tokens, and by rules
        that are none of the product's."""
        assert broken_rules(self.place) == {}
        assert self.service.verify(ADMIN).ok
        books = SqlBooks(self.store)
        reports = BookReports(books, chart(), self.clock, LOCAL_ZONE, self.security)
        day = reports.check(BOSS)
        assert day.ok, day.differences

    def sell(self, vend_id: str) -> SaleReceipt:
        return self.service.vend(OPERATOR, request(vend_id))

    def type_in(self, made: KeySet) -> None:
        """The customer types the set at the keypad."""
        for token in made.tokens:
            self.machine.enter_token(token.digits, self.clock())


class Told(KeyTown):
    """Under a key whose attributes change while the town goes on."""

    def key_is_now(self, *keys: KeyAttributes) -> None:
        """The key file was changed, and the program started anew."""
        self.security = module(*keys)
        self.service = service(
            self.store, self.clock, security=self.security, gateway_for=self.line
        )
        self.changes = KeyChanges(SqlKeyChanges(self.store), self.security, self.line, self.clock)
        self.changes.tell_untold()
