"""Where a deed is asked for: in this process, or over HTTP. Both tell the same facts.

A fact is a list of words: what, of which id, and what was told about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from pydantic import SecretStr

from meters.errors import Invalid, Refused
from meters.quantities import Money
from tests.system.everything import (
    AGREEMENTS,
    CHIEF,
    KIOSK,
    LAYLA,
    LINA,
    PLAN,
    SHIFTS_AT,
    Office,
    key_records,
    prepare,
)
from tests.system.installation import Answer, Api, Caller, Installation
from tests.vending.outbox.support import SECRET
from tests.vending.support import OPERATOR
from vending.drawer import BankRequest, Count, checked_count
from vending.parties import Actor
from vending.requests import BasketRequest, Credit, DebtPayment, Units, basket_of
from vending.sale import BasketReceipt, SaleReceipt, VendRequest
from vending.settings import OutboxSettings, WebhookSettings

Fact = tuple[str, ...]
Request = VendRequest | BasketRequest
WHY: Final = "As the customer asked"


class No(Exception):
    """A rule said no: nothing has happened."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Desk(Protocol):
    """Each method may raise No, and whatever says that nobody answers."""

    until: str
    """The day up to which debts are put off."""

    def sell(self, seat: str, request: Request) -> list[Fact]: ...
    def bind(self, seat: str, meter: str, amount: Money, id: str) -> None: ...
    def show(self, seat: str, vend_id: str) -> Fact: ...
    def void(self, seat: str, vend_id: str) -> Fact: ...
    def put_off(self, seat: str, agreement: str, code: str, id: str) -> Fact: ...
    def ask_again(self, seat: str, agreement: str, code: str, id: str) -> Fact: ...
    def open_shift(self, seat: str, id: str) -> Fact: ...
    def cash_out(self, seat: str, shift: str, id: str) -> None: ...
    def close_shift(self, seat: str, shift: str) -> Fact: ...
    def bank(self, id: str) -> Fact: ...
    def key_entered(self, meter: str) -> None: ...
    def plan_key(self, meter: str, krn: int) -> None: ...


FLOAT: Final = Money(20_000)
OUT: Final = Money(5_000)
PIECES: Final = {"100": 3, "20": 1, "0.50": 7}
"""Whatever was sold: over or short."""
SEATS: Final = {"P1": OPERATOR, "P2": LINA, "kiosk": KIOSK, "chief": CHIEF, "officer": LAYLA}


def sold(receipt: SaleReceipt) -> Fact:
    """In the order in which they are typed; none while they are held back."""
    if receipt.held:
        return ("held", receipt.vend_id)
    keys = [one.digits for one in receipt.key_tokens]
    return ("sold", receipt.vend_id, *keys, *(one.digits for one in receipt.tokens))


def sold_all(answer: SaleReceipt | BasketReceipt) -> list[Fact]:
    receipts = answer.receipts if isinstance(answer, BasketReceipt) else (answer,)
    return [sold(receipt) for receipt in receipts]


def count_of(pieces: dict[str, int]) -> Count:
    return checked_count(pieces.items(), (), "ILS")


def actor_at(seat: str) -> Actor:
    """Everybody else is a clerk in the market, at a terminal of their own."""
    return SEATS.get(seat) or replace(OPERATOR, name=seat, point=SHIFTS_AT, terminal=seat)


@dataclass
class Direct:
    """In this process."""

    office: Office
    until: str = "2026-12-15"

    def sell(self, seat: str, request: Request) -> list[Fact]:
        (answer,) = self.office.service.vend_many([(actor_at(seat), request)])
        if isinstance(answer, Refused | Invalid):
            raise No(answer.code)
        assert not isinstance(answer, Exception), answer
        return sold_all(answer)

    def bind(self, seat: str, meter: str, amount: Money, id: str) -> None:
        self._asked(self.office.service.bind, actor_at(seat), meter, amount, (), id)

    def show(self, seat: str, vend_id: str) -> Fact:
        return sold(self._asked(self.office.service.show, actor_at(seat), vend_id))

    def void(self, seat: str, vend_id: str) -> Fact:
        self._asked(self.office.service.void, actor_at(seat), vend_id, WHY)
        return ("voided", vend_id)

    def put_off(self, seat: str, agreement: str, code: str, id: str) -> Fact:
        act = self.office.accounts.postpone_debt
        self._asked(act, actor_at(seat), agreement, code, self.until, WHY, id)
        return ("event", id)

    def ask_again(self, seat: str, agreement: str, code: str, id: str) -> Fact:
        act = self.office.accounts.end_postponement
        self._asked(act, actor_at(seat), agreement, code, WHY, id)
        return ("event", id)

    def open_shift(self, seat: str, id: str) -> Fact:
        self._asked(self.office.drawers.open, actor_at(seat), id, FLOAT)
        return ("opened", id)

    def cash_out(self, seat: str, shift: str, id: str) -> None:
        self._asked(self.office.drawers.cash_out, actor_at(seat), id, OUT, WHY, shift)

    def close_shift(self, seat: str, shift: str) -> Fact:
        report = self._asked(self.office.drawers.close, actor_at(seat), count_of(PIECES), shift)
        return ("closed", shift, str(report.tally.expected))

    def bank(self, id: str) -> Fact:
        made = self._asked(self.office.bankings.bank, LAYLA, BankRequest(id, SHIFTS_AT))
        return ("banked", id, str(made.amount))

    def key_entered(self, meter: str) -> None:
        self._asked(self.office.key_changes.mark_entered, CHIEF, meter)

    def plan_key(self, meter: str, krn: int) -> None:
        self._asked(self.office.key_changes.plan, CHIEF, meter, WHY, krn=krn)

    def _asked(self, act: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return act(*arguments, **named)
        except (Refused, Invalid) as error:
            raise No(error.code) from None


@dataclass
class OverHttp:
    """As a till asks an API process. Raises NoAnswer."""

    here: Installation
    api: Api
    until: str

    def sell(self, seat: str, request: Request) -> list[Fact]:
        if isinstance(request, VendRequest) and not request.hold:
            amount = request.amount.to_text()
            body = {"vend_id": request.vend_id, "meter": request.meter, "amount": amount}
            return [_receipt(self._post(seat, "/vends", body))]
        told = self._post(seat, "/baskets", _basket(basket_of(request)))
        return [_receipt(one) for one in told["sales"]]

    def bind(self, seat: str, meter: str, amount: Money, id: str) -> None:
        body = {"meter": meter, "amount": amount.to_text(), "id": id}
        self._post(seat, "/quotes", body)

    def show(self, seat: str, vend_id: str) -> Fact:
        return _receipt(self._post(seat, f"/vends/{vend_id}/showing", {}))

    def void(self, seat: str, vend_id: str) -> Fact:
        self._post(seat, f"/vends/{vend_id}/void", {"reason": WHY})
        return ("voided", vend_id)

    def put_off(self, seat: str, agreement: str, code: str, id: str) -> Fact:
        body = {"id": id, "reason": WHY, "until": self.until}
        self._post(seat, f"/accounts/{agreement}/debts/{code}/postponement", body)
        return ("event", id)

    def ask_again(self, seat: str, agreement: str, code: str, id: str) -> Fact:
        body = {"id": id, "reason": WHY}
        self._post(seat, f"/accounts/{agreement}/debts/{code}/postponement/end", body)
        return ("event", id)

    def open_shift(self, seat: str, id: str) -> Fact:
        self._post(seat, "/shifts", {"id": id, "opening_float": FLOAT.to_text()})
        return ("opened", id)

    def cash_out(self, seat: str, shift: str, id: str) -> None:
        body = {"id": id, "amount": OUT.to_text(), "reason": WHY}
        self._post(seat, f"/shifts/{shift}/cash-out", body)

    def close_shift(self, seat: str, shift: str) -> Fact:
        told = self._post(seat, f"/shifts/{shift}/close", {"pieces": PIECES})
        return ("closed", shift, _minor(told["expected"]))

    def bank(self, id: str) -> Fact:
        told = self._post("officer", "/bankings", {"id": id, "point": SHIFTS_AT})
        return ("banked", id, _minor(told["amount"]))

    def key_entered(self, meter: str) -> None:
        self._post("chief", f"/meters/{meter}/key-changes/entered", {})

    def plan_key(self, meter: str, krn: int) -> None:
        self._post("chief", f"/meters/{meter}/key-changes", {"krn": krn, "reason": WHY})

    def _post(self, seat: str, path: str, body: dict[str, Any]) -> Any:
        keys = self.here.keys
        # Everybody else is a clerk: `r3c1` sits where the first of any round sits.
        key = keys.get(seat) or keys[f"c{seat.rpartition('c')[2]}"]
        answer: Answer = Caller(self.api.port, key).post(path, body)
        if answer.status in (404, 409, 422):
            raise No(str(answer.body.get("code")))
        assert answer.status in (200, 201), (path, answer)
        return answer.body


def whole_installation(folder: Path, place: Path | str, clerks: int) -> Installation:
    """With everything prepared, and a key for each seat; the clerks are `c0`, `c1`, ..."""
    seats = {name: replace(actor_at(name), name=name) for name in ("kiosk", "chief", "officer")}
    seats |= {name: actor_at(name) for name in (f"c{number}" for number in range(clerks))}
    hook = WebhookSettings(url=SecretStr("http://127.0.0.1:9/hook"), secret=SecretStr(SECRET))
    return Installation(
        folder,
        place,
        seats=seats,
        keys=key_records(),
        outbox=OutboxSettings(
            sms=True,
            printers=dict(PLAN.printers),
            webhooks={"erp": hook},
            sms_folder=folder / "sms",
        ),
        prepare=lambda raseed: prepare(
            raseed.service, raseed.accounts, raseed.operators, "api:kiosk"
        ),
    )


def _receipt(told: dict[str, Any]) -> Fact:
    if told["held"]:
        return ("held", told["vend_id"])
    digits = [one["digits"] for one in (*told["key_tokens"], *told["tokens"])]
    return ("sold", told["vend_id"], *digits)


def _basket(basket: BasketRequest) -> dict[str, Any]:
    return {
        "vend_id": basket.vend_id,
        "items": [_item(item) for item in basket.items],
        "payments": [
            {"tender": p.tender.value, "amount": p.amount.to_text(), "reference": p.reference}
            for p in basket.payments
        ],
        "hold": basket.hold,
    }


def _item(item: Any) -> dict[str, Any]:
    if isinstance(item, DebtPayment):
        amount = item.amount.to_text()
        return {"kind": "payment", "meter": item.meter, "amount": amount, "code": item.code}
    assert isinstance(item, Credit)
    asked = (
        {"units": item.ask.text} if isinstance(item.ask, Units) else {"amount": item.ask.to_text()}
    )
    postpone = [{"debt": one.debt, "reason": one.reason} for one in item.postpone]
    return {"meter": item.meter, **asked, "quote_id": item.quote_id, "postpone": postpone}


def _minor(measure: dict[str, Any]) -> str:
    return str(Money.from_text(measure["value"]).minor)


def agreement_of(meter: str) -> str:
    return next(number for drn, number in AGREEMENTS.items() if drn.number == meter)


def facts_of_many(office: Office, orders: Sequence[tuple[str, Request]]) -> list[Fact]:
    """One batch, in one transaction: (seat, request) each."""
    answers = office.service.vend_many([(actor_at(seat), asked) for seat, asked in orders])
    facts: list[Fact] = []
    for (_, asked), answer in zip(orders, answers, strict=True):
        if isinstance(answer, Refused | Invalid):
            facts.append(("no", asked.vend_id, answer.code))
        else:
            assert not isinstance(answer, Exception), answer
            facts += sold_all(answer)
    return facts
