"""The desk where tariffs are handed in, approved by a second person, tried, compared and ended.
Use cases over ports; what a version is, and which one holds, is in `vending.tariff`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from meters.quantities import Money, NotANumber

from .accounting.adjustments import checked_reason
from .ledger import Chart
from .parties import Actor
from .people.recording import noted
from .permissions import require
from .persons import same_person
from .ports import Clock
from .tariff import (
    Quote,
    TariffActivationPast,
    TariffMalformed,
    TariffMissing,
    parse_draft,
)
from .tariff.errors import (
    TariffInForce,
    TariffInUse,
    TariffKindDiffers,
    TariffMomentTaken,
    TariffRetiredAlready,
    TariffVersionTaken,
)
from .tariff.kinds import check_kinds
from .tariff.life import Assembled
from .tariff.live import LiveTariffs
from .tariff.mistakes import Mistake
from .tariff.rows import ActKind, KeptVersion, TariffAct, TariffRows, TariffStore
from .tariff.whatif import USUAL_AMOUNTS, Comparison, Household, compared, tried
from .tariffrules import (
    NOTICE,
    check_books,
    check_left,
    check_notice,
    check_texts,
    cleaned,
    of_desk,
)
from .tariffviews import Overview, Retirement, Standing, overview_of

MOST_TEXT = 65_536
MOST_AMOUNTS = 20
MOST_MONTHS_DUE = 120


class TariffDesk:
    """One instance serves many threads."""

    def __init__(
        self, store: TariffStore, tariffs: LiveTariffs, chart: Chart, clock: Clock
    ) -> None:
        self._store = store
        self._tariffs = tariffs
        self._chart = chart
        self._clock = clock

    # What there is

    def overview(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[Overview]:
        """Tariffs by code, those behind `after`."""
        require(actor, "read_tariffs")
        now = self._clock()
        with self._store.reading() as rows:
            found = self._tariffs.assembled(rows)
            codes = [code for code in found.codes() if code > after][:limit]
            return [overview_of(found, code, now, rows.agreements_at(code)) for code in codes]

    def versions(self, actor: Actor, code: str) -> list[Standing]:
        """By number, with those that were rejected. Raises TariffUnknown."""
        require(actor, "read_tariffs")
        found, now = self._found(), self._clock()
        return [Standing(one, found.state(one, now)) for one in found.of(code)]

    def version(self, actor: Actor, code: str, number: int) -> Standing:
        """Raises TariffUnknown, TariffVersionUnknown."""
        require(actor, "read_tariffs")
        found = self._found()
        version = found.find(code, number)
        return Standing(version, found.state(version, self._clock()))

    # Its life

    def submit(self, actor: Actor, text: str, source: str = "draft") -> Standing:
        """Keeps a draft: a TOML text with one version. `source` names it in what is told of
        mistakes. The same text by the same person again answers the draft that there is.

        Raises TariffMalformed (nothing is kept), TariffVersionTaken, TariffKindDiffers,
        TariffActivationPast.
        """
        require(actor, "draft_tariff")
        text = text.removeprefix("\ufeff")
        if len(text) > MOST_TEXT:
            raise TariffMalformed(source, "TOML", Mistake.TOO_LONG, [str(MOST_TEXT)])
        draft = parse_draft(text, source, actor.name)
        check_texts(text, source)
        check_books(draft, self._chart, source)
        code, number = draft.code, draft.version
        with self._store.writing() as books:
            found = self._tariffs.assembled(books)
            there = found.versions.get((code, number))
            if there is not None:
                if there.kept is None or not _same_draft(there.kept, actor.name, text):
                    raise TariffVersionTaken(code, number)
                return Standing(there, found.state(there, self._clock()))
            for other in found.book.versions(code)[-1:]:
                if (other.commodity, other.currency) != (draft.commodity, draft.currency):
                    kind = f"{other.commodity.value}, {other.currency}"
                    raise TariffKindDiffers(code, kind)
            check_kinds(draft, found.book.versions(code), source)
            now = self._clock()
            if now > draft.active_from:
                raise TariffActivationPast(code, number, draft.active_from.isoformat())
            books.keep(KeptVersion(code, number, text, now, actor.name))
            noted(subject=code, after={"number": number})
        return self._changed(code, number)

    def approve(self, actor: Actor, code: str, number: int, note: str = "") -> Standing:
        """Makes a draft of somebody else a version that holds from its moment. Approving again
        answers it as it stands.

        Raises TariffUnknown, TariffVersionUnknown, TariffInFile, TariffRejected, TariffNotDraft,
        TariffOwnApproval, TariffActivationPast, TariffNoticeShort, TariffMomentTaken, TariffInUse
        (it ends, nothing follows it, and agreements are at the tariff), TariffMalformed (the chart
        has lost an account that it books on).
        """
        require(actor, "approve_tariff")
        note = cleaned(note)
        with self._store.writing() as books:
            found = self._tariffs.assembled(books)
            version = of_desk(found, code, number)
            done = version.act(ActKind.APPROVED)
            if done is None or not same_person(done.actor, actor.name):
                now = self._now(books)
                draft = version.tariff.approved(actor.name, now)
                check_notice(code, draft.active_from, now)
                for other in found.approved(code):
                    if other.active_from == draft.active_from:
                        raise TariffMomentTaken(code, number, other.version)
                # What retiring would refuse, a version that says its own end does not do either.
                chain = sorted([*found.approved(code), draft], key=lambda one: one.active_from)
                if chain[-1] is draft:
                    check_left(code, chain, books.agreements_at(code))
                check_books(draft, self._chart, code)
                books.add(TariffAct(code, number, ActKind.APPROVED, now, actor.name, note))
        return self._changed(code, number)

    def reject(self, actor: Actor, code: str, number: int, note: str) -> Standing:
        """Ends a draft: turned down by somebody, or withdrawn by who handed it in. An approved
        version can be taken back by who may approve, before its moment.

        Raises TariffUnknown, TariffVersionUnknown, TariffInFile, TariffRejected, TariffInForce,
        TariffNoticeShort, TariffInUse (it was to follow one that ends), ReasonMissing.
        """
        require(actor, "reject_tariff")
        note = checked_reason(cleaned(note))
        with self._store.writing() as books:
            found = self._tariffs.assembled(books)
            version = found.find(code, number)
            done = version.act(ActKind.REJECTED)
            if done is None or not same_person(done.actor, actor.name):
                tariff, now = of_desk(found, code, number).tariff, self._now(books)
                if not tariff.is_draft:
                    require(actor, "approve_tariff")
                    if tariff.active_from <= now:
                        raise TariffInForce(code, number)
                    check_notice(code, tariff.active_from, now)
                    left = [one for one in found.approved(code) if one.version != number]
                    check_left(code, left, books.agreements_at(code))
                books.add(TariffAct(code, number, ActKind.REJECTED, now, actor.name, note))
        return self._changed(code, number)

    def retire(
        self, actor: Actor, code: str, effective_at: datetime | None, note: str
    ) -> Retirement:
        """Ends the version that holds until `effective_at` (None: as soon as can be). From then
        on nothing is sold at this tariff, unless a later version begins. Refused where agreements
        are at the tariff and no later version follows.

        Raises TariffUnknown, TariffMissing (none holds then), TariffRetiredAlready,
        TariffNoticeShort, TariffInUse, ReasonMissing.
        """
        require(actor, "retire_tariff")
        note = checked_reason(cleaned(note))
        with self._store.writing() as books:
            found = self._tariffs.assembled(books)
            found.of(code)
            now = self._now(books)
            end = effective_at or (now + NOTICE).replace(microsecond=0) + timedelta(seconds=1)
            chain = found.approved(code)
            held = [tariff for tariff in chain if tariff.active_from < end]
            if not held:
                raise TariffMissing(code)
            number = held[-1].version
            done = found.find(code, number).act(ActKind.RETIRED)
            if not (
                done is not None
                and same_person(done.actor, actor.name)
                and effective_at in (None, done.effective_at)
            ):
                if held[-1].retired_from is not None:
                    raise TariffRetiredAlready(code, number)
                check_notice(code, end, now)
                agreements = books.agreements_at(code)
                if agreements and len(held) == len(chain):
                    raise TariffInUse(code, agreements)
                books.add(TariffAct(code, number, ActKind.RETIRED, now, actor.name, note, end))
        standing = self._changed(code, number)
        with self._store.reading() as rows:
            later = [tariff for tariff in chain if tariff.active_from >= end]
            return Retirement(standing, rows.agreements_at(code), later[0] if later else None)

    # What it would mean

    def preview(
        self,
        actor: Actor,
        code: str,
        number: int,
        amount: str,
        household: Household | None = None,
        at: datetime | None = None,
    ) -> Quote:
        """What a payment would buy by a version, drafts too, at a moment (None: now, or when the
        version begins). Nothing is kept.

        Raises TariffUnknown, TariffVersionUnknown, NotANumber, TooFine, and the errors of `quote`.
        """
        require(actor, "read_tariffs")
        household = _checked(household)
        found = self._found()
        tariff = found.as_if_approved(found.find(code, number))
        paid = Money.from_text(amount, tariff.currency)
        return tried(tariff, paid, household, at or max(self._clock(), tariff.active_from))

    def compare(
        self,
        actor: Actor,
        code: str,
        one: int,
        other: int,
        amounts: Sequence[str] = USUAL_AMOUNTS,
        household: Household | None = None,
        at: datetime | None = None,
    ) -> Comparison:
        """What the version `other` changes against `one`, and what the same household gets for
        the same payments by both. Raises the errors of `preview` but those of `quote`."""
        require(actor, "read_tariffs")
        household = _checked(household)
        found = self._found()
        first, second = (found.as_if_approved(found.find(code, n)) for n in (one, other))
        moment = at or max(self._clock(), first.active_from, second.active_from)
        return compared(first, second, tuple(amounts)[:MOST_AMOUNTS], household, moment)

    def _found(self) -> Assembled:
        """Read anew: people who decide see what there is, not what there was a second ago."""
        with self._store.reading() as rows:
            return self._tariffs.assembled(rows)

    def _now(self, books: TariffRows) -> datetime:
        """This clock's moment, or the journal's where it has a later one: where another clock is
        ahead, what has been sold there is past."""
        latest, now = books.latest(), self._clock()
        return now if latest is None else max(now, latest)

    def _changed(self, code: str, number: int) -> Standing:
        self._tariffs.reload()
        found = self._found()
        version = found.find(code, number)
        return Standing(version, found.state(version, self._clock()))


def _same_draft(kept: KeptVersion, by: str, text: str) -> bool:
    return kept.document == text and same_person(kept.drafted_by, by)


def _checked(household: Household | None) -> Household:
    household = household or Household()
    if not 0 <= household.months_due <= MOST_MONTHS_DUE:
        raise NotANumber(str(household.months_due))
    return household
