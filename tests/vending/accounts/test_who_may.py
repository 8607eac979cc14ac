"""Who may do what to an account, asked of the core itself, whatever an edge has checked before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from tests.vending.accounts.support import Counter
from vending.accounts import Accounts, Outcome
from vending.parties import Actor, Role
from vending.permissions import ActorNotAllowed
from vending.tariff import Label, Percentage

WHY = "Agreed at the counter"
DEBT = ("A1", "new", Label("دين", "Debt"), Money(100), Percentage("10"), WHY, "Bill 12")
PUT_OFF = ("A1", "arrears", "2026-12-31", WHY, "e-1")
REJECTED = ("A1", "arrears", Outcome.REJECTED, WHY, "e-1")
WRITTEN_DOWN = ("A1", "arrears", Money(1), WHY, "e-1")
NAMED = ("A1", "arrears", WHY, "e-1")
BOOKKEEPERS = {Role.BILLING, Role.SUPERVISOR}
COUNTER = {Role.OPERATOR, Role.BILLING, Role.SUPERVISOR}


@pytest.mark.parametrize(
    ("act", "args", "by"),
    [
        (Accounts.add_debt, DEBT, BOOKKEEPERS),
        (Accounts.postpone_debt, PUT_OFF, COUNTER),
        (Accounts.end_postponement, NAMED, COUNTER),
        (Accounts.dispute, NAMED, COUNTER),
        (Accounts.settle_dispute, REJECTED, BOOKKEEPERS),
        (Accounts.write_down, WRITTEN_DOWN, BOOKKEEPERS),
        (Accounts.add_fee, NAMED, BOOKKEEPERS),
        (Accounts.waive_fee, NAMED, BOOKKEEPERS),
    ],
)
def test_no_other_role_does_it(
    tmp_path: Path, act: Callable[..., Any], args: tuple[Any, ...], by: set[Role]
) -> None:
    counter = Counter(tmp_path / "books.db")
    counter.debt()
    refused = set()
    for role in Role:
        try:
            act(counter.accounts, Actor("Samir", role, "P1"), *args)
        except ActorNotAllowed:
            refused.add(role)
        except RaseedError:
            # There is nothing to do, or it is done already: that is asked behind who may.
            continue
    assert refused == set(Role) - by
    counter.close()
