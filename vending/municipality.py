"""What the municipality says of itself: on papers, on the sign-in page, in the wizard of the first
run. One record, in the books. Papers read it and nothing else of this."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Final, Protocol

from meters.errors import Invalid

from .accounting.adjustments import checked_reason
from .approvals.terms import checked_percent
from .logos import Logo
from .parties import Actor
from .people import Act, HouseWriting, write_down
from .permissions import require
from .plaintext import can_be_kept

_LONGEST_TEXT: Final = 200
_LONGEST: Final = {"phone": 30, "tax_number": 30, "message_ar": 300, "message_en": 300}


@dataclass(frozen=True, slots=True)
class Municipality:
    """As it stands on papers. Empty texts are left out there."""

    name_ar: str = ""
    name_en: str = ""
    address_ar: str = ""
    address_en: str = ""
    phone: str = ""
    tax_number: str = ""
    """Number of the licensed trader; a receipt without it is no tax invoice."""
    currency: str = "ILS"
    """The books'; nobody chooses it here."""
    vat: str = ""
    """Percent, as it is told to customers; what is charged stands in the tariffs."""
    tariffs: tuple[str, ...] = ()
    """Codes of those that new agreements may be at; empty: all. Agreements that there are stay."""
    logo: Logo | None = field(default=None, repr=False)
    message_ar: str = ""
    """To every customer, at the foot of a receipt."""
    message_en: str = ""

    @property
    def is_named(self) -> bool:
        """Whether somebody has filled it in."""
        return bool(self.name_ar or self.name_en)


@dataclass(eq=False)
class MunicipalityFieldWrong(Invalid, code="municipality.field_wrong"):
    """A field of the municipality's record is missing, too long, or has signs that cannot be
    printed."""

    field: str


class MunicipalityReading(Protocol):
    """One consistent view."""

    def municipality(self) -> Municipality | None: ...


class MunicipalityWriting(MunicipalityReading, HouseWriting, Protocol):
    """One transaction, with the trail in it."""

    def put_municipality(self, municipality: Municipality) -> None: ...


class MunicipalityStore(Protocol):
    """Where the record is kept. May raise the store's Unavailable."""

    def reading(self) -> AbstractContextManager[MunicipalityReading]: ...

    def writing(self) -> AbstractContextManager[MunicipalityWriting]: ...


class TownHall:
    """One instance serves many threads."""

    def __init__(
        self, store: MunicipalityStore, clock: Callable[[], datetime], currency: str = "ILS"
    ) -> None:
        """`currency`: as the chart of accounts says it; the record repeats it."""
        self._store = store
        self._clock = clock
        self._currency = currency

    def municipality(self) -> Municipality:
        """As it stands; empty texts before somebody has filled it in. Everybody may read what is
        printed on every paper."""
        with self._store.reading() as books:
            found = books.municipality() or Municipality()
        return replace(found, currency=self._currency)

    def change(self, actor: Actor, municipality: Municipality, reason: str = "") -> Municipality:
        """Writes the record, and who changed it from what to what; from the second time on
        with a reason. Raises ActorNotAllowed, MunicipalityFieldWrong, ReasonMissing."""
        require(actor, "set_municipality")
        wanted = replace(checked(municipality), currency=self._currency)
        with self._store.writing() as books:
            before = books.municipality()
            if before == wanted:
                return wanted
            if before is not None and before.is_named:
                reason = checked_reason(reason)
            books.put_municipality(wanted)
            old = None if before is None else told(before)
            act = Act("municipality_changed", "municipality", reason, old, told(wanted))
            write_down(books, act, actor, self._clock())
        return wanted


def checked(municipality: Municipality) -> Municipality:
    """The same with plain texts. Raises MunicipalityFieldWrong."""
    plain: dict[str, str] = {}
    for name in _TEXTS:
        text = " ".join(getattr(municipality, name).split())
        if len(text) > _LONGEST.get(name, _LONGEST_TEXT) or not can_be_kept(text):
            raise MunicipalityFieldWrong(name)
        plain[name] = text
    for name in ("name_ar", "name_en"):
        if not plain[name]:
            raise MunicipalityFieldWrong(name)
    if municipality.vat:
        try:
            plain["vat"] = checked_percent(municipality.vat)
        except Invalid:
            raise MunicipalityFieldWrong("vat") from None
    values = {one.name: getattr(municipality, one.name) for one in fields(Municipality)}
    return Municipality(**{**values, **plain})


def told(municipality: Municipality) -> dict[str, object]:
    """What the trail shows of it: a logo by its hash."""
    logo = municipality.logo
    return {
        **{name: getattr(municipality, name) for name in (*_TEXTS, "currency", "vat")},
        "tariffs": list(municipality.tariffs),
        "logo": "" if logo is None else logo.digest[:16],
    }


_TEXTS: Final = (
    "name_ar",
    "name_en",
    "address_ar",
    "address_en",
    "phone",
    "tax_number",
    "message_ar",
    "message_en",
)
