"""Every fault that the simulators can have, and what the head-end makes of it."""

from __future__ import annotations

import pytest

from simulators.faults import FAULTS
from simulators.faults.base import Layer

from .reactions import REACTIONS

pytestmark = pytest.mark.system

ON_SOCKETS = {name for name, kind in FAULTS.items() if kind.layer is Layer.GATEWAY}
"""In tests/system/test_meter_faults.py: these need connections."""


def test_every_fault_has_an_expected_reaction() -> None:
    assert set(FAULTS) - ON_SOCKETS == set(REACTIONS)


@pytest.mark.parametrize("name", sorted(REACTIONS))
def test_reaction(name: str) -> None:
    REACTIONS[name]()
