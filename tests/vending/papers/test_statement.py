"""A customer's statement on paper: each line says what it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vending.accounting import AdjustmentKind, CustomerStatement
from vending.accounting.statements import CustomerLine
from vending.messages import Language
from vending.papers import Letterhead, statement_paper

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
OTHERS = ("void", "refund", "debt", *(kind.value for kind in AdjustmentKind))
"""What moves what a customer carries or owes, besides sales."""


def line(entry: int, kind: str) -> CustomerLine:
    return CustomerLine(entry, AT, kind, "", "", 0, 0, 0, 0, "", 100, 100 * entry, 0, 0)


@pytest.mark.parametrize("language", Language)
def test_each_kind_of_line_has_words_of_its_own(language: Language) -> None:
    lines = tuple(line(entry, kind) for entry, kind in enumerate(OTHERS, start=1))
    names = ("A1", "10001", "سميرة عواد", "Samira Awwad", "01000010015", "ILS")
    paper = statement_paper(
        CustomerStatement(*names, 0, 0, lines, 0, 100 * len(lines)), Letterhead(), language
    )
    said = [row["name"] for row in paper.data["rows"]]
    assert len(set(said)) == len(OTHERS)
    other = statement_paper(
        CustomerStatement(*names, 0, 0, (line(1, "unheard_of"),), 0, 100), Letterhead(), language
    )
    assert other.data["rows"][0]["name"] not in said
