"""All that runs, in one hand: what the API, the command line and the demo are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .accounting import Bookkeeping, BookReports, DailyClosing
from .accounts import Accounts
from .acts import Exchanges
from .api_keys import ApiKeys, KeyOffice
from .approvals import Approvals, Blocks, Operators
from .clockdesk import ClockDesk
from .drawer import Bankings, Deposits, Drawers, XReports
from .faults import Faults
from .heldcredit import HeldCredits
from .keychanges import KeyChanges
from .languages import Languages
from .ledger import Chart
from .messages import LOCAL_ZONE
from .meterwork import MeterWorks
from .municipality import TownHall
from .outbox_worker import Outbox
from .papers import PaperDesk, PaperMaker
from .people import Devices, Doors, FirstRun, Office, Own
from .printing import CashDrawer
from .registry import Register
from .samples import Samples
from .sending import HttpPoster, PracticePrinter
from .service import VendingService
from .settings import Settings
from .store import SqlStore
from .store.books import SqlBooks
from .surroundings import read_shipped_chart, utc_now
from .tariffdesk import TariffDesk


@dataclass
class Raseed:
    """Everything that runs, to be closed at the end."""

    settings: Settings
    chart: Chart
    store: SqlStore
    service: VendingService
    clock_desk: ClockDesk
    api_keys: ApiKeys
    key_office: KeyOffice
    bookkeeping: Bookkeeping
    reports: BookReports
    closing: DailyClosing
    outbox: Outbox
    poster: HttpPoster
    key_changes: KeyChanges
    approvals: Approvals
    exchanges: Exchanges
    blocks: Blocks
    operators: Operators
    tariff_desk: TariffDesk
    drawers: Drawers
    x_reports: XReports
    bankings: Bankings
    deposits: Deposits
    accounts: Accounts
    doors: Doors
    office: Office
    first_run: FirstRun
    own: Own
    papers: PaperDesk
    paper_maker: PaperMaker
    practice_printer: PracticePrinter
    town_hall: TownHall
    devices: Devices
    faults: Faults
    samples: Samples
    register: Register
    languages: Languages
    meter_works: MeterWorks
    held_credits: HeldCredits
    cash_drawers: Mapping[str, CashDrawer]
    """By place (`outbox.at_place`), where the printer has one."""
    meter_models: tuple[str, ...]
    """Names of the register maps that meters may have."""

    @property
    def currency(self) -> str:
        """Of amounts that come without one: the books'."""
        return self.chart.currency

    def check_writing(self) -> None:
        """Raises Unavailable while nothing can be written until the program starts anew."""
        self.store.check_writing()

    def explained(self, error: Exception) -> Exception:
        """See `SqlStore.explained`."""
        return self.store.explained(error, self.chart)

    def proving(self, workers: int) -> Bookkeeping:
        """The same, but that several processes prove a long journal together."""
        return Bookkeeping(SqlBooks(self.store, workers), read_shipped_chart(), utc_now, LOCAL_ZONE)

    def close(self) -> None:
        self.poster.close()
        self.store.close()

    def __enter__(self) -> Raseed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
