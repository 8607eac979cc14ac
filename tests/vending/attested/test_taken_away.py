"""A point that was there to try out with is taken away again: that it is gone is attested, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vending.accounts.support import Counter
from tests.vending.attested.support import found, links, named, tamper
from tests.vending.support import ADMIN
from vending.ledger.attestations import NO_ROW, digest_of
from vending.parties import Registration, VendingPoint
from vending.samples import Samples
from vending.store.samples import SqlSamples

TRIAL = VendingPoint("TRY", "تجربة", "To try out", most_per_sale=4_000)
ROW = (
    "INSERT INTO points (code, name_ar, name_en, quarter, most_per_sale, needs_shift) "
    "SELECT 'TRY', name_ar, name_en, quarter, {most}, needs_shift FROM points WHERE code = 'P1'"
)


@pytest.fixture
def tried(here: Counter) -> Samples:
    """The point was added and removed."""
    points = Registration(points=(TRIAL,))
    samples = Samples(SqlSamples(here.store), lambda _: points, here.clock)
    samples.add(ADMIN)
    samples.remove(ADMIN)
    return samples


def test_what_was_taken_away_may_be_gone(here: Counter, tried: Samples) -> None:
    there, gone = links(here)[-2:]
    assert [(link.kind, link.key) for link in (there, gone)] == [("point", "TRY")] * 2
    assert there.digest != gone.digest == NO_ROW == digest_of({})
    assert found(here) is None
    # It may also come back, as another.
    here.service.register(ADMIN, Registration(points=(replace(TRIAL, most_per_sale=None),)))
    assert found(here) is None


def test_a_row_that_somebody_brings_back_is_none_of_the_programs(
    here: Counter, tried: Samples
) -> None:
    tamper(here, ROW.format(most=4_000))
    assert named(here) == ("row_unattested", "points TRY")


def test_a_point_that_somebody_takes_away(here: Counter) -> None:
    tamper(
        here,
        "DELETE FROM counters WHERE point = 'P2'",
        "DELETE FROM points WHERE code = 'P2'",
    )
    assert named(here) == ("row_gone", "points P2")
