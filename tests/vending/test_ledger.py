"""Entries balance in every unit, the chain shows each change, verification names the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.values import replace
from tests.vending.support import CONFIG, START, chart
from vending.ledger import (
    GENESIS,
    AccountMissing,
    ChainHead,
    ChartMalformed,
    EntryUnbalanced,
    JournalEntry,
    LedgerProblem,
    PostedEntry,
    Posting,
    StoredEntry,
    canonical_json,
    canonical_plain,
    canonical_time,
    chained,
    joined,
    parse_chart,
    verify,
    walk,
)

CHART = chart()


def entry(cause: str = "v", *postings: Posting) -> JournalEntry:
    money = (Posting("1010", "P1", "ILS", 500), Posting("4010", "", "ILS", -500))
    return JournalEntry(START, "sale", cause, "Samir", "P1", "c" * 64, postings or money)


def journal(length: int) -> list[PostedEntry]:
    head, posted = ChainHead(), []
    for number in range(1, length + 1):
        one = chained(entry(f"v{number}"), head)
        posted.append(one)
        head = one.head
    return posted


def changed(entry: StoredEntry, **to: Any) -> StoredEntry:
    return entry._replace(**to)


def stored(posted: PostedEntry) -> StoredEntry:
    e = posted.entry
    return StoredEntry(
        number=posted.number,
        at=canonical_time(e.at),
        kind=e.kind,
        cause=e.cause,
        actor=e.actor,
        point=e.point,
        content_hash=e.content_hash,
        previous_hash=posted.previous_hash,
        hash=posted.hash,
        postings=e.postings,
        cause_hash=e.content_hash,
        tokens=("credit_electricity",),
    )


def test_an_entry_balances_in_each_unit_alone() -> None:
    exchange = entry(
        "v",
        Posting("1010", "P1", "ILS", 500),
        Posting("4010", "", "ILS", -500),
        Posting("6110", "m", "Wh", 900),
        Posting("6010", "", "Wh", -900),
    )
    assert len(exchange.postings) == 4
    with pytest.raises(EntryUnbalanced) as error:
        # The numbers sum to zero, the units do not.
        entry("v", Posting("1010", "P1", "ILS", 500), Posting("6010", "", "Wh", -500))
    assert (error.value.unit, error.value.sum) == ("ILS", 500)
    with pytest.raises(EntryUnbalanced):
        entry("v", Posting("1010", "P1", "ILS", 0))
    with pytest.raises(EntryUnbalanced):
        JournalEntry(START, "sale", "v", "Samir", "P1", "c" * 64, ())


@given(st.lists(st.integers(-1000, 1000).filter(bool), min_size=1, max_size=6))
def test_only_sums_of_zero_are_entries(amounts: list[int]) -> None:
    postings = tuple(Posting("1010", "P1", "ILS", amount) for amount in amounts)
    if sum(amounts) == 0:
        entry("v", *postings)
    else:
        with pytest.raises(EntryUnbalanced):
            entry("v", *postings)


def test_canonical_time_is_one_text_per_moment() -> None:
    here = START.astimezone(timezone(timedelta(hours=2)))
    assert canonical_time(here) == canonical_time(START) == "2026-11-23T09:30:12.345678Z"


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.text()
    | st.text("ab\\\x7f\u0645\u0639\xe9\U0001f4a7xU")
)
_PLAIN = st.recursive(
    _SCALARS,
    lambda parts: st.lists(parts) | st.lists(parts).map(tuple) | st.dictionaries(st.text(), parts),
    max_leaves=12,
)


@given(_PLAIN)
def test_plain_values_have_the_same_canonical_form_in_less_time(value: object) -> None:
    assert canonical_plain(value) == canonical_json(value)


def test_the_hash_is_fixed_for_ever() -> None:
    """A change of the canonical form would make every kept head worthless."""
    posted = chained(entry(), ChainHead())
    assert (posted.number, posted.previous_hash) == (1, GENESIS)
    assert posted.hash == "881a8d2d8c6cb2778aa8471cb78f64c4157156edc613b788824b6eee31e7f6cd"


def test_a_whole_journal_verifies() -> None:
    posted = journal(5)
    report = verify(map(stored, posted), (), CHART)
    assert report.ok
    assert (report.entries, report.postings) == (5, 10)
    assert report.head == posted[-1].head
    assert verify((), (), CHART).head == ChainHead()


Change = Callable[[StoredEntry], StoredEntry]


def _first_amount(e: StoredEntry, by: int) -> StoredEntry:
    first, *rest = e.postings
    return changed(e, postings=((*first[:3], first[3] + by), *rest))


CHANGES: dict[str, tuple[str, Change]] = {
    "amount of one posting": ("sum", lambda e: _first_amount(e, 1)),
    "amounts of both postings": (
        "hash",
        lambda e: changed(e, postings=((*e.postings[0][:3], 9), (*e.postings[1][:3], -9))),
    ),
    "holder": (
        "hash",
        lambda e: changed(e, postings=(("1010", "P2", "ILS", 500), e.postings[1])),
    ),
    "order of postings": ("hash", lambda e: changed(e, postings=e.postings[::-1])),
    "no postings": ("sum", lambda e: changed(e, postings=())),
    "unknown account": (
        "account",
        lambda e: changed(e, postings=(("9", "P1", "ILS", 500), e.postings[1])),
    ),
    "account in another unit": (
        "account",
        lambda e: changed(e, postings=(("6010", "P1", "ILS", 500), e.postings[1])),
    ),
    "time": ("hash", lambda e: changed(e, at=e.at.replace("Z", "1Z"))),
    "cause": ("hash", lambda e: changed(e, cause="other")),
    "actor": ("hash", lambda e: changed(e, actor="other")),
    "point": ("hash", lambda e: changed(e, point="P2")),
    "kind": ("hash", lambda e: changed(e, kind="gift")),
    "content hash": ("hash", lambda e: changed(e, content_hash="d" * 64)),
    "own hash": ("hash", lambda e: changed(e, hash="0" * 64)),
    "previous hash": ("previous_hash", lambda e: changed(e, previous_hash="1" * 64)),
    "sale changed": ("content", lambda e: changed(e, cause_hash="d" * 64)),
    "sale gone": ("cause", lambda e: changed(e, cause_hash=None, tokens=())),
    "token gone": ("no_token", lambda e: changed(e, tokens=())),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_change_shows_at_its_entry(what: str, place: int) -> None:
    problem, change = CHANGES[what]
    entries = [stored(p) for p in journal(5)]
    entries[place - 1] = change(entries[place - 1])
    report = verify(entries, (), CHART)
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (place, problem)
    assert report.entries == place - 1


def test_a_forged_entry_with_its_own_right_hash_breaks_the_next() -> None:
    posted = journal(5)
    forged = chained(replace(posted[1].entry, actor="somebody"), posted[0].head)
    entries = [stored(p) for p in (posted[0], forged, *posted[2:])]
    report = verify(entries, (), CHART)
    assert report.problem == LedgerProblem(3, "previous_hash")


@pytest.mark.parametrize(
    ("kept", "at"), [((0, 1, 3, 4), 3), ((1, 2, 3, 4), 1), ((0, 2, 1, 3, 4), 2)]
)
def test_missing_and_swapped_entries(kept: Iterable[int], at: int) -> None:
    posted = journal(5)
    report = verify([stored(posted[i]) for i in kept], (), CHART)
    assert report.problem is not None
    assert (report.problem.entry, report.problem.what) == (at, "number")


def test_loose_ends_are_told_by_entry_and_only_after_the_walk() -> None:
    loose = [LedgerProblem(0, "balance"), LedgerProblem(4, "sale_without_entry")]
    assert verify((), loose, CHART).problem == loose[1]
    broken = [_first_amount(stored(p), 1) for p in journal(1)]
    report = verify(broken, loose, CHART)
    assert report.problem is not None
    assert report.problem.what == "sum"


RECEIPT = st.none() | st.tuples(st.sampled_from(["P1", "P2"]), st.integers(1, 99))


@given(st.lists(RECEIPT, max_size=8), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 8)))
def test_stretches_say_together_what_one_walk_says(
    receipts: list[tuple[str, int] | None], marked: set[int], cuts: set[int]
) -> None:
    """Also of receipts that are in no order, as only somebody else can have put them in."""
    posted = journal(len(receipts))
    entries = [changed(stored(p), receipt=one) for p, one in zip(posted, receipts, strict=True)]
    alone = walk(entries, CHART, marked)
    ends = sorted({cut for cut in cuts if cut < len(entries)} | {len(entries)})
    heads = [(0, GENESIS), *[(p.number, p.hash) for p in posted]]
    stretches = [
        walk(
            entries[begin:end], CHART, [one for one in marked if begin <= one <= end], heads[begin]
        )
        for begin, end in zip([0, *ends], ends, strict=False)
    ]
    whole = joined(stretches, ends)
    # An entry at which one stretch ended and the next began is marked by both.
    first = {mark.entry: mark for mark in reversed(whole.marks)}
    whole.marks = [first[entry] for entry in sorted(first)]
    assert whole == alone
    held = {point: [n for p, n in filter(None, receipts) if p == point] for point in ("P1", "P2")}
    told = {point: [min(n), max(n), len(n)] for point, n in held.items() if n}
    assert walk(entries, CHART).issued.receipts == told


def test_the_chart() -> None:
    assert CHART.role("till").per == "point"
    assert {a.unit for a in CHART.accounts()} == {"ILS", "Wh", "l", "token"}
    assert CHART.find("0000") is None
    with pytest.raises(AccountMissing):
        CHART.role("petty_cash")


TEXT = (CONFIG / "chart-of-accounts.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ('"asset"', '"assets"'),
        ('"Wh"', '"kWh"'),
        ('"agreement"', '"customer"'),
        ('"2010"', '"1010"'),
        ('"vat_due"', '"till"'),
        ('code = "1010"\n', ""),
        ('code = "1010"', "code = 1010"),
        ("[[accounts]]", "[[account]]"),
        ("[[accounts]]", "[[accounts"),
    ],
)
def test_a_chart_that_is_wrong(change: str, to: str) -> None:
    assert change in TEXT
    with pytest.raises(ChartMalformed):
        parse_chart(TEXT.replace(change, to))
