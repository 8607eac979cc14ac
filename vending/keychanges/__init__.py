"""Key changes: planned, issued with the next sale, and followed until a reading proves them.
Core: rules and use cases over ports."""

from .changes import (
    OUT,
    KeyChange,
    KeyChangeEvent,
    KeyChangeState,
    Scope,
    read_key,
)
from .following import Confirmation
from .issuing import KeyChangeDue, KeySet, attributes_of, key_set
from .overview import Left
from .planning import Campaign
from .proof import Proof
from .service import KeyChanges
from .sets import SetAgain

__all__ = [
    "OUT",
    "Campaign",
    "Confirmation",
    "KeyChange",
    "KeyChangeDue",
    "KeyChangeEvent",
    "KeyChangeState",
    "KeyChanges",
    "KeySet",
    "Left",
    "Proof",
    "Scope",
    "SetAgain",
    "attributes_of",
    "key_set",
    "read_key",
]
