"""A broken link while the house holds the meter's credit: nobody can switch the supply, and the
customer's class decides how far it may go and what becomes of it then."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from drivers.device.settings import DeviceSettings
from drivers.follow import Following
from drivers.heldcredit import Holding, asked
from drivers.places import Place
from drivers.sweep import Member, Sweep
from meters.account import Commodity
from meters.device import Outcome
from meters.heldcredit import Grace, Hold, Judgement, Order, Standing, reached, unreached
from vending.graces import read_graces
from vending.surroundings import CONFIG
from vending.tariff import CustomerClass

from ..standins import BOSS, Standin, in_memory
from .table import ELECTRIC, RELAY, TWINS, good_and_true, reaction, read_often, reasons

HOUR = 3600.0
GRACES = read_graces(CONFIG / "held-credit.toml")


@dataclass
class Home:
    """A relay meter that draws 1 kW, its credit with the house, rounds every hour."""

    kind: CustomerClass
    bought: Decimal
    standin: Standin = field(default_factory=lambda: in_memory(RELAY))
    holding: Holding = field(default_factory=Holding)
    following: Following = field(default_factory=Following)

    def __post_init__(self) -> None:
        self.device = self.standin.device()
        (counter,) = self.device.read(asked(self.standin.map)[:1])
        self.hold = Hold("07000090014", counter)
        place = Place("rtu-tcp", "north", 4001, station=self.standin.station)
        member = Member(
            self.hold.meter, place, self.standin.map, DeviceSettings(self.standin.station)
        )
        one = self.standin
        self.sweep = Sweep([member], lambda *_: one.place, one.now, one.pause, asked=asked)

    @property
    def grace(self) -> Grace:
        return GRACES[Commodity.ELECTRICITY, self.kind]

    def flows(self) -> bool:
        return self.standin.meter.place.switch.closed

    def round(self) -> Judgement:
        """An hour later: read, judged, and what is due is done."""
        self.standin.pause(HOUR)
        (seen,) = self.sweep.round()
        moved = self.following.took(seen)
        sure = self.holding.took(self.hold, self.standin.map, seen, moved)
        last = self.holding.known(self.hold).seen(self.bought)
        found = reached(last) if sure else unreached(last, self.grace, self.standin.now())
        if found.order is not None:
            assert sure
            record = self.device.command(found.order.value, {}, BOSS)
            assert record.outcome is Outcome.DONE
            self.holding.obeyed(self.hold, found.order)
        return found


@reaction("link_down")
def _() -> None:
    for kind in CustomerClass:
        _goes_dark(Home(kind, bought=Decimal(10)))
    _pays_in_the_dark(Home(CustomerClass.DOMESTIC, bought=Decimal(3)))
    # Whoever holds the credit, the meter is left alone, and nothing is taken for a reading.
    standin = in_memory(ELECTRIC)
    standin.strike("link_down")
    assert good_and_true(standin, read_often(standin, 20, TWINS)) == 0
    assert "line.resting" in reasons(read_often(standin, 1, TWINS))
    assert standin.meter.requests < 10


def _goes_dark(home: Home) -> None:
    for _ in range(5):
        assert home.round().standing is Standing.SUPPLIED
    home.standin.strike("link_down")
    told = [home.round() for _ in range(200)]
    assert "link_down: unreachable" in home.standin.hits
    stood = [one.standing for one in told]
    steps = [stood[0], *(after for before, after in pairwise(stood) if before is not after)]
    last = Standing.GRANTED if home.kind.value == "public" else Standing.OVERDUE
    wanted = [Standing.SUPPLIED, Standing.GRACE, last]
    if home.kind is CustomerClass.TEMPORARY:
        wanted.remove(Standing.GRACE)
    assert steps == wanted
    # Its 10 kWh end after 10 hours, 5 of them in the dark. Of 1 kW the grace in units is as many
    # hours; the estimate may be an hour off.
    granted = min(home.grace.hours, home.grace.units)
    assert abs(stood.count(Standing.GRACE) - granted) <= 1
    assert abs(stood.count(Standing.SUPPLIED) - 5) <= 1
    # Nobody reached it, and it was not told anything: it goes on metering.
    assert {one.order for one in told} == {None}
    assert {one.needs_visit for one in told[-10:]} == {last is Standing.OVERDUE}
    assert home.flows()
    # The first thing it hears when the link is back, on what it has truly counted.
    home.standin.heal()
    home.standin.pause(301)
    found = home.round()
    assert (found.standing, found.order) == (Standing.USED_UP, Order.CUT)
    assert found.left <= 10 - 205
    assert not home.flows()


def _pays_in_the_dark(home: Home) -> None:
    for _ in range(4):
        home.round()
    assert not home.flows()
    home.standin.strike("link_down")
    assert home.round().standing is Standing.USED_UP
    home.bought += 20
    found = home.round()
    assert (found.standing, found.needs_visit, found.order) == (Standing.STRANDED, True, None)
    home.standin.heal()
    home.standin.pause(301)
    assert home.round().order is Order.CONNECT
    assert home.flows()
    assert home.round().standing is Standing.SUPPLIED
