"""The meter's side: judge 20 digits against a meter's state (spec section 11). Pure.

The meter keeps an `AcceptanceState`; `judge` gives the verdict and the next state, which must
be stored before the verdict is shown. What an accepted token does to credit, relay and
limits is the meter's business; the machine returns the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from meters.quantities import Quantity
from meters.verdicts import TokenResult

from .codec import decode_token
from .credit import _TransferCredit, _TransferCurrency
from .digits import TokenTooLarge
from .display import _Display
from .keychange import (
    KeyChangeSection,
    NewKey,
    Set1stSectionDecoderKey,
    assembled,
)
from .keys import DecoderKey, EncryptionAlgorithm, KeyType
from .kinds import Token, TokenWithTid
from .management import ALL_REGISTERS, ClearCredit, _PowerLimit
from .tid import is_expired
from .transitions import is_permitted_transition

STORED_TIDS: Final = 50
KEY_CHANGE_TIMEOUT_S: Final = 600
"""A partial key-change set is forgotten after ten minutes (one maker's figure)."""

_FIRST_LOCK_AT: Final = 3
_LONGEST_LOCK_S: Final = 1280
_SECTION_SHOWN: Final = {
    1: TokenResult.FIRST_KCT,
    2: TokenResult.SECOND_KCT,
    3: TokenResult.THIRD_KCT,
    4: TokenResult.FOURTH_KCT,
}


@dataclass(frozen=True, slots=True)
class AcceptanceState:
    """What a meter remembers about keys and tokens. Holds a secret; its repr does not."""

    key: DecoderKey = field(repr=False)
    sgc: str | None
    """None after a two-token key change: the meter was not told."""
    krn: int
    ti: int
    key_type: KeyType
    ken: int
    tids: tuple[int, ...] = field(repr=False)
    """The newest accepted TIDs, ascending, always STORED_TIDS of them."""
    pending: tuple[KeyChangeSection, ...] = field(default=(), repr=False)
    pending_until_s: int = 0
    failures: int = 0
    """Entries in a row that were not authentic."""
    locked_until_s: int = 0


@dataclass(frozen=True, slots=True)
class MeterCapabilities:
    """What this model of meter can do."""

    kinds: frozenset[type[Token]]
    """Token kinds it supports; any other is FUNCTION_ERROR."""
    capacity: Mapping[type[Token], int]
    """Most its register holds, by credit kind, in the smallest unit of the quantity (Wh, l,
    10^-5 currency)."""
    max_power_w: int
    """Largest power limit it takes."""
    manufacturer_code: int = 0
    magnetic: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the meter shows, the state to store, and the token if it was executed."""

    result: TokenResult
    state: AcceptanceState
    token: Token | None = None


def new_acceptance_state(
    key: DecoderKey,
    sgc: str | None,
    krn: int,
    ti: int,
    key_type: KeyType,
    ken: int,
    manufactured_tid: int,
) -> AcceptanceState:
    """A meter as it leaves the factory: its TID store is filled with the manufacturing minute,
    so that tokens older than the meter are Old."""
    return AcceptanceState(key, sgc, krn, ti, key_type, ken, tids=(manufactured_tid,) * STORED_TIDS)


def lock_s(failures: int) -> int:
    """Seconds of lock-out after that many failures in a row: none below three, then 10 s
    doubling to 1 280 s from the tenth on."""
    if failures < _FIRST_LOCK_AT:
        return 0
    return min(10 << min(failures - _FIRST_LOCK_AT, 7), _LONGEST_LOCK_S)


def judge(
    state: AcceptanceState,
    capabilities: MeterCapabilities,
    digits: str,
    now_s: int,
    credit: int = 0,
) -> Verdict:
    """The verdict on an entry of digits at `now_s` (any clock that only moves forward).

    `credit` is what the register that the token would fill holds now, in the smallest unit.
    Digits need not be well formed: what is not a token is FORMAT_ERROR.
    """
    if now_s < state.locked_until_s:
        return Verdict(TokenResult.LOCKED_OUT, state)
    if state.pending and now_s >= state.pending_until_s:
        state = replace(state, pending=(), pending_until_s=0)
    opened = _opened(state.key, digits)
    if isinstance(opened, TokenResult):
        return _not_taken(state, opened, now_s)
    if isinstance(opened, _Display) and opened.manufacturer_code not in (
        0,
        capabilities.manufacturer_code,
    ):
        return _not_taken(state, TokenResult.MFR_CODE_ERROR, now_s)
    # From here on the entry is authentic: a rule may refuse it, guessing is out of question.
    state = replace(state, failures=0, locked_until_s=0)
    if type(opened) not in capabilities.kinds:
        return Verdict(TokenResult.FUNCTION_ERROR, state)
    if isinstance(opened, KeyChangeSection):
        return _key_change(state, capabilities, opened, now_s)
    refusal = _validated(state, opened) or _executable(capabilities, opened, credit)
    if refusal is not None:
        return Verdict(refusal, state)
    if isinstance(opened, TokenWithTid):
        kept = tuple(sorted((*state.tids, opened.tid)))[-STORED_TIDS:]
        state = replace(state, tids=kept)
    return Verdict(TokenResult.ACCEPT, state, opened)


def _opened(key: DecoderKey, digits: str) -> Token | TokenResult:
    if len(digits) != 20 or not (digits.isascii() and digits.isdecimal()):
        return TokenResult.FORMAT_ERROR
    try:
        return decode_token(digits, key)
    except TokenTooLarge:
        return TokenResult.FORMAT_ERROR


# What a wrong guess looks like; only these count towards the lock-out.
_GUESSES: Final = frozenset({TokenResult.CRC_ERROR, TokenResult.MFR_CODE_ERROR})


def _not_taken(state: AcceptanceState, result: TokenResult, now_s: int) -> Verdict:
    if result not in _GUESSES:
        return Verdict(result, state)
    failures = state.failures + 1
    wait = lock_s(failures)
    until = now_s + wait if wait else state.locked_until_s
    return Verdict(result, replace(state, failures=failures, locked_until_s=until))


def _validated(state: AcceptanceState, token: Token) -> TokenResult | None:
    """The TID rules, in the order of section 11 step 5."""
    if not isinstance(token, TokenWithTid):
        return None
    if is_expired(token.tid, state.ken):
        return TokenResult.KEY_EXPIRED_ERROR
    if token.token_class == 0 and state.key_type is KeyType.DDTK:
        return TokenResult.DDTK_ERROR
    if token.tid < state.tids[0]:
        return TokenResult.OLD_ERROR
    if token.tid in state.tids:
        return TokenResult.USED_ERROR
    return None


def _executable(capabilities: MeterCapabilities, token: Token, credit: int) -> TokenResult | None:
    amount: int | None = None
    if isinstance(token, _TransferCredit):
        held: Quantity = token.amount
        amount = held.value
    elif isinstance(token, _TransferCurrency):
        amount = token.units
    if amount is not None and credit + amount > capabilities.capacity[type(token)]:
        return TokenResult.OVERFLOW_ERROR
    if isinstance(token, ClearCredit) and not _has_register(capabilities, token.value):
        return TokenResult.RANGE_ERROR
    if isinstance(token, _PowerLimit) and token.limit.value > capabilities.max_power_w:
        return TokenResult.RANGE_ERROR
    return None


def _has_register(capabilities: MeterCapabilities, register: int) -> bool:
    """Registers are numbered as the credit kinds that fill them (section 10.3)."""
    held = {kind.subclass for kind in capabilities.capacity}
    return register == ALL_REGISTERS or register in held


def _key_change(
    state: AcceptanceState,
    capabilities: MeterCapabilities,
    section: KeyChangeSection,
    now_s: int,
) -> Verdict:
    """Keep the section; when the set is complete, swap the key with all that belongs to it."""
    if isinstance(section, Set1stSectionDecoderKey):
        child = KeyType(section.key_type)
        if not is_permitted_transition(state.key_type, child, magnetic=capabilities.magnetic):
            return Verdict(TokenResult.KEY_TYPE_ERROR, state)
    others = tuple(kept for kept in state.pending if kept.order != section.order)
    sections = (*others, section)
    new = assembled(sections, state.key.ea)
    if new is None:
        until = state.pending_until_s if state.pending else now_s + KEY_CHANGE_TIMEOUT_S
        waiting = replace(state, pending=sections, pending_until_s=until)
        return Verdict(_SECTION_SHOWN[section.order], waiting)
    return Verdict(TokenResult.ACCEPT, _swapped(state, new, state.key.ea), section)


def _swapped(state: AcceptanceState, new: NewKey, ea: EncryptionAlgorithm) -> AcceptanceState:
    return replace(
        state,
        key=DecoderKey(ea, new.secret),
        sgc=new.sgc,
        krn=new.krn,
        ti=new.ti,
        key_type=KeyType(new.key_type),
        ken=new.ken,
        # Rollover: the new base date starts below every stored TID, so all become zero.
        tids=(0,) * STORED_TIDS if new.ro else state.tids,
        pending=(),
        pending_until_s=0,
    )
