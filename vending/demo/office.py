"""Scenes around the selling: the day's beginning and end, acts of two people, and the proof of the
books."""

from __future__ import annotations

from fractions import Fraction
from typing import Final
from urllib.parse import quote_plus

from ..shapes import (
    AccountsReportOut,
    AccountStatementOut,
    AdjustmentOut,
    ApprovalOut,
    BankingOut,
    BlockOut,
    DailyCheckOut,
    FloatOut,
    LedgerReportOut,
    OutcomeOut,
    SealOut,
    ShiftOut,
    ShiftReportOut,
)
from .checks import number
from .municipality import DEPOSIT_SELLER, QUARTERS, Household
from .stage import Stage, delivered, sell

DEPOSIT: Final = "200.00"
OPENING_FLOAT: Final = "200.00"
SHORT: Final = 5
"""ILS that are missing from the drawer in the evening."""
_FACES: Final = ("200", "100", "50", "20", "10", "5", "2", "1", "0.50", "0.10")
_TILL, _OVER_SHORT = "1010", "5030"
_DRAWER: Final = QUARTERS[1].point.code
"""The point that sells in shifts; the other one's seller has a deposit."""


def morning(stage: Stage, scene: int, house: Household) -> None:
    """A deposit is paid in, and a shift opened."""
    screen = stage.screen
    screen.scene(scene, "The day begins: a seller's deposit, and a drawer opened with a float")
    id, seller = stage.id("deposit"), f"/operators/{DEPOSIT_SELLER}"
    body = {"id": id, "amount": DEPOSIT, "reason": "Paid in at the bank, slip 88"}
    stage.office["billing"].post(AdjustmentOut, f"{seller}/deposits", body)
    stage.office["supervisor"].post(AdjustmentOut, f"/ledger/adjustments/{id}/approval")
    stage.booked.entries += 1
    stage.booked.deposit += Fraction(DEPOSIT)
    has = stage.office["billing"].get(FloatOut, f"{seller}/float")
    free = "nothing" if has.available is None else f"{has.available.value} ILS"
    screen.say(
        f"{DEPOSIT_SELLER} sells on deposit and earns a commission: {DEPOSIT} ILS paid in, asked "
        f"for by the billing office, approved by a supervisor. To sell for: [bold]{free}[/]."
    )
    stage.checks.that(
        "the deposit can be sold for",
        has.available is not None and number(has.available) == Fraction(DEPOSIT),
    )
    counter = stage.counter(house)
    screen.say(f"{house.quarter.point.name_en}, before the shift:")
    early = counter.refused_sale(stage.id("2"), house.water.number, "30.00")
    screen.refusal(early)
    stage.checks.that("nothing is sold there without a shift", early.code == "shift.needed")
    shift = counter.post(
        ShiftOut, "/shifts", {"id": stage.id("shift"), "opening_float": OPENING_FLOAT}
    )
    stage.booked.entries += 1
    stage.booked.drawer += Fraction(OPENING_FLOAT)
    screen.say(
        f"Shift {shift.code} is open at terminal {shift.terminal} with {OPENING_FLOAT} ILS from "
        "the safe. What is sold there from now on belongs to it."
    )
    stage.checks.that("the shift is open", shift.state == "open")


def two_people(stage: Stage, scene: int, house: Household) -> None:
    """One person stops a meter; two let it go on."""
    screen, meter, counter = stage.screen, house.electricity, stage.counter(house)
    screen.scene(scene, "An act of two people: one stops a meter, two let it go on")
    block = {
        "kind": "meter",
        "subject": meter.number,
        "reason": "شكوى من العبث بالعداد",
    }
    stage.office["billing"].post(BlockOut, "/blocks", block)
    screen.say(f"The billing office blocks meter {meter.number}. At the counter:")
    barred = counter.refused_sale(stage.id("11"), meter.number, "30.00")
    screen.refusal(barred)
    stage.checks.that("nothing is sold to a blocked meter", barred.code == "vend.blocked")
    id, supervisor = stage.id("lift"), stage.office["supervisor"]
    lift = {**block, "id": id, "reason": "Inspected: the seal is whole"}
    asked = supervisor.post(ApprovalOut, "/blocks/lifts", lift)
    screen.say(f"{asked.requested_by} asks to lift it, and tries to approve that as well:")
    own = supervisor.refused(f"/approvals/{id}/approval")
    screen.refusal(own)
    stage.checks.that("nobody approves an own act", own.code == "approval.own_act")
    done = stage.office["deputy"].post(OutcomeOut, f"/approvals/{id}/approval")
    screen.say(f"{done.approval.decided_by} approves it: [bold]{done.approval.state}[/].")
    receipt = sell(stage, house, meter, "30.00", stage.id("11"))
    delivered(stage, counter.deliver(receipt.vend_id))
    stage.checks.that(
        "after two people the meter is sold to again, by the id that was refused before",
        done.approval.state == "approved" and not receipt.replayed,
    )


def evening(stage: Stage, scene: int) -> None:
    """A blind count that is short, the Z report, and the way to the bank."""
    screen, counter, booked = stage.screen, stage.counters[_DRAWER], stage.booked
    screen.scene(scene, "The shift ends: counted blind, closed 5 shekels short, banked")
    shift = f"/shifts/{stage.id('shift')}"
    x = counter.get(ShiftReportOut, f"{shift}/x")
    stage.checks.that("who counts is not told what should be there", x.blind and x.expected is None)
    counted = booked.drawer - SHORT
    pieces = _pieces(counted)
    screen.say(
        "Counted blind: "
        + ", ".join(f"{times} x {face}" for face, times in pieces.items())
        + f" = {ils(counted)} ILS"
    )
    z = counter.post(ShiftReportOut, f"{shift}/close", {"pieces": pieces})
    screen.shift(z)
    cash = next((row for row in z.results if row.tender == "cash"), None)
    stage.checks.that(
        "the drawer should hold float and cash sales",
        cash is not None and number(cash.expected) == booked.drawer,
    )
    stage.checks.that(
        "5.00 ILS are missing, booked in an entry of their own",
        cash is not None
        and cash.difference is not None
        and number(cash.difference) == -SHORT
        and z.entry is not None,
    )
    booked.entries += 1
    billing = stage.office["billing"]
    short = billing.get(AccountStatementOut, f"/ledger/accounts/{_OVER_SHORT}")
    stage.checks.that("the shortage stands in the books", number(short.closing) == SHORT)
    slip = counter.post(
        BankingOut, "/bankings", {"id": stage.id("bank"), "pieces": pieces, "reference": "bag 7"}
    )
    booked.entries += 1
    screen.slip(slip)
    left = billing.get(AccountStatementOut, f"/ledger/accounts/{_TILL}:{_DRAWER}")
    stage.checks.that(
        "all that was counted goes to the bank, and the drawer is empty",
        number(slip.amount) == counted and not number(left.closing),
    )
    has = billing.get(FloatOut, f"/operators/{DEPOSIT_SELLER}/float")
    screen.say(
        f"{DEPOSIT_SELLER}: {has.deposit.value} ILS are left of the deposit, commission included."
    )
    stage.checks.that(
        "the deposit is what sales and commission leave of it",
        number(has.deposit) == booked.deposit,
    )


def books(stage: Stage, scene: int) -> None:
    """Everything recomputed, then sealed."""
    screen, billing, booked = stage.screen, stage.office["billing"], stage.booked
    screen.scene(scene, "Are the books right? Recomputed, checked, sealed")
    report = billing.get(LedgerReportOut, "/ledger/verification")
    screen.ledger(report)
    stage.checks.that("the books are right: journal, sums, drawers", report.ok)
    stage.checks.that(
        f"{booked.entries} acts that move money, {booked.entries} entries",
        report.entries == booked.entries,
    )
    accounts = billing.get(AccountsReportOut, "/ledger/verification/accounts")
    screen.say(f"Accounts rebuilt from the books: {accounts.accounts}, different: {accounts.found}")
    stage.checks.that("every account follows from the books", accounts.ok and accounts.accounts > 0)
    # Where the evening has gone on past midnight there are two days.
    checked = [billing.get(DailyCheckOut, f"/ledger/check?day={day}") for day in stage.days()]
    for day in checked:
        receipts = sum(one.receipts for one in day.receipts)
        screen.say(
            f"{day.day}: {day.sales} sales, {day.tokens} tokens, {receipts} receipts; "
            f"tokens = ledger = receipts: [bold]{'yes' if day.ok else 'NO'}"
        )
        for one in day.differences:
            screen.say(f"  {one.what} {one.where}: expected {one.expected}, found {one.found}")
    stage.checks.that(
        f"the daily check agrees on {booked.sales} sales",
        all(day.ok for day in checked) and sum(day.sales for day in checked) == booked.sales,
    )
    seal = billing.post(SealOut, "/ledger/seals", {})
    screen.say(f"Seal {seal.number} of {seal.day}, to be kept outside: [bold]{seal.code}")
    kept = billing.get(LedgerReportOut, f"/ledger/verification?against={quote_plus(seal.code)}")
    stage.checks.that("the books hold the seal", kept.ok and kept.seals == seal.number)


def _pieces(amount: Fraction) -> dict[str, int]:
    """Notes and coins that make up an amount, the largest first."""
    found = {}
    for face in _FACES:
        pieces, amount = divmod(amount, Fraction(face))
        if pieces:
            found[face] = int(pieces)
    return found


def ils(amount: Fraction) -> str:
    """An amount of ILS as people write it."""
    minor = int(amount * 100)
    return f"{minor // 100}.{minor % 100:02d}"
