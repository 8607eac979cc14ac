"""What must hold in the books whatever has happened to them: each rule with a query that finds what
breaks it, in words of both databases and nothing of the product's."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

TILL, DEBTS, BALANCE, DEPOSIT, BANK, REFUNDS = "1010", "1210", "2010", "2030", "1120", "5050"
KEPT_READY: Final = ("1010", "1020", "1030", "1040", "1050", "1210", "2010", "2030")
"""Accounts held by points, agreements and operators."""
COINS: Final = "'1010', '2030', '5040'"
"""Where cash stands that is given back to the coin, and what rounding costs."""
_READY = ", ".join(f"'{code}'" for code in KEPT_READY)


def _numbered(table: str, by: str, number: str = "number") -> str:
    return (
        f"SELECT {by} FROM {table} GROUP BY {by} "
        f"HAVING min({number}) <> 1 OR max({number}) <> count(*)"
    )


_BESIDE = """
    SELECT 'adjustment' AS kind, id AS key FROM adjustments
    UNION ALL SELECT 'adjustment_decision', adjustment FROM decisions
    UNION ALL SELECT 'account_event', agreement || ':' || seq FROM account_events
    UNION ALL SELECT 'approval', id FROM approvals
    UNION ALL SELECT 'approval_decision', approval FROM approval_decisions
    UNION ALL SELECT 'approval_step', approval || ':' || seq FROM approval_steps
    UNION ALL SELECT 'block_event', CAST(id AS text) FROM block_events
    UNION ALL SELECT 'delivery_event', vend_id || ':' || seq FROM delivery_events
    UNION ALL SELECT 'key_change', CAST(id AS text) FROM key_changes
    UNION ALL SELECT 'key_change_event', change || ':' || seq FROM key_change_events
    UNION ALL SELECT 'operator', code FROM operators
    UNION ALL SELECT 'point', code FROM points
    UNION ALL SELECT 'reading', CAST(id AS text) FROM readings
    UNION ALL SELECT 'showing', vend_id FROM showings
    UNION ALL SELECT 'tariff_approval', code || ':' || version || ':' || act FROM tariff_approvals
    UNION ALL SELECT 'tariff_file', code || ':' || version FROM tariff_files"""
"""Rows that decide over money and have no entry whose hash they are under."""
_NONE = sha256(b"{}").hexdigest()
"""What is attested of a row that was taken away."""

RULES: Final = {
    # Sales, tokens and entries
    "a sale has a token, unless it only pays what is owed": """
        SELECT s.vend_id FROM sales s LEFT JOIN tokens t ON t.vend_id = s.vend_id
        GROUP BY s.vend_id, s.kind HAVING (count(t.vend_id) = 0) <> (s.kind = 'payment')""",
    "a token has a sale with an entry that was booked for it": """
        SELECT t.vend_id FROM tokens t LEFT JOIN sales s ON s.vend_id = t.vend_id
        LEFT JOIN entries e ON e.number = s.entry AND e.cause = t.vend_id
        WHERE e.number IS NULL""",
    "a sale has an entry that says whether it has a token": """
        SELECT s.vend_id FROM sales s LEFT JOIN entries e ON e.number = s.entry
        AND e.cause = s.vend_id
        AND e.kind = CASE s.kind WHEN 'payment' THEN 'payment' ELSE 'sale' END
        WHERE e.number IS NULL""",
    "an entry has the sale it was booked for": """
        SELECT e.number FROM entries e LEFT JOIN sales s
        ON s.entry = e.number AND s.vend_id = e.cause
        WHERE e.kind IN ('sale', 'payment') AND s.vend_id IS NULL""",
    "an entry has postings": """
        SELECT e.number FROM entries e LEFT JOIN postings p ON p.entry = e.number
        WHERE p.entry IS NULL""",
    "a posting has an entry": """
        SELECT p.entry FROM postings p LEFT JOIN entries e ON p.entry = e.number
        WHERE e.number IS NULL""",
    "an entry sums to zero in every unit": """
        SELECT entry, unit FROM postings GROUP BY entry, unit HAVING sum(amount) <> 0""",
    "a sale is found again by its vend id": """
        SELECT s.vend_id FROM sales s LEFT JOIN idempotency i ON i.vend_id = s.vend_id
        WHERE i.vend_id IS NULL""",
    # Receipts and baskets
    "a sale that leads has a receipt at its point": """
        SELECT s.vend_id FROM sales s LEFT JOIN receipts r
        ON r.vend_id = s.vend_id AND r.point = s.point
        WHERE s.basket IS NULL AND r.vend_id IS NULL""",
    "the others of a basket have no receipt of their own": """
        SELECT s.vend_id FROM sales s JOIN receipts r ON r.vend_id = s.vend_id
        WHERE s.basket IS NOT NULL""",
    "a basket is sold at once, in one place, by one person": """
        SELECT s.vend_id FROM sales s LEFT JOIN sales l ON l.vend_id = s.basket
        AND l.basket IS NULL AND l.point = s.point AND l.terminal = s.terminal
        AND l.operator = s.operator AND l.sold_at = s.sold_at AND l.entry < s.entry
        AND coalesce(l.shift, '') = coalesce(s.shift, '')
        WHERE s.basket IS NOT NULL AND l.vend_id IS NULL""",
    "nothing stands between the sales of a basket": """
        SELECT l.vend_id FROM sales l JOIN sales s ON s.basket = l.vend_id
        GROUP BY l.vend_id, l.entry HAVING max(s.entry) - l.entry <> count(*)""",
    "receipt numbers have no gap": _numbered("receipts", "point"),
    "the counter of a point is its last receipt": """
        SELECT c.point FROM counters c LEFT JOIN receipts r ON r.point = c.point
        GROUP BY c.point, c.receipts HAVING c.receipts <> coalesce(max(r.number), 0)""",
    # The journal
    "entries have no gap": """
        SELECT count(*) FROM entries HAVING count(*) > 0
        AND (min(number) <> 1 OR max(number) <> count(*))""",
    "each entry carries the hash of the one before": """
        SELECT e.number FROM entries e JOIN entries f ON f.number = e.number - 1
        WHERE e.previous_hash <> f.hash""",
    "the end of the chain is the last entry": """
        SELECT c.number FROM chain c LEFT JOIN entries e
        ON e.number = c.number AND e.hash = c.hash
        WHERE c.number <> (SELECT coalesce(max(number), 0) FROM entries)
        OR (c.number > 0 AND e.number IS NULL)""",
    "a balance that is kept ready is the sum of its postings": """
        SELECT b.account, b.holder FROM balances b LEFT JOIN postings p
        ON p.account = b.account AND p.holder = b.holder AND p.unit = b.unit
        GROUP BY b.account, b.holder, b.unit, b.amount
        HAVING b.amount <> coalesce(sum(p.amount), 0)""",
    "what somebody holds is kept ready": f"""
        SELECT p.account, p.holder FROM postings p LEFT JOIN balances b
        ON p.account = b.account AND p.holder = b.holder AND p.unit = b.unit
        WHERE p.account IN ({_READY}) AND b.account IS NULL
        GROUP BY p.account, p.holder, p.unit HAVING sum(p.amount) <> 0""",
    "no customer's carried money is below zero": f"""
        SELECT holder FROM balances WHERE account = '{BALANCE}' AND amount > 0""",
    # Tokens
    "only a section of a key change has no TID": """
        SELECT vend_id FROM tokens WHERE (tid IS NULL) <> (kind LIKE 'key_change_%')""",
    "a TID is used once per meter and base date": """
        SELECT pan, base_date, tid FROM tokens WHERE tid IS NOT NULL
        GROUP BY pan, base_date, tid HAVING count(*) > 1""",
    "no digits are given out twice": """
        SELECT count(*) FROM tokens WHERE tid IS NOT NULL GROUP BY digits HAVING count(*) > 1""",
    "a key change stands before what it makes usable": """
        SELECT k.vend_id FROM tokens k JOIN tokens c ON c.vend_id = k.vend_id
        WHERE k.tid IS NULL AND c.tid IS NOT NULL AND c.position < k.position""",
    "the set of a key change is issued with its sale": """
        SELECT t.vend_id FROM tokens t LEFT JOIN key_change_events k
        ON k.vend_id = t.vend_id AND k.state = 'issued'
        WHERE t.tid IS NULL AND k.vend_id IS NULL""",
    "a key change that is issued has its set": """
        SELECT k.vend_id FROM key_change_events k LEFT JOIN tokens t
        ON t.vend_id = k.vend_id AND t.tid IS NULL
        WHERE k.state = 'issued' AND t.vend_id IS NULL""",
    "a meter has the key that its last change says": """
        SELECT m.number FROM meters m JOIN key_changes c ON c.meter = m.number
        AND c.id = (SELECT max(x.id) FROM key_changes x WHERE x.meter = m.number AND NOT EXISTS
            (SELECT 1 FROM key_change_events z WHERE z.change = x.id AND z.state = 'cancelled'))
        LEFT JOIN key_change_events e ON e.change = c.id
        AND e.seq = (SELECT max(y.seq) FROM key_change_events y WHERE y.change = c.id)
        WHERE CASE
        -- Planned; or issued with sales that were all taken back, so that the next one brings it.
        WHEN e.state IS NULL OR (e.state = 'issued' AND m.next_krn IS NOT NULL)
        THEN NOT (m.sgc = c.from_sgc AND m.krn = c.from_krn
            AND m.ti = c.from_ti AND coalesce(m.next_sgc, '') = c.to_sgc
            AND coalesce(m.next_krn, 0) = c.to_krn AND coalesce(m.next_ti, -1) = c.to_ti)
        ELSE NOT (m.sgc = c.to_sgc AND m.krn = c.to_krn AND m.ti = c.to_ti
            AND (c.to_ken IS NULL OR coalesce(m.ken, -1) = c.to_ken)
            AND (c.to_base_date IS NULL OR coalesce(m.base_date, 0) = c.to_base_date)
            AND m.next_krn IS NULL) END""",
    # Voids
    "a void has an entry of its own": """
        SELECT v.vend_id FROM voids v LEFT JOIN entries e ON e.number = v.entry
        AND e.cause = v.vend_id
        AND e.kind = CASE v.evidence WHEN 'refund' THEN 'refund' ELSE 'void' END
        WHERE e.number IS NULL""",
    "an entry that takes back has its void": """
        SELECT e.number FROM entries e LEFT JOIN voids v
        ON v.entry = e.number AND v.vend_id = e.cause
        WHERE e.kind IN ('void', 'refund') AND v.vend_id IS NULL""",
    "a void turns its sale's entry around, but for less than a coin": f"""
        SELECT x.vend_id FROM (
            SELECT v.vend_id, p.account, p.holder, p.unit, p.amount FROM voids v
            JOIN sales s ON s.vend_id = v.vend_id JOIN postings p ON p.entry = s.entry
            WHERE v.evidence <> 'refund'
            UNION ALL
            SELECT v.vend_id, p.account, p.holder, p.unit, p.amount FROM voids v
            JOIN postings p ON p.entry = v.entry WHERE v.evidence <> 'refund') x
        GROUP BY x.vend_id, x.account, x.holder, x.unit
        HAVING abs(sum(x.amount)) >= CASE WHEN x.account IN ({COINS}) THEN 10 ELSE 1 END""",
    "a refund gives back what was paid, and no units": f"""
        SELECT s.vend_id FROM voids v JOIN sales s ON s.vend_id = v.vend_id
        JOIN postings p ON p.entry = v.entry WHERE v.evidence = 'refund'
        GROUP BY s.vend_id, s.tendered, s.currency
        HAVING sum(CASE p.account WHEN '{REFUNDS}' THEN p.amount ELSE 0 END) <> s.tendered
        OR sum(CASE WHEN p.unit <> s.currency THEN 1 ELSE 0 END) > 0""",
    "what was taken back was not delivered": """
        SELECT v.vend_id FROM voids v JOIN delivery_events d ON d.vend_id = v.vend_id
        WHERE v.evidence <> 'refund' AND d.state = 'delivered'""",
    "what was voided as not shown was not shown": """
        SELECT v.vend_id FROM voids v JOIN showings h ON h.vend_id = v.vend_id
        WHERE v.evidence = 'not_shown'""",
    # Accounts
    "the events of an account have no gap": _numbered("account_events", "agreement", "seq"),
    "a debt that was written down has its entry": """
        SELECT a.agreement, a.seq FROM account_events a LEFT JOIN entries e
        ON e.number = a.after_entry AND e.kind = 'debt'
        AND e.cause = a.agreement || ':' || a.seq
        WHERE a.kind = 'debt_added' AND e.number IS NULL""",
    "the entry of a debt has its event": """
        SELECT e.number FROM entries e LEFT JOIN account_events a
        ON a.after_entry = e.number AND a.kind = 'debt_added'
        AND e.cause = a.agreement || ':' || a.seq
        WHERE e.kind = 'debt' AND a.agreement IS NULL""",
    # What is attested; `documents.py` has that it says the same
    "a row beside the journal that decides over money is attested": f"""
        SELECT r.kind, r.key FROM ({_BESIDE}) r LEFT JOIN attestations a
        ON a.kind = r.kind AND a.key = r.key WHERE a.number IS NULL""",
    "what was attested is there, unless it was taken away": f"""
        SELECT a.number FROM attestations a LEFT JOIN ({_BESIDE}) r
        ON a.kind = r.kind AND a.key = r.key WHERE NOT EXISTS (SELECT 1 FROM attestations b
            WHERE b.kind = a.kind AND b.key = a.key AND b.number > a.number)
        AND (r.key IS NULL) <> (a.digest = '{_NONE}')""",
    "attestations have no gap": """
        SELECT count(*) FROM attestations HAVING count(*) > 0
        AND (min(number) <> 1 OR max(number) <> count(*))""",
    "each attestation carries the hash of the one before": """
        SELECT a.number FROM attestations a JOIN attestations b ON b.number = a.number - 1
        WHERE a.previous_hash <> b.hash""",
    "the end of the attestations is the last one": """
        SELECT m.number FROM (SELECT max(number) AS number FROM attestations) m
        LEFT JOIN attestation_head h ON 1 = 1
        LEFT JOIN attestations a ON a.number = m.number AND a.hash = h.hash
        WHERE coalesce(h.number, 0) <> coalesce(m.number, 0)
        OR (m.number IS NOT NULL AND a.number IS NULL)""",
    # Who sells
    "nobody on deposit has sold beyond it": f"""
        SELECT o.code FROM operators o JOIN balances b
        ON b.account = '{DEPOSIT}' AND b.holder = o.code
        WHERE o.settlement = 'deposit' AND b.amount > coalesce(o.credit_limit, 0)""",
    "who is on deposit puts nothing into a till": f"""
        SELECT s.vend_id FROM sales s JOIN operators o
        ON o.code IN (lower(s.operator), lower(substr(s.operator, 5)))
        JOIN postings p ON p.entry = s.entry
        WHERE o.settlement = 'deposit' AND p.account = '{TILL}'""",
    # The drawer
    "a shift is open or closed": """
        SELECT h.id FROM shifts h LEFT JOIN open_shifts o ON o.shift = h.id
        LEFT JOIN shift_closes c ON c.shift = h.id
        WHERE (o.shift IS NULL) = (c.shift IS NULL)""",
    "a sale in a shift is its operator's, at its terminal": """
        SELECT s.vend_id FROM sales s LEFT JOIN shifts h ON h.id = s.shift
        AND h.point = s.point AND h.terminal = s.terminal AND h.operator = s.operator
        WHERE s.shift IS NOT NULL AND h.id IS NULL""",
    "a point that needs a shift sells in one": """
        SELECT s.vend_id FROM sales s JOIN points p ON p.code = s.point
        WHERE p.needs_shift AND s.shift IS NULL""",
    "a shift was closed on the cash that its books hold": f"""
        SELECT c.shift FROM shift_closes c WHERE c.expected <> coalesce((
            SELECT sum(CASE m.kind WHEN 'out' THEN -m.amount ELSE m.amount END)
            FROM cash_moves m WHERE m.shift = c.shift), 0)
        + coalesce((SELECT sum(p.amount) FROM sales s JOIN postings p ON p.entry = s.entry
            WHERE s.shift = c.shift AND p.account = '{TILL}'), 0)
        + coalesce((SELECT sum(p.amount) FROM voids v JOIN postings p ON p.entry = v.entry
            WHERE v.shift = c.shift AND p.account = '{TILL}'), 0)""",
    "what a count differs by is booked": f"""
        SELECT c.shift FROM shift_closes c LEFT JOIN entries e ON e.number = c.entry
        AND e.kind = 'over_short' AND e.cause = c.shift
        LEFT JOIN postings p ON p.entry = e.number AND p.account = '{TILL}'
        WHERE coalesce(p.amount, 0) <> c.counted - c.expected""",
    "cash in and out has an entry": """
        SELECT m.id FROM cash_moves m LEFT JOIN entries e ON e.number = m.entry
        AND e.cause = m.id AND e.kind = 'cash_' || m.kind WHERE e.number IS NULL""",
    "an entry of a drawer has what it was booked for": """
        SELECT e.number FROM entries e LEFT JOIN cash_moves m ON m.entry = e.number
        AND m.id = e.cause LEFT JOIN shift_closes c ON c.entry = e.number AND c.shift = e.cause
        LEFT JOIN bankings b ON b.entry = e.number AND b.id = e.cause
        WHERE (e.kind LIKE 'cash_%' AND m.id IS NULL)
        OR (e.kind = 'over_short' AND c.shift IS NULL)
        OR (e.kind = 'banking' AND b.id IS NULL)""",
    "shift numbers have no gap": _numbered("shifts", "point"),
    "banking numbers have no gap": _numbered("bankings", "point"),
    "a banking is booked as its slip says": f"""
        SELECT b.id FROM bankings b LEFT JOIN entries e ON e.number = b.entry
        AND e.cause = b.id AND e.kind = 'banking'
        LEFT JOIN postings p ON p.entry = e.number AND p.account = '{BANK}'
        WHERE coalesce(p.amount, 0) <> b.amount""",
    # What is sent
    "a message is about something that there is": """
        SELECT o.key FROM outbox o LEFT JOIN sales s ON s.vend_id = o.subject
        LEFT JOIN shift_closes c ON c.shift = o.subject AND o.key LIKE 'paper:z:%'
        LEFT JOIN bankings b ON b.id = o.subject AND o.key LIKE 'paper:deposit:%'
        WHERE s.vend_id IS NULL AND c.shift IS NULL AND b.id IS NULL""",
    "nothing sends the digits of what was taken back": """
        SELECT o.key FROM outbox o JOIN voids v ON v.vend_id = o.subject
        WHERE v.evidence <> 'refund' AND o.topic <> 'webhook' AND o.key NOT LIKE 'paper:note:%'
        AND o.state IN ('waiting', 'sending')""",
}

PLAN_RULES: Final = {
    "each sale is told to the receiver": """
        SELECT s.vend_id FROM sales s LEFT JOIN outbox o ON o.key = 'webhook:erp:' || s.vend_id
        WHERE o.key IS NULL""",
    "each void and each refund is told to the receiver": """
        SELECT v.vend_id FROM voids v LEFT JOIN outbox o ON o.key = 'voided:erp:' || v.vend_id
        WHERE o.key IS NULL""",
    "an SMS goes out with each sale whose digits may be seen, and with no other": """
        SELECT s.vend_id FROM sales s LEFT JOIN showings h ON h.vend_id = s.vend_id
        LEFT JOIN outbox o ON o.key = 'sms:' || s.vend_id
        WHERE (s.document NOT LIKE '%"held":true%' OR h.vend_id IS NOT NULL)
        <> (o.key IS NOT NULL)""",
    "a slip is printed where there is a printer": """
        SELECT s.vend_id FROM sales s LEFT JOIN showings h ON h.vend_id = s.vend_id
        LEFT JOIN outbox o ON o.key = 'print:' || s.vend_id
        WHERE (s.point IN ('P1', 'P3')
        AND (s.document NOT LIKE '%"held":true%' OR h.vend_id IS NOT NULL))
        <> (o.key IS NOT NULL)""",
    "a Z report is printed where there is a printer": """
        SELECT c.shift FROM shift_closes c
        LEFT JOIN outbox o ON o.key = 'paper:z:0:' || c.shift WHERE o.key IS NULL""",
}
"""Where every sale has been made by `everything.PLAN`."""
