"""Scenes of what a customer is promised: a quote that binds, and a debt that is explained before it
is taken."""

from __future__ import annotations

from ..shapes import AccountOut, LineOut, ReceiptOut
from .checks import number
from .municipality import Household
from .stage import Stage, check_credited, delivered, sell, sell_quoted

DEBT = "arrears-2025"


def a_quote_binds(stage: Stage, scene: int, house: Household) -> None:
    """One honoured line by line; one whose ground has moved refused, with what has changed."""
    screen, meter = stage.screen, house.electricity
    screen.scene(scene, "A quote binds: honoured line by line, or refused with what has changed")
    counter = stage.counter(house)
    quote = counter.quote(meter.number, "50.00")
    screen.quote(quote)
    screen.say(f"It binds for 15 minutes, as [bold]{quote.id}[/]. The sale names it:")
    receipt = sell_quoted(stage, counter, quote, meter, "50.00", stage.id("4"))
    delivered(stage, counter.deliver(receipt.vend_id))
    fresh = counter.quote(meter.number, "100.00")
    screen.say(
        f"A second quote, for 100.00 ILS: {fresh.quantity.value} {fresh.quantity.unit}. Before it "
        "is used, the billing office writes down a debt from last year's bills:"
    )
    account = stage.office["billing"].post(
        AccountOut,
        f"/accounts/{house.agreement}/debts",
        {
            "code": DEBT,
            "name_ar": "متأخرات 2025",
            "name_en": "Arrears of 2025",
            "amount": "180.00",
            "instalment": "60.00",
            "reason": "Unpaid bills of 2025",
            "source": "Bills of 2025, page 12",
        },
    )
    stage.booked.entries += 1
    screen.words(account.words[-2:])
    refusal = counter.refused_sale(stage.id("5"), meter.number, "100.00", quote_id=fresh.id)
    screen.say("The sale that names the second quote:")
    screen.refusal(refusal)
    stage.checks.that(
        "a quote whose ground has moved is refused, and says what changed",
        refusal.code == "quote.changed" and refusal.facts.get("changed") == ["debts"],
    )


def an_instalment(stage: Stage, scene: int, house: Household) -> None:
    """An instalment taken out of a sale, as far as the customer is protected."""
    screen = stage.screen
    screen.scene(scene, "A debt: an instalment is taken out of the sale, and explained")
    receipt = _sold(stage, house, "100.00", "5")
    line = _debt_line(receipt)
    stage.checks.that(
        "of the instalment of 60.00, the protected 60 % of the payment leave 40.00",
        line is not None
        and number(line.amount) == 40
        and line.limited == "cap"
        and line.left is not None
        and number(line.left) == 140,
    )


def postponed(stage: Stage, scene: int, house: Household) -> None:
    """The rest of the month's instalment put off within one sale, with a reason."""
    screen, counter = stage.screen, stage.counter(house)
    screen.scene(scene, "The same month again: the instalment is postponed, with a reason")
    asked = counter.quote(house.electricity.number, "50.00", binding=False)
    debt = next((line for line in asked.lines if line.code == DEBT), None)
    screen.say(
        f"Without a word, {debt.amount.value if debt else '?'} ILS of the 20.00 that are left of "
        f"this month's instalment would be taken: {asked.quantity.value} {asked.quantity.unit}."
    )
    stage.checks.that(
        "the rest of the instalment would be taken", debt is not None and number(debt.amount) == 20
    )
    reason = "أقساط المدرسة هذا الشهر"
    put_off = [{"debt": DEBT, "reason": reason}]
    receipt = _sold(stage, house, "50.00", "6", postpone=put_off)
    line = _debt_line(receipt)
    stage.checks.that(
        "nothing of the postponed debt was taken, and the receipt says why",
        line is not None
        and number(line.amount) == 0
        and (line.limited, line.reason) == ("postponed", reason),
    )
    stage.checks.that(
        "the customer got more units for it",
        number(receipt.quote.quantity) > number(asked.quantity),
    )
    account = counter.get(AccountOut, f"/accounts/{house.agreement}")
    owed = next((number(one.owed) for one in account.debts if one.code == DEBT), None)
    stage.checks.that("what was not taken is still owed", owed == 140)


def _sold(stage: Stage, house: Household, amount: str, name: str, **more: object) -> ReceiptOut:
    """A sale told in both languages, pushed to the meter."""
    counter, meter = stage.counter(house), house.electricity
    before = counter.read(meter.number)
    receipt = sell(stage, house, meter, amount, stage.id(name), explain=True, **more)
    delivered(stage, counter.deliver(receipt.vend_id))
    check_credited(stage, receipt, before, counter.read(meter.number))
    return receipt


def _debt_line(receipt: ReceiptOut) -> LineOut | None:
    return next((line for line in receipt.quote.lines if line.code == DEBT), None)
