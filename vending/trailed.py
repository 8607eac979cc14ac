"""Which calls of which use cases leave a line of the trail, and what the line says. Selling and
taking back are not here: they are in the journal, and a sale has no time for a second book; the
pages tell who took one back or printed a copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .people.recording import Rule

Rules = Mapping[str, Rule]

_ACCOUNT: Final = ("code", "id")

REGISTER: Final[Rules] = {
    "register": Rule("registered", "parties", ("registration",), count=True),
}
PARTIES: Final[Rules] = {
    "add_customer": Rule("customer_added", "customer.account"),
    "change_customer": Rule("customer_changed", "customer.account"),
    "add_service": Rule("service_added", "service.agreement"),
    "change_place": Rule("place_changed", "place.code"),
    "add_point": Rule("point_added", "point.code", ("point",)),
}
APPROVALS: Final[Rules] = {
    "request": Rule("approval_asked", "id", ("act", "document"), once=True),
    "approve": Rule("approval_given", "id", once=True),
    "refuse": Rule("approval_refused", "id", reason="note", once=True),
    "withdraw": Rule("approval_withdrawn", "id", once=True),
}
BLOCKS: Final[Rules] = {"block": Rule("blocked", "subject", ("kind",))}
OPERATORS: Final[Rules] = {
    "register": Rule("operator_added", "operator.code", ("operator",), once=True),
}
EXCHANGES: Final[Rules] = {
    "exchange": Rule("meter_exchanged", "agreement", ("id", "new")),
}
ACCOUNTS: Final[Rules] = {
    "add_debt": Rule("debt_added", "agreement", ("code", "label", "amount", "recovery")),
    "postpone_debt": Rule("debt_postponed", "agreement", (*_ACCOUNT, "until")),
    "end_postponement": Rule("postponement_ended", "agreement", _ACCOUNT),
    "dispute": Rule("debt_disputed", "agreement", _ACCOUNT),
    "settle_dispute": Rule("dispute_settled", "agreement", (*_ACCOUNT, "outcome")),
    "write_down": Rule("debt_written_down", "agreement", (*_ACCOUNT, "off")),
    "add_fee": Rule("fee_added", "agreement", _ACCOUNT),
    "waive_fee": Rule("fee_waived", "agreement", _ACCOUNT),
    "rebuild_accounts": Rule("accounts_rebuilt", "accounts"),
}
BOOKKEEPING: Final[Rules] = {
    "seal": Rule("day_sealed", "day"),
    "adjust": Rule("adjustment_asked", "id", ("lines", "booked_on"), once=True),
    "write_off": Rule("write_off_asked", "id", ("account", "holder", "amount"), once=True),
    "reverse": Rule("reversal_asked", "id", ("entry",), once=True),
    "approve": Rule("adjustment_approved", "id", once=True),
    "void": Rule("adjustment_voided", "id", reason="note", once=True),
    "close": Rule("month_closed", "month"),
    "reopen": Rule("month_reopened", "month"),
}
CLOCK: Final[Rules] = {"confirm": Rule("clock_confirmed", "clock")}
DRAWERS: Final[Rules] = {
    "open": Rule("shift_opened", "id", ("opening_float",), once=True),
    "cash_in": Rule("cash_in", "id", ("amount",), once=True),
    "cash_out": Rule("cash_out", "id", ("amount",), once=True),
    "close": Rule("shift_closed", "shift", once=True),
    "reprint": Rule("z_copy", "shift"),
    "send_copy": Rule("z_copy", "shift"),
}
X_REPORTS: Final[Rules] = {
    "take": Rule("x_taken", "id", once=True),
    "reprint": Rule("x_copy", "id"),
    "send_copy": Rule("x_copy", "id"),
}
BANKINGS: Final[Rules] = {
    "bank": Rule("banked", "request.id", ("request",), once=True),
    "reprint": Rule("slip_copy", "id"),
    "send_copy": Rule("slip_copy", "id"),
}
KEY_CHANGES: Final[Rules] = {
    "plan": Rule("key_change_planned", "meter", ("sgc", "krn", "ti")),
    "plan_campaign": Rule("campaign_planned", "target", ("source", "target", "ti")),
    "plan_base_date": Rule("base_date_planned", "base_date"),
    "cancel": Rule("key_change_cancelled", "meter"),
    "cancel_campaign": Rule("campaign_cancelled", "scope", ("scope",)),
    "mark_entered": Rule("key_change_entered", "meter", reason="note"),
    "tokens_again": Rule("key_tokens_again", "meter"),
}
TARIFFS: Final[Rules] = {
    "submit": Rule("tariff_drafted", "source"),
    "approve": Rule("tariff_approved", "code", ("number",), reason="note"),
    "reject": Rule("tariff_rejected", "code", ("number",), reason="note"),
    "retire": Rule("tariff_retired", "code", ("effective_at",), reason="note"),
}
OUTBOX: Final[Rules] = {
    "retry": Rule("message_retried", "id"),
    "give_up": Rule("message_given_up", "id"),
}
API_KEYS: Final[Rules] = {
    "create": Rule(
        "key_made", "name", ("role", "scopes", "point", "terminal", "person"), once=True
    ),
    "revoke": Rule("key_revoked", "name", once=True),
}
