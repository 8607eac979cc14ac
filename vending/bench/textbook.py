"""The endpoint that everybody writes first: FastAPI, SQLAlchemy's ORM, one transaction per sale.

It is what the product is compared with: the same tables, triggers and durability, the same rows
and a real token per sale, on the same web server. A program of its own:
`python -m vending.bench.textbook DATABASE_URL PORT`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from meters.identity import Drn
from meters.quantities import Energy, Money
from tokens.sts import (
    BaseDate,
    EncryptionAlgorithm,
    KeyRef,
    MemorySecurityModule,
    MeterKeyRef,
    TransferCreditElectricity,
    tid_at,
)

from ..store import schema as t
from ..store.engine import WRITES, make_engine
from .vend_town import SGC, key_record

_PRICE_PER_KWH = 56
_VAT_PERCENT = 16


class Base(DeclarativeBase):
    """Rows as objects, on the product's own tables."""

    metadata = t.metadata


class Key(Base):
    __table__ = t.api_keys


class Point(Base):
    __table__ = t.points


class Meter(Base):
    __table__ = t.meters


class Agreement(Base):
    __table__ = t.agreements


class Customer(Base):
    __table__ = t.customers


class Entry(Base):
    __table__ = t.entries


class Posting(Base):
    __table__ = t.postings


class Sale(Base):
    __table__ = t.sales


class Idempotency(Base):
    __table__ = t.idempotency


class Receipt(Base):
    __table__ = t.receipts


class Token(Base):
    __table__ = t.tokens


class Balance(Base):
    __table__ = t.balances


class Account(Base):
    __table__ = t.accounts


class Counter(Base):
    __table__ = t.counters


class Chain(Base):
    __table__ = t.chain


class VendBody(BaseModel):
    """As the product's."""

    vend_id: str
    meter: str
    amount: str


def make_app(url: str) -> FastAPI:
    """The app over a database that has parties and a key."""
    sessions = sessionmaker(make_engine(url, 60).execution_options(**{WRITES: True}))
    security = MemorySecurityModule([key_record()])
    app = FastAPI()

    def session() -> Iterator[Session]:
        with sessions() as made, made.begin():
            yield made

    @app.post("/vends", status_code=201)
    def vend(
        body: VendBody,
        db: Session = Depends(session),
        authorization: str = Header(),
    ) -> dict[str, Any]:
        digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
        key: Any = db.scalars(select(Key).where(Key.digest == digest)).first()  # type: ignore[attr-defined]
        if key is None:
            raise HTTPException(401)
        return _sold(db, security, body, key.point)

    return app


def _sold(
    db: Session, security: MemorySecurityModule, body: VendBody, point: str
) -> dict[str, Any]:
    rows: Any = db
    stored = rows.get(Sale, body.vend_id)
    if stored is not None:
        known: dict[str, Any] = json.loads(stored.document)
        return known
    # First what makes the journal single file, as it must be for a chain.
    chain = rows.scalars(select(Chain).with_for_update()).one()
    counter = rows.get(Counter, point, with_for_update=True)
    place = rows.get(Point, point)
    meter = rows.get(Meter, body.meter)
    agreement = rows.scalars(select(Agreement).where(t.agreements.c.meter == meter.number)).one()
    customer = rows.get(Customer, agreement.customer)
    now = datetime.now(UTC)
    last = rows.scalar(
        select(func.max(t.tokens.c.tid)).where(
            t.tokens.c.pan == meter.pan, t.tokens.c.base_date == BaseDate.BASE_2014.short
        )
    )
    tid = max(tid_at(BaseDate.BASE_2014, now), (last or 0) + 1)
    paid = Money.from_text(body.amount).minor
    wh = paid * 1000 // _PRICE_PER_KWH // 100 * 100
    total = wh * _PRICE_PER_KWH // 1000
    vat = total * _VAT_PERCENT // (100 + _VAT_PERCENT)
    drn = Drn(meter.number)
    digits = security.issue(
        MeterKeyRef(KeyRef(SGC, 1), drn.pan, 1, EncryptionAlgorithm.EA07),
        TransferCreditElectricity(amount=Energy(wh), tid=tid, rnd=5),
        now,
    )
    number = chain.number + 1
    counter.receipts += 1
    document = {
        "vend_id": body.vend_id,
        "customer": customer.name_ar,
        "point": place.name_ar,
        "number": counter.receipts,
        "token": digits,
        "wh": wh,
    }
    text = json.dumps(document)
    content = hashlib.sha256(text.encode()).hexdigest()
    own = hashlib.sha256(f"{chain.hash}{content}{number}".encode()).hexdigest()
    lines = [
        ("1010", point, "ILS", paid),
        ("2010", agreement.number, "ILS", total - paid),
        ("4010", "", "ILS", vat - total),
        ("2020", "", "ILS", -vat),
        ("6110", meter.number, "Wh", wh),
        ("6010", "", "Wh", -wh),
    ]
    rows.add(
        Entry(
            number=number, at=now, kind="sale", cause=body.vend_id, actor="textbook", point=point,
            content_hash=content, previous_hash=chain.hash, hash=own,
        )
    )  # fmt: skip
    rows.flush()
    for line, (account, holder, unit, amount) in enumerate(lines, start=1):
        if amount:
            rows.add(
                Posting(
                    entry=number, line=line, account=account, holder=holder, unit=unit,
                    amount=amount,
                )
            )  # fmt: skip
    rows.add(
        Sale(
            vend_id=body.vend_id, entry=number, sold_at=now, point=point, terminal="",
            operator="textbook", tender="cash", customer=customer.account,
            agreement=agreement.number, meter=meter.number, pan=meter.pan,
            commodity="electricity", currency="ILS", tendered=paid, balance_before=0,
            net=total - vat, vat=vat, balance_after=paid - total, quantity=wh, unit="Wh",
            tariff=agreement.tariff, tariff_version=1, document=text,
        )
    )  # fmt: skip
    rows.flush()
    rows.add(Idempotency(vend_id=body.vend_id, input_hash=content))
    rows.add(Receipt(point=point, number=counter.receipts, vend_id=body.vend_id))
    rows.add(
        Token(
            vend_id=body.vend_id, position=1, kind="credit_electricity", digits=digits, tid=tid,
            pan=meter.pan, base_date=BaseDate.BASE_2014.short, quantity=wh, unit="Wh",
        )
    )  # fmt: skip
    for code, holder, unit, amount in lines[:2]:
        balance = rows.get(Balance, (code, holder, unit), with_for_update=True)
        if balance is None:
            rows.add(Balance(account=code, holder=holder, unit=unit, amount=amount))
        else:
            balance.amount += amount
    account = rows.get(Account, agreement.number, with_for_update=True)
    bought = wh if account is None else wh + json.loads(account.document)["use"][1]
    kept = json.dumps({"since": f"{now:%Y-%m}", "use": [f"{now:%Y-%m}", bought, []]})
    if account is None:
        rows.add(Account(agreement=agreement.number, document=kept))
    else:
        account.document = kept
    chain.number, chain.hash, chain.at = number, own, now
    return document


if __name__ == "__main__":
    uvicorn.run(
        make_app(sys.argv[1]),
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
