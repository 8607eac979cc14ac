"""Modbus RTU on our side, as a conversation: one request, its reply, the silences around them.

Modbus over Serial Line 1.02. There is no transaction id, so that a reply which comes late looks
like the answer to the next request. Therefore nothing is sent until the worst answer of the meter
would have come: what comes late is either taken for what it is, the answer to its own request, or
thrown away, and never answers another.

A request goes out once. Whoever may ask again decides that elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ..bus.timing import Pace
from ..conversation import Conversation, LineSettings, Quiet, Receive, Send
from ..crc import with_crc
from ..lines import LineBusy, LineDown, NoReply
from .finder import Found, ReplyFinder
from .pdu import Misshapen, Request

JOIN_S: Final = 0.1
"""Pieces of one reply come as far apart as this through adapters and gateways."""
_FAST: Final = 19_200
_FAST_GAP_S: Final = 0.001_75
_GAP_CHARACTERS: Final = 3.5
_HEAD_START_S: Final = 0.0003
"""The silence after a reply is listened to but for this; the next request keeps the rest of it, and
what happens in between takes no time of the line's."""
_PATIENCE_S: Final = 1.0
"""A line that has not been silent for its gap within this is stuck."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply and how it came."""

    pdu: bytes = field(repr=False)
    latency_s: float
    """From the request's last character to the whole reply, without the reply's own characters."""
    late: bool = False
    noise: int = 0
    """Bytes around it that belong to nothing."""
    echo: bool = False


def silence_s(line: LineSettings) -> float:
    """The silence between frames (2.5.1.1): 3.5 characters, and above 19 200 baud 1.75 ms."""
    return _FAST_GAP_S if line.baud > _FAST else _GAP_CHARACTERS * line.character_s


def exchange(
    request: Request,
    line: LineSettings,
    pace: Pace,
    clock: Callable[[], float],
    address: str,
    echo: bool = False,
) -> Conversation[Heard]:
    """Asks once and returns the reply to exactly this request: its PDU has the right unit,
    function and shape, and may be an exception (`Request.check` tells).

    Raises LineBusy and LineDown (nothing was sent), and NoReply with the reason `timeout`, `crc`,
    `noise`, `truncated`, `conflict`, `wrong_unit`, `wrong_function`, `byte_count`, `other_write`
    or `dropped`, when the meter's worst reply time is over.
    """
    gap = silence_s(line)
    wanted = max(gap, pace.gap_s)
    if (yield Quiet(wanted, _PATIENCE_S + wanted)):
        raise LineBusy(address)
    frame = with_crc(bytes([request.unit]) + request.pdu)
    begin, end = request.secret_bytes
    try:
        yield Send(frame, ((begin + 1, end + 1),) if end else ())
        if request.unit == 0:
            # A broadcast: nobody answers, everybody needs time to act.
            yield Quiet(pace.worst_s, 0)
            return Heard(request.pdu[:5], 0.0)
        return (yield from _reply(request, line, pace, clock, address, echo))
    except LineDown:
        raise NoReply(address, str(request.unit), "dropped") from None


def _reply(
    request: Request,
    line: LineSettings,
    pace: Pace,
    clock: Callable[[], float],
    address: str,
    echo: bool,
) -> Conversation[Heard]:
    finder = ReplyFinder(request, echo)
    begun = clock()
    # A gateway has taken the request when it is still on its way, and gives a reply when it has
    # the whole of it.
    wire = (len(request.pdu) + 3 + finder.expected) * line.character_s
    due = begun + wire + pace.reply_s
    over = due + pace.worst_s
    came = begun
    while True:
        now = clock()
        patience = JOIN_S if finder.buffer and now - came < JOIN_S else over - now
        if patience <= 0 or now > over + _PATIENCE_S:
            raise NoReply(address, str(request.unit), finder.diagnose())
        data = yield Receive(min(patience, max(over - now, JOIN_S)), finder.missing)
        if data:
            came = clock()
            finder.feed(data)
        elif len(finder.buffer) >= finder.expected:
            # What should have come has, and was spoilt: no more than the worst reply time is
            # waited for what else may come.
            over = min(over, begun + wire + pace.worst_s)
        found = finder.find(final=not data)
        if found is not None:
            late = clock() > due
            listen = max(silence_s(line) - _HEAD_START_S, pace.listen_s)
            noise = yield from _after(finder, found, came, listen, clock)
            if noise is None:
                raise NoReply(address, str(request.unit), "conflict")
            latency = came - begun - (found.end - found.begin) * line.character_s
            return Heard(found.pdu, max(0.0, latency), late, noise, finder.echoed)


def _after(
    finder: ReplyFinder, found: Found, came: float, silence: float, clock: Callable[[], float]
) -> Conversation[int | None]:
    """Listens for `silence` from when the reply came. Returns how many bytes belong to nothing, or
    None if there was a second reply: two meters have one id."""
    until = came + max(silence, _PATIENCE_S)
    listened = came + silence
    while (left := min(listened, until) - clock()) > 0:
        try:
            data = yield Receive(left)
        except LineDown:
            # Whoever hangs up after the reply has said all there is to say.
            break
        if data:
            finder.buffer += data
            listened = max(listened, clock() + silence)
    if finder.find(final=True, begin=found.end) is not None:
        return None
    return len(finder.buffer) - (found.end - found.begin)


def reply_data(request: Request, heard: Heard, address: str) -> bytes:
    """The data of the reply, behind its function. Raises Declined for an exception."""
    try:
        return request.check(heard.pdu)
    except Misshapen as error:
        raise NoReply(address, str(request.unit), str(error)) from None
