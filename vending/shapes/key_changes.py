"""Key changes as JSON. Digits are in `KeySetOut` alone; else they stand on receipts."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from tokens.sts import KeyRef

from ..keychanges import (
    Campaign,
    Confirmation,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    Left,
    SetAgain,
)
from .base import Out
from .saleparts import KeyTokenOut


class MeterKeyOut(Out):
    """Which key a meter holds."""

    sgc: str = Field(description="Supply group code")
    krn: int = Field(description="Key revision number")
    ti: int = Field(description="Tariff index")
    base_date: int | None = Field(
        description="Year that it counts from; null in changes from before this was kept"
    )
    ken: int | None = Field(description="Expiry number; null likewise")


class VendingKeyNameOut(Out):
    """Which vending key."""

    sgc: str
    krn: int

    @classmethod
    def of(cls, ref: KeyRef) -> VendingKeyNameOut:
        return cls(sgc=ref.sgc, krn=ref.krn)


class KeyChangeEventOut(Out):
    """One step of a change."""

    state: str
    at: datetime
    actor: str
    vend_id: str | None = Field(description="The sale that issued the set, or that proves it taken")
    note: str

    @classmethod
    def of(cls, event: KeyChangeEvent) -> KeyChangeEventOut:
        return cls(
            state=event.state.value,
            at=event.at,
            actor=event.actor,
            vend_id=event.vend_id,
            note=event.note,
        )


class KeyChangeOut(Out):
    """A meter's move to another key."""

    id: int
    meter: str
    state: str = Field(description="`planned`, `issued`, `entered`, `confirmed` or `cancelled`")
    since: datetime
    source: MeterKeyOut
    target: MeterKeyOut
    reason: str
    planned_at: datetime
    planned_by: str
    issued_with: str | None = Field(description="Vend id of the sale that holds the tokens")
    events: list[KeyChangeEventOut]

    @classmethod
    def of(cls, change: KeyChange) -> KeyChangeOut:
        move = change.move
        return cls(
            id=change.id,
            meter=change.meter,
            state=change.state.value,
            since=change.since,
            source=MeterKeyOut(
                sgc=move.from_sgc,
                krn=move.from_krn,
                ti=move.from_ti,
                base_date=move.from_base_date,
                ken=move.from_ken,
            ),
            target=MeterKeyOut(
                sgc=move.to_sgc,
                krn=move.to_krn,
                ti=move.to_ti,
                base_date=move.to_base_date,
                ken=move.to_ken,
            ),
            reason=change.reason,
            planned_at=change.planned_at,
            planned_by=change.planned_by,
            issued_with=change.issued_with,
            events=[KeyChangeEventOut.of(event) for event in change.events],
        )


class KeySetOut(Out):
    """The tokens of a change that are out, given once more."""

    change: KeyChangeOut
    key_tokens: list[KeyTokenOut] = Field(description="To be typed in order, before anything else")

    @classmethod
    def of(cls, made: SetAgain) -> KeySetOut:
        tokens = [KeyTokenOut.of(token) for token in made.tokens]
        return cls(change=KeyChangeOut.of(made.change), key_tokens=tokens)


class ConfirmationOut(Out):
    """What was found out about a change."""

    change: KeyChangeOut
    taken: bool | None = Field(
        description="true: the meter holds the new key; false: the old one; null: nothing says"
    )
    note: str
    results: list[str | None] = Field(
        description="After a push: the verdict on each section; null where none came"
    )

    @classmethod
    def of(cls, found: Confirmation) -> ConfirmationOut:
        return cls(
            change=KeyChangeOut.of(found.change),
            taken=found.proof.taken,
            note=found.proof.note,
            results=[None if result is None else result.name for result in found.results],
        )


class CampaignOut(Out):
    """What a campaign planned, and which meters it left out."""

    source: VendingKeyNameOut
    target: VendingKeyNameOut | None = Field(
        description="null: no key is held that could take over"
    )
    planned: int = Field(description="Meters with a new plan")
    planned_before: int
    issued: int = Field(description="Left out: tokens of an earlier change are not entered yet")
    there: int = Field(description="Left out: they have the wanted key")
    unfit: int = Field(
        description="Left out: the new key does not serve their cipher, or counts from an earlier"
        " base date than they do"
    )

    @classmethod
    def of(cls, made: Campaign) -> CampaignOut:
        out = made.left_out
        return cls(
            source=VendingKeyNameOut.of(made.source),
            target=None if made.target is None else VendingKeyNameOut.of(made.target),
            planned=made.planned,
            planned_before=out.planned,
            issued=out.issued,
            there=out.there,
            unfit=out.unfit,
        )


class KeyChangesLeftOut(Out):
    """How far a campaign has come."""

    planned: int
    issued: int
    entered: int
    confirmed: int
    cancelled: int
    oldest: datetime | None = Field(
        description="When the oldest was planned that is neither confirmed nor cancelled"
    )

    @classmethod
    def of(cls, left: Left) -> KeyChangesLeftOut:
        counts = {state.value: left.counts.get(state, 0) for state in KeyChangeState}
        return cls(**counts, oldest=left.oldest)
