"""What may be registered: all of it or nothing, and only what can be kept, found and sold to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meters.quantities import Money
from meters.values import replace
from tests.vending.support import (
    ADMIN,
    OPERATOR,
    Town,
    request,
    town,
)
from tokens.sts import (
    KeyUnknown,
)
from vending.admission import AgreementBroken, ModelUnknown, RowWrong, SinceWrong
from vending.parties import (
    Customer,
    CustomerUnknown,
    GatewayAddress,
    PartyExists,
    Registration,
)
from vending.sale import SaleReceipt


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path / "books.db")
    yield made
    made.store.close()


def test_parties_are_written_all_or_none(here: Town) -> None:
    more = town(3)
    with pytest.raises(PartyExists) as error:
        here.service.register(
            ADMIN,
            Registration(
                customers=(replace(more.customers[0], account="20000"),),
                meters=more.meters[2:],
                agreements=(replace(more.agreements[2], customer="30000"),),
            ),
        )
    assert (error.value.what, error.value.row) == ("agreements", "A3")
    with pytest.raises(CustomerUnknown):
        here.service.customer(OPERATOR, "20000")
    with pytest.raises(PartyExists) as error:
        here.service.register(ADMIN, Registration(points=town().points))
    assert (error.value.what, error.value.row) == ("points", "P1")
    twice = replace(more.customers[0], account="20000")
    with pytest.raises(PartyExists) as error:
        here.service.register(ADMIN, Registration(customers=(twice, twice)))
    assert error.value.row == "20000"


@pytest.mark.parametrize("since", ["0000-01", "1800-01", "1999-12", "2027-01", "2999-01", "2026-1"])
def test_charges_count_from_no_month_that_is_long_gone_or_far_ahead(here: Town, since: str) -> None:
    more = town(1)
    wrong = replace(more.agreements[2], since=since)
    with pytest.raises(SinceWrong) as error:
        here.service.register(ADMIN, Registration(meters=more.meters[2:], agreements=(wrong,)))
    assert (error.value.first, error.value.last) == ("2000-01", "2026-12")
    for since in ("2000-01", "2026-12"):
        plausible = replace(more.agreements[2], since=since)
        with here.store.writing() as books:
            rows = books.tariff_rows()
            admitted = here.service.admitted(Registration(agreements=(plausible,)), rows)
        assert admitted.agreements[0].since == since


def test_an_agreement_that_cannot_be_read_spoils_no_other(here: Town) -> None:
    more = town(1)
    wrong = replace(more.agreements[2], since="0000-01")
    # As books of before may hold it.
    with here.store.writing() as books:
        books.register(Registration(meters=more.meters[2:], agreements=(wrong,)))
    with pytest.raises(AgreementBroken):
        here.service.quote(OPERATOR, wrong.meter.number, Money(5000))
    broken, sold = here.service.vend_many(
        [(OPERATOR, request("v-1", wrong.meter)), (OPERATOR, request("v-2"))]
    )
    assert isinstance(broken, AgreementBroken)
    assert isinstance(sold, SaleReceipt)


@pytest.mark.parametrize("sign", ["\n", "\x00", "\x1b", "\u202e", "\u2066", "\u2028", "\x85"])
def test_no_party_has_a_text_that_cannot_be_kept(here: Town, sign: str) -> None:
    more, word = town(1), f"a{sign}b"
    customer, point = Customer("20000", "ليلى", "Layla", "0599"), more.points[0]
    for what, wrong in (
        ("name_en", Registration(customers=(replace(customer, name_en=word),))),
        ("account", Registration(customers=(replace(customer, account=word),))),
        ("phone", Registration(customers=(replace(customer, phone=word),))),
        ("code", Registration(points=(replace(point, code=word),))),
        ("number", Registration(agreements=(replace(more.agreements[2], number=word),))),
        ("address", Registration(service_points=(replace(more.service_points[0], address=word),))),
    ):
        with pytest.raises(RowWrong) as error:
            here.service.register(ADMIN, wrong)
        assert error.value.field == what
        assert sign not in error.value.row
    # Marks that languages need are no such signs.
    named = replace(customer, name_ar="می\u200cخواهم\u200f")
    here.service.register(ADMIN, Registration(customers=(named,)))
    assert here.service.customer(ADMIN, "20000")[0] == named


@pytest.mark.parametrize(
    "word", ["", "  ", "\u00a0", "\u200b\u200f", " 20000", "20000 ", "2\u200b0"]
)
def test_a_party_is_found_again_by_what_is_typed(here: Town, word: str) -> None:
    """What is looked for is typed without spaces around it and without signs that nobody sees; a
    name says something."""
    more, where = town(1), town(1).service_points[0]
    customer, point, agreement = more.customers[0], more.points[0], more.agreements[2]
    numbers = (
        ("account", Registration(customers=(replace(customer, account=word),))),
        ("code", Registration(points=(replace(point, code=word),))),
        ("code", Registration(service_points=(replace(where, code=word),))),
        ("number", Registration(agreements=(replace(agreement, number=word),))),
    )
    empty = not word.strip("\u200b\u200f \u00a0")
    names = (
        ("name_ar", Registration(customers=(replace(customer, account="20000", name_ar=word),))),
        ("name_ar", Registration(points=(replace(point, code="P7", name_ar=word),))),
        ("address", Registration(service_points=(replace(where, code="SP7", address=word),))),
    )
    for what, wrong in (*numbers, *(names if empty else ())):
        with pytest.raises(RowWrong) as error:
            here.service.register(ADMIN, wrong)
        assert error.value.field == what


def test_a_meter_that_could_not_be_sold_to_is_not_registered(here: Town) -> None:
    meter = town(1).meters[2]
    ours = here.with_(models=("raseed-payment",))
    gateway = GatewayAddress("a b", 502, 1)
    for wrong, error in (
        (replace(meter, krn=9), KeyUnknown),
        (replace(meter, model="no-such"), ModelUnknown),
        (replace(meter, gateway=gateway), RowWrong),
    ):
        with pytest.raises(error):
            ours.register(ADMIN, Registration(meters=(wrong,)))
    right = replace(meter, model="raseed-payment", gateway=replace(gateway, host="fe80::1"))
    ours.register(ADMIN, Registration(meters=(right,)))
