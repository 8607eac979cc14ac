"""The use cases of accounts, over ports: debts with their disputes and postponements (`debts.py`),
fees (`fees.py`), the proof that what is kept follows from the books (`rebuilding.py`), and looking.
"""

from __future__ import annotations

from ..parties import Actor
from ..permissions import require
from .debts import Debts
from .fees import Fees
from .happened import Happened
from .rebuilding import Rebuilding
from .views import AccountView


class Accounts(Debts, Fees, Rebuilding):
    """All of it; what its acts promise stands at `Desk`."""

    def account(self, actor: Actor, which: str) -> AccountView:
        """Everything that the next price of this account depends on, as of now."""
        require(actor, "look_up")
        with self._store.reading() as rows:
            return self._seen(rows, actor, self._sights.of(rows, which, self._clock()))

    def history(
        self, actor: Actor, which: str, *, before: int | None = None, limit: int = 100
    ) -> list[Happened]:
        """What happened to the account besides sales, newest first; those below event number
        `before`."""
        require(actor, "look_up")
        with self._store.reading() as rows:
            number = self._sights.of(rows, which, self._clock()).file.number
            return rows.happened(number, before=before, limit=limit)
