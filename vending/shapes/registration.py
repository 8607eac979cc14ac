"""Parties to be written down together: the one shape that comes in, as TOML file or JSON body.

A meter brings its supply agreement with it: who pays, where it hangs, at which tariff.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from meters.account import Commodity
from meters.identity import meter_from_text
from tokens.sts import BaseDate, EncryptionAlgorithm

from ..approvals import checked_limit
from ..finding import Marks
from ..parties import (
    Customer,
    GatewayAddress,
    GatewayPlace,
    Meter,
    Registration,
    ServicePoint,
    SupplyAgreement,
    VendingPoint,
)
from ..registry import OTHERWISE
from .operators import Limit, limit_of

Code = Annotated[StrictStr, Field(min_length=1, max_length=40)]
Words = Annotated[StrictStr, Field(min_length=1, max_length=200)]


class _In(BaseModel):
    # A misspelt field must not be dropped silently.
    model_config = ConfigDict(extra="forbid", frozen=True)


class PointIn(_In):
    """A vending point; limits are decimal text of the municipality's currency."""

    code: Code
    name_ar: Words
    name_en: Words
    quarter: StrictStr = Field("", max_length=200)
    most_per_sale: Limit | None = None
    most_per_day: Limit | None = None
    most_in_till: Limit | None = Field(
        None, description="Cash that may lie in the till before it must be banked"
    )
    needs_shift: StrictBool = Field(False, description="Sells in an open shift alone")

    def point(self, currency: str) -> VendingPoint:
        """Raises NotANumber, TooFine, FieldWrong."""
        limits = {
            name: checked_limit(name, limit_of(getattr(self, name), currency))
            for name in ("most_per_sale", "most_per_day", "most_in_till")
        }
        return VendingPoint(
            self.code,
            self.name_ar,
            self.name_en,
            self.quarter,
            needs_shift=self.needs_shift,
            **limits,
        )


class CustomerIn(_In):
    """A customer."""

    account: Code = Field(description="The number on the customer's papers")
    name_ar: Words
    name_en: Words
    phone: StrictStr = Field("", max_length=40)
    national_id: StrictStr = Field("", max_length=20, description="Of their identity card")
    card: StrictStr = Field("", max_length=40, description="Number of the town's card, as scanned")
    language: Literal["", "ar", "en"] = Field(
        "", description="Of their papers and SMS; empty: that of most customers"
    )


class PlaceIn(_In):
    """A place that is supplied."""

    code: Code
    quarter: Words
    address: Words


class GatewayIn(_In):
    """Where a meter answers Modbus TCP."""

    host: Words
    port: Annotated[StrictInt, Field(ge=1, le=65535)]
    unit_id: Annotated[StrictInt, Field(ge=1, le=247)]

    def reached(self) -> GatewayAddress:
        return GatewayAddress(self.host, self.port, self.unit_id)


class ReachedIn(_In):
    """Where a meter answers otherwise."""

    place: Annotated[
        StrictStr,
        Field(
            max_length=255,
            pattern=OTHERWISE,
            description="Gateway or serial line, and the station on it, as in docs/meters.md",
        ),
    ]

    def reached(self) -> GatewayPlace:
        return GatewayPlace(self.place)


BaseDateField = Annotated[
    Literal[1993, 2014, 2035] | None,
    Field(description="Year that the meter counts from; null: as its vending key does"),
]
KenField = Annotated[
    Annotated[StrictInt, Field(ge=0, le=255)] | None,
    Field(description="Expiry number that the meter was told; null: that of its vending key"),
]


class MeterIn(_In):
    """A meter with its supply agreement."""

    number: Annotated[StrictStr, Field(max_length=200, description="As typed: DRN or PAN")]
    commodity: Literal["electricity", "water"]
    ea: Literal["07", "11"] = Field("07", description="Cipher of its tokens")
    sgc: Annotated[StrictStr, Field(pattern=r"^[0-9]{6}$", description="Supply group code")]
    krn: Annotated[StrictInt, Field(ge=1, le=9, description="Key revision number")]
    ti: Annotated[StrictInt, Field(ge=0, le=99, description="Tariff index")]
    base_date: BaseDateField = None
    ken: KenField = None
    model: StrictStr = Field("raseed-payment", max_length=80)
    gateway: GatewayIn | ReachedIn | None = None
    agreement: Code = Field(description="Number of the supply agreement")
    customer: Code = Field(description="Account number")
    place: Code
    tariff: Code
    since: StrictStr | None = Field(
        None,
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="First month that monthly charges count; this month if it is not told",
    )


class RegistrationIn(_In):
    """All or none of it is written down."""

    points: list[PointIn] = Field(default_factory=list, max_length=10_000)
    customers: list[CustomerIn] = Field(default_factory=list, max_length=100_000)
    places: list[PlaceIn] = Field(default_factory=list, max_length=100_000)
    meters: list[MeterIn] = Field(default_factory=list, max_length=100_000)

    def registration(self, currency: str = "ILS") -> Registration:
        """Limits in `currency`. Raises NotDigits, MeterNumberLength, CheckDigitWrong,
        IssuerUnknown, NotANumber, TooFine, FieldWrong."""
        meters, agreements = [], []
        for row in self.meters:
            number, commodity = meter_from_text(row.number), Commodity(row.commodity)
            at = row.gateway
            meters.append(
                Meter(
                    number=number,
                    commodity=commodity,
                    ea=EncryptionAlgorithm(row.ea),
                    sgc=row.sgc,
                    krn=row.krn,
                    ti=row.ti,
                    base_date=None if row.base_date is None else BaseDate(row.base_date),
                    ken=row.ken,
                    model=row.model,
                    gateway=None if at is None else at.reached(),
                )
            )
            agreements.append(
                SupplyAgreement(
                    row.agreement,
                    row.customer,
                    row.place,
                    number,
                    commodity,
                    row.tariff,
                    row.since,
                )
            )
        return Registration(
            points=tuple(row.point(currency) for row in self.points),
            customers=tuple(
                Customer(row.account, row.name_ar, row.name_en, row.phone) for row in self.customers
            ),
            marks=tuple(
                Marks(row.account, row.national_id, row.card, row.language)
                for row in self.customers
                if row.national_id or row.card or row.language
            ),
            service_points=tuple(ServicePoint(**dict(row)) for row in self.places),
            meters=tuple(meters),
            agreements=tuple(agreements),
        )


class RegistrationOut(BaseModel):
    """How much was written down."""

    points: int
    customers: int
    places: int
    meters: int

    @classmethod
    def of(cls, registration: Registration) -> RegistrationOut:
        return cls(
            points=len(registration.points),
            customers=len(registration.customers),
            places=len(registration.service_points),
            meters=len(registration.meters),
        )
