"""Orders of papers as messages: what goes into the queue comes out again, under its own key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vending.outbox import Message, Topic
from vending.paperorders import COUNTED, PaperKind, PaperOrder, message_of, order_of
from vending.parties import Actor, Role

IDS = st.text("abcXYZ019._:-", min_size=1, max_size=64)
ACTORS = st.builds(
    Actor,
    st.text(min_size=1, max_size=60),
    st.sampled_from(Role),
    st.none() | st.text("PQ12", max_size=4),
    st.text("T123", max_size=3),
)
ORDERS = st.builds(
    PaperOrder,
    st.sampled_from(PaperKind),
    IDS,
    ACTORS,
    st.integers(0, 10**6),
    st.sampled_from(["", "ar", "en"]),
    st.sampled_from(["", "2026-11-01"]),
    st.sampled_from(["", "2026-11-30"]),
)
FORMS = st.text("0123456789abcdef", min_size=24, max_size=24)


@given(ORDERS, FORMS)
def test_a_message_carries_its_order(order: PaperOrder, id: str) -> None:
    message = message_of(order, "till", id)
    assert order_of(message) == order
    assert (message.topic, message.target, message.subject) == (Topic.PRINT, "till", order.subject)
    assert len(message.key) <= 100, "as long as the queue keeps it"


@given(ORDERS, ORDERS, FORMS, FORMS)
def test_keys_tell_papers_apart(one: PaperOrder, other: PaperOrder, id: str, other_id: str) -> None:
    def wanted(order: PaperOrder, id: str) -> tuple[object, ...]:
        counted = order.kind in COUNTED
        return (order.kind, *((order.subject, order.copy) if counted else (id,)))

    same = message_of(one, "till", id).key == message_of(other, "till", other_id).key
    assert same is (wanted(one, id) == wanted(other, other_id))


@pytest.mark.parametrize("prefix", ["copy", *(topic.value for topic in Topic)])
def test_what_a_sale_sends_is_no_order(prefix: str) -> None:
    assert order_of(Message(f"{prefix}:v-1", Topic.PRINT, "v-1", "till", "{}")) is None
