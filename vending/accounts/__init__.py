"""What the next price of an agreement depends on: kept, moved along by every sale, and provable.

`state.py` keeps an account as text and takes a voided sale back out of it. Nothing here touches
the world.
"""

from .errors import AccountDocumentBroken, DebtUnknown
from .state import document_of, postponed_for_sale, state_of, unsettled

__all__ = [
    "AccountDocumentBroken",
    "DebtUnknown",
    "document_of",
    "postponed_for_sale",
    "state_of",
    "unsettled",
]
