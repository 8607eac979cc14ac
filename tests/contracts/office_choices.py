"""What the office machine chooses from: who acts, on what, on which day."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import Bundle

from meters.account import Commodity
from tests.system.everything import AGREEMENTS, CHIEF, KIOSK, LAYLA
from tests.vending.approvals.support import NADIA
from tests.vending.support import OPERATOR, WATER

from .office_model import HIDDEN

BOUGHT: Final = ("A1", "A2", "A3")
COMMODITY: Final = {
    agreement: Commodity.WATER if meter == WATER else Commodity.ELECTRICITY
    for meter, agreement in AGREEMENTS.items()
}
PLACES: Final = (
    *(("1010", "P1"), ("1030", "P1"), ("1110", ""), ("1120", ""), ("5030", ""), ("5040", "")),
    *(("2010", "A1"), ("2010", "A2"), ("2030", "kiosk"), ("1210", "A1")),
)
"""What adjustments are between."""
ASKERS: Final = (LAYLA, CHIEF, NADIA)

AGREEMENT: Final = st.sampled_from(BOUGHT)
WISHED: Final = st.sampled_from([OPERATOR, LAYLA, KIOSK, CHIEF])
SOON: Final = st.sampled_from([None, NADIA, NADIA, HIDDEN])
"""Who decides it at once; None: it waits."""
DAYS_AGO: Final = st.sampled_from([None, None, -1, 0, 1, 3, 10, 35, 70])

SALES: Final = Bundle("sales")
WISHES: Final = Bundle("wishes")
REQUESTS: Final = Bundle("requests")
