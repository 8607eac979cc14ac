"""What each role may do, as one table."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Refused

from .parties import Actor, Role

_EVERYBODY = frozenset(Role)
_SELLERS = frozenset({Role.OPERATOR, Role.SUPERVISOR})
_BOOKKEEPERS = frozenset({Role.BILLING, Role.SUPERVISOR})

ALLOWED: dict[str, frozenset[Role]] = {
    "register": frozenset({Role.ADMINISTRATOR}),
    "keep_parties": _BOOKKEEPERS | {Role.ADMINISTRATOR},
    "look_up": _EVERYBODY,
    "quote": _EVERYBODY,
    "vend": _SELLERS,
    "reprint": _SELLERS,
    "void_sale": _SELLERS,
    "deliver": _SELLERS | {Role.TECHNICIAN},
    "reconcile": _SELLERS | {Role.TECHNICIAN},
    "read_account": _EVERYBODY,
    "read_token_log": _BOOKKEEPERS | {Role.TECHNICIAN, Role.ADMINISTRATOR},
    "read_commands": _BOOKKEEPERS | {Role.TECHNICIAN, Role.ADMINISTRATOR},
    "commission_meter": frozenset({Role.TECHNICIAN, Role.SUPERVISOR}),
    "hold_credit": _BOOKKEEPERS,
    "what_became": _EVERYBODY,
    "verify": _EVERYBODY,
    "read_books": _BOOKKEEPERS | {Role.ADMINISTRATOR, Role.AUDITOR},
    "statement": _EVERYBODY,
    "seal": _BOOKKEEPERS | {Role.ADMINISTRATOR},
    "adjust": _BOOKKEEPERS,
    "approve": frozenset({Role.SUPERVISOR}),
    "void": _BOOKKEEPERS,
    "close_period": _BOOKKEEPERS,
    "reopen_period": frozenset({Role.SUPERVISOR}),
    "read_outbox": _EVERYBODY,
    "send_messages": frozenset({Role.TECHNICIAN, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    # Papers that wait for a printer, made by the worker that hands them to it.
    "print_queued": frozenset({Role.TECHNICIAN}),
    "retry_message": _SELLERS | {Role.ADMINISTRATOR},
    "give_up_message": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "exchange_meter": frozenset({Role.TECHNICIAN, Role.ADMINISTRATOR}),
    "plan_key_change": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "follow_key_change": _SELLERS | {Role.TECHNICIAN},
    # Stopping something is one person's act; letting go on is two people's (vending.approvals).
    "block": _BOOKKEEPERS | {Role.ADMINISTRATOR},
    "ask_terms": _BOOKKEEPERS | {Role.ADMINISTRATOR},
    "approve_terms": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "read_tariffs": _EVERYBODY,
    "draft_tariff": _BOOKKEEPERS,
    "approve_tariff": frozenset({Role.SUPERVISOR}),
    "reject_tariff": _BOOKKEEPERS,
    "retire_tariff": frozenset({Role.SUPERVISOR}),
    "shift": _SELLERS,
    "read_shifts": _SELLERS | _BOOKKEEPERS | {Role.ADMINISTRATOR, Role.AUDITOR},
    "bank": _SELLERS | _BOOKKEEPERS,
    "add_debt": _BOOKKEEPERS,
    "postpone_debt": _SELLERS | {Role.BILLING},
    "dispute_debt": _SELLERS | {Role.BILLING},
    "settle_dispute": _BOOKKEEPERS,
    "write_down": _BOOKKEEPERS,
    "add_fee": _BOOKKEEPERS,
    "waive_fee": _BOOKKEEPERS,
    "rebuild_accounts": frozenset({Role.ADMINISTRATOR}),
    "manage_keys": frozenset({Role.ADMINISTRATOR}),
    "manage_devices": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "set_language": _SELLERS | {Role.BILLING, Role.ADMINISTRATOR},
    "report_fault": _SELLERS | {Role.TECHNICIAN, Role.BILLING},
    "work_on_fault": frozenset({Role.TECHNICIAN, Role.SUPERVISOR}),
    "set_municipality": frozenset({Role.ADMINISTRATOR}),
    "manage_users": frozenset({Role.ADMINISTRATOR}),
    "read_users": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR}),
    "end_sessions": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "read_clock": _EVERYBODY,
    # It decides what is booked from now on: nobody who only sells vouches for it.
    "confirm_clock": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR}),
    "read_trail": frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR}),
}
"""Which roles may do what; the core asks, whatever the edge has already checked."""


@dataclass(eq=False)
class ActorNotAllowed(Refused, code="actor.not_allowed"):
    """The actor's role does not include this act."""

    act: str
    role: str


def require(actor: Actor, act: str) -> None:
    """Raises ActorNotAllowed unless the actor's role includes `act` (a key of ALLOWED)."""
    if actor.role not in ALLOWED[act]:
        raise ActorNotAllowed(act, actor.role.value)
