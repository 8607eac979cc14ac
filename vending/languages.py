"""The language of a customer: what they read on papers and in SMS, whatever language the counter
speaks. Whoever has not said gets that of most customers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from meters.errors import Invalid

from .parties import Actor, CustomerUnknown
from .people import Act, HouseWriting, write_down
from .permissions import require

LANGUAGES: Final = ("ar", "en")


@dataclass(eq=False)
class LanguageUnknown(Invalid, code="customer.language_unknown"):
    """Papers are in Arabic or in English: `ar`, `en`, or empty for that of most customers."""

    language: str


class LanguagesReading(Protocol):
    """One consistent view."""

    def language(self, account: str) -> str | None:
        """Empty: they have not said; None: there is no such customer."""
        ...


class LanguagesWriting(LanguagesReading, HouseWriting, Protocol):
    """One transaction, with the trail in it."""

    def put_language(self, account: str, language: str) -> None: ...


class LanguageStore(Protocol):
    """Where customers are kept. May raise the store's Unavailable."""

    def reading(self) -> AbstractContextManager[LanguagesReading]: ...

    def writing(self) -> AbstractContextManager[LanguagesWriting]: ...


class Languages:
    """One instance serves many threads."""

    def __init__(self, store: LanguageStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def of(self, account: str) -> str:
        """`ar` or `en`; empty if nobody has said, or for nobody's account."""
        with self._store.reading() as books:
            return books.language(account) or ""

    def choose(self, actor: Actor, account: str, language: str) -> str:
        """What the customer says; empty: that of most customers. Raises ActorNotAllowed,
        LanguageUnknown, CustomerUnknown."""
        require(actor, "set_language")
        if language and language not in LANGUAGES:
            raise LanguageUnknown(language[:10])
        with self._store.writing() as books:
            old = books.language(account)
            if old is None:
                raise CustomerUnknown(account[:30])
            if old != language:
                books.put_language(account, language)
                before, after = {"language": old}, {"language": language}
                act = Act("customer_language", account, before=before, after=after)
                write_down(books, act, actor, self._clock())
        return language
