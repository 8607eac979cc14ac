"""Customers are found by whatever they bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vending.support import ADMIN, OPERATOR, POWER, Town, town
from vending.finding import Marks, plain_words, searchable, sought
from vending.parties import Customer, PartyExists, Registration


@pytest.mark.parametrize(
    ("typed", "digits", "words"),
    [
        ("١٠٠٠١", "10001", ()),
        (" 0599-000 001 ", "0599000001", ()),
        ("+970 599 000001", "970599000001", ()),
        ("raseed:01000010014", "01000010014", ()),
        ("https://example.invalid/m/01000010014", "01000010014", ()),
        ("سميرة", "", ("سميره",)),
        ("أحمد إبراهيم آل عوّاد", "", ("احمد", "ابراهيم", "ال", "عواد")),
        ("مُصطفى", "", ("مصطفي",)),
        ("العواد", "", ("عواد",)),
        ("عبـــد الله", "", ("عبد", "الله")),
        ("Samira  AWWAD", "", ("samira", "awwad")),
        ("", "", ()),
        ("²³", "23", ()),
    ],
)
def test_what_was_typed_is_understood(typed: str, digits: str, words: tuple[str, ...]) -> None:
    found = sought(typed)
    assert (found.digits, found.words) == (digits, words)


@given(st.text(max_size=60))
def test_the_plain_spelling_is_its_own(name: str) -> None:
    words = plain_words(name)
    assert searchable(" ".join(words)).split() == searchable(*words).split()


@pytest.fixture
def here(place: Path | str) -> Iterator[Town]:
    made = Town(place)
    with made.store.writing() as books:
        books.register(
            Registration(
                customers=(
                    Customer("20001", "أحمد العوّاد", "Ahmad Awwad", "+970599123456"),
                    Customer("20002", "إيمان عواد", "Eman Awwad"),
                ),
                marks=(Marks("20001", "901234567", "C-77-1"),),
            )
        )
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("typed", "accounts"),
    [
        ("10001", ["10001"]),
        ("٢٠٠٠١", ["20001"]),
        ("0599123456", ["20001"]),
        ("123456", ["20001"]),
        ("901234567", ["20001"]),
        ("C-77-1", ["20001"]),
        ("احمد", ["20001"]),
        ("عواد", ["10001", "20001", "20002"]),
        ("عواد ايمان", ["20002"]),
        ("awwad ah", ["20001"]),
        (POWER.number, ["10001"]),
        (POWER.pan.number, ["10001"]),
        ("زيد", []),
        ("99", []),
        ("%", []),
        ("a\x00b", []),
        ("", []),
    ],
)
def test_customers_are_found(here: Town, typed: str, accounts: list[str]) -> None:
    assert [c.account for c, _ in here.service.find(OPERATOR, typed)] == accounts


def test_meters_come_with_their_customer(here: Town) -> None:
    ((customer, files),) = here.service.find(OPERATOR, "10001")
    assert customer.name_en == "Samira Awwad"
    assert len(files) == 2


def test_marks_belong_to_a_customer_of_the_file(here: Town) -> None:
    with pytest.raises(PartyExists):
        here.service.register(ADMIN, replace(Registration(), marks=(Marks("77", "1"),)))
    assert town().marks == ()
