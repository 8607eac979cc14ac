"""What everybody who hands out papers needs: the press, the head, the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..messages import Language
from .letterhead import Letterhead
from .press import Press


@dataclass(frozen=True, slots=True)
class PaperDesk:
    """One instance serves many threads."""

    press: Press
    letterhead: Callable[[], Letterhead]
    """As the municipality's name and numbers stand now."""
    language: Language
    """Of customers who have not said otherwise."""
