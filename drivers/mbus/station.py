"""One exchange with an M-Bus meter: a frame goes out once, and an answer to it is told from echoes
and noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..conversation import Conversation, LineSettings, Quiet, Send
from ..gathering import Patience, gather, without_echo
from ..lines import NoReply
from .frames import (
    ACK,
    LONGEST,
    RSP_UD,
    SELECT,
    SELECTED,
    SND_NKE,
    SND_UD,
    UNSET,
    Long,
    Short,
    begun,
    find_long,
)
from .telegram import Telegram

TRIES: Final = 2
# EN 13757-2, 5.5: an answer begins within 330 bit times and 50 ms; 2400 Bd is usual.
PATIENCE: Final = Patience(first_s=0.35, next_s=0.25, most=2 * LONGEST)
_BITS: Final = 330
_REST_S: Final = 0.05
_SPARE: Final = 1.5
_ANY_DIGIT: Final = "F"
_KIND_OF_ANSWER: Final = 0xCF
"""Bits of the control field besides access demand and data flow."""


@dataclass(frozen=True, slots=True)
class Station:
    """A meter on a line, by its primary address, or by its secondary one where that is given."""

    line: str
    """For people."""
    address: int = UNSET
    secondary: str = ""
    """16 hex digits as `telegram.secondary_address` writes them; `F` wildcards."""
    patience: Patience = PATIENCE
    gap_s: float = 0.03
    """Silence before a frame."""
    settle_s: float = 1.0
    """Silence after an answer that never came, in which it may still come."""

    @property
    def unit(self) -> str:
        return self.secondary or str(self.address)

    @property
    def target(self) -> int:
        """The address in frames."""
        return SELECTED if self.secondary else self.address


def patience_at(settings: LineSettings) -> Patience:
    """How long to wait at a line's rate."""
    first_s = _SPARE * (_BITS / settings.baud + _REST_S)
    return replace(PATIENCE, first_s=first_s, next_s=max(PATIENCE.next_s, first_s / 2))


def acknowledged(station: Station, frame: Short | Long) -> Conversation[None]:
    """Sends a frame, once, that a meter answers with E5. Raises NoReply: it may have happened.

    One character has no check sum: with anything else around it, it counts as noise.
    """
    yield Quiet(station.gap_s)
    sent = frame.encode()
    yield Send(sent)

    def yes(raw: bytes) -> bool | None:
        return True if without_echo(raw, sent) == ACK else None

    got = yield from gather(yes, _nothing_begins, station.patience)
    if got.found is None:
        trouble = "timeout" if got.raw == sent else got.trouble
        raise NoReply(station.line, station.unit, trouble)


def answered(station: Station, frame: Short, before: Sequence[Long] = ()) -> Conversation[Long]:
    """Sends a request, once, and returns the long frame that answers it. One that was had `before`
    is a late repetition. Raises NoReply."""
    yield Quiet(station.gap_s)
    yield Send(frame.encode())

    def answer(raw: bytes) -> Long | None:
        while (found := find_long(raw)) is not None:
            long, end = found
            if _answers(station, long) and long not in before:
                return long
            raw = raw[end:]
        return None

    got = yield from gather(answer, begun, station.patience)
    if got.found is None:
        raise NoReply(station.line, station.unit, got.trouble)
    return got.found


def reset(station: Station, tries: int = TRIES) -> Conversation[None]:
    """SND_NKE: the meter begins anew with its telegrams; a selected one is let go. Changes nothing
    else, so it is repeated. Raises NoReply."""
    yield from persistently(station, Short(SND_NKE, station.target), tries)


def persistently(station: Station, frame: Short | Long, tries: int) -> Conversation[None]:
    """`acknowledged`, repeated, for what may be done twice."""
    for _ in range(tries - 1):
        try:
            yield from acknowledged(station, frame)
        except NoReply:
            yield Quiet(station.settle_s)
        else:
            return
    yield from acknowledged(station, frame)


def selection(secondary: str) -> Long:
    """The frame that selects by secondary address; `F` stands for anything. Of maker, version and
    medium only whole bytes can be left open."""
    data = bytes.fromhex(secondary[:8])[::-1] + bytes.fromhex(secondary[8:])
    return Long(SND_UD, SELECTED, SELECT, data)


def fits(pattern: str, secondary: str) -> bool:
    """Whether a secondary address is meant by one with wildcards."""
    digits = all(p in (_ANY_DIGIT, s) for p, s in zip(pattern[:8], secondary[:8], strict=True))
    parts = ((8, 10), (10, 12), (12, 14), (14, 16))
    return digits and all(pattern[low:high] in ("FF", secondary[low:high]) for low, high in parts)


def is_meant(station: Station, told: Telegram) -> bool:
    """Whether the telegram is of the meter that was selected, as far as it tells."""
    if not station.secondary:
        return True
    if not told.maker:
        # Whoever was selected by more than its identification had to know the rest to answer.
        return fits(station.secondary[:8] + "F" * 8, told.secondary)
    return fits(station.secondary, told.secondary)


def _answers(station: Station, long: Long) -> bool:
    # A selected meter answers under its own primary address.
    from_it = station.target in (SELECTED, 254, long.address)
    return from_it and long.control & _KIND_OF_ANSWER == RSP_UD


def _nothing_begins(_: bytes) -> bool:
    return False
