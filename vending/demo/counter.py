"""A counter as a program: it sells over the JSON API with a key of its own, as any caller does."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2
from pydantic import TypeAdapter

from meters.errors import Broken

from ..shapes import (
    DeliveryOut,
    EntryOut,
    LedgerReportOut,
    QuoteOut,
    ReadingOut,
    ReceiptOut,
)

_ENTRIES = TypeAdapter(list[EntryOut])


@dataclass(eq=False)
class AnswerUnexpected(Broken, code="demo.answer_unexpected"):
    """The API answered with an error where the demo expects none."""

    request: str
    status: int
    answer_code: str


class Counter:
    """One vending point's terminal."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx2.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def quote(self, meter: str, amount: str) -> QuoteOut:
        return QuoteOut.model_validate(
            self._call("POST", "/quotes", {"meter": meter, "amount": amount})
        )

    def vend(self, vend_id: str, meter: str, amount: str) -> ReceiptOut:
        body = {"vend_id": vend_id, "meter": meter, "amount": amount, "tender": "cash"}
        return ReceiptOut.model_validate(self._call("POST", "/vends", body))

    def reprint(self, vend_id: str) -> ReceiptOut:
        return ReceiptOut.model_validate(self._call("POST", f"/vends/{vend_id}/reprints"))

    def deliver(self, vend_id: str) -> DeliveryOut:
        return DeliveryOut.model_validate(self._call("POST", f"/vends/{vend_id}/delivery"))

    def reconcile(self, vend_id: str) -> DeliveryOut:
        return DeliveryOut.model_validate(self._call("POST", f"/vends/{vend_id}/reconciliation"))

    def read(self, meter: str) -> ReadingOut:
        return ReadingOut.model_validate(self._call("POST", f"/meters/{meter}/readings"))

    def entries(self, vend_id: str) -> list[EntryOut]:
        return _ENTRIES.validate_python(self._call("GET", f"/vends/{vend_id}/entries"))

    def verify(self) -> LedgerReportOut:
        return LedgerReportOut.model_validate(self._call("GET", "/ledger/verification"))

    def refusal(self, vend_id: str, meter: str, amount: str, language: str) -> dict[str, Any]:
        """The problem that a sale which must not go through is answered with; empty if it went
        through all the same."""
        body = {"vend_id": vend_id, "meter": meter, "amount": amount}
        answer = self._client.post("/vends", json=body, headers={"Accept-Language": language})
        problem: dict[str, Any] = answer.json() if answer.is_error else {}
        return problem

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._client.request(method, path, json=body)
        if answer.is_error:
            code = str(answer.json().get("code", ""))
            raise AnswerUnexpected(f"{method} {path}", answer.status_code, code)
        return answer.json()
