"""What the next price of an agreement depends on: kept, moved along by every sale, and provable.

`state.py` keeps an account as text and takes a voided sale back out of it; `events.py` is what
happens to it besides sales; `folding.py` rebuilds it from all that; `desk.py` has the use cases,
`moving.py` that of an agreement which goes over to another tariff.
Nothing here touches the world.
"""

from .desk import Accounts
from .errors import AccountDocumentBroken, AccountEventBroken, DebtUnknown
from .events import Event, Outcome
from .folding import Move, Opening, Sold, Voided, after_sale, folded, in_order
from .happened import Happened
from .moving import ACT as CHANGE_TARIFF
from .moving import TariffMoves, account_acts
from .proving import AccountProblem, AccountsReport, RebuiltAccounts
from .state import begun, document_of, kept_state, postponed_for_sale, state_of
from .unsettling import unsettled
from .views import AccountView, Standing

__all__ = [
    "CHANGE_TARIFF",
    "AccountDocumentBroken",
    "AccountEventBroken",
    "AccountProblem",
    "AccountView",
    "Accounts",
    "AccountsReport",
    "DebtUnknown",
    "Event",
    "Happened",
    "Move",
    "Opening",
    "Outcome",
    "RebuiltAccounts",
    "Sold",
    "Standing",
    "TariffMoves",
    "Voided",
    "account_acts",
    "after_sale",
    "begun",
    "document_of",
    "folded",
    "in_order",
    "kept_state",
    "postponed_for_sale",
    "state_of",
    "unsettled",
]
