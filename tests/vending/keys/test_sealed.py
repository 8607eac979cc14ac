"""The sealed key file: what it keeps, what it refuses, and what it never gives away."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.identity import Drn
from meters.quantities import Energy
from tests import examples
from tokens.sts import (
    AmountAboveKeyLimit,
    BaseDate,
    Dkga,
    EncryptionAlgorithm,
    IssuePeriodOver,
    KeyAttributes,
    KeyExpired,
    KeyFieldInvalid,
    KeyLength,
    KeyNotActive,
    KeyRecord,
    KeyRef,
    KeyType,
    KeyUnknown,
    KindNotAllowed,
    MemorySecurityModule,
    MeterKeyRef,
    TransferCreditElectricity,
    VendingKey,
    tid_at,
)
from vending.keys import (
    Cost,
    Passphrase,
    add_key,
    change_key,
    change_passphrase,
    create_sealed,
    key_attributes,
    open_sealed,
)
from vending.keys.envelope import DEFAULT_COST, seal, unseal
from vending.keys.errors import (
    KeyAlreadyHeld,
    KeyBaseDateFixed,
    KeyFileDamaged,
    KeyFileExists,
    KeyFileMissing,
    KeyFileNotWritten,
    KeyFileTooOpen,
    KeyFileTruncated,
    KeyFileVersionUnsupported,
    KeyRecordInvalid,
    NotAKeyFile,
    PassphraseTooShort,
    WrongPassphraseOrDamaged,
)
from vending.keys.records import from_payload, to_payload

CHEAP = Cost(n=2, r=1, p=1)
PASSPHRASE = Passphrase("correct horse battery")
SECRET = bytes.fromhex("abababababababab949494949494949401234567")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PAN = Drn.from_serial("01", 1001).pan


def record(krn: int = 1, **attributes: object) -> KeyRecord:
    plain = KeyAttributes(
        ref=KeyRef("123457", krn),
        dkga=Dkga.DKGA04,
        key_type=KeyType.DUTK,
        base_date=BaseDate.BASE_2014,
        **attributes,  # type: ignore[arg-type]
    )
    return KeyRecord(plain, VendingKey(SECRET))


FULL = record(
    ken=254,
    active_from=NOW - timedelta(days=1),
    issued_until=NOW + timedelta(days=1),
    unit_limit=5000,
    currency_limit=100_000,
    kinds=frozenset({"transfer_credit_electricity"}),
    cluster=3,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.sealed"


def meter(krn: int = 1) -> MeterKeyRef:
    return MeterKeyRef(KeyRef("123457", krn), PAN, 1, EncryptionAlgorithm.EA11)


def credit(wh: int = 10_000) -> TransferCreditElectricity:
    tid = tid_at(BaseDate.BASE_2014, NOW)
    return TransferCreditElectricity(amount=Energy(wh), tid=tid, rnd=5)


def test_opened_keys_make_the_same_digits_as_keys_in_memory(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    module = open_sealed(path, PASSPHRASE)
    assert module.keys() == (FULL.attributes,)
    digits = module.issue(meter(), credit(), NOW)
    assert digits == MemorySecurityModule([FULL]).issue(meter(), credit(), NOW)
    assert module.open(meter(), digits) == credit()
    assert (module.usage().derivations, module.usage().issued) == (1, 1)


@pytest.mark.parametrize(
    ("attributes", "wh", "now", "error"),
    [
        ({"active_from": NOW + timedelta(minutes=1)}, 100, NOW, KeyNotActive),
        ({"issued_until": NOW - timedelta(minutes=1)}, 100, NOW, IssuePeriodOver),
        ({"unit_limit": 99}, 10_000, NOW, AmountAboveKeyLimit),
        ({"ken": 10}, 100, NOW, KeyExpired),
        ({"kinds": frozenset({"clear_credit"})}, 100, NOW, KindNotAllowed),
    ],
)
def test_attributes_survive_the_file_and_are_enforced_on_each_token(
    path: Path,
    attributes: dict[str, Any],
    wh: int,
    now: datetime,
    error: type[RaseedError],
) -> None:
    create_sealed(path, PASSPHRASE, [record(**attributes)], cost=CHEAP)
    with pytest.raises(error):
        open_sealed(path, PASSPHRASE).issue(meter(), credit(wh), now)


moments = st.none() | st.datetimes(
    datetime(2014, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    ken=st.integers(0, 255),
    since=moments,
    limit=st.none() | st.integers(0, 2**40),
    kinds=st.none() | st.frozensets(st.sampled_from(["clear_credit", "transfer_credit_water"])),
    cluster=st.integers(0, 99),
    secret=st.binary(min_size=20, max_size=20),
)
def test_every_record_comes_back_as_it_was(
    ken: int,
    since: datetime | None,
    limit: int | None,
    kinds: frozenset[str] | None,
    cluster: int,
    secret: bytes,
) -> None:
    attributes = record(
        ken=ken, active_from=since, unit_limit=limit, kinds=kinds, cluster=cluster
    ).attributes
    (back,) = from_payload(to_payload([KeyRecord(attributes, VendingKey(secret))]))
    assert back.attributes == attributes
    assert back.secret.secret == secret


def test_the_file_is_private_and_shows_no_key(path: Path) -> None:
    before = os.umask(0)
    try:
        create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    for secret in (SECRET, SECRET.hex().encode(), b"123457", b"correct horse"):
        assert secret not in content
        assert base64.b64encode(secret)[:12] not in content


def test_salt_and_nonce_are_fresh_each_time(path: Path) -> None:
    seen = set()
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    for krn in (2, 3, 4):
        header = json.loads(path.read_bytes().split(b"\n")[1])
        seen.add((header["salt"], header["nonce"]))
        add_key(path, PASSPHRASE, record(krn))
    assert len(seen) == 3


def test_the_default_cost_takes_real_memory() -> None:
    assert 128 * DEFAULT_COST.n * DEFAULT_COST.r == 128 * 1024 * 1024


def test_a_wrong_passphrase_and_any_changed_byte_do_not_open(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    with pytest.raises(WrongPassphraseOrDamaged):
        open_sealed(path, Passphrase("correct horse batterz"))
    content = path.read_bytes()
    for place in range(len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(
            (
                WrongPassphraseOrDamaged,
                KeyFileDamaged,
                KeyFileTruncated,
                NotAKeyFile,
                KeyFileVersionUnsupported,
            )
        ):
            unseal(bytes(changed), PASSPHRASE, "x")


def test_a_cut_file_is_told_from_a_changed_one(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    content = path.read_bytes()
    for length in range(len(content) - 1):
        with pytest.raises(KeyFileTruncated):
            unseal(content[:length], PASSPHRASE, "x")
    with pytest.raises(KeyFileDamaged):
        unseal(content + b"more\n", PASSPHRASE, "x")


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=examples(200))
def test_any_bytes_at_all_give_a_typed_error(content: bytes, with_magic: bool) -> None:
    data = (b"RASEED-KEYS 1\n" if with_magic else b"") + content
    with pytest.raises(RaseedError):
        unseal(data, PASSPHRASE, "x")


@pytest.mark.parametrize("n", [0, 3, 2**40, "many", None, True])
def test_a_header_made_to_exhaust_the_machine_is_refused(path: Path, n: object) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    magic, header, body = path.read_bytes().split(b"\n", 2)
    fields = {**json.loads(header), "n": n}
    path.write_bytes(b"\n".join((magic, json.dumps(fields).encode(), body)))
    with pytest.raises(KeyFileDamaged):
        open_sealed(path, PASSPHRASE)


def test_each_trouble_with_the_file_has_its_own_error(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing):
        open_sealed(path, PASSPHRASE)
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    with pytest.raises(KeyFileExists):
        create_sealed(path, PASSPHRASE, cost=CHEAP)
    with pytest.raises(NotAKeyFile):
        open_sealed(tmp_path, PASSPHRASE)
    path.write_bytes(path.read_bytes().replace(b"RASEED-KEYS 1", b"RASEED-KEYS 2"))
    with pytest.raises(KeyFileVersionUnsupported):
        open_sealed(path, PASSPHRASE)
    path.write_bytes(b"-----BEGIN SOMETHING ELSE-----")
    with pytest.raises(NotAKeyFile):
        open_sealed(path, PASSPHRASE)
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    with pytest.raises(NotAKeyFile):
        open_sealed(fifo, PASSPHRASE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o644])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    path.chmod(mode)
    with pytest.raises(KeyFileTooOpen) as caught:
        open_sealed(path, PASSPHRASE)
    assert caught.value.mode == f"{mode:04o}"
    path.chmod(0o600)
    assert open_sealed(path, PASSPHRASE).keys()


def test_adding_keeps_the_old_keys_and_never_replaces_one(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    add_key(path, PASSPHRASE, record(2))
    assert [one.ref.krn for one in key_attributes(path, PASSPHRASE)] == [1, 2]
    before = path.read_bytes()
    with pytest.raises(KeyAlreadyHeld):
        add_key(path, PASSPHRASE, record(2, ken=1))
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (KeyRecord(FULL.attributes, VendingKey(b"short")), KeyLength),
        (record(issued_until=NOW, active_from=NOW + timedelta(1)), KeyRecordInvalid),
        (record(active_from=NOW.replace(tzinfo=None)), KeyRecordInvalid),
        (record(unit_limit=-1), KeyRecordInvalid),
    ],
)
def test_a_record_that_makes_no_sense_is_never_stored(
    path: Path, bad: KeyRecord, error: type[RaseedError]
) -> None:
    with pytest.raises(error):
        create_sealed(path, PASSPHRASE, [bad], cost=CHEAP)
    assert not path.exists()


def test_a_key_gets_another_expiry_number_and_keeps_its_secret(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [record(1), record(2, ken=7)], cost=CHEAP)
    digits = open_sealed(path, PASSPHRASE).issue(meter(), credit(), NOW)
    changed = change_key(path, PASSPHRASE, KeyRef("123457", 1), ken=200)
    assert changed == record(1, ken=200).attributes
    assert key_attributes(path, PASSPHRASE) == (changed, record(2, ken=7).attributes)
    assert open_sealed(path, PASSPHRASE).issue(meter(), credit(), NOW) == digits
    with pytest.raises(KeyUnknown):
        change_key(path, PASSPHRASE, KeyRef("123457", 3), ken=200)
    with pytest.raises(KeyFieldInvalid):
        change_key(path, PASSPHRASE, KeyRef("123457", 1), ken=256)


def test_a_base_date_goes_forward_where_another_key_is_derived(path: Path) -> None:
    old = KeyAttributes(KeyRef("123457", 4), Dkga.DKGA02, KeyType.DUTK, BaseDate.BASE_1993)
    create_sealed(path, PASSPHRASE, [record(), KeyRecord(old, VendingKey(SECRET[:8]))], cost=CHEAP)
    before = path.read_bytes()
    for krn, base_date in ((1, BaseDate.BASE_1993), (4, BaseDate.BASE_2014)):
        with pytest.raises(KeyBaseDateFixed):
            change_key(path, PASSPHRASE, KeyRef("123457", krn), base_date=base_date)
    assert path.read_bytes() == before
    later = change_key(path, PASSPHRASE, KeyRef("123457", 1), base_date=BaseDate.BASE_2035)
    assert key_attributes(path, PASSPHRASE)[0] == later


def test_the_passphrase_changes_and_the_keys_stay(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    new = Passphrase("another long passphrase")
    change_passphrase(path, PASSPHRASE, new, cost=CHEAP)
    assert key_attributes(path, new) == (FULL.attributes,)
    with pytest.raises(WrongPassphraseOrDamaged):
        open_sealed(path, PASSPHRASE)
    with pytest.raises(PassphraseTooShort):
        change_passphrase(path, new, Passphrase("short"), cost=CHEAP)
    assert key_attributes(path, new) == (FULL.attributes,)


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_failed_write_leaves_the_old_file_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(KeyFileNotWritten):
            add_key(path, PASSPHRASE, record(2))
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


ADDING = """
import sys
from pathlib import Path
from typing import Any
from tests.vending.keys.test_sealed import PASSPHRASE, record
from vending.keys import add_key
for krn in map(int, sys.argv[2:]):
    add_key(Path(sys.argv[1]), PASSPHRASE, record(krn))
"""


@pytest.mark.system
def test_two_processes_that_add_keys_lose_none(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [], cost=CHEAP)
    root = Path(__file__).parents[3]
    started = [
        subprocess.Popen([sys.executable, "-c", ADDING, str(path), *krns], cwd=root)
        for krns in (("1", "3", "5", "7"), ("2", "4", "6", "8"))
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert [one.ref.krn for one in key_attributes(path, PASSPHRASE)] == list(range(1, 9))


def test_nothing_shows_a_secret(path: Path) -> None:
    create_sealed(path, PASSPHRASE, [FULL], cost=CHEAP)
    module = open_sealed(path, PASSPHRASE)
    shown = f"{module!r} {PASSPHRASE!r} {FULL!r} {module.keys()!r}"
    assert "horse" not in shown
    assert "abab" not in shown
    assert "\\xab" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(PASSPHRASE)
    for wrong in (Passphrase("tell-tale-passphrase"),):
        with pytest.raises(WrongPassphraseOrDamaged) as caught:
            open_sealed(path, wrong)
        assert "tell-tale" not in f"{caught.value} {caught.value.facts()}"


def test_the_same_arabic_passphrase_opens_however_it_was_typed(path: Path) -> None:
    composed, decomposed = "كلمة مرور آمنة جدا", "كلمة مرور \u0627\u0653منة جدا"
    assert composed != decomposed
    create_sealed(path, Passphrase(composed), [FULL], cost=CHEAP)
    assert open_sealed(path, Passphrase(decomposed)).keys()


def test_sealing_needs_a_bearable_cost() -> None:
    with pytest.raises(ValueError, match="cost"):
        seal(b"", PASSPHRASE, Cost(n=3), os.urandom)
