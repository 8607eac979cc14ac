"""Values: what never changes once it is built.

Most are frozen dataclasses. Those that a single sale builds (some sixty objects) are
`msgspec.Struct`s, which are built, compared and hashed in C: a frozen dataclass sets each field
through `object.__setattr__`, and that was a sixth of everything that a sale costs. They are as
frozen, and look the same; what has to work on both stands here.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from msgspec import Struct, structs

_Value = TypeVar("_Value")


def replace(value: _Value, **changes: Any) -> _Value:
    """The same value with some fields changed; the class's checks run again. As
    `dataclasses.replace`, for either kind."""
    if isinstance(value, Struct):
        return structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]


def names_of(value: object, *, hidden: bool = True) -> list[str] | None:
    """The names of the fields that its class is built from, in order; without `hidden` only those
    that its `repr` tells. None for what is neither kind of value."""
    if isinstance(value, Struct):
        # No Struct of ours hides a field; what must not be shown is kept in dataclasses.
        return list(value.__struct_fields__)
    if not dataclasses.is_dataclass(value):
        return None
    return [f.name for f in dataclasses.fields(value) if f.init and (hidden or f.repr)]
