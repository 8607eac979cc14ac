"""Acts of the back office meet each other, and sales: whatever one does between two transactions of
the other, it ends as if they had acted one after the other, or one is told clearly why not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyotp
import pytest

from meters.account import Commodity
from meters.identity import Drn
from meters.quantities import Money
from tests.databases import Postgres, new_place
from tests.system.desks import PIECES, WHY, count_of
from tests.system.everything import CHIEF, KIOSK, LAYLA, METERS, SHIFTS_AT
from tests.system.two_at_once import (
    DONE,
    HUDA,
    MOST_STEPS,
    PASSWORD,
    Act,
    Ended,
    founded,
    run,
)
from tests.vending.acts.support import FRESH, new_meter
from tests.vending.approvals.support import NADIA
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    POWER,
    SGC,
    START,
    TECHNICIAN,
    request,
)
from tests.vending.tariff.office import CODE, draft
from tokens.sts import EncryptionAlgorithm, KeyRef
from vending.accounting import DayClosed
from vending.accounts.events import Outcome
from vending.acts import Source
from vending.api_keys import ApiScope
from vending.drawer import BankRequest
from vending.finding import Marks
from vending.ledger import Posting
from vending.parties import Actor, Customer, Meter, Role
from vending.people import Arrival, SignedIn, UserDraft
from vending.registry import NewService
from vending.running import Raseed
from vending.tariff import Label, Percentage

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

RAMI, ZAID = TECHNICIAN, replace(TECHNICIAN, name="Zaid")
DRAWER: Final = replace(OPERATOR, point=SHIFTS_AT, terminal="T3")
THIRD: Final = METERS[2]
"""Of the agreement A3, at a flat price."""
BOARDED: Final = Meter(
    Drn.from_serial("01", 8001), Commodity.ELECTRICITY, EncryptionAlgorithm.EA07, SGC, 1, 1
)
DECEMBER: Final = datetime(2026, 12, 2, 9, tzinfo=UTC)
NEW_PASSWORD: Final = "خبز وزيتون في البستان"
SECRET: Final = "A" * 32


# What people do


def both(*acts: Act) -> Act:
    def do(made: Raseed) -> None:
        for act in acts:
            act(made)

    return do


def nothing(made: Raseed) -> None:
    pass


def sell(id: str = "v-1", meter: Drn = POWER, by: Actor = OPERATOR, amount: str = "50.00") -> Act:
    return lambda made: made.service.vend(by, request(id, meter, amount))


def void(by: Actor = CHIEF) -> Act:
    return lambda made: made.service.void(by, "v-1", WHY)


def minutes_later(made: Raseed) -> None:
    made.service.ports.clock.forward(minutes=9)  # type: ignore[attr-defined]


def adjust(id: str, on: str | None = None) -> Act:
    lines = (Posting("5010", "", "ILS", 500), Posting("1010", "P1", "ILS", -500))
    return lambda made: made.bookkeeping.adjust(LAYLA, id, lines, WHY, booked_on=on)


def post(id: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.bookkeeping.approve(by, id)


def reverse(id: str, by: Actor = LAYLA) -> Act:
    def do(made: Raseed) -> None:
        head = made.bookkeeping.verify(ADMIN).entries
        made.bookkeeping.reverse(by, id, head, WHY)

    return do


def in_december(made: Raseed) -> None:
    """Two sales in November, which is over."""
    both(sell("n-1"), sell("v-1", THIRD))(made)
    made.service.ports.clock.now = DECEMBER  # type: ignore[attr-defined]


def two_days_later(made: Raseed) -> None:
    sell()(made)
    made.service.ports.clock.forward(days=2)  # type: ignore[attr-defined]


def looked_at(closed: DayClosed) -> None:
    """A seal keeps a check of just those entries that it was a check of."""
    # None: the other one has sealed a later day.
    assert closed.seal is None or closed.seal.entry == closed.check.last_entry


def checked_days(by: Actor = LAYLA) -> Act:
    def do(made: Raseed) -> None:
        for closed in made.closing.close_due(by):
            looked_at(closed)

    return do


def checked(day: str, by: Actor = LAYLA) -> Act:
    return lambda made: looked_at(made.closing.close(by, day))


def close_month(by: Actor = LAYLA) -> Act:
    return lambda made: made.bookkeeping.close(by, "2026-11")


def reopen_month(made: Raseed) -> None:
    made.bookkeeping.reopen(CHIEF, "2026-11", WHY)


def ask(act: str, by: Actor, **document: Any) -> Act:
    return lambda made: made.approvals.request(by, "Q-1", act, document, WHY)


def approve(by: Actor = CHIEF) -> Act:
    return lambda made: made.approvals.approve(by, "Q-1")


def decline(made: Raseed) -> None:
    made.approvals.refuse(NADIA, "Q-1", WHY)


def withdraw(by: Actor = OPERATOR) -> Act:
    return lambda made: made.approvals.withdraw(by, "Q-1")


def put_off(made: Raseed) -> None:
    made.accounts.postpone_debt(LAYLA, "A1", "old", "2026-12-20", WHY, "E-1")


def dispute(id: str, by: Actor = LAYLA) -> Act:
    return lambda made: made.accounts.dispute(by, "A1", "old", WHY, id)


def settle(id: str, outcome: Outcome) -> Act:
    return lambda made: made.accounts.settle_dispute(LAYLA, "A1", "old", outcome, WHY, id)


def owe(by: Actor) -> Act:
    label = Label("ذمم", "Arrears")
    return lambda made: made.accounts.add_debt(
        by, "A1", "new", label, Money(5000), Percentage("10"), WHY, "Bill 7"
    )


def write_down(id: str) -> Act:
    most = Money(89_999_000)
    return lambda made: made.accounts.write_down(LAYLA, "A1", "old", most, WHY, id)


def block(why: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.blocks.block(by, "meter", POWER.number, why)


def plan(krn: int) -> Act:
    return lambda made: made.key_changes.plan(ADMIN, POWER.number, WHY, krn=krn)


def campaign(krn: int) -> Act:
    return lambda made: made.key_changes.plan_campaign(ADMIN, KeyRef(SGC, 1), KeyRef(SGC, krn), WHY)


def push_set(by: Actor = RAMI) -> Act:
    return lambda made: made.key_changes.push(by, POWER.number)


def exchange(id: str, by: Actor = RAMI, down: datetime | None = None) -> Act:
    return lambda made: made.exchanges.exchange(
        by, id, "A1", new_meter(), Source.NONE, WHY, down_since=down
    )


def deliver(by: Actor = RAMI) -> Act:
    return lambda made: made.service.deliver(by, "v-1")


def shift(made: Raseed) -> None:
    made.drawers.open(DRAWER, "shift-1", Money(10_000))
    sell("s-1", by=DRAWER)(made)


def count(made: Raseed) -> None:
    made.drawers.close(DRAWER, count_of(PIECES))


def bank(id: str, by: Actor = LAYLA, shifts: tuple[str, ...] | None = None) -> Act:
    return lambda made: made.bankings.bank(by, BankRequest(id, SHIFTS_AT, shifts))


def deposit(id: str, *, out: bool = False) -> Act:
    return lambda made: made.deposits.request(
        LAYLA, id, KIOSK.name, Money(150_000), WHY, paid_out=out
    )


def customer(name: str) -> Act:
    added = Customer("20001", name, name)
    return lambda made: made.register.add_customer(ADMIN, added, Marks("20001"))


def put_in(agreement: str, meter: Meter = BOARDED, tariff: str = CODE) -> Act:
    service = NewService(agreement, "10001", "S1", meter, tariff)
    return lambda made: made.register.add_service(ADMIN, service)


def submit(version: int, rate: str = "0.6000") -> Act:
    return lambda made: made.tariff_desk.submit(LAYLA, draft(version, rate))


def enact(version: int, by: Actor = CHIEF) -> Act:
    return lambda made: made.tariff_desk.approve(by, CODE, version)


def retire(code: str, by: Actor = CHIEF) -> Act:
    return lambda made: made.tariff_desk.retire(by, code, None, WHY)


def terminal_key(name: str) -> Act:
    return lambda made: made.key_office.create(
        ADMIN, name, Role.OPERATOR, frozenset({ApiScope.VEND}), point="P1", terminal="T1"
    )


# At the doors

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


# Who meets whom


@dataclass(frozen=True)
class Race:
    """Two acts, and how they may end: what each is told."""

    name: str
    before: Act
    one: Act
    other: Act
    ends: frozenset[tuple[str, str]]
    shared: frozenset[str]
    """Tables to which each adds its own steps, whoever is in between."""
    on_server: int
    """The transaction of the first before which the other one acts on PostgreSQL, too; 0: one
    database is enough."""


def meet(
    name: str,
    before: Act,
    one: Act,
    other: Act,
    *ends: tuple[str, str],
    shared: tuple[str, ...] = (),
    on_server: int = 0,
) -> Race:
    return Race(name, before, one, other, frozenset(ends), frozenset(shared), on_server)


BOTH: Final = (DONE, DONE)


def first(code: str) -> tuple[str, str]:
    """Only the first is done; the other one is told this."""
    return DONE, code


def second(code: str) -> tuple[str, str]:
    return code, DONE


def either(code: str) -> tuple[tuple[str, str], ...]:
    return first(code), second(code)


COMMERCIAL: Final = "electricity-commercial"
GIFT: Final = ask("free_issue", OPERATOR, meter=POWER.number, units="10")
WRONG: Final = ask("correction", OPERATOR, sale="v-1", meter=THIRD.number)
BACK: Final = ask("void_refund", OPERATOR, sale="v-1")
MOVE: Final = ask("change_tariff", LAYLA, agreement="A3", tariff=COMMERCIAL)
LESS: Final = ask("change_operator", LAYLA, code="kiosk", set={"credit_limit": "10.00"})
CLOSABLE: Final = both(in_december, checked_days())
OUT: Final = both(plan(2), sell())
"""A sale has brought the set of a key change."""
UNDER_WAY: Final = either("approval.under_way")

RACES: Final = (
    # Months, days
    meet(
        "a month is closed while an adjustment of it is asked for",
        CLOSABLE,
        close_month(),
        adjust("J-1", "2026-11-30"),
        first("ledger.period_closed"),
        second("ledger.requests_waiting"),
        on_server=2,
    ),
    meet(
        "a month is closed while an adjustment of it is posted",
        both(CLOSABLE, adjust("J-1", "2026-11-30")),
        close_month(),
        post("J-1"),
        BOTH,
        second("ledger.requests_waiting"),
        on_server=2,
    ),
    meet(
        "a month is closed twice",
        CLOSABLE,
        close_month(),
        close_month(CHIEF),
        *either("ledger.period_closed_already"),
    ),
    meet("a month is closed during a sale", CLOSABLE, close_month(), sell("d-1"), BOTH),
    meet("a month is closed while its sale is voided", CLOSABLE, void(), close_month(), BOTH),
    meet(
        "a month is opened while somebody asks for an entry in it",
        both(CLOSABLE, close_month()),
        reopen_month,
        adjust("J-1", "2026-11-30"),
        BOTH,
        first(DONE),
        (DONE, "ledger.period_closed"),
    ),
    meet(
        "a sale while today is checked",
        sell(),
        checked("2026-11-23"),
        sell("v-9"),
        BOTH,
        on_server=2,
    ),
    meet("a void while today is checked", sell(), checked("2026-11-23"), void(), BOTH),
    meet("the days are checked twice", two_days_later, checked_days(), checked_days(CHIEF), BOTH),
    meet(
        "a day is checked while an entry of it is posted",
        both(in_december, adjust("J-1", "2026-12-01")),
        checked("2026-12-01"),
        post("J-1"),
        BOTH,
        on_server=2,
    ),
    # Two people
    meet(
        "two post one entry",
        adjust("J-1"),
        post("J-1"),
        post("J-1", NADIA),
        *either("ledger.adjustment_decided"),
    ),
    meet(
        "two reverse one entry",
        both(adjust("J-1"), post("J-1")),
        reverse("R-1"),
        reverse("R-2", CHIEF),
        *either("ledger.already_reversed"),
    ),
    meet(
        "two approve a gift",
        GIFT,
        approve(),
        approve(NADIA),
        *either("approval.decided"),
        *UNDER_WAY,
    ),
    meet("one approves a gift twice", GIFT, approve(), approve(), BOTH, on_server=2),
    meet(
        "a gift is approved and declined",
        GIFT,
        approve(),
        decline,
        *either("approval.decided"),
        *UNDER_WAY,
    ),
    meet(
        "a gift is approved and withdrawn",
        GIFT,
        approve(),
        withdraw(),
        *either("approval.decided"),
        on_server=2,
    ),
    meet(
        "two approve a correction",
        both(sell(), WRONG),
        approve(),
        approve(NADIA),
        *either("approval.decided"),
        *UNDER_WAY,
    ),
    meet("one approves a correction twice", both(sell(), WRONG), approve(), approve(), BOTH),
    meet(
        "a correction and a void of one sale",
        both(sell(), WRONG),
        approve(),
        void(),
        first("void.done_before"),
        second("correction.not_possible"),
        second("void.not_allowed"),
        shared=("approval_steps",),
        on_server=2,
    ),
    meet(
        "money is given back twice",
        both(sell(), BACK),
        approve(),
        void(),
        *either("void.done_before"),
        on_server=2,
    ),
    meet(
        "an agreement moves to a tariff that ends",
        MOVE,
        approve(),
        retire(COMMERCIAL),
        first("tariff.in_use"),
        second("tariff.ending"),
    ),
    meet("an agreement moves while it buys", MOVE, approve(), sell("v-9", THIRD), BOTH),
    meet(
        "terms are changed during a sale",
        LESS,
        approve(),
        sell("k-1", by=KIOSK),
        BOTH,
        first("operator.float_used_up"),
    ),
    # Debts
    meet("a debt is put off during a sale", nothing, put_off, sell(), BOTH),
    meet("a debt is disputed during a sale", nothing, dispute("E-1"), sell(), BOTH),
    meet(
        "a debt is disputed twice",
        nothing,
        dispute("E-1"),
        dispute("E-2", CHIEF),
        *either("account.disputed_already"),
    ),
    meet("a debt is taken over twice", nothing, owe(LAYLA), owe(CHIEF), BOTH),
    meet(
        "a debt is written down twice",
        both(write_down("W-1"), write_down("W-2")),
        post("W-1"),
        post("W-2", NADIA),
        *either("account.more_than_owed"),
    ),
    meet("a debt is written down during a sale", write_down("W-1"), post("W-1"), sell(), BOTH),
    meet(
        "a dispute is settled twice",
        dispute("E-1"),
        settle("S-1", Outcome.REJECTED),
        settle("S-2", Outcome.UPHELD),
        BOTH,
        first("account.not_disputed"),
    ),
    meet(
        "accounts are put right during a sale",
        nothing,
        lambda made: made.accounts.rebuild_accounts(ADMIN),
        sell(),
        BOTH,
    ),
    # What may be sold, and at which price
    meet(
        "a meter is blocked during a sale",
        nothing,
        block("Its seal is broken"),
        sell(),
        BOTH,
        first("vend.blocked"),
    ),
    meet(
        "a meter is blocked twice",
        nothing,
        block("Its seal is broken"),
        block("It was stolen", NADIA),
        *either("block.already"),
    ),
    meet(
        "two hand in one version",
        nothing,
        submit(2),
        lambda made: made.tariff_desk.submit(CHIEF, draft(2, "0.7000")),
        *either("tariff.version_taken"),
    ),
    meet(
        "two versions begin at one moment",
        both(submit(2), submit(3)),
        enact(2),
        enact(3, NADIA),
        *either("tariff.moment_taken"),
    ),
    meet(
        "a version is approved and turned down",
        submit(2),
        enact(2),
        lambda made: made.tariff_desk.reject(NADIA, CODE, 2, WHY),
        BOTH,
        second("tariff.rejected"),
    ),
    meet(
        "a meter is put in at a tariff that ends",
        nothing,
        put_in("B1", tariff=COMMERCIAL),
        retire(COMMERCIAL),
        first("tariff.in_use"),
        second("tariff.ending"),
    ),
    # Keys and meters
    meet("a key change is planned during a sale", nothing, plan(2), sell(), BOTH),
    meet("two plan for one meter", nothing, plan(2), plan(3), *either("keychange.open")),
    meet("two campaigns over one key", nothing, campaign(2), campaign(2), BOTH, on_server=2),
    meet(
        "two campaigns to two keys",
        nothing,
        campaign(2),
        campaign(3),
        BOTH,
    ),
    meet(
        "a set is pushed twice",
        OUT,
        push_set(),
        push_set(ZAID),
        BOTH,
        *either("keychange.moved"),
        shared=("key_change_events",),
    ),
    meet(
        "two look whether a set is in its meter",
        both(OUT, lambda made: made.service.deliver(RAMI, "v-1")),
        lambda made: made.key_changes.confirm_by_reading(RAMI, POWER.number),
        lambda made: made.key_changes.confirm_by_reading(ZAID, POWER.number),
        BOTH,
        *either("keychange.moved"),
    ),
    meet(
        "a meter is exchanged during a sale",
        nothing,
        exchange("X-1"),
        sell(),
        BOTH,
        first("meter.unknown"),
    ),
    meet(
        "two put in one meter",
        nothing,
        exchange("X-1"),
        exchange("X-2", ZAID),
        *either("party.exists"),
    ),
    meet(
        "a meter that is told to be dead takes a token",
        both(sell(), minutes_later),
        deliver(),
        exchange("X-1", down=START),
        first("exchange.seen_alive"),
        second("meter.unknown"),
        on_server=3,
    ),
    meet(
        "a meter that is told to be dead is read",
        both(sell(), minutes_later),
        lambda made: made.service.read_account(RAMI, POWER.number),
        exchange("X-1", down=START),
        first("exchange.seen_alive"),
        second("meter.unknown"),
    ),
    # Drawers
    meet(
        "what waits is banked twice",
        both(shift, count),
        bank("b-1"),
        bank("b-2", CHIEF),
        *either("banking.nothing"),
    ),
    meet(
        "a shift is banked twice",
        both(shift, count),
        bank("b-1", shifts=("shift-1",)),
        bank("b-2", CHIEF, shifts=("shift-1",)),
        *either("banking.shift_banked"),
    ),
    meet("a deposit is asked for twice", nothing, deposit("D-1"), deposit("D-1"), BOTH),
    meet(
        "a deposit is paid out and spent",
        both(deposit("D-1"), post("D-1"), deposit("D-2", out=True)),
        post("D-2"),
        sell("k-1", by=KIOSK, amount="3000.00"),
        first("operator.float_used_up"),
        second("deposit.too_small"),
    ),
    # The register
    meet(
        "a customer is added twice",
        nothing,
        customer("سلمى"),
        customer("سالم"),
        *either("register.number_taken"),
    ),
    meet(
        "a meter is put in at two places",
        nothing,
        put_in("B1"),
        put_in("B2"),
        *either("register.number_taken"),
    ),
    meet(
        "a meter is put in and taken for an exchange",
        nothing,
        put_in("B1", replace(BOARDED, number=FRESH, model="raseed-payment")),
        exchange("X-1"),
        first("party.exists"),
        second("register.number_taken"),
    ),
    # The doors
    meet(
        "somebody comes in while the password is reset",
        nothing,
        come("samir"),
        reset,
        BOTH,
        second("sign_in.wrong"),
        on_server=2,
    ),
    meet(
        "somebody comes in while being let go",
        nothing,
        come("samir"),
        let_go,
        BOTH,
        second("sign_in.wrong"),
    ),
    meet(
        "somebody comes in on a device whose key is taken back",
        device,
        come("samir", "D2"),
        revoke_device,
        BOTH,
        on_server=2,
    ),
    meet(
        "a device is set up while its key is taken back",
        device,
        lambda made: made.devices.set_up(KEPT["D2"]),
        revoke_device,
        BOTH,
        second("device.unknown"),
    ),
    meet(
        "a password is changed while it is reset",
        come("samir"),
        own_password(NEW_PASSWORD),
        reset,
        BOTH,
        second("session.none"),
        on_server=2,
    ),
    meet(
        "a password is changed twice",
        come("samir"),
        own_password(NEW_PASSWORD),
        own_password(NEW_PASSWORD[::-1]),
        *either("sign_in.wrong"),
    ),
    meet(
        "a telephone is taken while another takes its place",
        come("nour"),
        signed_in("nour", move_telephone),
        take_telephone,
        BOTH,
        second("session.none"),
    ),
    meet(
        "two administrators shut each other out",
        both(come("huda"), come("nour")),
        shut_out("nour", by="huda"),
        shut_out("huda", by="nour"),
        *either("session.none"),
        *either("actor.not_allowed"),
    ),
    meet(
        "two keys for one terminal",
        nothing,
        terminal_key("till-a"),
        terminal_key("till-b"),
        *either("apikey.terminal_taken"),
    ),
)


WHERE: Final = [
    *(("sqlite", race) for race in RACES),
    *(("postgresql", race) for race in RACES if race.on_server),
]


@pytest.mark.parametrize(
    ("kind", "race"), WHERE, ids=lambda one: one if isinstance(one, str) else one.name
)
def test_it_ends_as_if_one_had_waited_for_the_other(
    kind: str, race: Race, server: Postgres | None, tmp_path: Path
) -> None:
    source, acts = new_place("sqlite", tmp_path, None), (race.one, race.other)
    assert isinstance(source, Path)
    now = founded(source, race.before)

    def raced(begins: int, at: int = 0) -> tuple[Ended, int]:
        place = tmp_path / f"{begins}-{at}.db"
        shutil.copy(source, place)
        return run(place, now, acts, begins, at)

    waited = [raced(begins) for begins in (0, 1)]
    orders = [ended for ended, _ in waited]
    assert {ended.outcomes for ended in orders} <= race.ends

    def like_one_of_them(ended: Ended) -> None:
        assert ended.outcomes in race.ends
        apart = min((ended.differs(order) for order in orders), key=len)
        assert apart.keys() <= race.shared, (ended.outcomes, apart)

    if kind == "postgresql":
        place = new_place(kind, tmp_path, server)
        founded(place, race.before)
        like_one_of_them(run(place, now, acts, 0, race.on_server)[0])
        return
    for begins, (_, steps) in enumerate(waited):
        for at in range(2, min(steps, MOST_STEPS) + 1):
            like_one_of_them(raced(begins, at)[0])
