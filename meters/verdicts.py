"""A meter's verdict on a token: one enum, never an exception.

Names are the standard's (IEC 62055-41 authentication, validation and token results). The
number is what our own payment meter shows in its registers; it follows the display codes of
one maker (Conlog BEC62) where those exist.
"""

from __future__ import annotations

from enum import IntEnum


class TokenResult(IntEnum):
    """What a meter answers when 20 digits have been entered."""

    NONE = 0
    """No token was ever entered."""
    ACCEPT = 1
    FIRST_KCT = 2
    """First key-change token taken, others of the set are awaited."""
    SECOND_KCT = 3
    OVERFLOW_ERROR = 4
    KEY_TYPE_ERROR = 5
    FORMAT_ERROR = 6
    RANGE_ERROR = 7
    FUNCTION_ERROR = 8
    OLD_ERROR = 9
    USED_ERROR = 10
    KEY_EXPIRED_ERROR = 11
    DDTK_ERROR = 12
    CRC_ERROR = 13
    MFR_CODE_ERROR = 14
    LOCKED_OUT = 15
    NOT_READY = 16
    THIRD_KCT = 17
    FOURTH_KCT = 18

    @property
    def is_taken(self) -> bool:
        """True if the meter took the token: executed, or kept as part of a key-change set."""
        return self in _TAKEN


_TAKEN = frozenset(
    {
        TokenResult.ACCEPT,
        TokenResult.FIRST_KCT,
        TokenResult.SECOND_KCT,
        TokenResult.THIRD_KCT,
        TokenResult.FOURTH_KCT,
    }
)
