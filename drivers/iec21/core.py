"""Conversations with a meter in mode C of IEC 62056-21: sign on, change the rate, read everything
at once, or read and write single data sets in programming mode.

An answer to a reading need not say which one it answers. So one unanswered question ends the whole
session: the meter is signed on anew, and whatever comes late falls into the silence before that.
What nobody can tell from an answer is a repetition of the one before, if the meter leaves out the
id: where a line repeats, such a meter is read out, or one reading a session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, TypeVar

from ..conversation import Conversation, LineSettings, Quiet, Send, Switch
from ..gathering import Patience, gather, without_echo
from ..lines import Declined, NoReply
from .frames import (
    ACK,
    BAUD,
    BREAK_COMMAND,
    NAK,
    PROGRAMMING,
    READOUT,
    SOH,
    STX,
    Block,
    DataSet,
    Identification,
    blocks,
    call,
    command,
    data_sets,
    identification,
    option,
)

T = TypeVar("T")

REPEATS: Final = 2
"""How often a spoilt block is asked for again."""
STAY: Final = "0"
# Clause 6.4.3: reaction up to 1.5 s, characters up to 1.5 s apart.
PATIENCE: Final = Patience(first_s=2.2, next_s=1.6, most=64 * 1024)
# Annex B: a battery meter wakes up from NULs for 2.1 to 2.3 s, then 1.5 to 1.7 s of silence.
_WAKE_S: Final = 2.2
_WAKE_REST_S: Final = 1.6
_NULS_AT_ONCE: Final = 6
_ASKS: Final = "P0"
"""The meter's own command: it wants a password for its operand."""


@dataclass(frozen=True, slots=True)
class Station:
    """A meter at an optical head or on a current loop."""

    line: str
    """For people."""
    address: str = ""
    """Empty: whoever is there."""
    settings: LineSettings = field(default_factory=lambda: LineSettings(300, 7, "E", 1))
    """How the conversation begins and ends."""
    fastest: int = 19200
    """Highest rate to change to; that of `settings`: stay there, as gateways with a fixed rate
    want it."""
    patience: Patience = PATIENCE
    wake: bool = False
    settle_s: float = 2.0
    """Silence before a new sign-on after trouble, in which late answers are thrown away."""


class Algorithm(Enum):
    """How the password is shown."""

    PLAIN = "P1"
    ENCRYPTED = "P2"
    """As the meter's own algorithm makes it of the operand."""


@dataclass(frozen=True, slots=True)
class Key:
    """What opens programming mode."""

    answer: Callable[[str], str] = field(repr=False)
    """From the operand of the meter (often its number or a random one) to the password."""
    algorithm: Algorithm = Algorithm.PLAIN


def plain_key(password: str) -> Key:
    """A password that is sent as it is."""
    return Key(lambda _: password)


@dataclass(frozen=True, slots=True)
class Readout:
    """Everything that a meter tells without being asked for anything in particular."""

    identification: Identification
    data: tuple[DataSet, ...]


def sign_on(station: Station) -> Conversation[Identification]:
    """Calls the meter at the starting rate. Raises NoReply."""
    yield Switch(station.settings)
    if station.wake:
        yield from _wake(station)
    yield Quiet(3 * station.settings.character_s, station.settle_s)
    yield Send(call(station.address))
    got = yield from gather(identification, lambda raw: b"/" in raw, station.patience)
    if got.found is None:
        raise NoReply(station.line, station.address, got.trouble)
    if got.found.speed not in BAUD:
        raise Declined(station.address, "sign-on", "mode", nothing_happened=True, is_misfit=True)
    return got.found


def readout(station: Station) -> Conversation[Readout]:
    """Sign-on and the whole readout. Raises NoReply."""
    told = yield from sign_on(station)
    block = yield from _repeated(station, (yield from _choose(station, told, READOUT)))
    yield Switch(station.settings)
    found = data_sets(block.text)
    if found is None:
        raise NoReply(station.line, station.address, "not_data_sets")
    return Readout(told, found)


def programming(
    station: Station, key: Key | None, work: Callable[[Station], Conversation[T]]
) -> Conversation[T]:
    """Sign-on, password, then `work`; breaks off at the end, also after trouble.

    Raises NoReply, Declined (`password`, or what `work` meets).
    """
    told = yield from sign_on(station)
    try:
        yield from _open(station, told, key)
        done = yield from work(station)
    except (NoReply, Declined):
        yield from break_off(station)
        raise
    yield from break_off(station)
    return done


def read(station: Station, id: str, form: str = "1") -> Conversation[DataSet]:
    """One data set by R1 (or R2 ... by `form`), within `programming`.

    Raises NoReply, Declined (`ERR..`: the meter does not keep it).
    """
    sent = command(f"R{form}", f"{id}()")
    yield Quiet(station.settings.character_s)
    yield Send(sent)
    block = yield from _repeated(station, (yield from _block(station)))
    found = data_sets(block.text)
    _refuse_error(station, f"R{form}", found)
    if found is None or len(found) != 1 or found[0].id not in ("", id):
        raise NoReply(station.line, station.address, "wrong_reply")
    return replace(found[0], id=id)


def write(station: Station, id: str, value: str, form: str = "1") -> Conversation[None]:
    """One data set by W1 (or W2 ...), once, within `programming`. Raises NoReply (may have
    happened), Declined (`nak`, `ERR..`)."""
    sent = command(f"W{form}", f"{id}({value})")
    yield Quiet(station.settings.character_s)
    begin = sent.index(b"(") + 1
    yield Send(sent, ((begin, begin + len(value)),))
    yield from _acknowledged(station, f"W{form}", sent)


def profile(station: Station, id: str, begin: str, end: str) -> Conversation[tuple[DataSet, ...]]:
    """Lines of a load profile by R5, `begin` and `end` as the meter writes moments; block by block,
    each acknowledged. Within `programming`. Raises NoReply, Declined."""
    sent = command("R5", f"{id}({begin};{end})")
    yield Quiet(station.settings.character_s)
    yield Send(sent)
    text = ""
    before = None
    block = yield from _repeated(station, (yield from _block(station)))
    while True:
        # A block that comes twice was sent again, because our acknowledgement was lost.
        text += block.text if block != before else ""
        if block.is_last:
            break
        before = block
        yield Send(ACK)
        block = yield from _repeated(station, (yield from _block(station)))
    found = data_sets(text)
    _refuse_error(station, "R5", found)
    if found is None:
        raise NoReply(station.line, station.address, "not_data_sets")
    return found


def _open(station: Station, told: Identification, key: Key | None) -> Conversation[None]:
    asked = yield from _choose(station, told, PROGRAMMING, _ASKS)
    asked = yield from _repeated(station, asked, _ASKS)
    if key is None:
        return
    operand = asked.text.removeprefix("(").removesuffix(")")
    shown = key.answer(operand)
    sent = command(key.algorithm.value, f"({shown})")
    begin = sent.index(b"(") + 1
    yield Send(sent, ((begin, begin + len(shown)),))
    try:
        yield from _acknowledged(station, "P1", sent)
    except Declined as error:
        raise Declined(station.address, "P1", "password", True, False) from error


def _choose(
    station: Station, told: Identification, mode: str, wanted: str = ""
) -> Conversation[Block]:
    """Acknowledges rate and mode, and takes the first block at the rate chosen."""
    speed = told.speed if BAUD[told.speed] <= station.fastest else STAY
    yield Quiet(told.reaction_s)
    yield Send(option(speed, mode))
    if speed != STAY:
        yield Switch(replace(station.settings, baud=BAUD[speed]))
    return (yield from _block(station, wanted))


def _block(station: Station, wanted: str = "") -> Conversation[Block]:
    """The next answer, or the next command of this name, sound or not. Echoes of our own commands
    are commands of other names."""

    def first(raw: bytes) -> Block | None:
        return next((block for block in blocks(raw) if block.command == wanted), None)

    got = yield from gather(first, _begun, station.patience)
    if got.found is None:
        raise NoReply(station.line, station.address, got.trouble)
    return got.found


def _repeated(station: Station, block: Block, wanted: str = "") -> Conversation[Block]:
    """The block, or a sound repetition of it: asked for by NAK, at most twice."""
    for _ in range(REPEATS):
        if block.is_sound:
            return block
        yield Quiet(station.settings.character_s, station.settle_s)
        yield Send(NAK)
        block = yield from _block(station, wanted)
    if not block.is_sound:
        raise NoReply(station.line, station.address, "check_sum")
    return block


def _acknowledged(station: Station, function: str, sent: bytes) -> Conversation[None]:
    """Takes nothing but exactly one ACK for a yes: one character has no check sum, so that noise
    around it makes it doubtful."""

    def verdict(raw: bytes) -> bytes | Block | None:
        rest = without_echo(raw, sent)
        if rest in (ACK, NAK):
            return rest
        return next((block for block in blocks(rest) if not block.command), None)

    got = yield from gather(verdict, _begun, station.patience)
    if got.found == ACK:
        return
    if got.found == NAK:
        raise Declined(station.address, function, "nak", nothing_happened=True, is_misfit=False)
    if isinstance(got.found, Block) and got.found.is_sound:
        _refuse_error(station, function, data_sets(got.found.text))
    raise NoReply(station.line, station.address, got.trouble)


def _refuse_error(station: Station, function: str, found: tuple[DataSet, ...] | None) -> None:
    if found and found[0].values[0][0].upper().startswith("ER"):
        reason = found[0].values[0][0][:16]
        raise Declined(station.address, function, reason, nothing_happened=True, is_misfit=True)


def break_off(station: Station) -> Conversation[None]:
    """Ends a session, or what began as one; the line goes back to its own rate and falls silent."""
    yield Send(command(BREAK_COMMAND))
    yield Switch(station.settings)
    yield Quiet(station.settle_s)


def _wake(station: Station) -> Conversation[None]:
    count = round(_WAKE_S / station.settings.character_s)
    for _ in range(count // _NULS_AT_ONCE):
        yield Send(bytes(_NULS_AT_ONCE))
    yield Quiet(_WAKE_REST_S)


def _begun(raw: bytes) -> bool:
    return STX in raw or SOH in raw
