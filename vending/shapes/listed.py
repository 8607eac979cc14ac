"""What became of each sale of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import Field

from meters.errors import RaseedError

from ..messages import Language, phrase
from ..problems import problem_of
from ..sale import BasketReceipt
from ..selling import Answer
from .base import Out
from .sales import BasketOut

SOLD, REPLAYED = "sold", "replayed"


class ListedProblemOut(Out):
    """Why one was not sold."""

    code: str = Field(description="Stable across releases", examples=["vend.blocked"])
    kind: str = Field(description="`invalid`, `refused`, `unavailable`, `unknown` or `broken`")
    detail: str = Field(description="What happened and what to do, in the caller's language")
    facts: dict[str, Any]


class ListedOut(Out):
    """One sale of a list."""

    vend_id: str = Field(description="As it was sent")
    outcome: str = Field(
        description="`sold`; `replayed`: sold before, and not again; else the problem's kind"
    )
    basket: BasketOut | None = Field(description="If it is sold")
    problem: ListedProblemOut | None = Field(description="If it is not")

    @classmethod
    def of(
        cls,
        vend_id: str,
        answer: Answer,
        language: Language,
        incident_of: Callable[[Exception], str],
    ) -> ListedOut:
        """`incident_of` notes a fault of ours that nobody foresaw, and gives its number."""
        if isinstance(answer, BasketReceipt):
            outcome = REPLAYED if answer.replayed else SOLD
            basket = BasketOut.of(answer)
            return cls(vend_id=vend_id, outcome=outcome, basket=basket, problem=None)
        assert isinstance(answer, Exception)
        if isinstance(answer, RaseedError):
            told = problem_of(answer, language)
            problem = ListedProblemOut(
                code=told.code, kind=told.kind, detail=told.detail, facts=told.facts
            )
        else:
            incident = incident_of(answer)
            words = phrase("unexpected", language, incident=incident)
            facts = {"incident": incident}
            problem = ListedProblemOut(code="unexpected", kind="broken", detail=words, facts=facts)
        return cls(vend_id=vend_id, outcome=problem.kind, basket=None, problem=problem)


class ListOut(Out):
    """What became of a list, in its order."""

    sold: int
    replayed: int
    not_sold: int
    sales: list[ListedOut]

    @classmethod
    def of(cls, sales: Iterable[ListedOut]) -> ListOut:
        told = list(sales)
        sold = sum(one.outcome == SOLD for one in told)
        replayed = sum(one.outcome == REPLAYED for one in told)
        return cls(sold=sold, replayed=replayed, not_sold=len(told) - sold - replayed, sales=told)
