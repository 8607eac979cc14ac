"""The acts of this package, as a table: who may ask, who may approve, how each is read and done."""

from __future__ import annotations

from ..approvals import Act, acts_table
from ..parties import Role
from ..ports import Ports
from . import documents
from .giving import Giving
from .money import Moneys
from .ports import ActsStore

_OFFICE = frozenset({Role.OPERATOR, Role.BILLING, Role.SUPERVISOR})
_FIELD = _OFFICE | {Role.TECHNICIAN, Role.ADMINISTRATOR}
_SECOND = frozenset({Role.SUPERVISOR})
"""A sale is made by whoever approves it, and administrators do not sell."""


def sale_acts(ports: Ports, store: ActsStore) -> dict[str, Act]:
    """Acts by name, with their executors. `store` is the same database as that of `ports`."""
    giving, moneys = Giving(ports, store), Moneys(ports, store)
    return acts_table(
        Act(
            name="free_issue",
            may_request=_OFFICE,
            may_approve=_SECOND,
            read=documents.read_free_issue,
            execute=giving.free_issue,
            before=giving.check_free_issue,
        ),
        Act(
            name="refund",
            may_request=_OFFICE,
            may_approve=_SECOND,
            read=documents.read_refund,
            execute=giving.refund,
            before=giving.check_refund,
        ),
        Act(
            name="engineering",
            may_request=_FIELD,
            may_approve=_SECOND,
            read=documents.read_engineering,
            execute=giving.engineering,
            before=giving.check_engineering,
        ),
        Act(
            name="void_refund",
            may_request=_OFFICE,
            may_approve=_SECOND,
            read=documents.read_void_refund,
            execute=moneys.void_refund,
            before=moneys.check_refund,
        ),
        Act(
            name="correction",
            may_request=_OFFICE,
            may_approve=_SECOND,
            read=documents.read_correction,
            execute=moneys.correction,
            before=moneys.check_correction,
        ),
        Act(
            name="transfer",
            may_request=_FIELD,
            may_approve=_SECOND,
            read=documents.read_transfer,
            execute=giving.transfer,
            before=giving.check_transfer,
        ),
    )
