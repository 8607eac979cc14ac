"""A billing office for tests: tariffs live in a real database, beside files in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from meters.quantities import Money
from tests.vending.support import (
    ADMIN,
    CONFIG,
    OPERATOR,
    POWER,
    SetClock,
    chart,
    new_store,
    request,
    service,
    town,
)
from vending.ledger import Chart
from vending.parties import Actor, Role
from vending.sale import SaleReceipt
from vending.store.tariffs import SqlTariffs
from vending.tariff import LiveTariffs, Quote, read_shipped
from vending.tariff.live import PERIOD_NS
from vending.tariffdesk import TariffDesk
from vending.tariffrules import ChartBooks
from vending.tariffviews import Standing

LAYLA = Actor("Layla", Role.BILLING)
OMAR = Actor("Omar", Role.SUPERVISOR)
NADIA = Actor("Nadia", Role.SUPERVISOR)
CODE = "electricity-domestic"
NEW_YEAR = "2027-01-01T00:00:00+02:00"


def draft(
    version: int = 2,
    rate: str = "0.6000",
    begins: str = NEW_YEAR,
    code: str = CODE,
    more: str = "",
    commodity: str = "electricity",
) -> str:
    """A later version of a shipped tariff, as somebody would write it."""
    return f"""# Dearer from the new year
code = "{code}"
commodity = "{commodity}"
currency = "ILS"
customer_class = "domestic"
name_ar = "كهرباء منزلي"
name_en = "Electricity, domestic"

[[versions]]
version = {version}
active_from = {begins}
most_per_sale = "5000.00"
price = {{ rule = "flat", rate = "{rate}", rounding = "half_up" }}
vat = {{ percent = "16", rounding = "half_up" }}
{more}
"""


@dataclass
class Office:
    """One process on a database. Several on the same `place` are several processes; each has its
    own store, book, desk and monotonic clock, and `clock` may be shared."""

    place: Path | str
    clock: SetClock = field(default_factory=SetClock)
    folder: Path = CONFIG / "tariffs"
    founds: bool = True
    """Whether it writes down the small municipality first."""
    accounts: Chart = field(default_factory=chart)

    def __post_init__(self) -> None:
        self.ticks = 0
        self.store = new_store(self.place)
        try:
            kept = SqlTariffs(self.store)
            shipped = read_shipped(self.folder)
            self.tariffs = LiveTariffs(
                kept, shipped, self.clock, lambda: self.ticks, ChartBooks(self.accounts)
            )
        except BaseException:
            self.store.close()
            raise
        self.desk = TariffDesk(kept, self.tariffs, chart(), self.clock)
        self.service = service(self.store, self.clock, tariffs=self.tariffs)
        if self.founds:
            self.service.register(ADMIN, town())

    def second_passes(self) -> None:
        """For this process's look at the database; the clock on the wall stands."""
        self.ticks += PERIOD_NS

    def approved(self, text: str, by: Actor = OMAR) -> Standing:
        """Handed in by Layla, approved by somebody else."""
        made = self.desk.submit(LAYLA, text).version.tariff
        return self.desk.approve(by, made.code, made.version)

    def quote(self) -> Quote:
        return self.service.quote(OPERATOR, POWER.number, Money(5000))

    def sell(self, vend_id: str) -> SaleReceipt:
        return self.service.vend(OPERATOR, request(vend_id))

    def close(self) -> None:
        self.store.close()
