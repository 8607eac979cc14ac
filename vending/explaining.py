"""Quotes and versions explained in words: the reasons of `vending.tariff.explain` and the changes
of `vending.tariff.changes`, said in a language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .messages import Language, phrase, reason_words, words_for
from .tariff import Label, Quote, Reason, explain
from .tariff.whatif import Case, Comparison


def explained(quote: Quote, previous: Quote | None, language: Language) -> list[str]:
    """Why these units, and with the `previous` sale why they differ: one sentence each."""
    return said(explain(quote, previous), language)


def said(reasons: Iterable[Reason], language: Language) -> list[str]:
    """Each reason as one sentence."""
    return [
        reason_words(
            reason.code,
            {name: _named(value, language) for name, value in reason.facts.items()},
            language,
        )
        for reason in reasons
    ]


def comparison_said(comparison: Comparison, language: Language) -> list[str]:
    """What another version changes, and what each payment gets by both: one sentence each."""
    return [
        *(_phrase(f"change_{c.code}", c.facts, language) for c in comparison.changes),
        *(sentence for case in comparison.cases for sentence in _case(comparison, case, language)),
    ]


def _case(comparison: Comparison, case: Case, language: Language) -> list[str]:
    one, other = comparison.one.version, comparison.other.version
    facts: dict[str, Any] = {"amount": case.amount, "one": one, "other": other}
    difference = case.difference
    if difference is None:
        return [
            phrase(
                "what_if_refused",
                language,
                amount=case.amount,
                version=version,
                why=words_for(found, language),
            )
            for version, found in ((one, case.one), (other, case.other))
            if not isinstance(found, Quote)
        ]
    assert isinstance(case.one, Quote)
    assert isinstance(case.other, Quote)
    facts |= {"before": case.one.quantity, "after": case.other.quantity}
    if difference.is_zero:
        return [phrase("what_if_same", language, **facts)]
    facts["difference"] = type(difference)(abs(difference.value))
    return [phrase(f"what_if_{'more' if difference.value > 0 else 'fewer'}", language, **facts)]


def _phrase(name: str, facts: dict[str, Any], language: Language) -> str:
    return phrase(name, language, **{key: _named(value, language) for key, value in facts.items()})


def _named(value: object, language: Language) -> object:
    if isinstance(value, Label):
        return value.ar if language is Language.ARABIC else value.en
    return value
