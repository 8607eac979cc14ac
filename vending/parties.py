"""Who takes part in a sale: customers, places, meters, agreements, points, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meters.account import Commodity
from meters.errors import Invalid, Refused
from meters.identity import Drn
from tokens.sts import BaseDate, EncryptionAlgorithm, KeyRef, MeterKeyRef

from .finding import Marks


class Role(Enum):
    """What a person (or program) may do; see `permissions.ALLOWED`."""

    OPERATOR = "operator"
    TECHNICIAN = "technician"
    BILLING = "billing"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    """Sees everything and changes nothing."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, passed into every use case and written beside everything that is recorded."""

    name: str
    role: Role
    point: str | None = None
    """Code of the vending point the actor sits at; needed to sell."""
    terminal: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or body with supply agreements; `account` is the number on their papers."""

    account: str
    name_ar: str
    name_en: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """The place that is supplied."""

    code: str
    quarter: str
    address: str


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """Where a meter answers Modbus TCP."""

    host: str
    port: int
    unit_id: int

    @property
    def place(self) -> str:
        """As `drivers.places` writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}/{self.unit_id}"


@dataclass(frozen=True, slots=True)
class GatewayPlace:
    """Where a meter answers otherwise: `rtu-tcp://HOST:PORT/STATION`,
    `serial:///dev/NAME/STATION`, with settings of the line, as `drivers.places` reads it."""

    place: str


Reached = GatewayAddress | GatewayPlace
"""Where a meter answers."""


@dataclass(frozen=True, slots=True)
class PlannedKey:
    """Where a meter is to be moved to."""

    sgc: str
    krn: int
    ti: int
    base_date: BaseDate | None = None
    """As the set tells it that is out already, and goes out once more; None: as the vending key has
    it when the set is made."""
    ken: int | None = None
    """Likewise."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A payment meter and the STS data of the key it holds now."""

    number: Drn
    commodity: Commodity
    ea: EncryptionAlgorithm
    sgc: str
    krn: int
    ti: int
    model: str = ""
    """Name of the register map in config/meters/ (without .toml)."""
    gateway: Reached | None = None
    """None if it cannot be reached at all."""
    planned: PlannedKey | None = None
    """The key that it is to have: its tokens come with the next sale."""
    base_date: BaseDate | None = None
    """The base date that the meter counts from; None: that of its vending key."""
    ken: int | None = None
    """The expiry number that the meter was told with its key; None: that of its vending key."""

    @property
    def key(self) -> MeterKeyRef:
        """Names the decoder key at the security module."""
        ref = KeyRef(self.sgc, self.krn)
        return MeterKeyRef(ref, self.number.pan, self.ti, self.ea, self.base_date, self.ken)


@dataclass(frozen=True, slots=True)
class SupplyAgreement:
    """The contract: this customer, at this place, through this meter, at this tariff."""

    number: str
    customer: str
    """Customer.account"""
    service_point: str
    """ServicePoint.code"""
    meter: Drn
    commodity: Commodity
    tariff: str
    """Tariff.code"""
    since: str | None = None
    """First month that monthly charges count, `2026-11`; None: the month of the first sale."""


@dataclass(frozen=True, slots=True)
class VendingPoint:
    """A counter, kiosk or channel that sells; receipts are numbered without gaps per point."""

    code: str
    name_ar: str
    name_en: str
    quarter: str = ""
    most_per_sale: int | None = None
    """Minor units; None: no limit. So are the two below."""
    most_per_day: int | None = None
    most_in_till: int | None = None
    """Cash that may lie in the till before it must be banked."""
    needs_shift: bool = False
    """Whether nothing is sold here without an open shift."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Parties to be written down together, in one transaction."""

    points: tuple[VendingPoint, ...] = ()
    customers: tuple[Customer, ...] = ()
    service_points: tuple[ServicePoint, ...] = ()
    meters: tuple[Meter, ...] = ()
    agreements: tuple[SupplyAgreement, ...] = ()
    marks: tuple[Marks, ...] = ()
    """Identity numbers, cards and languages of customers, where they are known."""


@dataclass(frozen=True, slots=True)
class MeterFile:
    """Everything known about one meter that is in use."""

    meter: Meter
    agreement: SupplyAgreement
    customer: Customer
    service_point: ServicePoint


@dataclass(eq=False)
class CustomerUnknown(Invalid, code="customer.unknown"):
    """No customer has this account number."""

    account: str


@dataclass(eq=False)
class MeterUnknown(Invalid, code="meter.unknown"):
    """The number is well formed, but no meter with a supply agreement has it."""

    number: str


@dataclass(eq=False)
class PointUnknown(Invalid, code="point.unknown"):
    """No vending point has this code (or the actor sits at none)."""

    point: str


@dataclass(eq=False)
class TariffNotOffered(Refused, code="agreement.tariff_not_offered"):
    """The municipality has chosen other tariffs for new agreements."""

    tariff: str
    agreement: str


@dataclass(eq=False)
class PartyExists(Refused, code="party.exists"):
    """A party with this number or code is already written down, or refers to one that is not."""

    what: str
    row: str = ""
    """Its number or code, where it is known."""
