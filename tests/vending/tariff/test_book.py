"""Versions of tariffs in a book: their order, and how one comes to hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meters.values import replace
from vending.tariff import (
    TariffBook,
    parse_tariffs,
)
from vending.tariff.errors import TariffActivationPast, TariffMalformed

from .owing import FILE, NOW, TARIFF


def test_a_book_is_in_order_however_its_versions_are_told() -> None:
    one, two = parse_tariffs(FILE, "t")
    draft = replace(two, version=3, approved_by="")
    other = replace(one, code="a")
    book = TariffBook([draft, two, other, one])
    assert book.codes() == ["a", "t"]
    assert [tariff.version for tariff in book.versions("t")] == [1, 2, 3]
    held = book.active("t", NOW)
    assert (held.version, [each.version for each in held.lineage()]) == (2, [2, 1])
    for twice in (replace(two, version=1), replace(two, active_from=one.active_from)):
        with pytest.raises(TariffMalformed):
            TariffBook([one, twice])


def test_a_draft_is_approved_up_to_its_moment() -> None:
    draft = replace(TARIFF, approved_by="")
    assert draft.approved("B", draft.active_from).approved_by == "B"
    with pytest.raises(TariffActivationPast):
        draft.approved("B", draft.active_from + timedelta(microseconds=1))
