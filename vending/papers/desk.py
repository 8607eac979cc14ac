"""What everybody who hands out papers needs: the press, the head, the language; and a draft, which
is a paper but for these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..messages import Language
from .letterhead import Letterhead
from .paper import Paper
from .press import Press


class Build(Protocol):
    """The rest of the way from a draft to a paper."""

    def __call__(
        self, head: Letterhead, language: Language, /, *, practice: bool = False
    ) -> Paper: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper that lacks only its head and its language."""

    name: str
    """Of its file."""
    build: Build = field(repr=False)
    account: str = ""
    """Of the customer whose language it speaks; empty: nobody's."""


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

    def paper(self, draft: Draft, language: str = "", *, practice: bool = False) -> Paper:
        """Under the head as it stands now, in the language that is asked for; in another than ours,
        or without one, in the customer's."""
        known = {one.value: one for one in Language}
        speaks = known.get(language) or self.language_of(draft.account)
        return draft.build(self.letterhead(), speaks, practice=practice)

    def language_of(self, account: str) -> Language:
        """Of this customer's papers and SMS."""
        said = self.languages(account) if account else ""
        return Language(said) if said else self.language
