"""Values of either kind never change, and are replaced and told in the same way."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Struct

from meters.quantities import Energy, Money, Volume
from meters.values import names_of, replace
from vending.ledger import ChainHead


@dataclass(frozen=True, slots=True)
class _Kept:
    one: int
    two: str = field(default="2", repr=False)
    derived: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.one < 0:
            raise ValueError("below zero")


class _Built(Struct, frozen=True):
    one: int
    two: str = "2"

    def __post_init__(self) -> None:
        if self.one < 0:
            raise ValueError("below zero")


@pytest.mark.parametrize("kind", [_Kept, _Built])
def test_a_value_is_replaced_not_changed(kind: type[Any]) -> None:
    value = kind(1)
    changed = replace(value, two="zwei")
    assert (changed.one, changed.two, type(changed)) == (1, "zwei", kind)
    assert value == kind(1) != changed
    assert hash(value) == hash(kind(1))
    with pytest.raises(AttributeError):
        value.one = 2
    with pytest.raises(AttributeError):
        del value.one


@pytest.mark.parametrize("kind", [_Kept, _Built])
def test_the_checks_of_its_class_run_again(kind: type[Any]) -> None:
    with pytest.raises(ValueError, match="below zero"):
        kind(-1)
    with pytest.raises(ValueError, match="below zero"):
        replace(kind(1), one=-1)
    with pytest.raises(TypeError):
        replace(kind(1), three=3)


@pytest.mark.parametrize(
    "value",
    [
        Money(5050),
        Energy(1500),
        _Built(1),
        ChainHead(1, "f" * 64, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_it_travels_whole(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value


def test_its_fields_are_told_but_what_is_hidden() -> None:
    assert names_of(_Built(1)) == ["one", "two"]
    assert names_of(_Kept(1)) == ["one", "two"]
    assert names_of(_Kept(1), hidden=False) == ["one"]
    assert names_of("text") is None
    assert names_of(3) is None


def test_values_of_two_kinds_are_never_equal() -> None:
    energy: object = Energy(1)
    assert energy != Volume(1)
    assert len({Energy(1), Volume(1), Energy(1)}) == 2
    assert Money(1, "ILS") != Money(1, "JOD")
