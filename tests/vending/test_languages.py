"""A customer's language: kept, told in the trail, and spoken by papers and SMS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vending.outbox.support import SMS, office
from tests.vending.support import ADMIN, OPERATOR, TECHNICIAN, SetClock, new_store, service, town
from vending.languages import Languages, LanguageUnknown
from vending.parties import CustomerUnknown
from vending.permissions import ActorNotAllowed
from vending.shapes import RegistrationIn
from vending.store import SqlStore
from vending.store.house import SqlHouse
from vending.store.languages import SqlLanguages


@pytest.fixture
def store(place: Path | str) -> Iterator[SqlStore]:
    made = new_store(place)
    service(made, SetClock()).register(ADMIN, town())
    yield made
    made.close()


def test_it_is_kept_and_told(store: SqlStore) -> None:
    languages = Languages(SqlLanguages(store), SetClock())
    assert languages.of("10001") == ""
    assert languages.of("nobody") == languages.of("a\x00b") == ""
    for _ in range(2):
        assert languages.choose(OPERATOR, "10001", "en") == "en"
    assert languages.of("10001") == "en"
    with SqlHouse(store).reading() as house:
        (line,) = house.trail(0, 10, "10001")
    assert (line.act, line.before, line.after) == (
        "customer_language",
        '{"language":""}',
        '{"language":"en"}',
    )
    languages.choose(OPERATOR, "10001", "")
    assert languages.of("10001") == ""


def test_what_cannot_be_chosen(store: SqlStore) -> None:
    languages = Languages(SqlLanguages(store), SetClock())
    with pytest.raises(LanguageUnknown):
        languages.choose(OPERATOR, "10001", "fr")
    for account in ("nobody", "a\x00b"):
        with pytest.raises(CustomerUnknown):
            languages.choose(OPERATOR, account, "en")
    with pytest.raises(ActorNotAllowed):
        languages.choose(TECHNICIAN, "10001", "en")


def test_it_comes_with_the_customer(store: SqlStore) -> None:
    told = {"account": "20009", "name_ar": "سارة", "name_en": "Sara", "language": "en"}
    made = RegistrationIn.model_validate({"customers": [told]}).registration()
    service(store, SetClock()).register(ADMIN, made)
    assert Languages(SqlLanguages(store), SetClock()).of("20009") == "en"


def test_an_sms_speaks_it(tmp_path: Path) -> None:
    with office(tmp_path / "books.db", tmp_path / "data") as here:
        languages = Languages(SqlLanguages(here.books), here.clock)
        here.sell("v-1", SMS)
        here.run()
        languages.choose(OPERATOR, "10001", "en")
        here.sell("v-2", SMS)
        here.run()
        first, second = (json.loads(one.body)["text"] for one in here.receiver.got)
        assert "كهرباء" in first
        assert "Electricity" in second
