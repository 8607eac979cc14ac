"""A quote explained in words: the reasons of `vending.tariff.explain`, said in a language."""

from __future__ import annotations

from collections.abc import Iterable

from .messages import Language, reason_words
from .tariff import Label, Quote, Reason, explain


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


def _named(value: object, language: Language) -> object:
    if isinstance(value, Label):
        return value.ar if language is Language.ARABIC else value.en
    return value
