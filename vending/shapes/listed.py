"""What became of each sale, or each debt, of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import Field

from meters.errors import RaseedError
from meters.quantities import Money

from ..messages import Language, phrase
from ..problems import problem_of
from ..sale import BasketReceipt
from ..selling import Answer
from .base import Measure, Out
from .sales import BasketOut

SOLD, REPLAYED, TAKEN_OVER = "sold", "replayed", "taken_over"
IncidentOf = Callable[[Exception], str]
"""Notes a fault of ours that nobody foresaw, and gives its number."""


class ListedProblemOut(Out):
    """Why one was not done."""

    code: str = Field(description="Stable across releases", examples=["vend.blocked"])
    kind: str = Field(description="`invalid`, `refused`, `unavailable`, `unknown` or `broken`")
    detail: str = Field(description="What happened and what to do, in the caller's language")
    facts: dict[str, Any]

    @classmethod
    def of(cls, error: Exception, language: Language, incident_of: IncidentOf) -> ListedProblemOut:
        if isinstance(error, RaseedError):
            told = problem_of(error, language)
            return cls(code=told.code, kind=told.kind, detail=told.detail, facts=told.facts)
        incident = incident_of(error)
        words = phrase("unexpected", language, incident=incident)
        facts = {"incident": incident}
        return cls(code="unexpected", kind="broken", detail=words, facts=facts)


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
        cls, vend_id: str, answer: Answer, language: Language, incident_of: IncidentOf
    ) -> ListedOut:
        if isinstance(answer, BasketReceipt):
            outcome = REPLAYED if answer.replayed else SOLD
            basket = BasketOut.of(answer)
            return cls(vend_id=vend_id, outcome=outcome, basket=basket, problem=None)
        assert isinstance(answer, Exception)
        problem = ListedProblemOut.of(answer, language, incident_of)
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


class DebtTakenOut(Out):
    """One debt of a list."""

    agreement: str = Field(description="As it was sent")
    code: str
    outcome: str = Field(description="`taken_over`, now or before; else the problem's kind")
    problem: ListedProblemOut | None

    @classmethod
    def of(cls, agreement: str, code: str, problem: ListedProblemOut | None) -> DebtTakenOut:
        outcome = TAKEN_OVER if problem is None else problem.kind
        return cls(agreement=agreement, code=code, outcome=outcome, problem=problem)


class DebtsTakenOut(Out):
    """What became of a list of debts, in its order."""

    taken: int = Field(description="That stand in the books, taken over now or before")
    owed: Measure = Field(description="What was owed of them when they were taken over")
    not_taken: int
    debts: list[DebtTakenOut]

    @classmethod
    def of(cls, debts: list[DebtTakenOut], owed: Money) -> DebtsTakenOut:
        taken = sum(one.outcome == TAKEN_OVER for one in debts)
        return cls(taken=taken, owed=Measure.of(owed), not_taken=len(debts) - taken, debts=debts)
