"""The book that is always the present one: other processes, and files beside the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from meters.errors import Unavailable
from tests.databases import counted
from tests.vending.support import ADMIN, CONFIG, chart
from vending import tariffrules
from vending.ledger import Chart
from vending.store import open_store
from vending.store.tariffs import SqlTariffs
from vending.tariff import TariffBook, TariffMalformed, TariffMissing, TariffState, read_tariffs
from vending.tariff.errors import TariffChanged, TariffUnbooked
from vending.tariff.live import PERIOD_NS
from vending.tariff.mistakes import Mistake
from vending.tariff.rows import SHIPPED

from .office import CODE, LAYLA, NEW_YEAR, OMAR, Office, draft

pytestmark = pytest.mark.system

FILE = "electricity-domestic.toml"
APPROVED = "2025-12-15T10:00:00+02:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tariff files that may be edited."""
    return Path(copytree(CONFIG / "tariffs", tmp_path / "tariffs"))


@pytest.fixture
def office(place: Path | str, folder: Path) -> Iterator[Office]:
    made = Office(place, folder=folder)
    yield made
    made.close()


@pytest.fixture
def quick(tmp_path: Path, folder: Path) -> Iterator[Office]:
    """For what no database has a part in."""
    made = Office(tmp_path / "quick.db", folder=folder)
    yield made
    made.close()


def starts(office: Office, folder: Path | None = None) -> Office:
    """Another process on the same database."""
    return Office(office.place, office.clock, folder or office.folder, founds=False)


def versions(office: Office) -> list[int]:
    return [tariff.version for tariff in office.tariffs.versions(CODE)]


def test_it_answers_as_the_book_of_the_files_does(quick: Office) -> None:
    book, live, now = read_tariffs(quick.folder), quick.tariffs, quick.clock()
    assert isinstance(live, TariffBook)
    assert live.codes() == book.codes()
    for code in book.codes():
        assert live.versions(code) == book.versions(code)
        assert live.active(code, now) == book.active(code, now) == live.version(code, 1)
        assert live.state(live.version(code, 1), now) is TariffState.ACTIVE
    with pytest.raises(TariffMissing):
        live.active("gas", now)


def test_another_process_sees_it_a_second_later(office: Office) -> None:
    other = starts(office)
    office.approved(draft())
    assert (versions(office), versions(other)) == ([1, 2], [1])
    other.ticks += PERIOD_NS - 1
    assert versions(other) == [1]
    other.ticks += 1
    assert versions(other) == [1, 2]
    office.desk.reject(OMAR, CODE, 2, "The council said no")
    assert versions(other) == [1, 2]
    other.second_passes()
    assert versions(other) == [1]
    # Whoever names a version that nobody knows has it looked for at once.
    office.approved(draft(3))
    assert other.tariffs.version(CODE, 3).version == 3
    other.close()


def test_what_has_not_grown_is_not_read_again(quick: Office) -> None:
    held = quick.tariffs.version(CODE, 1)
    quick.second_passes()
    assert quick.tariffs.version(CODE, 1) is held


def test_a_database_that_does_not_answer_is_told_and_asked_again(
    quick: Office, tmp_path: Path
) -> None:
    quick.approved(draft())
    store = quick.tariffs._store
    away = open_store(tmp_path / "absent" / "books.db", must_be_current=False)
    quick.tariffs._store = SqlTariffs(away)
    assert versions(quick) == [1, 2]
    quick.second_passes()
    with pytest.raises(Unavailable):
        versions(quick)
    away.close()
    quick.tariffs._store = store
    assert versions(quick) == [1, 2]


def test_a_file_that_changed_after_it_was_met_is_refused(office: Office) -> None:
    path = office.folder / FILE
    text = path.read_text("utf-8")
    path.write_text(text.replace('"0.5612"', '"0.5613"'), "utf-8")
    before = counted(("tariff_files",), office.place)
    with pytest.raises(TariffChanged) as error:
        starts(office)
    told = error.value.facts()
    assert told == {
        "tariff": CODE,
        "version": 1,
        "file": FILE,
        "where": "versions[0].price.rate",
    }
    assert counted(("tariff_files",), office.place) == before
    # What is running goes on by what it has read.
    office.second_passes()
    assert office.quote().lines[0].rate == "0.5612"

    # Comments, spaces and order say nothing.
    words = text.replace("# Electricity", "# For homes: electricity").replace(" = ", "   =  ")
    path.write_text(words.replace('half_up" }\n', 'half_up" } # as ever\n'), "utf-8")
    starts(office).close()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('rounding = "half_up" }\nvat', 'rounding = "down" }\nvat', "versions[0].price.rounding"),
        ('name_en = "Electricity, domestic"', 'name_en = "Homes"', "name_en"),
        ("2026-01-01", "2026-01-02", "versions[0].active_from"),
        (
            "most_per_sale",
            "retired_from = 2027-01-01T00:00:00+02:00\nmost_per_sale",
            "versions[0].retired_from",
        ),
        ('approved_by = "Finance director"', 'approved_by = "Mayor"', "versions[0].approved_by"),
    ],
)
def test_whatever_it_says_is_part_of_it(quick: Office, old: str, new: str, where: str) -> None:
    path = quick.folder / FILE
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(TariffChanged) as error:
        starts(quick)
    assert error.value.where == where


def test_a_file_that_is_gone_still_prices_and_explains(office: Office) -> None:
    sold = office.sell("v-1")
    (office.folder / FILE).unlink()
    later = starts(office)
    assert later.tariffs.version(CODE, 1) == office.tariffs.version(CODE, 1)
    assert later.quote() == office.quote()
    assert later.service.reprint(ADMIN_SELLS, "v-1").quote == sold.quote
    later.close()


ADMIN_SELLS = type(ADMIN)("Omar", OMAR.role, "P1")


def test_a_version_that_is_added_to_a_file_is_met_at_the_next_start(quick: Office) -> None:
    running = starts(quick)
    approval = f'drafted_by = "Billing quick"\napproved_by = "Mayor"\napproved_at = {NEW_YEAR}'
    for text, known in (("", [1, 2]), (approval, [1, 2])):
        # A draft in a file may be edited until it is approved there.
        more = text or 'drafted_by = "Billing quick"'
        rate = "0.6000" if text else "0.5900"
        version = draft(2, rate, more=more).partition("[[versions]]")[2]
        whole = (CONFIG / "tariffs" / FILE).read_text("utf-8") + "\n[[versions]]" + version
        (quick.folder / FILE).write_text(whole, "utf-8")
        started = starts(quick)
        assert versions(started) == known
        kept = counted(("tariff_files",), quick.place)["tariff_files"]
        assert kept == len(quick.tariffs.codes()) + bool(text)
        started.close()
    # It lies in the database now, so a process that began before has it, too.
    running.second_passes()
    assert versions(running) == [1, 2]
    assert running.desk.version(LAYLA, CODE, 2).version.kept.drafted_by == SHIPPED  # type: ignore[union-attr]
    running.close()


def test_a_server_with_an_older_file_sells_by_what_another_has_met(office: Office) -> None:
    """Two servers on one database, and the new file lies at one of them alone."""
    approval = f'drafted_by = "Billing"\napproved_by = "Mayor"\napproved_at = {APPROVED}'
    older = Path(copytree(office.folder, office.folder.parent / "older"))
    version = draft(2, "0.6000", more=approval).partition("[[versions]]")[2]
    whole = (CONFIG / "tariffs" / FILE).read_text("utf-8") + "\n[[versions]]" + version
    (office.folder / FILE).write_text(whole, "utf-8")
    newer = starts(office)
    for server in (office, again := starts(office, older)):
        server.second_passes()
        assert versions(server) == [1, 2]
    office.clock.now = datetime(2026, 12, 31, 22, tzinfo=UTC)
    sold = [one.sell(f"v-{place}") for place, one in enumerate((newer, office, again))]
    assert {one.quote.tariff_version for one in sold} == {2}
    # 50.00 in the first month of a new year: 50.00 / 1.16 / 0.60 = 71.8 kWh.
    assert sold[0].quote.quantity.to_text() == "71.8"
    newer.close()
    again.close()


def test_a_version_that_comes_too_late_to_have_held_is_not_met(office: Office) -> None:
    """Put between two that have begun, it would be asked for in months that nobody charged by it
    then, and with what it alone charges."""
    autumn, spring, now = (f"2026-{month}-01T00:00:00+03:00" for month in ("10", "04", "11"))
    path, shipped = office.folder / FILE, (CONFIG / "tariffs" / FILE).read_text("utf-8")

    def added(version: int, begins: str) -> str:
        by = f'drafted_by = "Billing"\napproved_by = "Mayor"\napproved_at = {APPROVED}'
        text = draft(version, begins=begins, more=by)
        return "\n[[versions]]" + text.partition("[[versions]]")[2]

    # Late, but behind all others: it holds from now on.
    path.write_text(shipped + added(2, autumn), "utf-8")
    starts(office).close()
    before = counted(("tariff_files",), office.place)
    path.write_text(shipped + added(2, autumn) + added(3, spring), "utf-8")
    with pytest.raises(TariffMalformed) as error:
        starts(office)
    assert (error.value.source, error.value.where) == (FILE, "version = 3: active_from")
    assert (error.value.problem, error.value.details) == (Mistake.BEFORE_BEGUN, ["2", autumn])
    assert counted(("tariff_files",), office.place) == before
    path.write_text(shipped + added(2, autumn) + added(3, now), "utf-8")
    starts(office).close()
    # On a new database all of them are met together.
    fresh = office.folder.parent / "fresh.db"
    Office(fresh, office.clock, office.folder).close()


@pytest.mark.parametrize("book", ["nonsense", "debts", "till", "safe", "vat_due"])
def test_a_file_that_books_where_nothing_is_earned_is_not_met(quick: Office, book: str) -> None:
    """It would price every quote, and no sale could be booked or the books would not agree."""
    approval = f'drafted_by = "Office"\napproved_by = "Mayor"\napproved_at = {NEW_YEAR}'
    charges = "".join(
        f"""
[[versions.charges]]
rule = "monthly"
code = "{code}"
name_ar = "رسم"
name_en = "Charge"
amount = "5.00"
book = "{role}"
"""
        for code, role in (("first", "fees"), ("second", book))
    )
    version = draft(2, more=approval + charges).partition("[[versions]]")[2]
    path = quick.folder / FILE
    path.write_text(path.read_text("utf-8") + "\n[[versions]]" + version, "utf-8")
    before = counted(("tariff_files",), quick.place)
    with pytest.raises(TariffMalformed) as error:
        starts(quick)
    assert (error.value.source, error.value.where) == (FILE, "versions[1].charges[1].book")
    assert error.value.problem is Mistake.BOOK
    assert "fees, fixed_charges" in error.value.details[0]
    assert counted(("tariff_files",), quick.place) == before


@pytest.mark.parametrize(
    ("code", "name", "place"), [("c" * 41, "رسم", "code"), ("c", "ر" * 61, "name_ar")]
)
def test_a_file_with_an_endless_name_is_not_met(
    quick: Office, monkeypatch: pytest.MonkeyPatch, code: str, name: str, place: str
) -> None:
    approval = f'drafted_by = "Office"\napproved_by = "Mayor"\napproved_at = {NEW_YEAR}'
    charge = f'rule = "monthly"\ncode = "{code}"\nname_ar = "{name}"\nname_en = "Charge"'
    more = f'{approval}\n[[versions.charges]]\n{charge}\namount = "5.00"\nbook = "fees"'
    version = draft(2, more=more).partition("[[versions]]")[2]
    path = quick.folder / FILE
    path.write_text(path.read_text("utf-8") + "\n[[versions]]" + version, "utf-8")
    with pytest.raises(TariffMalformed) as error:
        starts(quick)
    assert (error.value.source, error.value.where) == (FILE, f"versions[1].charges[0].{place}")
    assert error.value.problem is Mistake.TOO_LONG
    # Kept when there was no longest, it prices on.
    with monkeypatch.context() as before:
        before.setattr(tariffrules, "check_texts", lambda *_: None)
        starts(quick).close()
    again = starts(quick)
    assert versions(again) == [1, 2]
    again.close()


def test_a_file_in_another_currency_than_the_books_is_not_met(quick: Office) -> None:
    path = quick.folder / FILE
    text = path.read_text("utf-8").replace('"ILS"', '"USD"').replace(CODE, "dollars")
    path.write_text(text, "utf-8")
    with pytest.raises(TariffMalformed) as error:
        starts(quick)
    assert (error.value.source, error.value.where) == (FILE, "currency")
    assert (error.value.problem, error.value.details) == (Mistake.ONE_OF, ["ILS"])


def lacking(role: str) -> Chart:
    """The chart as somebody else might write it."""
    return Chart(account for account in chart().accounts() if account.role != role)


def refused(office: Office, role: str, folder: Path | None = None) -> tuple[str, int, str, str]:
    """Which version, where, stops a start without an account of this role."""
    folder = folder or office.folder
    with pytest.raises(TariffUnbooked) as error:
        Office(office.place, office.clock, folder, founds=False, accounts=lacking(role))
    told = error.value
    assert told.book == role
    assert role not in told.fitting
    return told.tariff, told.version, told.source, told.where


def test_what_was_kept_books_where_the_chart_still_has_an_account(
    quick: Office, tmp_path: Path
) -> None:
    """Found at the start with its file and place, not in the middle of a sale."""
    for role, code, where in (
        ("street_light", "electricity-commercial", "charges[0].book"),
        ("support_due", "electricity-social", "supports[0].book"),
        ("sewage", "water-domestic-blocks", "charges[1].book"),
    ):
        at = f"versions[0].{where}"
        assert refused(quick, role) == (code, 1, f"{code}.toml", at)
    # What was kept of a file that is gone is named by its code.
    empty = tmp_path / "none"
    empty.mkdir()
    assert refused(quick, "waste", empty)[2:] == (BLOCKS, "versions[0].charges[1].book")
    # From the desk, and before its moment.
    quick.approved(draft(more=ONCE))
    assert refused(quick, "fees", empty)[:3] == (CODE, 2, CODE)


BLOCKS = "electricity-domestic-blocks"
ONCE = (
    "charges = [ { rule = 'once', code = 'c', name_ar = 'ر', name_en = 'C', "
    "amount = '5.00', book = 'fees' } ]"
)
WASTE = (
    "charges = [ { rule = 'monthly', code = 'waste', name_ar = 'ر', name_en = 'C', "
    "amount = '5.00', book = 'sewage' } ]"
)


@pytest.mark.parametrize(("more", "stops"), [("", True), (WASTE, False)])
def test_of_a_version_that_is_over_only_what_may_still_be_owed_counts(
    quick: Office, more: str, stops: bool
) -> None:
    """A charge that the next version dropped is still taken for its months, by its own account;
    one that goes on is booked as the next version says."""
    quick.approved(draft(2, code=BLOCKS, more=more))
    quick.clock.now = datetime(2027, 2, 1, tzinfo=UTC)
    if stops:
        assert refused(quick, "waste")[:2] == (BLOCKS, 1)
        return
    started = Office(quick.place, quick.clock, founds=False, accounts=lacking("waste"))
    assert started.tariffs.active(BLOCKS, quick.clock()).version == 2
    started.close()


def test_what_is_over_for_good_needs_no_account(quick: Office) -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    quick.desk.retire(OMAR, "electricity-commercial", end, "No shops any more")
    assert refused(quick, "street_light")[0] == "electricity-commercial"
    quick.clock.now = end
    Office(quick.place, quick.clock, founds=False, accounts=lacking("street_light")).close()


def test_what_was_handed_in_cannot_be_put_into_a_file_otherwise(quick: Office) -> None:
    quick.desk.submit(LAYLA, draft())
    other = draft(2, "0.1000", more='drafted_by = "Billing quick"')
    (quick.folder / "more.toml").write_text(other, "utf-8")
    with pytest.raises(TariffChanged):
        starts(quick)


def test_a_file_that_begins_when_a_kept_version_does_is_not_met(quick: Office) -> None:
    quick.approved(draft())
    approval = f'drafted_by = "Office"\napproved_by = "Mayor"\napproved_at = {NEW_YEAR}'
    (quick.folder / "more.toml").write_text(draft(3, more=approval), "utf-8")
    before = counted(("tariff_files",), quick.place)
    with pytest.raises(TariffMalformed):
        starts(quick)
    assert counted(("tariff_files",), quick.place) == before


def test_a_code_keeps_its_kind_in_files_too(quick: Office) -> None:
    approval = f'drafted_by = "Office"\napproved_by = "Mayor"\napproved_at = {NEW_YEAR}'
    fee = (
        "charges = [ { rule = 'once', code = 'meter', name_ar = 'ر', name_en = 'C', "
        "amount = '5.00', book = 'fees' } ]"
    )
    text = draft(2, code="electricity-domestic-blocks", more=f"{approval}\n{fee}")
    (quick.folder / "more.toml").write_text(text, "utf-8")
    before = counted(("tariff_files",), quick.place)
    with pytest.raises(TariffMalformed) as error:
        starts(quick)
    assert error.value.source == "more.toml"
    assert (error.value.problem, error.value.details) == (Mistake.WAS_MONTHLY, ["meter", "1"])
    assert counted(("tariff_files",), quick.place) == before
