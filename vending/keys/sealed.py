"""The sealed key file: the second back end of the security module.

At rest the keys are under AES-256-GCM with a key from the passphrase. Opened, they live in
this process's memory: right for test keys and for demonstrations; a municipality's real keys
belong into a hardware module, which is one more implementation of the same protocol.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from meters.verdicts import TokenResult
from tokens.sts import (
    Dkga,
    KeyAttributes,
    KeyRecord,
    KeyRef,
    KeyUnknown,
    MemorySecurityModule,
    MeterKeyRef,
    ModuleUsage,
    Token,
    self_test,
)

from .envelope import DEFAULT_COST, Cost, seal, unseal
from .errors import KeyAlreadyHeld, KeyBaseDateFixed, PassphraseTooShort
from .passphrase import LEAST_CHARACTERS, Passphrase
from .records import checked, from_payload, to_payload
from .storage import folder_lock, read_private, write_private


class SealedSecurityModule:
    """A SecurityModule over the keys of a sealed file; safe for many threads.

    Every attribute of a key is enforced on every token (`tokens.sts.check_attributes`).
    """

    def __init__(self, path: Path, passphrase: Passphrase) -> None:
        """Opens the file. Raises CipherBroken if a cipher fails its known answer, before any key
        is touched; and the errors of `keys.errors`."""
        self_test()
        records, _ = _read(path, passphrase)
        self._path = path
        self._module = MemorySecurityModule(records)
        # The module in memory keeps derived keys and counters that are not made for threads.
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"SealedSecurityModule({str(self._path)!r}, {len(self._module.keys())} keys)"

    def keys(self) -> tuple[KeyAttributes, ...]:
        return self._module.keys()

    def issue(self, meter: MeterKeyRef, token: Token, now: datetime) -> str:
        with self._lock:
            return self._module.issue(meter, token, now)

    def issue_key_change(
        self,
        current: MeterKeyRef,
        new: MeterKeyRef,
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> tuple[str, ...]:
        with self._lock:
            return self._module.issue_key_change(current, new, now, three_tokens=three_tokens)

    def issue_batch(self, orders: Sequence[tuple[MeterKeyRef, Token]], now: datetime) -> list[str]:
        with self._lock:
            return self._module.issue_batch(orders, now)

    def issue_key_change_batch(
        self,
        changes: Sequence[tuple[MeterKeyRef, MeterKeyRef]],
        now: datetime,
        *,
        three_tokens: bool = False,
    ) -> list[tuple[str, ...]]:
        with self._lock:
            return self._module.issue_key_change_batch(changes, now, three_tokens=three_tokens)

    def open(self, meter: MeterKeyRef, digits: str) -> Token | TokenResult:
        with self._lock:
            return self._module.open(meter, digits)

    def usage(self) -> ModuleUsage:
        with self._lock:
            return self._module.usage()


def open_sealed(path: Path, passphrase: Passphrase) -> SealedSecurityModule:
    """The module over this file.

    Raises CipherBroken, KeyFileMissing, KeyFileTooOpen, KeyFileUnreadable, NotAKeyFile,
    KeyFileVersionUnsupported, KeyFileTruncated, KeyFileDamaged, WrongPassphraseOrDamaged.
    """
    return SealedSecurityModule(path, passphrase)


def create_sealed(
    path: Path,
    passphrase: Passphrase,
    records: Iterable[KeyRecord] = (),
    *,
    cost: Cost = DEFAULT_COST,
) -> None:
    """Make a new key file, mode 0600. `cost` is lowered by tests only.

    Raises KeyFileExists, KeyFileNotWritten, PassphraseTooShort, KeyAlreadyHeld (twice in
    `records`), KeyLength, KeyFieldInvalid, KeyRecordInvalid.
    """
    _write(path, passphrase, _distinct(records), cost, replacing=False)


def add_key(path: Path, passphrase: Passphrase, record: KeyRecord) -> None:
    """Add one key; an existing key is never replaced. The file is replaced as a whole.

    A module that is open keeps the keys it was opened with. Raises KeyAlreadyHeld and the
    errors of `open_sealed` and `create_sealed`.
    """
    with folder_lock(path):
        records, cost = _read(path, passphrase)
        _write(path, passphrase, _distinct([*records, record]), cost, replacing=True)


def change_key(path: Path, passphrase: Passphrase, ref: KeyRef, **changes: Any) -> KeyAttributes:
    """Gives a key other attributes (`KeyAttributes`, by name); its secret stays. What it has from
    here on. Meters that were told another expiry number or base date get a key-change set with
    their next sale.

    Raises KeyUnknown, KeyBaseDateFixed, KeyFieldInvalid, KeyRecordInvalid and the errors of
    `add_key`.
    """
    with folder_lock(path):
        records, cost = _read(path, passphrase)
        held = {record.attributes.ref: record for record in records}
        if ref not in held:
            raise KeyUnknown(ref.sgc, ref.krn)
        old = held[ref].attributes
        new = replace(old, **changes)
        forward = new.base_date.value > old.base_date.value and new.dkga is Dkga.DKGA04
        if new.base_date is not old.base_date and not forward:
            raise KeyBaseDateFixed(ref.sgc, ref.krn, old.base_date.value, new.base_date.value)
        held[ref] = KeyRecord(new, held[ref].secret)
        _write(path, passphrase, _distinct(held.values()), cost, replacing=True)
    return new


def change_passphrase(
    path: Path, old: Passphrase, new: Passphrase, *, cost: Cost = DEFAULT_COST
) -> None:
    """Seal the same keys under another passphrase, with fresh salt and nonce.

    Copies made before still open with the old one. Raises as `add_key`.
    """
    with folder_lock(path):
        records, _ = _read(path, old)
        _write(path, new, records, cost, replacing=True)


def key_attributes(path: Path, passphrase: Passphrase) -> tuple[KeyAttributes, ...]:
    """What is public of each key in the file, by supply group and revision."""
    return SealedSecurityModule(path, passphrase).keys()


def _read(path: Path, passphrase: Passphrase) -> tuple[tuple[KeyRecord, ...], Cost]:
    payload, cost = unseal(read_private(path), passphrase, str(path))
    return from_payload(payload), cost


def _write(
    path: Path,
    passphrase: Passphrase,
    records: Iterable[KeyRecord],
    cost: Cost,
    *,
    replacing: bool,
) -> None:
    if not passphrase.is_long_enough:
        raise PassphraseTooShort(LEAST_CHARACTERS)
    content = seal(to_payload(records), passphrase, cost, secrets.token_bytes)
    write_private(path, content, replace=replacing)


def _distinct(records: Iterable[KeyRecord]) -> list[KeyRecord]:
    held: dict[object, KeyRecord] = {}
    for record in records:
        ref = record.attributes.ref
        if ref in held:
            raise KeyAlreadyHeld(ref.sgc, ref.krn)
        held[ref] = checked(record)
    return list(held.values())
