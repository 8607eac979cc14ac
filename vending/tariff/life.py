"""All versions of all tariffs with what was done to each: files and database together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meters.errors import RaseedError

from ..persons import spelt
from .errors import TariffKeptWrong, TariffOwnApproval, TariffUnknown, TariffVersionUnknown
from .files import ShippedVersion, parse_draft, parse_tariffs
from .rows import ActKind, KeptVersion, TariffAct
from .tariffs import Tariff, TariffBook, TariffState

Key = tuple[str, int]
"""Code and number of a version."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version and its life so far."""

    tariff: Tariff
    """With approval and retirement, as the book has it."""
    document: str
    """TOML, as it was handed in, or as its file says it."""
    kept: KeptVersion | None
    """None: a draft in a file. The books know nothing of it yet."""
    acts: tuple[TariffAct, ...] = ()

    @property
    def in_file(self) -> bool:
        """Whether it came with the installation and not over the desk."""
        return self.kept is None or self.kept.is_shipped

    def act(self, kind: ActKind) -> TariffAct | None:
        return next((act for act in self.acts if act.act is kind), None)

    @property
    def is_rejected(self) -> bool:
        return self.act(ActKind.REJECTED) is not None


@dataclass(frozen=True, slots=True)
class Assembled:
    """Everything at one moment of the database."""

    book: TariffBook
    versions: Mapping[Key, Version]

    def find(self, code: str, number: int) -> Version:
        """Raises TariffUnknown, TariffVersionUnknown."""
        found = self.versions.get((code, number))
        if found is None:
            self.of(code)
            raise TariffVersionUnknown(code, number)
        return found

    def of(self, code: str) -> list[Version]:
        """By number, those that were rejected too. Raises TariffUnknown."""
        found = [one for key, one in sorted(self.versions.items()) if key[0] == code]
        if not found:
            raise TariffUnknown(code[:60])
        return found

    def codes(self) -> list[str]:
        return sorted({code for code, _ in self.versions})

    def state(self, version: Version, at: datetime) -> TariffState:
        if version.is_rejected:
            return TariffState.REJECTED
        return self.book.state(version.tariff, at)

    def approved(self, code: str) -> list[Tariff]:
        """What was, is or will be sold, in the order of their moments."""
        sold = (tariff for tariff in self.book.versions(code) if not tariff.is_draft)
        return sorted(sold, key=lambda tariff: tariff.active_from)

    def as_if_approved(self, version: Version) -> Tariff:
        """A version to try prices with: a draft follows on those that are approved."""
        tariff = version.tariff
        if not (tariff.is_draft or version.is_rejected):
            return tariff
        before = [t for t in self.approved(tariff.code) if t.active_from < tariff.active_from]
        return replace(tariff, earlier=before[-1] if before else None)


class Assembler:
    """Puts files and rows together. Rows never change, so each document is read once."""

    def __init__(self, shipped: Iterable[ShippedVersion]) -> None:
        self.shipped = {(one.tariff.code, one.tariff.version): one for one in shipped}
        self._read: dict[KeptVersion, Tariff] = {}

    def __call__(self, kept: Sequence[KeptVersion], acts: Sequence[TariffAct]) -> Assembled:
        """What the database keeps counts, wherever it also lies in a file; what was kept of a
        file that is gone holds on.

        Raises TariffKeptWrong; TariffMalformed if two versions begin at one moment.
        """
        done: dict[Key, list[TariffAct]] = {}
        for act in acts:
            done.setdefault((act.code, act.version), []).append(act)
        found: dict[Key, Version] = {}
        for row in kept:
            key = (row.code, row.version)
            own = tuple(done.get(key, ()))
            found[key] = Version(_lived(self._draft(row), own), row.document, row, own)
        for key, one in self.shipped.items():
            if key not in found:
                found[key] = Version(one.tariff, one.document, None)
        book = TariffBook(v.tariff for v in found.values() if not v.is_rejected)
        for key, version in found.items():
            if not version.is_rejected:
                found[key] = replace(version, tariff=book.version(*key))
        return Assembled(book, found)

    def _draft(self, row: KeptVersion) -> Tariff:
        """The version as it was before anything was done to it."""
        known = self._read.get(row)
        if known is not None:
            return known
        file = self.shipped.get((row.code, row.version))
        if row.is_shipped and file is not None and file.document == row.document:
            # The same text, and read already: a program that starts need not read it again.
            self._read[row] = file.tariff
            return file.tariff
        try:
            if row.is_shipped:
                (tariff,) = parse_tariffs(row.document, row.code)
            else:
                tariff = parse_draft(row.document, row.code, row.drafted_by)
        except (RaseedError, ValueError) as error:
            raise TariffKeptWrong(row.code, row.version, str(error)) from None
        if (tariff.code, tariff.version) != (row.code, row.version):
            raise TariffKeptWrong(row.code, row.version, "kept under another name")
        self._read[row] = tariff
        return tariff


def _lived(tariff: Tariff, acts: Iterable[TariffAct]) -> Tariff:
    """A version after its acts, checked once more: rows may have been put there by hand."""
    for act in acts:
        if act.act is ActKind.APPROVED:
            try:
                tariff = tariff.approved(act.actor, act.at)
            except TariffOwnApproval as error:
                if spelt(act.actor) == spelt(tariff.drafted_by):
                    raise TariffKeptWrong(tariff.code, tariff.version, str(error)) from None
                # By another door, when doors still made two people: what has been sold by it
                # since goes on, and the record shows who it was.
                tariff = replace(tariff, approved_by=act.actor, approved_at=act.at)
            except RaseedError as error:
                raise TariffKeptWrong(tariff.code, tariff.version, str(error)) from None
        elif act.act is ActKind.RETIRED:
            tariff = replace(tariff, retired_from=act.effective_at)
    return tariff
