"""Which links are written, by what, and what is in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.vending.accounts.support import Counter
from tests.vending.attested.support import (
    found,
    links,
    read,
)
from tests.vending.support import OPERATOR, POWER, request
from vending.ledger import ChainEnd
from vending.ledger.attestations import NO_ROW, attested, digest_of
from vending.requests import BasketRequest, Credit


class Stop(Exception):
    """Something that goes wrong inside a transaction."""


def test_what_is_not_written_is_not_attested(here: Counter) -> None:
    before = links(here)
    with pytest.raises(Stop), here.store.writing() as books:  # noqa: PT012
        books.add_reading(books.readings(POWER.number)[0])
        raise Stop
    assert links(here) == before
    read(here, 5_000)
    assert [link.key for link in links(here)[len(before) :]] in (["3"], ["4"])
    assert found(here) is None


def test_a_sale_writes_no_link(here: Counter) -> None:
    """Its rows are under the hash of its entry. Neither one in a batch, or held back, or taken
    back; that digits which were held back are shown is attested."""
    before = links(here)
    here.service.vend(OPERATOR, request("v-1"))
    here.service.vend_many([(OPERATOR, request(f"v-{number}")) for number in (2, 3)])
    for id in ("v-4", "v-5"):
        here.clock.forward(minutes=1)
        item = Credit(POWER.number, request().amount)
        here.service.vend_basket(OPERATOR, BasketRequest(id, (item,), hold=True))
    here.service.void(OPERATOR, "v-5", "The wrong customer")
    assert links(here) == before
    here.service.show(OPERATOR, "v-4")
    here.service.show(OPERATOR, "v-4")
    assert [link.key for link in links(here)[len(before) :]] == ["v-4"]
    assert found(here) is None


READ_AT = datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC)


def test_a_digest_stays_what_it_was() -> None:
    """Digests are under seals that are on paper: whoever changes how they are made makes those
    worthless."""
    row = {"id": 1, "balance": -5, "actor": "رامي", "read_at": READ_AT, "note": None}
    assert digest_of(row) == "7cb8d92827f84af6036d62b774b2b5b6bc443fa0d5f73addc20aea9121373ece"
    assert (
        attested("reading", "1", "0" * 64, ChainEnd()).hash
        == "b60bee665fa8cdb4be17ec370fdf855d78562cbaecb5ac126d05809b87f8fe59"
    )
    # A truth is what SQLite keeps of it.
    assert digest_of({**row, "on": True}) == digest_of({**row, "on": 1})
    assert digest_of({**row, "on": False}) == digest_of({**row, "on": 0}) != digest_of(row)
    # A column that came later, and is null in the rows from before.
    assert digest_of({**row, "later": None}) == digest_of(row)
    assert NO_ROW == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert digest_of({**row, "read_at": READ_AT + timedelta(microseconds=1)}) != digest_of(row)
