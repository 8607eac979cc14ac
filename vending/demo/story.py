"""The scenes of the demo in their order, and those of selling and handing over. Each does the real
thing over API, Modbus or keypad, shows it, and notes whether verdicts and sums were right."""

from __future__ import annotations

from itertools import count

from . import counterside, office, promises
from .keypad import arabic_indic
from .municipality import Household, Roles
from .stage import Stage, delivered, sell, show_sale, typed


def play(stage: Stage, roles: Roles) -> None:
    """All scenes in order."""
    scenes = count(1)
    office.morning(stage, next(scenes), roles.water)
    _pushed(stage, next(scenes), roles.empty)
    _typed(stage, next(scenes), roles.water)
    _asked_again(stage, next(scenes), roles.empty)
    _reply_lost(stage, next(scenes), roles.far)
    promises.a_quote_binds(stage, next(scenes), roles.debtor)
    promises.an_instalment(stage, next(scenes), roles.debtor)
    promises.postponed(stage, next(scenes), roles.debtor)
    counterside.new_key(stage, next(scenes), roles.old_key)
    counterside.basket(stage, next(scenes), roles.basket)
    counterside.voids(stage, next(scenes), roles.voids)
    office.two_people(stage, next(scenes), roles.blocked)
    _refusals(stage, next(scenes), roles)
    office.evening(stage, next(scenes))
    office.books(stage, next(scenes))


def _pushed(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "Electricity, the token pushed to the meter over Modbus TCP")
    meter, counter = house.electricity, stage.counter(house)
    before = counter.read(meter.number)
    stage.checks.that("the meter without credit had opened its relay", not before.supplied)
    receipt = sell(stage, house, meter, "50.00", stage.id("1"))
    delivered(stage, counter.deliver(receipt.vend_id))
    after = counter.read(meter.number)
    stage.checks.that("the relay closed when credit came", after.supplied)
    show_sale(stage, receipt, house, before, after)


def _typed(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "Water, the token typed at the meter's keypad in Arabic digits")
    meter, counter = house.water, stage.counter(house)
    before = counter.read(meter.number)
    receipt = sell(stage, house, meter, "30.00", stage.id("2"))
    digits = arabic_indic(receipt.tokens[0].grouped)
    display = typed(stage, meter, digits)
    stage.screen.say(f"Typed at the keypad; the display shows: [bold]{display}")
    stage.checks.that("the keypad accepted it", display.startswith("ACCEPT"))
    again = typed(stage, meter, digits)
    stage.screen.say(f"Typed a second time; the display shows: [bold]{again}")
    stage.checks.that("the second time it is refused as used", again.startswith("USED"))
    stage.screen.say("The office learns of it by reading the meter's token log:")
    delivered(stage, counter.reconcile(receipt.vend_id))
    show_sale(stage, receipt, house, before, counter.read(meter.number))


def _asked_again(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "The counter lost the answer and asks again")
    counter, vend_id, meter = stage.counter(house), stage.id("1"), house.electricity.number
    quote_id = counter.reprint(vend_id).quote_id
    first = counter.vend(vend_id, meter, "50.00", quote_id=quote_id)
    stage.screen.say(f"Same vend id, same inputs: receipt {first.receipt}, the same digits.")
    copy = counter.reprint(vend_id)
    stage.screen.say(f"Reprint: the same digits, marked COPY {copy.copy_number}.")
    stage.checks.that("asking again sold nothing", first.replayed)
    stage.checks.that("a copy has the same digits", copy.tokens == first.tokens)
    stage.screen.say("Same vend id, another amount:")
    refusal = counter.refused_sale(vend_id, meter, "60.00")
    stage.screen.refusal(refusal)
    stage.checks.that("another amount is refused", refusal.code == "vend.id_reused")


def _reply_lost(stage: Stage, scene: int, house: Household) -> None:
    stage.screen.scene(scene, "The line drops the meter's answer after the token was sent")
    meter, counter = house.electricity, stage.counter(house)
    before = counter.read(meter.number)
    receipt = sell(stage, house, meter, "20.00", stage.id("3"))
    stage.keypad.say(f"FAULT {meter.number} reply_lost 1")
    unknown = counter.deliver(receipt.vend_id)
    stage.screen.say(
        f"After the push the sale is [bold yellow]{unknown.state}[/]: not pushed again."
    )
    stage.checks.that("a lost answer is unknown, not retried", unknown.state == "unknown")
    stage.screen.say("Reconciled by reading the token log back:")
    delivered(stage, counter.reconcile(receipt.vend_id))
    show_sale(stage, receipt, house, before, counter.read(meter.number))


def _refusals(stage: Stage, scene: int, roles: Roles) -> None:
    stage.screen.scene(scene, "Mistakes at the counter are answered clearly, and nothing is lost")
    house, far = roles.mistaken, roles.far
    counter, good = stage.counter(house), house.electricity.number
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    for name, at, meter, amount, code in (
        ("a mistyped meter number", counter, wrong, "20", "meter.check_digit"),
        ("letters in the meter number", counter, good[:-1] + "x", "20", "digits.not_digits"),
        ("an amount of nothing", counter, good, "0", "vend.amount_not_positive"),
        ("more than may be sold at once", counter, good, "999999", "vend.amount_too_high"),
        (
            "more than is left of the seller's deposit",
            stage.counter(far),
            far.electricity.number,
            "500",
            "operator.float_used_up",
        ),
    ):
        refusal = at.refused_sale(stage.id("x"), meter, amount)
        stage.screen.say(f"{name}:")
        stage.screen.refusal(refusal)
        stage.checks.that(f"{name} is {code}", refusal.code == code)
