"""Who is the same person, what a block stops, and limits to the agora. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from meters.errors import RaseedError
from meters.quantities import Money
from vending.blocking import (
    Block,
    Blocked,
    block_key,
    buyer_keys,
    check_blocks,
    seller_keys,
)
from vending.operators import (
    Operator,
    Settlement,
    check_float,
    check_sale_limits,
    check_till,
    commission_of,
)
from vending.parties import VendingPoint
from vending.persons import person, same_person

SINCE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
POINT = VendingPoint("P1", "البلدية", "Town hall")
SAMIR = Operator("Samir", "سمير", "Samir")


@pytest.mark.parametrize(
    "written",
    [
        "Omar Saleh",
        " omar  SALEH",
        "cli:omar saleh",
        "API: Omar\u00a0Saleh",
        "ｏmar\u200f sa\u200bleh",
    ],
)
def test_a_person_is_the_same_however_written(written: str) -> None:
    assert same_person("api:Omar Saleh", written)
    assert person(person(written)) == person(f"cli:api: {written}") == "omar saleh"


def test_other_people_are_others() -> None:
    for one, other in (
        ("Omar", "Omar Saleh"),
        ("Omar", "Nadia"),
        ("عمر", "عمرو"),
        ("apiomar", "omar"),
    ):
        assert not same_person(one, other)


def blocks(*barred: tuple[str, str]) -> dict[tuple[str, str], Block]:
    made = (Block(*block_key(*one), f"Reason of {one[1]}", SINCE) for one in barred)
    return {block.key: block for block in made}


SUBJECTS = [*buyer_keys("01000010017", "A1"), *seller_keys("api:Samir", "P1", "T1")]


def test_the_first_block_in_the_fixed_order_is_told() -> None:
    every = [
        ("meter", "01000010017"),
        ("agreement", "A1"),
        ("operator", "SAMIR "),
        ("terminal", "P1/T1"),
        ("point", "P1"),
    ]
    told = []
    for end in range(1, 6):
        with pytest.raises(Blocked) as found:
            check_blocks(blocks(*every[:end]), SUBJECTS)
        told.append(found.value.kind)
        with pytest.raises(Blocked) as again:
            check_blocks(blocks(*reversed(every[:end])), reversed(SUBJECTS))
        assert again.value.facts() == found.value.facts()
    assert told == ["meter", "agreement", "operator", "terminal", "point"]
    assert found.value.facts() == {
        "kind": "point",
        "subject": "P1",
        "reason": "Reason of P1",
        "since": SINCE,
    }


def test_what_is_barred_elsewhere_stops_nothing() -> None:
    check_blocks({}, SUBJECTS)
    check_blocks(blocks(("terminal", "P2/T1"), ("meter", "A1"), ("point", "P2")), SUBJECTS)
    check_blocks(blocks(("terminal", "P1/")), seller_keys("Samir", "P1", ""))


def code_of(*limits: int | None, due: int, by_operator: int = 0, at_point: int = 0) -> str:
    """What a sale is refused for under (operator sale, day, point sale, day) limits."""
    operator = replace(SAMIR, most_per_sale=limits[0], most_per_day=limits[1])
    point = replace(POINT, most_per_sale=limits[2], most_per_day=limits[3])
    try:
        check_sale_limits(operator, point, Money(due), by_operator, at_point)
    except RaseedError as error:
        return error.code
    return ""


def test_limits_are_reached_exactly_and_in_order() -> None:
    none = (None, None, None, None)
    assert code_of(*none, due=10**12) == ""
    for place, code in enumerate(
        ("operator.sale_limit", "operator.day_limit", "point.sale_limit", "point.day_limit")
    ):
        limits = tuple(5000 if i == place else None for i in range(4))
        assert code_of(*limits, due=5000) == ""
        assert code_of(*limits, due=5001) == code
        # All the later ones are passed too: the earlier one is told.
        assert code_of(*(5000 if i >= place else None for i in range(4)), due=5001) == code
    assert code_of(None, 5000, None, None, due=1000, by_operator=4000, at_point=9000) == ""
    assert code_of(None, 5000, None, None, due=1000, by_operator=4001) == "operator.day_limit"
    assert code_of(None, None, None, 5000, due=1000, by_operator=9000, at_point=4001) == (
        "point.day_limit"
    )
    # What takes no money cannot pass a limit, also where it is passed already.
    assert code_of(0, 0, 0, 0, due=0, by_operator=9, at_point=9) == ""
    assert code_of(0, 0, 0, 0, due=-500) == ""


def test_what_is_left_is_told() -> None:
    with pytest.raises(RaseedError) as found:
        check_sale_limits(replace(SAMIR, most_per_day=5000), POINT, Money(1001), 4000, 0)
    assert found.value.facts() == {
        "operator": "Samir",
        "limit": "50.00 ILS",
        "asked": "10.01 ILS",
        "left": "10.00 ILS",
    }
    check_sale_limits(None, POINT, Money(10**9), 0, 0)


def test_a_float_is_deposit_and_credit() -> None:
    kiosk = replace(SAMIR, settlement=Settlement.DEPOSIT)
    check_float(kiosk, Money(5000), Money(5000))
    check_float(replace(kiosk, credit_limit=2000), Money(-1000), Money(1000))
    # In debt behind a lowered limit: nothing is sold, but what needs nothing goes.
    check_float(kiosk, Money(-1000), Money(0))
    for credit, deposit, needed, available in (
        (None, 5000, 5001, "50.00 ILS"),
        (2000, -1000, 1001, "10.00 ILS"),
        (None, -1, 1, "-0.01 ILS"),
    ):
        with pytest.raises(RaseedError) as found:
            check_float(replace(kiosk, credit_limit=credit), Money(deposit), Money(needed))
        assert found.value.code == "operator.float_used_up"
        assert found.value.facts()["available"] == available
    check_float(SAMIR, Money(0), Money(10**9))
    check_float(None, Money(0), Money(10**9))


def test_a_till_holds_no_more_than_it_may() -> None:
    point = replace(POINT, most_in_till=10_000)
    check_till(point, Money(9_000), Money(1_000))
    check_till(point, Money(12_000), Money(-500))
    check_till(POINT, Money(10**9), Money(1))
    with pytest.raises(RaseedError) as found:
        check_till(point, Money(9_000), Money(1_001))
    # What is left would tell a clerk what the drawer must hold before they have counted it.
    assert (found.value.code, set(found.value.facts())) == (
        "point.till_full",
        {"point", "limit", "asked"},
    )


@pytest.mark.parametrize(
    ("percent", "taken", "earned"),
    [
        ("0", 5000, 0),
        ("1.5", 5000, 75),
        ("1.5", 5033, 75),
        ("1.5", 5034, 76),
        ("2.5", 20, 1),
        ("2.5", 19, 0),
        ("2.5", -20, -1),
        ("0.125", 400, 1),
        ("100", 7, 7),
    ],
)
def test_commission_is_rounded_half_up(percent: str, taken: int, earned: int) -> None:
    assert commission_of(replace(SAMIR, commission=percent), Money(taken)) == Money(earned)
    assert commission_of(None, Money(taken)) == Money(0)
