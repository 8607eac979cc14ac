"""Copies of the books under load, and onto a disk that is too small."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.disks import small_disk
from tests.system.everything import MORE_METERS
from tests.system.invariants import Witness, check, settle_and_check
from tests.system.load import load
from tests.vending.support import ADMIN, SetClock, Town, service
from vending.store import BackupFailed, back_up, checkpoints_beside, open_store

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

COPIES = 4


def test_each_copy_under_load_is_whole(tmp_path: Path) -> None:
    witness = Witness()
    with (
        closing((here := Town(tmp_path / "books.db", more_meters=MORE_METERS)).store),
        checkpoints_beside(here.store.engine, every_s=0.01),
    ):
        with load(here.service, witness, callers=4) as callers:
            callers.wait_for_more(20)
            before = 0
            for number in range(COPIES):
                path = tmp_path / f"copy-{number}.db"
                told = set(witness.told)
                copied = back_up(here.store.engine, path)
                with closing(open_store(path)) as store:
                    again = service(store, SetClock())
                    assert again.verify(ADMIN).ok
                    # What was told before it began is in it.
                    for vend_id in told:
                        assert again.what_became(ADMIN, vend_id).receipt is not None
                assert copied.entries > before
                before = copied.entries
                callers.wait_for_more(20)
        check(here.place, here.service, witness)
        settle_and_check(here.place, here.service, witness)


def test_a_disk_that_is_too_small_keeps_nothing_of_it(tmp_path: Path) -> None:
    with (
        closing((here := Town(tmp_path / "books.db", more_meters=MORE_METERS)).store),
        small_disk(256) as disk,
    ):
        with pytest.raises(BackupFailed) as failed:
            back_up(here.store.engine, disk.path / "copy.db")
        assert failed.value.reason == "database or disk is full"
        assert os.listdir(disk.path) == []
        disk.resize(16 * 1024)
        assert back_up(here.store.engine, disk.path / "copy.db").entries == 0
