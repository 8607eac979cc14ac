"""A class that is built quickly is the class that it was."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, replace
from typing import Any

import pytest

from meters.building import quick_init


@dataclass(frozen=True, slots=True)
class _PlainFew:
    one: int
    two: str = "2"


@quick_init
@dataclass(frozen=True, slots=True)
class _Few:
    one: int
    two: str = "2"


@dataclass(frozen=True, slots=True)
class _PlainMany:
    a: int
    b: str
    c: tuple[int, ...] = ()
    d: object = None
    e: int = 5

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("below zero")


@quick_init
@dataclass(frozen=True, slots=True)
class _Many:
    a: int
    b: str
    c: tuple[int, ...] = ()
    d: object = None
    e: int = 5

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("below zero")


@quick_init
@dataclass(frozen=True, slots=True)
class _Heir(_Few):
    three: float = 3.0


@pytest.mark.parametrize(
    ("quick", "plain", "arguments", "named"),
    [
        (_Few, _PlainFew, (1,), {}),
        (_Few, _PlainFew, (1,), {"two": "zwei"}),
        (_Many, _PlainMany, (1, "b"), {"e": 7}),
        (_Many, _PlainMany, (1,), {"b": "b", "c": (1, 2)}),
    ],
)
def test_the_same_object_comes_of_it(
    quick: type[Any], plain: type[Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    made, as_usual = quick(*arguments, **named), plain(*arguments, **named)
    assert type(made) is quick
    assert asdict(made) == asdict(as_usual)
    assert hash(made) == hash(as_usual)
    assert made == quick(*arguments, **named)
    assert repr(made) == repr(as_usual).replace("_Plain", "_")
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == made
    assert inspect.signature(quick) == inspect.signature(plain)


@pytest.mark.parametrize("made", [_Few(1), _Many(1, "b"), _Heir(1)])
def test_it_is_frozen_once_it_is_built(made: Any) -> None:
    for name in made.__dataclass_fields__:
        with pytest.raises(FrozenInstanceError):
            setattr(made, name, 2)
        with pytest.raises(FrozenInstanceError):
            delattr(made, name)


def test_checks_of_the_class_run_also_on_what_is_replaced() -> None:
    with pytest.raises(ValueError, match="below zero"):
        _Many(-1, "b")
    with pytest.raises(ValueError, match="below zero"):
        replace(_Many(1, "b"), a=-1)
    assert replace(_Many(1, "b"), b="c") == _Many(1, "c")


def test_an_heir_has_the_fields_of_both() -> None:
    assert asdict(_Heir(1, three=4.0)) == {"one": 1, "two": "2", "three": 4.0}


def test_arguments_that_do_not_fit_are_refused_as_usual() -> None:
    for wrong in ((), (1, "b", (), None, 5, 6)):
        with pytest.raises(TypeError):
            _Many(*wrong)


def test_what_it_cannot_do_it_says() -> None:
    @dataclass(frozen=True)
    class WithoutSlots:
        a: int

    @dataclass(frozen=True, slots=True)
    class ByFactory:
        a: list[int] = field(default_factory=list)

    for wrong in (WithoutSlots, ByFactory):
        with pytest.raises(TypeError, match="quickly"):
            quick_init(wrong)
