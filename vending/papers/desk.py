"""What everybody who hands out papers needs: the press, the head, the language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
    languages: Callable[[str], str] = field(default=lambda _: "", repr=False)
    """What the customer with this account has said; empty: nothing."""

    def language_of(self, account: str) -> Language:
        """Of this customer's papers and SMS."""
        said = self.languages(account) if account else ""
        return Language(said) if said else self.language
