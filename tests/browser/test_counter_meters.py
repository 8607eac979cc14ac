"""A sale at the counter goes to a simulated meter over Modbus TCP: taken, out of reach, or without
an answer. The page says what became of the money and of the digits, and what to do now."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from meters.verdicts import TokenResult
from simulators.faults import fault_named
from tests.browser.support import CHROMIUM, MAYA, SAMIR, Municipality, ask, municipality, signed_in
from tests.browser.test_slow_line import slow
from tests.simulators.support import Clock, Running, running
from tests.system.proxy import Cut, Proxy, proxy
from tests.vending.support import POWER
from tests.vending.web.support import meter_world, town_at

pytestmark = pytest.mark.system

SEND = "Send to the meter"
ASK = "Ask the meter what became of the digits"
_ANYTHING = b"\x00"
"""Every request of Modbus TCP has it."""


@dataclass
class Field:
    """A municipality whose meters answer, and the line to them."""

    hall: Municipality
    meters: Running
    line: Proxy

    def meter(self, work: Any) -> Any:
        """Does something with the electricity meter, in the thread that it lives in."""
        hosted = self.meters.simulator.meters[POWER]
        return self.meters.call(lambda: work(hosted.meter))

    def taken(self) -> int:
        """How many tokens the meter has taken."""
        return int(self.meter(lambda meter: sum(e.result.is_taken for e in meter.memory.log)))


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    folder: Path = tmp_path_factory.mktemp("field")
    with (
        running(meter_world(), Clock()) as meters,
        proxy(("127.0.0.1", meters.port)) as line,
        municipality(folder, town_at(line.port), RASEED_METERS__TIMEOUT_SECONDS="0.5") as hall,
    ):
        yield Field(hall, meters, line)


@pytest.fixture
def till(chromium: Browser, field: Field) -> Iterator[Page]:
    # Maya sells at P2.
    with signed_in(chromium, field.hall, MAYA) as page:
        yield page


def sold(till: Page) -> str:
    """The digits of a sale of fifty shekels."""
    ask(till, "50")
    till.keyboard.press("Enter")
    token = till.locator(".token").first
    expect(token).to_have_text(re.compile(r"^(\d{4} ){4}\d{4}$"))
    return token.inner_text()


def press(till: Page, name: str) -> None:
    """Presses, and waits for the answer: what stands on the page before it may look the same."""
    with till.expect_response(lambda answer: answer.request.method == "POST"):
        till.get_by_role("button", name=name).first.click()


def test_the_meter_takes_it(till: Page, field: Field) -> None:
    before = field.taken()
    sold(till)
    press(till, SEND)
    expect(till.locator("main")).to_contain_text("The meter has taken the digits")
    expect(till.locator("main")).to_contain_text("the money is booked")
    expect(till.get_by_role("button", name=SEND)).to_have_count(0)
    assert field.taken() == before + 1


def test_a_slow_meter_keeps_no_customer_waiting(till: Page, field: Field) -> None:
    before = field.taken()
    sold(till)
    with slow(till, "**/push") as held:
        till.get_by_role("button", name=SEND).first.click()
        held.wait(till)
        till.keyboard.press("F2")
        expect(till.locator("#find")).to_be_focused()
        held.let_go(till)
        expect(till.locator("#find")).to_be_focused()
    till.keyboard.press("F9")
    expect(till.locator("main")).to_contain_text("The meter has taken the digits")
    assert field.taken() == before + 1


def test_a_meter_out_of_reach_then_typed_in_then_reconciled(till: Page, field: Field) -> None:
    before, sales = field.taken(), field.hall.count("sales")
    digits = sold(till)
    field.line.cut(Cut.BEFORE, _ANYTHING, stays=True)
    press(till, SEND)
    problem = till.locator("#problem")
    expect(problem).to_contain_text("nothing was changed there")
    # The money, the digits for the keypad, and the way on.
    expect(till.locator("main")).to_contain_text("the money is booked")
    expect(till.locator(".token").first).to_have_text(digits)
    expect(till.get_by_role("button", name=SEND)).to_be_visible()
    plain = digits.replace(" ", "")
    verdict = field.meter(lambda meter: meter.enter_token(plain, meter.at).result)
    assert verdict is TokenResult.ACCEPT
    press(till, ASK)
    expect(problem).to_be_visible()
    field.line.heal()
    press(till, ASK)
    expect(till.locator("main")).to_contain_text("The meter has taken the digits")
    expect(till.locator(".token")).to_have_count(0)
    assert field.taken() == before + 1
    assert field.hall.count("sales") == sales + 1


def test_no_answer_is_told_as_such_and_asked_for(till: Page, field: Field) -> None:
    before = field.taken()
    digits = sold(till)
    hosted = field.meters.simulator.meters[POWER]
    field.meters.call(lambda: setattr(hosted, "fault", fault_named("reply_lost", "")))
    press(till, SEND)
    expect(till.locator("main")).to_contain_text("no answer came")
    expect(till.locator("main")).to_contain_text("the money is booked")
    expect(till.locator(".token").first).to_have_text(digits)
    # What may have arrived is not sent again: there is no button for it.
    expect(till.get_by_role("button", name=SEND)).to_have_count(0)
    field.meters.call(lambda: setattr(hosted, "fault", None))
    press(till, ASK)
    expect(till.locator("main")).to_contain_text("The meter has taken the digits")
    assert field.taken() == before + 1


def test_somebody_else_is_not_shown_the_digits(chromium: Browser, field: Field) -> None:
    with signed_in(chromium, field.hall, MAYA) as till:
        sold(till)
        till.goto("/counter/last")
        where = till.locator("form[action$='/push']").first.get_attribute("action")
    field.line.cut(Cut.BEFORE, _ANYTHING, stays=True)
    with signed_in(chromium, field.hall, SAMIR) as other:
        other.goto((where or "").removesuffix("/push"))
        other.locator("form[action$='/push'] button").first.click()
        expect(other.locator("#problem")).to_be_visible()
        expect(other.locator(".token")).to_have_count(0)
    field.line.heal()
