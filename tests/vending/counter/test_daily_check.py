"""Tokens = ledger = receipts, whatever was sold and however it was paid; on both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from meters.quantities import Money
from tests.vending.support import OPERATOR, POWER, WATER, Town, chart, put_operator, request
from vending.accounting import BookReports
from vending.parties import Actor, Role
from vending.requests import (
    BasketRequest,
    Credit,
    Engineering,
    FreeIssue,
    SecondPerson,
    Transfer,
    Units,
)
from vending.sale import Payment, Tender
from vending.store.books import SqlBooks

P, W = POWER.number, WATER.number
SELLER = replace(OPERATOR, name="Huda", terminal="T7")
CHIEF = replace(OPERATOR, role=Role.SUPERVISOR)
SECOND = SecondPerson("Layla", "the meter was exchanged", "a-1")


def test_every_kind_of_sale_agrees(place: Path | str) -> None:
    town = Town(place)
    put_operator(town.store, "huda", settlement="deposit", credit_limit=100_000, commission="1.5")
    cards = (Payment(Tender.CARD, Money(3_000), "7"), Payment(Tender.CARD, Money(2_000), "8"))
    mixed = (*cards, Payment(Tender.CASH, Money(4_000)))
    both = (Credit(P, Money(6_000)), Credit(W, Money(2_500)))
    vend = town.service.vend_basket
    vend(OPERATOR, BasketRequest("b-1", both, mixed))
    # By units: the price is no sum that coins can pay.
    vend(OPERATOR, BasketRequest("u-1", (Credit(P, Units("7.3")),)))
    town.service.vend(SELLER, request("d-1"))
    for vend_id, item in (
        ("f-1", FreeIssue(P, Units("5"))),
        ("t-1", Transfer(P, Units("2.5"), "01000019990")),
        ("e-1", Engineering(P, "clear_tamper_condition")),
    ):
        vend(CHIEF, BasketRequest(vend_id, (item,), second=SECOND))
    zone, security = ZoneInfo("Asia/Hebron"), town.service.ports.security
    reports = BookReports(SqlBooks(town.store), chart(), town.clock, zone, security)
    check = reports.check(Actor("Nadia", Role.BILLING))
    assert check.differences == ()
    assert (check.sales, check.tokens, sum(row.held for row in check.receipts)) == (7, 7, 6)
    town.store.close()
