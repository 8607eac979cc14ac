"""Which key type may follow which in a meter (spec section 11).

Rows DITK, DUTK, DCTK are stated by public sources; the DDTK row is unconfirmed.
"""

from __future__ import annotations

from typing import Final

from .keys import KeyType

_PERMITTED: Final = {
    KeyType.DITK: frozenset(KeyType),
    KeyType.DDTK: frozenset({KeyType.DDTK, KeyType.DUTK, KeyType.DCTK}),
    KeyType.DUTK: frozenset({KeyType.DDTK, KeyType.DUTK}),
    KeyType.DCTK: frozenset({KeyType.DDTK, KeyType.DCTK}),
}


def is_permitted_transition(parent: KeyType, child: KeyType, *, magnetic: bool = True) -> bool:
    """True if a meter holding a `parent` key may take a `child` key. A common key may follow
    a common key only on magnetic-card meters (token carrier 01)."""
    if parent is KeyType.DCTK and child is KeyType.DCTK:
        return magnetic
    return child in _PERMITTED[parent]
