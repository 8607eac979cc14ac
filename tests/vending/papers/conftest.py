"""One town, one sale and one press for all papers: none of them changes anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vending.support import OPERATOR, Town, request
from vending.papers import Letterhead, Press
from vending.sale import SaleReceipt

MARK = Path(__file__).parents[3] / "vending" / "web" / "static" / "mark.svg"


@pytest.fixture(scope="session")
def press() -> Press:
    return Press()


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory) -> SaleReceipt:
    """50 shekels of electricity."""
    town = Town(tmp_path_factory.mktemp("papers") / "raseed.db")
    receipt = town.service.vend(OPERATOR, request())
    town.store.close()
    return receipt


@pytest.fixture(scope="session")
def head() -> Letterhead:
    return Letterhead(
        name_ar="بلدية المثال",
        name_en="Example Municipality",
        address_ar="الشارع الرئيسي 12",
        address_en="12 Main Street",
        phone="02-2222222",
        tax_number="562123456",
        message_ar="احفظ هذا الوصل.",
        message_en="Keep this receipt.",
        logo=MARK.read_bytes(),
    )
