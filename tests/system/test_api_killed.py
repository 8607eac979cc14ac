"""The API process is killed between any two statements of a sale: the caller gets no answer, the
database holds no half sale, and asking the restarted API again gives exactly one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.system.chances import instants
from tests.system.crashpoints import CrashPoints, books_of, start_child, wait_for
from tests.vending.support import ADMIN, START, TEST_KEY, WATER, town
from tokens.sts import (
    BaseDate,
    Dkga,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyType,
    VendingKey,
)
from vending.api_keys import ApiScope, new_api_key
from vending.cli.server import run
from vending.keys import Cost, Passphrase, create_sealed
from vending.parties import Role
from vending.service import VendingService
from vending.settings import JobSettings, Settings
from vending.store.schema import BOOKS
from vending.wiring import open_raseed

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PASSPHRASE = Passphrase("a passphrase for this test")
CHEAP = Cost(n=2**10)
SALE = {"vend_id": "v-1", "meter": WATER.number, "amount": "30"}


def settings_in(folder: Path) -> Settings:
    return Settings(data=folder, jobs=JobSettings(enabled=False))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder with parties, a sealed key and an API key (its text)."""
    folder = tmp_path_factory.mktemp("installation")
    settings = settings_in(folder)
    attributes = KeyAttributes(KeyRef("123457", 1), Dkga.DKGA04, KeyType.DUTK, BaseDate.BASE_2014)
    record = KeyRecord(attributes, VendingKey(TEST_KEY))
    create_sealed(settings.key_file, PASSPHRASE, [record], cost=CHEAP)
    with open_raseed(settings, PASSPHRASE, create=True) as raseed:
        raseed.service.register(ADMIN, town())
        scopes = frozenset(ApiScope)
        key, text = new_api_key("till", Role.OPERATOR, scopes, START, os.urandom, point="P1")
        raseed.api_keys.add(key)
    return folder, text


def serve(folder: Path, listener: socket.socket, at: int | None, log: Path) -> None:
    """The API in this (forked) process, dying at instant `at` of its first sale."""
    points = CrashPoints(at, log)
    points.watch(VendingService, "vend_at_once")
    # The server raises the signal again once it has shut down; here that must not end us.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with open_raseed(settings_in(folder), PASSPHRASE) as raseed:
        run(raseed, listener)
    log.write_text("\n".join(points.log), encoding="utf-8")


@contextmanager
def api(folder: Path, text: str, at: int | None, log: Path) -> Iterator[tuple[httpx2.Client, int]]:
    """A client, and the pid of a server that listens before it is asked."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        pid = start_child(lambda: serve(folder, listener, at, log))
        # The child has the listener now; ours would keep the port open after its death.
        listener.close()
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"Authorization": f"Bearer {text}"},
            timeout=30,
        ) as client:
            yield client, pid


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def test_the_api_killed_at_every_step_of_a_sale(
    installation: tuple[Path, str], tmp_path: Path
) -> None:
    folder, text = installation
    log = tmp_path / "instants.txt"

    whole_folder = copied(folder, tmp_path / "undisturbed")
    with api(whole_folder, text, None, log) as (client, pid):
        assert client.post("/vends", json=SALE).status_code == 201
        os.kill(pid, signal.SIGTERM)
        wait_for(pid)
    names = log.read_text(encoding="utf-8").split("\n")
    assert names[0] == "before BEGIN IMMEDIATE"
    assert names[-1] == "after COMMIT"
    assert len(names) > 20
    empty = books_of(BOOKS, folder / "raseed.db")
    whole = books_of(BOOKS, whole_folder / "raseed.db")
    assert whole["sales"] == empty["sales"] + 1

    for at in instants(names):
        here = copied(folder, tmp_path / str(at))
        last_word = tmp_path / f"{at}.txt"
        with api(here, text, at, last_word) as (client, pid):
            with pytest.raises(httpx2.TransportError):
                client.post("/vends", json=SALE)
            assert wait_for(pid) == -signal.SIGKILL, names[at - 1]
        # Tariffs are looked at anew by the clock, so that the count may be off by a reading.
        name = last_word.read_text(encoding="utf-8")
        found = books_of(BOOKS, here / "raseed.db")
        assert found == (whole if name == "after COMMIT" else empty), name

        with open_raseed(settings_in(here), PASSPHRASE) as raseed:
            report = raseed.service.verify(ADMIN)
            assert report.ok, (name, report.problem)

        with api(here, text, None, tmp_path / "unused.txt") as (client, pid):
            again = client.post("/vends", json=SALE)
            assert again.status_code == (200 if name == "after COMMIT" else 201), name
            replay = client.post("/vends", json=SALE)
            assert replay.status_code == 200
            assert replay.json()["tokens"] == again.json()["tokens"]
            assert client.get("/ledger/verification").json()["ok"]
            os.kill(pid, signal.SIGTERM)
            wait_for(pid)
        assert books_of(BOOKS, here / "raseed.db") == whole, name
