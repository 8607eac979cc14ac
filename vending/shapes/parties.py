"""Customers, meters and vending points as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..parties import Customer, GatewayPlace, MeterFile, Reached, VendingPoint
from .base import Measure, Name, Out
from .operators import measured_limit


class CustomerOut(Out):
    """A customer."""

    account: str
    name: Name
    phone: str

    @classmethod
    def of(cls, customer: Customer) -> CustomerOut:
        name = Name(ar=customer.name_ar, en=customer.name_en)
        return cls(account=customer.account, name=name, phone=customer.phone)


class GatewayOut(Out):
    """Where a meter answers."""

    place: str = Field(description="Line and station, as in docs/meters.md")
    host: str | None = Field(description="Of a Modbus TCP gateway; so are the next two")
    port: int | None
    unit_id: int | None

    @classmethod
    def of(cls, at: Reached) -> GatewayOut:
        if isinstance(at, GatewayPlace):
            return cls(place=at.place, host=None, port=None, unit_id=None)
        return cls(place=at.place, host=at.host, port=at.port, unit_id=at.unit_id)


class PlannedOut(Out):
    """The key that a meter is to be moved to."""

    sgc: str
    krn: int
    ti: int


class MeterOut(Out):
    """A meter in use, with its customer, place and tariff."""

    number: str = Field(description="The number on the meter: 11 or 13 digits")
    pan: str = Field(description="The full number: 18 digits")
    commodity: str = Field(description="`electricity` or `water`")
    model: str
    ea: str = Field(description="Cipher of its tokens: `07` or `11`")
    sgc: str = Field(description="Supply group code")
    krn: int = Field(description="Key revision number")
    ti: int = Field(description="Tariff index")
    base_date: int | None = Field(
        description="Year that the meter counts from; null: as its vending key"
    )
    ken: int | None = Field(
        description="Expiry number that the meter was told; null: that of its vending key"
    )
    planned: PlannedOut | None = Field(description="The key that its next sale moves it to")
    gateway: GatewayOut | None = Field(description="null if the meter cannot be reached")
    agreement: str
    tariff: str
    quarter: str
    address: str
    customer: CustomerOut

    @classmethod
    def of(cls, file: MeterFile) -> MeterOut:
        meter, at, plan = file.meter, file.meter.gateway, file.meter.planned
        return cls(
            number=meter.number.number,
            pan=meter.number.pan.number,
            commodity=meter.commodity.value,
            model=meter.model,
            ea=meter.ea.value,
            sgc=meter.sgc,
            krn=meter.krn,
            ti=meter.ti,
            base_date=None if meter.base_date is None else meter.base_date.value,
            ken=meter.ken,
            planned=None if plan is None else PlannedOut(sgc=plan.sgc, krn=plan.krn, ti=plan.ti),
            gateway=None if at is None else GatewayOut.of(at),
            agreement=file.agreement.number,
            tariff=file.agreement.tariff,
            quarter=file.service_point.quarter,
            address=file.service_point.address,
            customer=CustomerOut.of(file.customer),
        )


class CustomerFileOut(CustomerOut):
    """A customer with their meters."""

    language: str = Field(
        description="Of papers and SMS: `ar` or `en`; empty: that of most customers"
    )
    meters: list[MeterOut]

    @classmethod
    def with_meters(
        cls, customer: Customer, files: list[MeterFile], language: str
    ) -> CustomerFileOut:
        plain = CustomerOut.of(customer)
        meters = [MeterOut.of(file) for file in files]
        return cls(**dict(plain), language=language, meters=meters)


class PointOut(Out):
    """A vending point."""

    code: str
    name: Name
    quarter: str
    most_per_sale: Measure | None = Field(description="null: no limit")
    most_per_day: Measure | None = Field(description="null: no limit")
    most_in_till: Measure | None = Field(description="Cash; null: no limit")
    needs_shift: bool = Field(description="Sells in an open shift alone")

    @classmethod
    def of(cls, point: VendingPoint, currency: str = "ILS") -> PointOut:
        name = Name(ar=point.name_ar, en=point.name_en)
        return cls(
            code=point.code,
            name=name,
            quarter=point.quarter,
            most_per_sale=measured_limit(point.most_per_sale, currency),
            most_per_day=measured_limit(point.most_per_day, currency),
            most_in_till=measured_limit(point.most_in_till, currency),
            needs_shift=point.needs_shift,
        )


class LanguageIn(BaseModel):
    """What a customer says they read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["", "ar", "en"] = Field(description="Empty: that of most customers")


class LanguageOut(Out):
    """What is kept of it."""

    account: str
    language: str
