"""The life of a tariff version over the desk, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from meters.account import Commodity
from meters.errors import RaseedError
from meters.quantities import Money
from tests.databases import counted
from tests.vending.support import ADMIN, OPERATOR, START
from vending.accounting.errors import ReasonMissing
from vending.messages import Language, words_for
from vending.permissions import ActorNotAllowed
from vending.store import schema
from vending.tariff import (
    AccountState,
    QuoteRequest,
    TariffActivationPast,
    TariffMalformed,
    TariffMissing,
    TariffNotDraft,
    TariffOwnApproval,
    TariffState,
    quote,
)
from vending.tariff.errors import (
    TariffInFile,
    TariffInForce,
    TariffInUse,
    TariffKeptWrong,
    TariffKindDiffers,
    TariffMomentTaken,
    TariffNoticeShort,
    TariffRejected,
    TariffRetiredAlready,
    TariffUnknown,
    TariffVersionTaken,
    TariffVersionUnknown,
)
from vending.tariff.mistakes import Mistake
from vending.tariff.rows import ActKind
from vending.tariffdesk import MOST_TEXT
from vending.tariffrules import NOTICE

from .office import CODE, LAYLA, NADIA, NEW_YEAR, OMAR, Office, draft

BEGINS = datetime.fromisoformat(NEW_YEAR)
SECOND = timedelta(seconds=1)
TABLES = ("tariff_files", "tariff_approvals")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Office]:
    """For rules that no database has a part in."""
    made = Office(tmp_path / "quick.db")
    yield made
    made.close()


def states(office: Office, code: str = CODE) -> dict[int, str]:
    return {
        one.version.tariff.version: one.state.value for one in office.desk.versions(LAYLA, code)
    }


def test_from_draft_to_active_and_a_past_sale_stays_what_it_was(office: Office) -> None:
    before = office.sell("before")
    made = office.desk.submit(LAYLA, draft())
    assert (made.state, made.version.tariff.drafted_by) == (TariffState.DRAFT, "Layla")
    assert made.version.document == draft()
    assert states(office) == {1: "active", 2: "draft"}
    assert office.quote().tariff_version == 1

    done = office.desk.approve(OMAR, CODE, 2, "Council of 20 November")
    assert done.state is TariffState.APPROVED
    assert done.version.tariff.approved_by == "Omar"
    assert done.version.acts[0].note == "Council of 20 November"
    # No restart, and no second has passed: the process that changed it sees it at once.
    assert [tariff.version for tariff in office.tariffs.versions(CODE)] == [1, 2]

    office.clock.now = BEGINS - SECOND
    last = office.sell("last")
    assert (last.quote.tariff_version, last.quote.quantity.to_text()) == (1, "76.8")
    office.clock.now = BEGINS
    first = office.sell("first")
    assert (first.quote.tariff_version, first.quote.quantity.to_text()) == (2, "71.8")
    assert states(office) == {1: "retired", 2: "active"}

    for sold in (before, last):
        again = office.service.reprint(OPERATOR, sold.vend_id)
        assert (again.quote, again.tokens) == (sold.quote, sold.tokens)
        version = office.tariffs.version(CODE, sold.quote.tariff_version)
        state = AccountState(sold.quote.balance_before)
        asked = QuoteRequest(Money(5000))
        assert quote(version, asked, state, sold.sold_at) == sold.quote
    assert office.service.verify(ADMIN).problem is None


def test_two_people_and_enough_notice(quick: Office) -> None:
    quick.desk.submit(OMAR, draft())
    assert quick.desk.submit(replace(OMAR, name="cli:omar"), draft()).state is TariffState.DRAFT
    for same in ("Omar", " OMAR ", "cli:omar", "api:Omar"):
        with pytest.raises(TariffOwnApproval):
            quick.desk.approve(replace(OMAR, name=same), CODE, 2)
    with pytest.raises(ActorNotAllowed):
        quick.desk.approve(LAYLA, CODE, 2)
    quick.clock.now = BEGINS + SECOND
    with pytest.raises(TariffActivationPast):
        quick.desk.approve(NADIA, CODE, 2)
    with pytest.raises(TariffActivationPast):
        quick.desk.submit(LAYLA, draft(3))
    quick.clock.now = BEGINS - NOTICE + timedelta(microseconds=1)
    with pytest.raises(TariffNoticeShort):
        quick.desk.approve(NADIA, CODE, 2)
    assert states(quick) == {1: "active", 2: "draft"}
    quick.clock.now = BEGINS - NOTICE
    assert quick.desk.approve(NADIA, CODE, 2).state is TariffState.APPROVED
    # The same again is the same, by whichever door; a second approval is none.
    for same in ("Nadia", "cli:nadia"):
        again = quick.desk.approve(replace(NADIA, name=same), CODE, 2)
        assert again.state is TariffState.APPROVED
    with pytest.raises(TariffNotDraft):
        quick.desk.approve(type(OMAR)("Samir", OMAR.role), CODE, 2)
    assert counted(TABLES, quick.place)["tariff_approvals"] == 1


def test_what_is_handed_in_twice(quick: Office) -> None:
    made = quick.desk.submit(LAYLA, draft())
    assert quick.desk.submit(LAYLA, draft()) == made
    for actor, text in ((LAYLA, draft(rate="0.6100")), (OMAR, draft()), (LAYLA, draft(1))):
        with pytest.raises(TariffVersionTaken):
            quick.desk.submit(actor, text)
    with pytest.raises(TariffKindDiffers):
        quick.desk.submit(LAYLA, draft(3, commodity=Commodity.WATER.value))
    with pytest.raises(ActorNotAllowed):
        quick.desk.submit(OPERATOR, draft(4))
    assert states(quick) == {1: "active", 2: "draft"}


def charged(code: str = "c", name_en: str = "C") -> str:
    """One monthly charge."""
    told = f"rule = 'monthly', code = '{code}', name_ar = 'ر', name_en = '{name_en}'"
    return f"charges = [ {{ {told}, amount = '5.00', book = 'fees' }} ]"


DEEP = "x = " + "[" * 5000
BAD = [
    ("", "commodity", Mistake.ONE_OF),
    ("code = 5 5", "TOML 1:10", Mistake.NOT_TOML),
    (DEEP, "TOML", Mistake.NESTED),
    (draft() + "\ud800", "TOML", Mistake.NOT_TEXT),
    (draft() + "# " + "x" * MOST_TEXT, "TOML", Mistake.TOO_LONG),
    (draft(rate="cheap"), "versions[0].price.rate", Mistake.NOT_A_NUMBER),
    (
        draft().replace("[[versions]]", "[[versions]]\ncolour = 'red'"),
        "versions[0].colour",
        Mistake.UNKNOWN_KEY,
    ),
    (draft(more='approved_by = "Omar"'), "versions[0].approved_by", Mistake.APPROVED_ITSELF),
    (draft(more=f"approved_at = {NEW_YEAR}"), "versions[0].approved_at", Mistake.APPROVED_ITSELF),
    (
        draft() + draft().partition("[[versions]]")[1] + "\nversion = 3",
        "versions",
        Mistake.ONE_VERSION,
    ),
    (draft(begins="2027-01-01T00:00:00"), "versions[0].active_from", Mistake.NO_OFFSET),
    (draft(begins="0001-01-01T00:00:00+14:00"), "versions[0].active_from", Mistake.YEARS),
    (draft(begins="2027-02-30T00:00:00Z"), "TOML 11:15", Mistake.NOT_TOML),
    (draft(99999), "versions[0].version", Mistake.TOO_LARGE),
    (draft(code="x" * 61), "code", Mistake.TOO_LONG),
    (draft().replace("كهرباء منزلي", "كهرباء\\u202e"), "name_ar", Mistake.UNPRINTABLE),
    (draft().replace("كهرباء منزلي", "ك" * 61), "name_ar", Mistake.TOO_LONG),
    (draft(more=charged(code="c" * 41)), "versions[0].charges[0].code", Mistake.TOO_LONG),
    (draft(more=charged(name_en="N" * 61)), "versions[0].charges[0].name_en", Mistake.TOO_LONG),
    (
        draft().replace('"5000.00"', '"' + "9" * 90 + '"'),
        "versions[0].most_per_sale",
        Mistake.TOO_MUCH,
    ),
    (draft().replace("version = 2", "version = " + "9" * 5000), "TOML", Mistake.NOT_TOML),
    (
        draft(
            more="charges = [ { rule = 'monthly', code = 'c', name_ar = 'ر', name_en = 'C', "
            "amount = '5.00', book = 'bank' } ]"
        ),
        "versions[0].charges[0].book",
        Mistake.BOOK,
    ),
    (
        draft(
            code="electricity-domestic-blocks",
            more="charges = [ { rule = 'once', code = 'meter', name_ar = 'ر', name_en = 'C', "
            "amount = '5.00', book = 'fees' } ]",
        ),
        "version = 2: charges[0].code",
        Mistake.WAS_MONTHLY,
    ),
    # The books are in shekels: no account would take what is sold by it.
    (draft(code="dollars").replace('"ILS"', '"USD"'), "currency", Mistake.ONE_OF),
]


@pytest.mark.parametrize(("text", "where", "problem"), BAD, ids=[f"{n}" for n in range(len(BAD))])
def test_a_bad_text_is_told_with_its_place_and_nothing_is_kept(
    quick: Office, text: str, where: str, problem: Mistake
) -> None:
    before = counted(TABLES, quick.place)
    with pytest.raises(TariffMalformed) as error:
        quick.desk.submit(LAYLA, text, "new.toml")
    assert error.value.source == "new.toml"
    assert error.value.where == where
    assert error.value.problem is problem
    # Told in Arabic it holds no English sentence, but what was written and names of keys.
    told = words_for(error.value, Language.ARABIC)
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", told), told
    assert counted(TABLES, quick.place) == before


def test_a_file_saved_by_a_text_editor_is_taken(quick: Office) -> None:
    text = "\ufeff" + draft().replace("\n", "\r\n")
    assert quick.desk.submit(LAYLA, text).state is TariffState.DRAFT


def test_rejected_and_taken_back(quick: Office) -> None:
    desk = quick.desk
    for number in (2, 3, 4):
        desk.submit(LAYLA, draft(number, begins=f"2027-0{number}-01T00:00:00+02:00"))
    with pytest.raises(ReasonMissing):
        desk.reject(OMAR, CODE, 2, " no ")
    assert desk.reject(OMAR, CODE, 2, "The rate is wrong").state is TariffState.REJECTED
    assert desk.reject(OMAR, CODE, 2, "The rate is wrong").state is TariffState.REJECTED
    for act in (desk.approve, desk.reject):
        with pytest.raises(TariffRejected):
            act(NADIA, CODE, 2, "All the same")
    with pytest.raises(TariffVersionTaken):
        desk.submit(LAYLA, draft(2, "0.1000"))
    # Its author may withdraw a draft; what is approved is taken back by who may approve.
    assert desk.reject(LAYLA, CODE, 3, "I found a mistake").state is TariffState.REJECTED
    desk.approve(OMAR, CODE, 4)
    with pytest.raises(ActorNotAllowed):
        desk.reject(LAYLA, CODE, 4, "I found a mistake")
    assert desk.reject(NADIA, CODE, 4, "The council said no").state is TariffState.REJECTED
    assert states(quick) == {1: "active", 2: "rejected", 3: "rejected", 4: "rejected"}
    quick.clock.now = BEGINS + timedelta(days=200)
    assert quick.tariffs.active(CODE, quick.clock()).version == 1
    with pytest.raises(TariffMissing):
        quick.tariffs.version(CODE, 4)

    desk.submit(LAYLA, draft(5, begins="2028-01-01T00:00:00+02:00"))
    desk.approve(OMAR, CODE, 5)
    quick.clock.now = datetime.fromisoformat("2028-01-01T00:00:00+02:00")
    with pytest.raises(TariffInForce):
        desk.reject(NADIA, CODE, 5, "Too late for that")


def test_what_lies_in_a_file_is_not_decided_here(quick: Office) -> None:
    for act in (quick.desk.approve, quick.desk.reject):
        with pytest.raises(TariffInFile):
            act(OMAR, CODE, 1, "For good measure")
    with pytest.raises(TariffUnknown):
        quick.desk.versions(LAYLA, "gas")
    with pytest.raises(TariffVersionUnknown):
        quick.desk.approve(OMAR, CODE, 7)


def test_two_versions_never_begin_at_one_moment(quick: Office) -> None:
    quick.approved(draft())
    quick.desk.submit(LAYLA, draft(3, "0.7000"))
    with pytest.raises(TariffMomentTaken) as error:
        quick.desk.approve(OMAR, CODE, 3)
    assert error.value.other == 2


def test_a_tariff_ends_where_nobody_is_left_without(office: Office) -> None:
    desk, end = office.desk, START + timedelta(days=3)
    with pytest.raises(TariffInUse) as error:
        desk.retire(OMAR, CODE, end, "No longer wanted")
    assert error.value.agreements == 1
    with pytest.raises(ActorNotAllowed):
        desk.retire(LAYLA, "electricity-temporary", end, "No longer wanted")
    with pytest.raises(TariffNoticeShort):
        desk.retire(OMAR, "electricity-temporary", START, "No longer wanted")
    with pytest.raises(TariffUnknown):
        desk.retire(OMAR, "gas", end, "No longer wanted")
    with pytest.raises(TariffMissing):
        desk.retire(OMAR, "electricity-temporary", START - timedelta(days=900), "No longer wanted")

    done = desk.retire(OMAR, "electricity-temporary", end, "No longer wanted")
    assert (done.agreements, done.followed_by) == (0, None)
    again = desk.retire(OMAR, "electricity-temporary", end, "No longer wanted")
    assert again.standing == done.standing
    with pytest.raises(TariffRetiredAlready):
        desk.retire(OMAR, "electricity-temporary", end + SECOND, "No longer wanted")
    book = office.tariffs
    assert book.active("electricity-temporary", end - SECOND).version == 1
    with pytest.raises(TariffMissing):
        book.active("electricity-temporary", end)
    assert book.version("electricity-temporary", 1).version == 1

    # Used, but followed: what lies between is told.
    office.approved(draft())
    gap = desk.retire(OMAR, CODE, end, "Nothing is sold at the turn of the year")
    assert gap.agreements == 1
    assert gap.followed_by is not None
    assert gap.followed_by.version == 2
    # What is to follow is not taken back now.
    with pytest.raises(TariffInUse):
        desk.reject(NADIA, CODE, 2, "The council said no")
    office.clock.now = end
    with pytest.raises(TariffMissing):
        office.quote()
    office.clock.now = BEGINS
    assert office.quote().tariff_version == 2


def test_a_version_that_says_its_own_end_leaves_nobody_without_a_price(quick: Office) -> None:
    """What `retire` refuses is not let through in a draft's text."""
    ends = "retired_from = 2027-03-01T00:00:00+02:00"
    lasting = draft(3, begins="2027-03-01T00:00:00+02:00")
    quick.desk.submit(LAYLA, draft(more=ends))
    with pytest.raises(TariffInUse):
        quick.desk.approve(OMAR, CODE, 2)
    assert states(quick)[2] == "draft"
    # Followed by another, it may end; and the one that follows is not taken back then.
    quick.approved(lasting)
    assert quick.desk.approve(OMAR, CODE, 2).state is TariffState.APPROVED
    with pytest.raises(TariffInUse):
        quick.desk.reject(NADIA, CODE, 3, "The council said no")
    # Nobody is at this one.
    assert quick.approved(draft(code="electricity-public", more=ends)).state is TariffState.APPROVED


def test_a_slow_clock_cannot_let_a_version_begin_before_a_sale_that_was_made(
    quick: Office,
) -> None:
    quick.desk.submit(LAYLA, draft())
    quick.clock.now = BEGINS + SECOND
    quick.sell("after")
    quick.clock.now = BEGINS - timedelta(minutes=1)
    with pytest.raises(TariffActivationPast):
        quick.desk.approve(OMAR, CODE, 2)


def test_as_soon_as_can_be(quick: Office) -> None:
    done = quick.desk.retire(OMAR, "electricity-public", None, "No longer wanted")
    end = done.standing.version.tariff.retired_from
    assert end is not None
    assert NOTICE <= end - START <= NOTICE + SECOND
    again = quick.desk.retire(OMAR, "electricity-public", None, "No longer wanted")
    assert again.standing.version == done.standing.version


def test_of_many_who_decide_at_once_one_does(place: Path | str) -> None:
    here, there = Office(place), Office(place, founds=False)
    here.desk.submit(LAYLA, draft())

    def decide(number: int) -> str:
        desk = (here, there)[number % 2].desk
        try:
            if number % 3:
                desk.approve(type(OMAR)(f"Chief {number}", OMAR.role), CODE, 2)
                return "approved"
            desk.submit(type(LAYLA)(f"Clerk {number}", LAYLA.role), draft(3))
        except RaseedError as error:
            return error.code
        return "drafted"

    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(decide, range(12)))
    assert told == [
        "approved",
        "drafted",
        *["tariff.not_draft"] * 7,
        *["tariff.version_taken"] * 3,
    ]
    for office in (here, there):
        office.second_passes()
        assert states(office) == {1: "active", 2: "approved", 3: "draft"}
        assert [t.version for t in office.tariffs.versions(CODE)] == [1, 2, 3]
        office.close()


def approved_by_hand(office: Office, name: str) -> None:
    """A row that the desk would not have written."""
    row = {
        "code": CODE,
        "version": 2,
        "act": ActKind.APPROVED.value,
        "at": office.clock(),
        "actor": name,
        "note": "",
        "effective_at": None,
    }
    with office.store.writing() as books:
        books._db.execute(insert(schema.tariff_approvals), row)
    office.second_passes()


def test_an_approval_that_was_put_in_by_hand_prices_nothing(office: Office) -> None:
    office.desk.submit(LAYLA, draft())
    approved_by_hand(office, "layla")
    with pytest.raises(TariffKeptWrong):
        office.quote()
    with pytest.raises(TariffKeptWrong):
        Office(office.place, founds=False)


def test_what_one_person_approved_by_two_doors_once_still_prices(quick: Office) -> None:
    """No more of it is let through, but counters that sell by it are not stopped."""
    quick.desk.submit(replace(LAYLA, name="cli:layla"), draft())
    approved_by_hand(quick, "layla")
    assert states(quick) == {1: "active", 2: "approved"}
    quick.clock.now = BEGINS
    assert quick.quote().tariff_version == 2
