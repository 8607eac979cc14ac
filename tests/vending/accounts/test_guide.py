"""The table of a debt from day to day in docs/tariffs.md happens here, row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.accounts.support import ARREARS, BILLING, CHIEF, TILL, Counter
from tests.vending.support import POWER
from vending.accounts import Outcome
from vending.parties import Actor
from vending.requests import BasketRequest, DebtPayment
from vending.tariff import LineKind, Percentage

PAGE = Path(__file__).parents[3] / "docs" / "tariffs.md"
PEOPLE = {"billing officer": BILLING, "supervisor": CHIEF, "operator": TILL, "customer": TILL}
WHY = "As the page says"


def rows() -> Iterator[list[str]]:
    section = PAGE.read_text("utf-8").split("### Debts from day to day")[1].split("\n## ")[0]
    for line in section.splitlines():
        if re.match(r"\| \d{4}-", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


class Page:
    """What the page's words do."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.count = 0

    def take_over(self, actor: Actor, amount: str, percent: str) -> str:
        self.counter.accounts.add_debt(
            actor,
            "A1",
            "arrears",
            ARREARS,
            Money.from_text(amount),
            Percentage(percent),
            WHY,
            "Bill 7",
        )
        return ""

    def pay(self, actor: Actor, amount: str) -> str:
        sold = self.counter.sell(f"v-{self.count}", Money.from_text(amount).minor)
        self.last = f"v-{self.count}"
        return Money(sum(one.amount.minor for one in sold.of_kind(LineKind.DEBT))).to_text()

    def pay_owed(self, actor: Actor, amount: str, code: str = "") -> str:
        item = DebtPayment(POWER.number, Money.from_text(amount), code)
        basket = BasketRequest(f"v-{self.count}", (item,))
        return self.counter.service.vend_basket(actor, basket).leading.quote.deducted.to_text()

    def put_off(self, actor: Actor, day: str) -> str:
        self.counter.accounts.postpone_debt(actor, "A1", "arrears", day, WHY, f"e-{self.count}")
        return ""

    def take_back(self, actor: Actor) -> str:
        self.counter.void(self.last)
        return ""

    def dispute(self, actor: Actor) -> str:
        self.counter.accounts.dispute(actor, "A1", "arrears", WHY, f"e-{self.count}")
        return ""

    def settle(self, actor: Actor, amount: str) -> str:
        self.counter.accounts.settle_dispute(
            actor, "A1", "arrears", Outcome.REDUCED, WHY, "asked", to=Money.from_text(amount)
        )
        return ""

    def approve(self, actor: Actor) -> str:
        self.counter.keeping.approve(actor, "asked")
        return ""


WORDS: dict[str, Callable[..., str]] = {
    r"takes over (\S+) at (\d+) %": Page.take_over,
    r"pays (\S+)": Page.pay,
    r"pays (\S+) of what is owed": Page.pay_owed,
    r"pays (\S+) of `(\S+)` by its code": Page.pay_owed,
    r"puts it off to (\S+)": Page.put_off,
    r"takes that sale back": Page.take_back,
    r"notes a dispute": Page.dispute,
    r"settles it: reduced to (\S+)": Page.settle,
    r"approves that": Page.approve,
}


def test_the_pages_table_happens_so(tmp_path: Path) -> None:
    counter = Counter(tmp_path / "books.db", power="electricity-domestic")
    page = Page(counter)
    for day, who, words, answer, taken, owed, standing in rows():
        page.count += 1
        counter.clock.now = datetime.fromisoformat(f"{day}T09:00:00+00:00")
        act, found = next(
            (act, found) for form, act in WORDS.items() if (found := re.fullmatch(form, words))
        )
        told, refused = "", ""
        try:
            told = act(page, PEOPLE[who], *found.groups())
        except RaseedError as error:
            refused = f"`{error.code}`"
        (one,) = counter.accounts.account(TILL, "A1").debts
        left, now = one.debt.owed.to_text(), one.standing.value
        assert [refused, told, left, now] == [answer, taken, owed, standing], (day, words)
    assert page.count == 17
    assert counter.accounts.verify_accounts(TILL).ok
    assert counter.ledger("debts", "A1") == 0
    counter.close()
