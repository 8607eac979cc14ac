"""A sale as it is kept: flat columns for what is searched and summed, one JSON document for the
rest of what was printed (names, address, lines), and the hash over all of it.

The journal entry of the sale carries that hash, so a change to any of these rows shows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from meters.account import Commodity
from meters.quantities import Energy, Money, Quantity, Volume

from .ledger import canonical_plain, canonical_time
from .sale import (
    Buyer,
    IssuedToken,
    KeyToken,
    SaleKind,
    SaleReceipt,
    Seller,
    Tender,
)
from .saledocument import only_some_have, sale_document
from .tariff import Quote, line_from

_PLAIN = (SaleKind.CREDIT.value, None, None)
"""Kind, basket and shift of a sale by itself."""
_KEY_CHANGE = "key_change_"
QUANTITIES: dict[str, type[Quantity]] = {kind.unit: kind for kind in (Energy, Volume)}


class TokenRecord(Struct, frozen=True):
    """One token row. Unique: (pan, base_date, tid)."""

    position: int
    kind: str
    digits: str
    tid: int | None
    pan: str
    base_date: str
    quantity: int
    unit: str

    def __repr__(self) -> str:
        return f"TokenRecord(position={self.position}, kind={self.kind!r}, tid={self.tid})"


class SaleRecord(Struct, frozen=True):
    """One sale row with its receipt number and tokens. Amounts are minor units of `currency`."""

    vend_id: str
    input_hash: str
    entry: int
    """Number of its journal entry."""
    sold_at: datetime
    point: str
    receipt_number: int
    terminal: str
    operator: str
    tender: str
    customer: str
    agreement: str
    meter: str
    pan: str
    commodity: str
    currency: str
    tendered: int
    balance_before: int
    net: int
    vat: int
    balance_after: int
    quantity: int
    unit: str
    tariff: str
    tariff_version: int
    document: str
    """Canonical JSON: what was printed and is not searched."""
    kind: str
    """SaleKind"""
    basket: str | None
    """Vend id of the sale that leads the basket; None for that one and for a sale by itself."""
    shift: str | None
    tokens: tuple[TokenRecord, ...]


def content_hash(record: SaleRecord) -> str:
    """SHA-256 over every field of the record but the entry's number; of a token its digits
    enter only hashed."""
    fields = (
        record.vend_id,
        record.input_hash,
        canonical_time(record.sold_at),
        record.point,
        record.receipt_number,
        record.terminal,
        record.operator,
        record.tender,
        record.customer,
        record.agreement,
        record.meter,
        record.pan,
        record.commodity,
        record.currency,
        record.tendered,
        record.balance_before,
        record.net,
        record.vat,
        record.balance_after,
        record.quantity,
        record.unit,
        record.tariff,
        record.tariff_version,
        record.document,
        record.kind,
        record.basket,
        record.shift,
    )
    tokens = [
        (
            token.position,
            token.kind,
            token.digits,
            token.tid,
            token.pan,
            token.base_date,
            token.quantity,
            token.unit,
        )
        for token in record.tokens
    ]
    return content_hash_of(fields, tokens)


def content_hash_of(
    fields: Sequence[str | int | None],
    tokens: Sequence[tuple[int, str, str, int | None, str, str, int, str]],
) -> str:
    """The same from plain fields as they are stored, in the order of `content_hash` and of
    `TokenRecord`; `sold_at` in its canonical form. For verification, which meets a million."""
    if tuple(fields[-3:]) == _PLAIN:
        # A sale by itself hashes as it did before there was anything else.
        fields = fields[:-3]
    listed = [
        (position, kind, sha256(digits.encode("ascii", "replace")).hexdigest(), *rest)
        for position, kind, digits, *rest in tokens
    ]
    return sha256(canonical_plain((*fields, listed))).hexdigest()


def record_of(receipt: SaleReceipt, input_hash: str) -> SaleRecord:
    """The original receipt as it is kept."""
    buyer, seller, quote = receipt.buyer, receipt.seller, receipt.quote
    return SaleRecord(
        vend_id=receipt.vend_id,
        input_hash=input_hash,
        entry=receipt.journal_entry,
        sold_at=receipt.sold_at,
        point=seller.point,
        receipt_number=receipt.number,
        terminal=seller.terminal,
        operator=seller.operator,
        tender=receipt.tender.value,
        customer=buyer.account,
        agreement=buyer.agreement,
        meter=buyer.meter,
        pan=buyer.pan,
        commodity=buyer.commodity.value,
        currency=quote.tendered.currency,
        tendered=quote.tendered.minor,
        balance_before=quote.balance_before.minor,
        net=quote.net.minor,
        vat=quote.vat.minor,
        balance_after=quote.balance_after.minor,
        quantity=quote.quantity.value,
        unit=quote.quantity.unit,
        tariff=quote.tariff,
        tariff_version=quote.tariff_version,
        document=sale_document(receipt),
        kind=receipt.kind.value,
        basket=receipt.basket,
        shift=receipt.shift,
        tokens=_token_records(receipt),
    )


def _token_records(receipt: SaleReceipt) -> tuple[TokenRecord, ...]:
    """Key-change tokens first, in the order in which all are typed."""
    pan, base_date = receipt.buyer.pan, receipt.buyer.base_date
    keys = [
        (f"{_KEY_CHANGE}{token.section}", token.digits, None, None) for token in receipt.key_tokens
    ]
    others = [(token.kind, token.digits, token.tid, token.quantity) for token in receipt.tokens]
    made = [
        TokenRecord(
            position=position,
            kind=kind,
            digits=digits,
            tid=tid,
            pan=pan,
            base_date=base_date,
            quantity=0 if quantity is None else quantity.value,
            unit="" if quantity is None else quantity.unit,
        )
        for position, (kind, digits, tid, quantity) in enumerate([*keys, *others], start=1)
    ]
    return tuple(made)


def receipt_of(record: SaleRecord, *, copy: int = 0, replayed: bool = False) -> SaleReceipt:
    """The receipt that `record_of` was given, or a copy of it."""
    data = json.loads(record.document)
    commodity = Commodity(record.commodity)
    currency = record.currency
    return SaleReceipt(
        vend_id=record.vend_id,
        number=record.receipt_number,
        sold_at=record.sold_at,
        buyer=Buyer(
            account=record.customer,
            agreement=record.agreement,
            meter=record.meter,
            pan=record.pan,
            commodity=commodity,
            **data["buyer"],
        ),
        seller=Seller(
            point=record.point,
            terminal=record.terminal,
            operator=record.operator,
            **data["seller"],
        ),
        tender=Tender(record.tender),
        quote=Quote(
            tariff=record.tariff,
            tariff_version=record.tariff_version,
            tariff_name_ar=data["tariff_name_ar"],
            tariff_name_en=data["tariff_name_en"],
            commodity=commodity,
            tendered=Money(record.tendered, currency),
            balance_before=Money(record.balance_before, currency),
            quantity=QUANTITIES[record.unit](record.quantity),
            lines=tuple(line_from(line, currency) for line in data["lines"]),
            net=Money(record.net, currency),
            vat=Money(record.vat, currency),
            balance_after=Money(record.balance_after, currency),
            used_before=(
                QUANTITIES[record.unit](data["used_before"]) if "used_before" in data else None
            ),
        ),
        tokens=tuple(
            IssuedToken(
                kind=token.kind,
                digits=token.digits,
                tid=token.tid,
                quantity=QUANTITIES[token.unit](token.quantity) if token.unit else None,
            )
            for token in record.tokens
            if token.tid is not None
        ),
        key_tokens=tuple(
            KeyToken(int(token.kind.removeprefix(_KEY_CHANGE)), token.digits)
            for token in record.tokens
            if token.tid is None
        ),
        journal_entry=record.entry,
        copy=copy,
        kind=SaleKind(record.kind),
        basket=record.basket,
        shift=record.shift,
        replayed=replayed,
        **only_some_have(data, currency),
    )
