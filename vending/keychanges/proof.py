"""What proves that a meter has taken a key-change set. Pure.

Three witnesses, the strongest first: the meter's own key registers, a later token under the new
key that the meter took, and the meter's token log. A key change is not repeated by retrying: a
set that is dead says so (its sections fail the check), and a set that never came is typed again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from meters.account import MeterSts, TokenLogEntry
from meters.verdicts import TokenResult

from ..delivery import reaches_back
from ..keymoves import KeyMove


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found out."""

    taken: bool | None
    """True: the meter holds the new key. False: it still holds the old one. None: nothing that
    was looked at says."""
    note: str
    """Why, in one stable English phrase (not a message for people)."""
    vend_id: str | None = None
    """The sale whose token the meter took under the new key."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a set leaves in a token log once it is in the meter."""

    sections: Collection[str]
    """Fingerprints of the set."""
    later: Mapping[str, str]
    """Fingerprints of the tokens that were sold under the new key, with their sales."""
    log_before: int
    """Newest sequence known of the log when the set was issued."""
    log_known: int
    """Newest sequence known of it at all."""
    keeps_decoder_key: bool = False
    """Whether the set tells nothing but another expiry number (`KeyMove.keeps_decoder_key`)."""
    behind: tuple[KeyMove, ...] = ()
    """From where earlier sets that are still out would have moved the meter, to where this one
    does: it may be as far behind as that."""


NOTHING = Proof(None, "nothing proves it")

# The meter opened the token with its key before it gave one of these verdicts.
_OPENED = frozenset({TokenResult.ACCEPT, TokenResult.USED_ERROR, TokenResult.OVERFLOW_ERROR})


_ACKNOWLEDGED = frozenset(one for one in TokenResult if one.is_taken) - {TokenResult.ACCEPT}
"""Of a section, while others of its set are to come."""


def from_registers(move: KeyMove, told: MeterSts) -> Proof:
    """What the meter says of its key. Only what the change alters can tell old from new, and the
    rest has to be as the set says; a supply group that the meter was not told says nothing."""
    found = (told.supply_group, told.key_revision, told.tariff_index, told.key_expiry)
    old = (move.from_sgc, move.from_krn, move.from_ti, move.from_ken)
    new = (move.to_sgc, move.to_krn, move.to_ti, move.to_ken)
    named = [
        (value, before, after)
        for value, before, after in zip(found, old, new, strict=True)
        if value is not None and after is not None
    ]
    told_apart = [(value, before, after) for value, before, after in named if before != after]
    # An expiry number alone may be that of a key before: the set of an earlier change, too, can be
    # out still, and the meter be two changes behind.
    if told_apart and all(value == after for value, _, after in named):
        return Proof(True, "the meter names the new key")
    if told_apart and all(value == before for value, before, _ in told_apart):
        return Proof(False, "the meter names the old key")
    return NOTHING


def from_log(
    sections: Collection[str],
    later: Mapping[str, str],
    log: Sequence[TokenLogEntry],
    *,
    keeps_decoder_key: bool = False,
) -> Proof:
    """What the lines of the token log say, newest first. `sections` are the fingerprints of the
    set, `later` those of tokens under the new key, with their sales.

    A section that was accepted completed the set (the others are only acknowledged). A token
    under the new key that was taken, used before, or only too much for the register, was opened
    with that key; one whose check failed was not, and the set is no later line. Of sets that keep
    the decoder key see `last_set_is`.
    """
    last = keeps_decoder_key and last_set_is(sections, log)
    for line in log:
        if line.fingerprint in later:
            vend_id = later[line.fingerprint]
            if line.result in _OPENED:
                return Proof(True, "the log holds a token under the new key", vend_id)
            if line.result is TokenResult.CRC_ERROR:
                return Proof(False, "the log holds a token that the new key would have opened")
        accepted = line.fingerprint in sections and line.result is TokenResult.ACCEPT
        if accepted and (last or not keeps_decoder_key):
            return Proof(True, "the log holds the set, taken")
    return NOTHING


def last_set_is(sections: Collection[str], log: Sequence[TokenLogEntry]) -> bool:
    """Whether the last set that the log holds as taken, newest line first, is this one, with all of
    its sections.

    To be asked of a set that tells another expiry number alone: most of its sections are those of
    any other such set, and what the meter took before it may be taken again.
    """
    for place, line in enumerate(log[:-1]):
        if line.result is TokenResult.ACCEPT and log[place + 1].result in _ACKNOWLEDGED:
            found = {line.fingerprint}
            for earlier in log[place + 1 :]:
                if earlier.result not in _ACKNOWLEDGED:
                    break
                found.add(earlier.fingerprint)
            return found == set(sections)
    return False


def from_traces(traces: Traces, log: Sequence[TokenLogEntry]) -> Proof:
    """As `from_log`; and a log that goes back to the issue without a gap, and holds nothing of
    this, says that nothing of it was."""
    told = from_log(traces.sections, traces.later, log, keeps_decoder_key=traces.keeps_decoder_key)
    if told.taken is not None:
        return told
    newest = log[0].sequence if log else 0
    # One that ends before what is known of it was cleared since, or is another meter's.
    if newest >= traces.log_known and reaches_back(log, traces.log_before):
        return Proof(False, "the log does not hold the set")
    return NOTHING
