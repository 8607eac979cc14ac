"""No piece of a secret is kept, however the line cuts what comes back."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.conversation import Send
from drivers.veil import HIDDEN, Veil

SECRET = b"\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a"
HEAD, TAIL = b"\x01\x10\x00\x07", b"\xc1\x55"
FRAME = HEAD + SECRET + TAIL
STEP = Send(FRAME, ((len(HEAD), len(HEAD) + len(SECRET)),))


def test_what_is_sent_says_itself_what_is_secret() -> None:
    shown = Veil().sent(STEP)
    assert shown == [f"{b:02x}" for b in HEAD] + [HIDDEN] * len(SECRET) + [f"{b:02x}" for b in TAIL]
    assert Veil().sent(Send(b"\1\2\3", ((1, 9),))) == ["01", HIDDEN, HIDDEN]


@given(st.lists(st.integers(0, len(FRAME)), max_size=len(FRAME)))
def test_an_echo_in_pieces_of_any_size_shows_nothing_of_it(cuts: list[int]) -> None:
    veil = Veil()
    veil.sent(STEP)
    edges = sorted({0, len(FRAME), *cuts})
    pieces = [FRAME[begin:end] for begin, end in pairwise(edges)]
    shown = [one for piece in pieces for one in veil.received(piece)]
    assert not {f"{byte:02x}" for byte in SECRET} & set(shown)
    assert len(shown) == len(FRAME)


@given(st.binary(max_size=30).filter(lambda data: not set(data) & set(SECRET)))
def test_what_has_nothing_of_it_is_shown_as_it_came(data: bytes) -> None:
    veil = Veil()
    veil.sent(STEP)
    assert veil.received(data) == [f"{byte:02x}" for byte in data]
    assert Veil().received(SECRET) == [f"{byte:02x}" for byte in SECRET]


@given(st.binary(min_size=1, max_size=2), st.binary(max_size=8))
def test_short_secrets_are_hidden_as_a_whole(secret: bytes, around: bytes) -> None:
    veil = Veil()
    veil.sent(Send(secret, ((0, len(secret)),)))
    shown = veil.received(around + secret + around)
    at = len(around)
    assert shown[at : at + len(secret)] == [HIDDEN] * len(secret)
