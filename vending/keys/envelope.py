"""The sealed form of a key file: clear header, AES-256-GCM body, key by scrypt. Bytes in,
bytes out; files are in storage.py.

    RASEED-KEYS 1
    {"bytes":...,"cipher":"AES-256-GCM","kdf":"scrypt","n":...,"nonce":...,"p":...,"r":...,"salt":...}
    <base64 of ciphertext and tag>

Both header lines are the associated data of the seal, byte for byte: a changed cost, salt or
version does not open.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .errors import (
    KeyFileDamaged,
    KeyFileTruncated,
    KeyFileVersionUnsupported,
    NotAKeyFile,
    WrongPassphraseOrDamaged,
)
from .passphrase import Passphrase

MAGIC = b"RASEED-KEYS "
VERSION = b"1"
_CIPHER = "AES-256-GCM"
_KDF = "scrypt"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's parameters: memory is 128 * n * r bytes."""

    n: int = 2**17
    r: int = 8
    p: int = 1

    @property
    def is_bearable(self) -> bool:
        """False for what scrypt cannot take, and for headers made to exhaust the machine."""
        power_of_two = self.n >= 2 and self.n & (self.n - 1) == 0
        return power_of_two and self.r >= 1 and 1 <= self.p <= 16 and self.n * self.r <= 2**23


DEFAULT_COST = Cost()
"""128 MiB and about half a second on a small machine, at start-up only."""


def seal(
    payload: bytes, passphrase: Passphrase, cost: Cost, random_bytes: Callable[[int], bytes]
) -> bytes:
    """The whole content of a key file. `random_bytes` gives fresh salt and nonce each time."""
    if not cost.is_bearable:
        raise ValueError(f"scrypt cost out of range: {cost}")
    salt, nonce = random_bytes(_SALT_BYTES), random_bytes(_NONCE_BYTES)
    fields = {
        "bytes": len(payload) + _TAG_BYTES,
        "cipher": _CIPHER,
        "kdf": _KDF,
        "n": cost.n,
        "nonce": nonce.hex(),
        "p": cost.p,
        "r": cost.r,
        "salt": salt.hex(),
    }
    header = MAGIC + VERSION + b"\n" + json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    body = AESGCM(_key(passphrase, salt, cost)).encrypt(nonce, payload, header)
    return header + base64.b64encode(body) + b"\n"


def unseal(data: bytes, passphrase: Passphrase, path: str) -> tuple[bytes, Cost]:
    """The payload and the cost it was sealed with. `path` only names the file in errors.

    Raises NotAKeyFile, KeyFileVersionUnsupported, KeyFileTruncated, KeyFileDamaged,
    WrongPassphraseOrDamaged.
    """
    header, fields, encoded = _parts(data, path)
    cost = Cost(fields.n, fields.r, fields.p)
    if not cost.is_bearable:
        raise KeyFileDamaged(path)
    body = _body(encoded, fields.length, path)
    try:
        payload = AESGCM(_key(passphrase, fields.salt, cost)).decrypt(fields.nonce, body, header)
    except InvalidTag:
        raise WrongPassphraseOrDamaged(path) from None
    return payload, cost


@dataclass(frozen=True, slots=True)
class _Header:
    length: int
    n: int
    r: int
    p: int
    salt: bytes
    nonce: bytes


def _parts(data: bytes, path: str) -> tuple[bytes, _Header, bytes]:
    if not data.startswith(MAGIC):
        raise KeyFileTruncated(path) if MAGIC.startswith(data) else NotAKeyFile(path)
    first, newline, rest = data.partition(b"\n")
    if not newline:
        raise KeyFileTruncated(path)
    version = first[len(MAGIC) :]
    if version != VERSION:
        raise KeyFileVersionUnsupported(path, version[:20].decode("ascii", "replace"))
    second, newline, encoded = rest.partition(b"\n")
    if not newline:
        raise KeyFileTruncated(path)
    return first + b"\n" + second + b"\n", _header(second, path), encoded


def _header(line: bytes, path: str) -> _Header:
    try:
        told = json.loads(line)
        if told["cipher"] != _CIPHER or told["kdf"] != _KDF:
            raise KeyFileDamaged(path)
        length, n, r, p = (told[name] for name in ("bytes", "n", "r", "p"))
        salt, nonce = bytes.fromhex(told["salt"]), bytes.fromhex(told["nonce"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyFileDamaged(path) from None
    if any(type(number) is not int or number < 1 for number in (length, n, r, p)):
        raise KeyFileDamaged(path)
    if len(salt) != _SALT_BYTES or len(nonce) != _NONCE_BYTES:
        raise KeyFileDamaged(path)
    return _Header(length, n, r, p, salt, nonce)


def _body(encoded: bytes, length: int, path: str) -> bytes:
    # The length in characters is checked first, so that a cut file is told from a changed one.
    expected = 4 * -(-length // 3)
    text = encoded.removesuffix(b"\n")
    if len(text) < expected:
        raise KeyFileTruncated(path)
    try:
        body = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise KeyFileDamaged(path) from None
    if len(body) != length or len(text) != expected:
        raise KeyFileDamaged(path)
    return body


def _key(passphrase: Passphrase, salt: bytes, cost: Cost) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost.n, r=cost.r, p=cost.p).derive(passphrase.utf8())
