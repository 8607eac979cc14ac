"""Scenes at the counter: a new key with the sale, a basket, and sales taken back."""

from __future__ import annotations

from fractions import Fraction

from ..shapes import BasketOut, ConfirmationOut, KeyChangeOut, MeterOut, VoidOut
from ..shapes.key_changes import MeterKeyOut
from .checks import number
from .keypad import arabic_indic
from .municipality import NEXT_KRN, Household
from .stage import Stage, check_credited, delivered, sell, typed, undone


def new_key(stage: Stage, scene: int, house: Household) -> None:
    """A planned key change: its tokens come with the next sale, before the credit."""
    screen, meter, counter = stage.screen, house.electricity, stage.counter(house)
    screen.scene(scene, "A meter moves to the new vending key: its tokens first, and in order")
    changes = f"/meters/{meter.number}/key-changes"
    plan = stage.office["supervisor"].post(
        KeyChangeOut, changes, {"krn": NEXT_KRN, "reason": "Key 1 is used up this year"}
    )
    screen.say(f"Planned: meter {meter.number} from {_key(plan.source)} to {_key(plan.target)}.")
    before = counter.read(meter.number)
    receipt = sell(stage, house, meter, "40.00", stage.id("7"))
    set_, credit = receipt.key_tokens, receipt.tokens[0]
    stage.checks.that(
        "the receipt has the key-change set first, in order, and the credit behind it",
        [token.section for token in set_] == [1, 2] and credit.kind == "credit_electricity",
    )
    early = typed(stage, meter, credit.digits)
    screen.say(f"The credit typed first: [bold]{early}[/]; the meter holds the old key still.")
    stage.checks.that("the credit before its key is not taken", early.startswith("CRC"))
    shown = [typed(stage, meter, arabic_indic(token.grouped)) for token in set_]
    shown.append(typed(stage, meter, arabic_indic(credit.grouped)))
    screen.say(f"The set typed in order, then the credit: [bold]{', '.join(shown)}")
    stage.checks.that(
        "the meter took the set in order, then the credit",
        [text.split(" ", 1)[0] for text in shown] == ["1ST", "ACCEPT", "ACCEPT"],
    )
    check_credited(stage, receipt, before, counter.read(meter.number))
    found = counter.post(ConfirmationOut, f"{changes}/confirmation")
    screen.say(f"Read back: {found.note}; the change is [bold]{found.change.state}[/].")
    now = counter.get(MeterOut, f"/meters/{meter.number}")
    stage.checks.that(
        "a reading confirms that the meter holds the new key",
        found.taken is True and found.change.state == "confirmed" and now.krn == NEXT_KRN,
    )
    delivered(stage, counter.reconcile(receipt.vend_id))


def basket(stage: Stage, scene: int, house: Household) -> None:
    """Electricity and water at once, by card and cash."""
    screen, counter = stage.screen, stage.counter(house)
    screen.scene(scene, "One basket: electricity and water on one receipt, by card and cash")
    meters = house.electricity, house.water
    before = [counter.read(meter.number) for meter in meters]
    sold = counter.post(
        BasketOut,
        "/baskets",
        {
            "vend_id": stage.id("8"),
            "items": [
                {"kind": "credit", "meter": meter.number, "amount": amount}
                for meter, amount in zip(meters, ("60.00", "25.00"), strict=True)
            ],
            "payments": [
                {"tender": "card", "amount": "50.00", "reference": "slip 4711"},
                {"tender": "cash", "amount": "40.00"},
            ],
        },
    )
    screen.basket(sold)
    stage.booked.sales += len(sold.sales)
    stage.booked.entries += len(sold.sales)
    paid = sold.paid
    kept = {} if paid is None else {one.tender: number(one.amount) for one in paid.payments}
    stage.booked.drawer += kept.get("cash", Fraction())
    stage.checks.that(
        "85.00 due: 50.00 by card, 40.00 handed over in cash, 5.00 change",
        paid is not None and kept == {"card": 50, "cash": 35} and number(paid.change) == 5,
    )
    stage.checks.that(
        "both sales stand on one receipt", {one.receipt for one in sold.sales} == {sold.receipt}
    )
    for receipt, meter, old in zip(sold.sales, meters, before, strict=True):
        delivered(stage, counter.deliver(receipt.vend_id))
        check_credited(stage, receipt, old, counter.read(meter.number))


def voids(stage: Stage, scene: int, house: Household) -> None:
    """One granted, one refused: evidence decides."""
    screen, meter, counter = stage.screen, house.electricity, stage.counter(house)
    screen.scene(scene, "A sale is taken back on evidence, or not at all")
    held = counter.vend(stage.id("9"), meter.number, "20.00", hold=True)
    stage.booked.sales += 1
    stage.booked.entries += 2
    void = counter.post(
        VoidOut, f"/vends/{held.vend_id}/void", {"reason": "The customer changed her mind"}
    )
    screen.say(
        f"Receipt {held.receipt}, digits held back: voided ([bold]{void.evidence}[/]). "
        "Nobody has seen the token, so the money goes back:"
    )
    entries = counter.entries(held.vend_id)
    screen.journal(entries[-1:])
    stage.checks.that(
        "a sale whose digits were not shown is voided on that evidence",
        (held.held, held.tokens[0].digits, void.evidence) == (True, "", "not_shown"),
    )
    stage.checks.that(
        "sale and void together leave every account as it was",
        len(entries) == 2 and undone(entries),
    )
    receipt = sell(stage, house, meter, "20.00", stage.id("10"))
    display = typed(stage, meter, arabic_indic(receipt.tokens[0].grouped))
    screen.say(f"Typed at home: [bold]{display}[/]. Then the customer wants the money back:")
    refusal = counter.refused(
        f"/vends/{receipt.vend_id}/void", {"reason": "The customer says it did not work"}
    )
    screen.refusal(refusal)
    stage.checks.that(
        "what the meter has taken is not taken back", refusal.code == "void.token_taken"
    )


def _key(key: MeterKeyOut) -> str:
    return f"{key.sgc}/{key.krn}"
