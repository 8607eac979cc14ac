"""Acts that need two people, what is barred, and the people who sell. Core: rules and use cases
over ports; the database, the command line and the API are elsewhere."""

from .acts import Act, Approved, Document, Executor, Fields, Within, acts_table
from .approval import (
    LIFE,
    Approval,
    ApprovalDecision,
    ApprovalState,
    ApprovalStep,
    Failure,
    Outcome,
)
from .approvals import Approvals
from .blocks import LIFT_BLOCK, Blocks
from .carrying import check_not_called_off
from .operators import OperatorFloat, Operators
from .ports import BlockEvent
from .terms import checked_limit, people_acts

__all__ = [
    "LIFE",
    "LIFT_BLOCK",
    "Act",
    "Approval",
    "ApprovalDecision",
    "ApprovalState",
    "ApprovalStep",
    "Approvals",
    "Approved",
    "BlockEvent",
    "Blocks",
    "Document",
    "Executor",
    "Failure",
    "Fields",
    "OperatorFloat",
    "Operators",
    "Outcome",
    "Within",
    "acts_table",
    "check_not_called_off",
    "checked_limit",
    "own_acts",
    "people_acts",
]


def own_acts(currency: str) -> dict[str, Act]:
    """The acts of this package: lifting a block, changing an operator or a point. Whoever composes
    the program adds the others, with their executors."""
    return acts_table(LIFT_BLOCK, *people_acts(currency))
