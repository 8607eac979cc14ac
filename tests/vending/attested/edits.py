"""What somebody who has the database could do to rows that are attested: a statement, and how
verification names it."""

from __future__ import annotations

from .support import LAST, columns_of

EDITS = [
    ("UPDATE readings SET balance = balance + 1 WHERE id = 1", "row_differs", "readings 1"),
    ("UPDATE readings SET balance = 40000 WHERE id = 2", "row_differs", "readings 2"),
    ("DELETE FROM readings WHERE id = 2", "row_gone", "readings 2"),
    (columns_of("readings", without="id"), "row_unattested", "readings 3"),
    ("UPDATE account_events SET actor = 'x' WHERE seq = 2", "row_differs", "account_events A1:2"),
    (
        columns_of("account_events", seq="seq + 1", kind="'x'") + " WHERE seq = 2",
        "row_unattested",
        "account_events A1:3",
    ),
    (
        "UPDATE adjustments SET lines = replace(lines, '500', '900') WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    (
        "UPDATE adjustments SET requested_by = 'cli:nadia' WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    (
        "UPDATE adjustments SET requested_at = '2026-01-01T00:00:00.000000Z' WHERE id = 'ADJ-2'",
        "row_differs",
        "adjustments ADJ-2",
    ),
    ("DELETE FROM adjustments WHERE id = 'ADJ-2'", "row_gone", "adjustments ADJ-2"),
    (
        columns_of("adjustments", id="'ADJ-9'") + " WHERE id = 'ADJ-2'",
        "row_unattested",
        "adjustments ADJ-9",
    ),
    ("UPDATE operators SET credit_limit = 900000", "row_differs", "operators rana"),
    # As they once were, and as the first link says.
    ("UPDATE operators SET credit_limit = 5000", "row_differs", "operators rana"),
    ("UPDATE operators SET commission = '25'", "row_differs", "operators rana"),
    ("DELETE FROM operators", "row_gone", "operators rana"),
    (columns_of("operators", code="'zaid'"), "row_unattested", "operators zaid"),
    # Of what was posted, its entry is named (`books/test_edited_rows.py`).
    (
        "UPDATE decisions SET note = 'x' WHERE adjustment = 'ADJ-3'",
        "row_differs",
        "decisions ADJ-3",
    ),
    ("DELETE FROM decisions WHERE adjustment = 'ADJ-3'", "row_gone", "decisions ADJ-3"),
    (
        columns_of("decisions", adjustment="'ADJ-2'") + " WHERE adjustment = 'ADJ-3'",
        "row_unattested",
        "decisions ADJ-2",
    ),
    (
        "UPDATE approvals SET document = replace(document, '2', '9') WHERE id = 'A-2'",
        "row_differs",
        "approvals A-2",
    ),
    ("UPDATE approvals SET requested_by = 'x' WHERE id = 'A-1'", "row_differs", "approvals A-1"),
    ("DELETE FROM approvals WHERE id = 'A-3'", "row_gone", "approvals A-3"),
    (
        columns_of("approvals", id="'A-9'") + " WHERE id = 'A-1'",
        "row_unattested",
        "approvals A-9",
    ),
    ("UPDATE approval_decisions SET actor = 'x'", "row_differs", "approval_decisions A-1"),
    ("DELETE FROM approval_decisions", "row_gone", "approval_decisions A-1"),
    (
        columns_of("approval_decisions", approval="'A-2'"),
        "row_unattested",
        "approval_decisions A-2",
    ),
    (
        "UPDATE approval_steps SET state = 'called_off' WHERE seq = 2",
        "row_differs",
        "approval_steps A-1:2",
    ),
    ("DELETE FROM approval_steps WHERE seq = 2", "row_gone", "approval_steps A-1:2"),
    (
        columns_of("approval_steps", seq="3") + " WHERE seq = 2",
        "row_unattested",
        "approval_steps A-1:3",
    ),
    (
        "UPDATE delivery_events SET state = 'delivered' WHERE seq = 2",
        "row_differs",
        "delivery_events v-0:2",
    ),
    ("UPDATE delivery_events SET log_sequence = 7", "row_differs", "delivery_events v-0:1"),
    ("DELETE FROM delivery_events WHERE seq = 2", "row_gone", "delivery_events v-0:2"),
    (
        columns_of("delivery_events", seq="3", state="'delivered'") + " WHERE seq = 2",
        "row_unattested",
        "delivery_events v-0:3",
    ),
    ("UPDATE points SET most_per_sale = NULL", "row_differs", "points P2"),
    ("UPDATE points SET most_per_sale = 4000 WHERE code = 'P2'", "row_differs", "points P2"),
    ("UPDATE points SET most_per_day = 1 WHERE code = 'P1'", "row_differs", "points P1"),
    (
        "UPDATE points SET needs_shift = NOT needs_shift WHERE code = 'P2'",
        "row_differs",
        "points P2",
    ),
    (columns_of("points", code="'P9'") + " WHERE code = 'P2'", "row_unattested", "points P9"),
    (
        "UPDATE tariff_files SET document = 'cheap' WHERE version = 1",
        "row_differs",
        "tariff_files night:1",
    ),
    ("DELETE FROM tariff_files WHERE version = 2", "row_gone", "tariff_files night:2"),
    (
        columns_of("tariff_files", version="3") + " WHERE version = 1",
        "row_unattested",
        "tariff_files night:3",
    ),
    (
        "UPDATE tariff_approvals SET effective_at = NULL WHERE act = 'retired'",
        "row_differs",
        "tariff_approvals night:1:retired",
    ),
    (
        "DELETE FROM tariff_approvals WHERE act = 'retired'",
        "row_gone",
        "tariff_approvals night:1:retired",
    ),
    (
        columns_of("tariff_approvals", version="2") + " WHERE act = 'approved'",
        "row_unattested",
        "tariff_approvals night:2:approved",
    ),
    ("UPDATE showings SET actor = 'x'", "row_differs", "showings v-h"),
    # The digits may be taken back as not shown again.
    ("DELETE FROM showings", "row_gone", "showings v-h"),
    (columns_of("showings", vend_id="'v-0'"), "row_unattested", "showings v-0"),
    ("UPDATE key_changes SET to_krn = 9 WHERE id = 1", "row_differs", "key_changes 1"),
    (columns_of("key_changes", without="id") + " WHERE id = 2", "row_unattested", "key_changes 3"),
    (
        "UPDATE key_change_events SET state = 'entered' WHERE change = 2",
        "row_differs",
        "key_change_events 2:1",
    ),
    ("DELETE FROM key_change_events WHERE change = 2", "row_gone", "key_change_events 2:1"),
    (
        columns_of("key_change_events", seq="2") + " WHERE change = 2",
        "row_unattested",
        "key_change_events 2:2",
    ),
    # What is blocked is held against these (`approvals/test_people.py`).
    ("UPDATE block_events SET actor = 'x' WHERE id = 2", "row_differs", "block_events 2"),
    ("DELETE FROM block_events WHERE id = 1", "row_gone", "block_events 1"),
    (
        columns_of("block_events", without="id", subject="'x'") + " WHERE id = 2",
        "row_unattested",
        "block_events 4",
    ),
    ("UPDATE attestations SET digest = hash WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET key = '9' WHERE number = 6", "attested_chain", "attestations 6"),
    ("UPDATE attestations SET kind = 'x' WHERE number = 6", "attested_chain", "attestations 6"),
    ("DELETE FROM attestations WHERE number = 3", "attested_chain", "attestations 3"),
    (
        f"DELETE FROM attestations WHERE number = {LAST}",
        "attested_head",
        f"kept {LAST}, found {LAST - 1}",
    ),
    ("DELETE FROM attestations", "attested_head", f"kept {LAST}, found 0"),
    ("UPDATE attestation_head SET number = 99", "attested_head", f"kept 99, found {LAST}"),
    ("DELETE FROM attestation_head", "attested_head", f"kept 0, found {LAST}"),
]
