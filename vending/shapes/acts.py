"""Sales of two people as they are asked for, and the exchange of a meter: JSON bodies and answers.

The core reads the same documents once more, whichever way they come.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    StrictStr,
    Tag,
)

from meters.identity import meter_from_text
from tokens.sts import BaseDate, EncryptionAlgorithm

from ..acts import ACT_NAMES, Exchanged, NewMeter, Source
from ..approvals import ApprovalState
from ..requests import Units
from .approvals import ApprovalOut
from .base import Out
from .parties import MeterOut
from .registration import BaseDateField, GatewayIn, KenField, ReachedIn

MeterText = Annotated[StrictStr, Field(max_length=200, description="As typed: DRN or PAN")]
UnitsText = Annotated[
    StrictStr, Field(max_length=40, description="Decimal text in kWh or m3", examples=["12.5"])
]
SaleText = Annotated[StrictStr, Field(max_length=67, description="Vend id of the sale")]
SourceText = Literal["reading", "photo", "lab", "none"]
SOURCES = "`reading`: the last kept reading of the old meter; `photo`, `lab`; `none`: nothing left"


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FreeIssueDocument(_In):
    """Units without money."""

    meter: MeterText
    units: UnitsText


class RefundDocument(_In):
    """Units given back for an earlier sale, at most what it sold, at its meter or another one of
    its customer."""

    meter: MeterText
    units: UnitsText
    sale: SaleText


class EngineeringDocument(_In):
    """A token that manages the meter."""

    meter: MeterText
    token: StrictStr = Field(
        max_length=60,
        description="`clear_credit`, `clear_tamper_condition`, `set_maximum_power_limit`, "
        "`set_max_phase_power_unbalance_limit`, `set_water_meter_factor`, `set_tariff_rate`, "
        "`extended_set`",
    )
    fields: dict[str, StrictStr] = Field(
        default_factory=dict,
        max_length=8,
        description="`register` (65535: all), `limit_w`, `wmf`, `rate`, `index` and `value`",
    )


class VoidRefundDocument(_In):
    """The money of a sale given back; the units stay with the customer."""

    sale: SaleText


class CorrectionDocument(_In):
    """A sale to a wrong meter, taken back on evidence and sold anew to the right one."""

    sale: SaleText
    meter: MeterText


class TransferDocument(_In):
    """Units left on a meter that was exchanged, for the one in its place."""

    agreement: StrictStr = Field(max_length=30)
    old_meter: MeterText
    units: UnitsText
    source: SourceText = Field(description=SOURCES)


class _Ask(_In):
    id: StrictStr = Field(max_length=200, description="Made by the caller; the vend id of the sale")
    reason: StrictStr = Field(max_length=1000)


class FreeIssueIn(_Ask):
    """Ask for a free issue."""

    act: Literal["free_issue"]
    document: FreeIssueDocument


class RefundIn(_Ask):
    """Ask for a refund of units."""

    act: Literal["refund"]
    document: RefundDocument


class EngineeringIn(_Ask):
    """Ask for a management token."""

    act: Literal["engineering"]
    document: EngineeringDocument


class VoidRefundIn(_Ask):
    """Ask for a refund of money."""

    act: Literal["void_refund"]
    document: VoidRefundDocument


class CorrectionIn(_Ask):
    """Ask for a sale to be sold anew to the right meter."""

    act: Literal["correction"]
    document: CorrectionDocument


class TransferIn(_Ask):
    """Ask for what was left on an exchanged meter."""

    act: Literal["transfer"]
    document: TransferDocument


class OtherActIn(_Ask):
    """Ask for another act. The caller makes `id` and keeps it before asking."""

    act: StrictStr = Field(max_length=60, description="`lift_block`, `change_operator`, ...")
    document: dict[str, Any] = Field(description="What is asked for; money as decimal text")


def _which(body: Any) -> str:
    act = body.get("act") if isinstance(body, dict) else getattr(body, "act", None)
    return act if act in ACT_NAMES else "other"


ApprovalIn = Annotated[
    Annotated[FreeIssueIn, Tag("free_issue")]
    | Annotated[RefundIn, Tag("refund")]
    | Annotated[EngineeringIn, Tag("engineering")]
    | Annotated[VoidRefundIn, Tag("void_refund")]
    | Annotated[CorrectionIn, Tag("correction")]
    | Annotated[TransferIn, Tag("transfer")]
    | Annotated[OtherActIn, Tag("other")],
    Discriminator(_which),
]
"""A request for an act, by the name of the act."""


def document_of(body: Any) -> dict[str, Any]:
    """What the body asks for, as it was sent."""
    document = body.document
    if isinstance(document, BaseModel):
        return document.model_dump(mode="json", exclude_unset=True)
    return dict(document)


class NewMeterIn(_In):
    """The meter that is put in; it measures what the agreement is for."""

    number: MeterText
    ea: Literal["07", "11"] = Field("07", description="Cipher of its tokens")
    sgc: Annotated[StrictStr, Field(pattern=r"^[0-9]{6}$", description="Supply group code")]
    krn: Annotated[StrictInt, Field(ge=1, le=9, description="Key revision number")]
    ti: Annotated[StrictInt, Field(ge=0, le=99, description="Tariff index")]
    base_date: BaseDateField = None
    ken: KenField = None
    model: StrictStr = Field("raseed-payment", max_length=60)
    gateway: GatewayIn | ReachedIn | None = None

    def meter(self) -> NewMeter:
        """Raises NotDigits, MeterNumberLength, CheckDigitWrong, IssuerUnknown."""
        at = self.gateway
        return NewMeter(
            number=meter_from_text(self.number),
            ea=EncryptionAlgorithm(self.ea),
            sgc=self.sgc,
            krn=self.krn,
            ti=self.ti,
            base_date=None if self.base_date is None else BaseDate(self.base_date),
            ken=self.ken,
            model=self.model,
            gateway=None if at is None else at.reached(),
        )


class ExchangeIn(_In):
    """Put a meter in the place of another."""

    id: StrictStr = Field(
        max_length=200, description="Made by the caller; the id of the request for what was left"
    )
    meter: NewMeterIn
    source: SourceText = Field(description=SOURCES)
    units: UnitsText | None = Field(
        None, description="Left on the old meter; null with `reading`: all that the reading says"
    )
    down_since: AwareDatetime | None = Field(
        None,
        description="From when on the old meter was off the wall or dead already. Once a second "
        "person has approved, tokens that came out later count as not used",
    )
    reason: StrictStr = Field(max_length=1000)

    def told(self) -> tuple[Source, Units | None]:
        return Source(self.source), None if self.units is None else Units(self.units)


class ExchangeOut(Out):
    """An exchange: what waits for a second person, and the agreement's meter now."""

    request: ApprovalOut
    meter: MeterOut

    @classmethod
    def of(cls, made: Exchanged, state: ApprovalState) -> ExchangeOut:
        return cls(request=ApprovalOut.of(made.request, state), meter=MeterOut.of(made.file))
