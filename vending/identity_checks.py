"""Passwords and one-time codes, by the libraries for it: Argon2id (pwdlib), RFC 6238 (pyotp)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pyotp
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_STEP_S: Final = 30
_SECRET_SIGNS: Final = 32
_BASE_32: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


class Argon2:
    """See `vending.people.PasswordHasher`. With the library's own costs; `cheap` is for tests
    and for nothing else."""

    def __init__(self, *, cheap: bool = False) -> None:
        hasher = Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1) if cheap else None
        self._hash = PasswordHash((hasher or Argon2Hasher(),))

    def hash(self, password: str) -> str:
        return self._hash.hash(password)

    def verify(self, password: str, hashed: str) -> bool:
        return self._hash.verify(password, hashed)


class OneTimeCodes:
    """See `vending.people.SecondFactor`: six digits, half a minute each, one step of drift."""

    def secret(self) -> str:
        return pyotp.random_base32(_SECRET_SIGNS)

    def is_secret(self, text: str) -> bool:
        return len(text) == _SECRET_SIGNS and set(text) <= _BASE_32

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        plain = "".join(code.split())
        if not (plain.isdecimal() and len(plain) == 6):
            return None
        # Arabic-Indic digits are digits.
        plain = "".join(str(int(c)) for c in plain)
        codes = pyotp.TOTP(secret, interval=_STEP_S)
        at = int(now.timestamp()) // _STEP_S
        for step in (at, at - 1, at + 1):
            if pyotp.utils.strings_equal(codes.generate_otp(step), plain):
                return step
        return None


def setup_address(secret: str, user: str, issuer: str) -> str:
    """What an authenticator's camera reads (`otpauth://`)."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=user, issuer_name=issuer)
