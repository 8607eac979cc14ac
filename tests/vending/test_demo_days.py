"""The demo on any day: it checks each local day that it has seen, and has a month behind it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.vending.support import ADMIN
from vending.accounts import Standing
from vending.demo.factory import new_key
from vending.demo.history import DAYS, MovedClock, live
from vending.demo.municipality import households, registration, roles
from vending.demo.stage import days_between
from vending.keys import Cost, Passphrase, create_sealed
from vending.messages import LOCAL_ZONE
from vending.settings import JobSettings, Settings
from vending.tariff import Month
from vending.wiring import open_raseed

EVENING = datetime(2026, 11, 23, 21, 58, tzinfo=UTC)
"""Two minutes to midnight in Hebron."""


@pytest.mark.parametrize(
    ("minutes", "days"),
    [
        (0, ["2026-11-23"]),
        (1, ["2026-11-23"]),
        (2, ["2026-11-23", "2026-11-24"]),
        (24 * 60 + 2, ["2026-11-23", "2026-11-24", "2026-11-25"]),
    ],
)
def test_past_midnight_there_are_more_days(minutes: int, days: list[str]) -> None:
    assert days_between(EVENING, EVENING + timedelta(minutes=minutes)) == days


@pytest.mark.system
@pytest.mark.parametrize("days", range(0, 36, 3))
def test_the_month_behind_it_has_all_its_parts_whatever_day_it_is(
    tmp_path: Path, days: int
) -> None:
    """Right after midnight, on every day of a week and of a month: nobody sells on Fridays, and in
    some weeks charges and debts take more of a payment than in others."""
    now = EVENING + timedelta(days=days, minutes=5)
    settings = Settings(data=tmp_path, jobs=JobSettings(enabled=False))
    passphrase = Passphrase("a passphrase for this test")
    create_sealed(
        settings.key_file, passphrase, [new_key(Random(days).randbytes, now)], cost=Cost(n=2**10)
    )
    clock, houses = MovedClock(now - timedelta(days=DAYS + 1)), households()
    with open_raseed(settings, passphrase, create=True, clock=clock) as raseed:
        gateways = {house.quarter.gateway: 1502 for house in houses}
        parties = registration(houses, gateways, str(Month.of(now, LOCAL_ZONE)))
        raseed.service.register(ADMIN, parties)
        on_stage = roles(houses).houses
        free = [house for house in houses if house.customer.account not in on_stage]
        lived = live(raseed, clock, free, now)
        report = raseed.service.verify(ADMIN)
        assert (report.ok, report.entries) == (True, lived.entries)
        # One drawer was short by three shekels, another over by two.
        assert lived.over_short == 1
        owing = [raseed.accounts.account(ADMIN, house.agreement) for house in free]
        found = Counter(one.standing for account in owing for one in account.debts)
        assert (found[Standing.POSTPONED], found[Standing.DISPUTED], found.total()) == (1, 1, 5)
