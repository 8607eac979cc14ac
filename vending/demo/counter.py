"""People of the demo as programs: each calls the JSON API with a key of its own, as any caller
does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter

from meters.errors import Broken

from ..shapes import BindingQuoteOut, DeliveryOut, EntryOut, ReadingOut, ReceiptOut

_ENTRIES = TypeAdapter(list[EntryOut])
_Shape = TypeVar("_Shape", bound=BaseModel)


@dataclass(eq=False)
class AnswerUnexpected(Broken, code="demo.answer_unexpected"):
    """The API answered with an error where the demo expects none."""

    request: str
    status: int
    answer_code: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How the API says no."""

    code: str
    """Empty: it said yes."""
    english: str
    arabic: str
    facts: Mapping[str, Any]


class Desk:
    """Somebody with an API key: a billing officer, a supervisor."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx2.Client(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, shape: type[_Shape], path: str) -> _Shape:
        """Raises AnswerUnexpected, as the next does."""
        return shape.model_validate(self._call("GET", path))

    def post(self, shape: type[_Shape], path: str, body: object = None) -> _Shape:
        return shape.model_validate(self._call("POST", path, body))

    def refused(self, path: str, body: object = None) -> Refusal:
        """The refusal of what must not go through, in both languages: it is asked for twice."""
        told = {}
        for language in ("en", "ar"):
            answer = self._client.post(path, json=body, headers={"Accept-Language": language})
            told[language] = answer.json() if answer.is_error else {}
        english, arabic = told["en"], told["ar"]
        return Refusal(
            str(english.get("code", "")),
            str(english.get("detail", "")),
            str(arabic.get("detail", "")),
            english.get("facts", {}),
        )

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._client.request(method, path, json=body)
        if answer.is_error:
            code = str(answer.json().get("code", ""))
            raise AnswerUnexpected(f"{method} {path}", answer.status_code, code)
        return answer.json()


class Counter(Desk):
    """One vending point's terminal."""

    def quote(self, meter: str, amount: str, **more: Any) -> BindingQuoteOut:
        return self.post(BindingQuoteOut, "/quotes", {"meter": meter, "amount": amount, **more})

    def vend(self, vend_id: str, meter: str, amount: str, **more: Any) -> ReceiptOut:
        return self.post(ReceiptOut, "/vends", vend_body(vend_id, meter, amount, **more))

    def reprint(self, vend_id: str) -> ReceiptOut:
        return self.post(ReceiptOut, f"/vends/{vend_id}/reprints")

    def deliver(self, vend_id: str) -> DeliveryOut:
        return self.post(DeliveryOut, f"/vends/{vend_id}/delivery")

    def reconcile(self, vend_id: str) -> DeliveryOut:
        return self.post(DeliveryOut, f"/vends/{vend_id}/reconciliation")

    def read(self, meter: str) -> ReadingOut:
        return self.post(ReadingOut, f"/meters/{meter}/readings")

    def entries(self, vend_id: str) -> list[EntryOut]:
        return _ENTRIES.validate_python(self._call("GET", f"/vends/{vend_id}/entries"))

    def refused_sale(self, vend_id: str, meter: str, amount: str, **more: Any) -> Refusal:
        return self.refused("/vends", vend_body(vend_id, meter, amount, **more))


def vend_body(vend_id: str, meter: str, amount: str, **more: Any) -> dict[str, Any]:
    """A sale as it is asked for."""
    return {"vend_id": vend_id, "meter": meter, "amount": amount, **more}
