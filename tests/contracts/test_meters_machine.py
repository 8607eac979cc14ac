"""Anything that an office does about meters, and customers type into them, in any order, against a
model in plain numbers and simulated meters: what was sold is taken, what was taken is not paid
back, and the books hold what the model says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis.stateful import invariant, rule

from tests.databases import Postgres
from tests.system.everything import LAYLA
from tests.system.invariants import broken_rules
from tests.vending.support import ADMIN

from .any_order import run_machine
from .office_meters import AtMeters
from .test_office_machine import AT_COUNTERS, Offices


class MeterOffice(AtMeters):
    """One machine for one municipality on one database."""

    books_are_as_the_model_says = Offices.books_are_as_the_model_says

    @rule()
    def prove(self) -> None:
        check = self.office.reports.check(LAYLA, self.today.isoformat())
        assert check.ok, check.differences
        self.proves_itself()

    def proves_itself(self) -> None:
        report = self.office.keeping.verify(ADMIN)
        assert report.ok, report.problem
        accounts = self.office.accounts.verify_accounts(ADMIN)
        assert accounts.ok, accounts.problems

    @invariant()
    def the_books_call_the_key_its_own(self) -> None:
        for meter in self.meters.values():
            held = self.office.service.meter(ADMIN, meter).meter
            assert (held.krn, held.ti) == self.key_of(meter)
            assert (held.planned is not None) == (meter in self.due)

    def teardown(self) -> None:
        try:
            self.proves_itself()
            broken: Any = broken_rules(self.place).keys() - AT_COUNTERS
            assert not broken, broken
        finally:
            super().teardown()


@pytest.mark.system
@pytest.mark.hypothesis
def test_meters_in_any_order(kind: str, server: Postgres | None) -> None:
    run_machine(MeterOffice, kind, server, sqlite=6, postgresql=2, steps=40)
