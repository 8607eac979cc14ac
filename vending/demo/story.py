"""The scenes of the demo. Each does the real thing over API, Modbus or keypad, shows it, and
notes whether verdicts and sums were right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from meters.identity import Drn

from ..shapes import DeliveryOut, ReadingOut, ReceiptOut
from .checks import Checks, credited, number
from .counter import Counter
from .keypad import KeypadLine, arabic_indic
from .municipality import Household
from .screen import Screen, isolated


@dataclass
class Stage:
    """Everything the scenes work with."""

    screen: Screen
    keypad: KeypadLine
    checks: Checks
    counters: dict[str, Counter]
    """By vending point."""
    run: str
    """Makes this run's vend ids different from another run's."""

    def counter(self, house: Household) -> Counter:
        return self.counters[house.quarter.point.code]


def play(stage: Stage, houses: list[Household]) -> None:
    """All scenes in order."""
    scenes = count(1)
    east = [house for house in houses if house.quarter.code == "East Quarter"]
    town = [house for house in houses if house.quarter.code == "Old Town"]
    _pushed(stage, next(scenes), east[0])
    _typed(stage, next(scenes), town[0])
    _asked_again(stage, next(scenes), east[0])
    _reply_lost(stage, next(scenes), east[1])
    _refusals(stage, next(scenes), town[1])
    _books(stage, next(scenes))


def _sell(stage: Stage, house: Household, meter: Drn, amount: str, vend_id: str) -> ReceiptOut:
    """Quote, vend, and show both; the money must add up, and the quote must be kept."""
    counter, customer = stage.counter(house), house.customer
    stage.screen.say(
        f"{customer.name_en} {isolated(customer.name_ar)}, account {customer.account}, hands over "
        f"{amount} ILS at {house.quarter.point.name_en}."
    )
    quote = counter.quote(meter.number, amount)
    stage.screen.quote(quote)
    receipt = counter.vend(vend_id, meter.number, amount)
    stage.screen.token(receipt)
    stage.checks.that(f"{vend_id}: the sale is what the quote said", receipt.quote == quote)
    paid = number(quote.tendered) + number(quote.balance_before)
    spent = number(quote.net) + number(quote.vat) + number(quote.balance_after)
    stage.checks.that(f"{vend_id}: money paid = units + VAT + balance", paid == spent)
    return receipt


def _show_sale(
    stage: Stage, receipt: ReceiptOut, house: Household, before: ReadingOut, after: ReadingOut
) -> None:
    """Meter and books; the meter must hold what was sold, and the entry must balance."""
    stage.screen.meter(before, after)
    entries = stage.counter(house).entries(receipt.vend_id)
    stage.screen.journal(entries)
    quantities = [token.quantity for token in receipt.tokens if token.quantity is not None]
    sold = sum(number(quantity) for quantity in quantities)
    told = ", ".join(f"{quantity.value} {quantity.unit}" for quantity in quantities)
    stage.checks.that(
        f"{receipt.vend_id}: the meter was credited with exactly the {told} sold",
        credited(before, after) == sold,
    )
    sums: dict[str, object] = {}
    for entry in entries:
        for line in entry.postings:
            unit = line.amount.unit
            sums[unit] = number(line.amount) + sums.get(unit, 0)  # type: ignore[operator]
    balanced = len(entries) == 1 and len(sums) == 2 and not any(sums.values())
    stage.checks.that(f"{receipt.vend_id}: one entry, balanced in money and units", balanced)


def _delivered(stage: Stage, delivery: DeliveryOut) -> None:
    verdict = delivery.verdict.name if delivery.verdict else "none"
    stage.screen.say(f"The meter's verdict: [bold]{verdict}[/] ({delivery.state})")
    stage.checks.that(
        f"{delivery.vend_id}: delivered and accepted",
        delivery.state == "delivered" and verdict == "ACCEPT",
    )


def _pushed(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "Electricity, the token pushed to the meter over Modbus TCP")
    meter, counter = house.electricity, stage.counter(house)
    before = counter.read(meter.number)
    stage.checks.that("the meter without credit had opened its relay", not before.supplied)
    receipt = _sell(stage, house, meter, "50.00", f"{stage.run}-1")
    _delivered(stage, counter.deliver(receipt.vend_id))
    after = counter.read(meter.number)
    stage.checks.that("the relay closed when credit came", after.supplied)
    _show_sale(stage, receipt, house, before, after)


def _typed(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "Water, the token typed at the meter's keypad in Arabic digits")
    meter, counter = house.water, stage.counter(house)
    before = counter.read(meter.number)
    receipt = _sell(stage, house, meter, "30.00", f"{stage.run}-2")
    digits = arabic_indic(receipt.tokens[0].grouped)
    display = stage.keypad.say(f"{meter.number} {digits}")
    stage.screen.say(f"Typed at the keypad; the display shows: [bold]{display}")
    stage.checks.that("the keypad accepted it", display.startswith("ACCEPT"))
    again = stage.keypad.say(f"{meter.number} {digits}")
    stage.screen.say(f"Typed a second time; the display shows: [bold]{again}")
    stage.checks.that("the second time it is refused as used", again.startswith("USED"))
    stage.screen.say("The office learns of it by reading the meter's token log:")
    _delivered(stage, counter.reconcile(receipt.vend_id))
    _show_sale(stage, receipt, house, before, counter.read(meter.number))


def _asked_again(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "The counter lost the answer and asks again")
    counter, vend_id = stage.counter(house), f"{stage.run}-1"
    first = counter.vend(vend_id, house.electricity.number, "50.00")
    stage.screen.say(f"Same vend id, same inputs: receipt {first.receipt}, the same digits.")
    copy = counter.reprint(vend_id)
    stage.screen.say(f"Reprint: the same digits, marked COPY {copy.copy_number}.")
    stage.checks.that("asking again sold nothing", first.replayed)
    stage.checks.that("a copy has the same digits", copy.tokens == first.tokens)
    problem = counter.refusal(vend_id, house.electricity.number, "60.00", "en")
    stage.screen.say("Same vend id, another amount:")
    arabic = counter.refusal(vend_id, house.electricity.number, "60.00", "ar")
    stage.screen.problem(str(problem.get("detail")), str(arabic.get("detail")))
    stage.checks.that("another amount is refused", problem.get("code") == "vend.id_reused")


def _reply_lost(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "The line drops the meter's answer after the token was sent")
    meter, counter = house.electricity, stage.counter(house)
    before = counter.read(meter.number)
    receipt = _sell(stage, house, meter, "20.00", f"{stage.run}-3")
    stage.keypad.say(f"FAULT {meter.number} reply_lost 1")
    unknown = counter.deliver(receipt.vend_id)
    stage.screen.say(
        f"After the push the sale is [bold yellow]{unknown.state}[/]: not pushed again."
    )
    stage.checks.that("a lost answer is unknown, not retried", unknown.state == "unknown")
    stage.screen.say("Reconciled by reading the token log back:")
    _delivered(stage, counter.reconcile(receipt.vend_id))
    _show_sale(stage, receipt, house, before, counter.read(meter.number))


def _refusals(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "Mistakes at the counter are answered clearly, and nothing is lost")
    counter, good = stage.counter(house), house.electricity.number
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    for name, meter, amount, code in (
        ("a mistyped meter number", wrong, "20", "meter.check_digit"),
        ("letters in the meter number", good[:-1] + "x", "20", "digits.not_digits"),
        ("an amount of nothing", good, "0", "vend.amount_not_positive"),
        ("more than may be sold at once", good, "999999", "vend.amount_too_high"),
    ):
        problem = counter.refusal(f"{stage.run}-x", meter, amount, "en")
        arabic = counter.refusal(f"{stage.run}-x", meter, amount, "ar")
        stage.screen.say(f"{name}:")
        stage.screen.problem(str(problem.get("detail")), str(arabic.get("detail")))
        stage.checks.that(f"{name} is {code}", problem.get("code") == code)


def _books(stage: Stage, scene: int) -> None:
    stage.screen.scene(scene, "Are the books right?")
    report = next(iter(stage.counters.values())).verify()
    stage.screen.ledger(report)
    stage.checks.that("the books are right", report.ok)
    stage.checks.that("three sales, three entries", report.entries == 3)
