"""One-off fees, put on an account and waived."""

from __future__ import annotations

from dataclasses import replace

from ..accounting.adjustments import checked_reason
from ..parties import Actor
from ..permissions import require
from .acting import Desk
from .errors import FeeDueAlready, FeeNotDue, FeeUnknown
from .events import FeeAdded, FeeWaived
from .sight import Sight
from .views import AccountView


class Fees(Desk):
    """What both promise stands at `Desk`."""

    def add_fee(self, actor: Actor, agreement: str, code: str, reason: str, id: str) -> AccountView:
        """Puts a one-off fee of the agreement's tariff on the account, at what the tariff asks for
        it now; the next sales take it. Raises FeeUnknown, FeeDueAlready."""
        require(actor, "add_fee")
        asked = FeeAdded(reason=checked_reason(reason), code=code)

        def check(sight: Sight) -> FeeAdded:
            fee = sight.tariff.fee(code)
            if fee is None:
                raise FeeUnknown(sight.tariff.code, code[:40])
            if any(due.code == code for due in sight.state.fees):
                raise FeeDueAlready(code)
            return replace(asked, owed=fee.sum.gross)

        return self._act(actor, agreement, id, asked, check)

    def waive_fee(
        self, actor: Actor, agreement: str, code: str, reason: str, id: str
    ) -> AccountView:
        """What of the fee is not paid yet is not asked for any more. Raises FeeNotDue."""
        require(actor, "waive_fee")

        def check(sight: Sight) -> None:
            if not any(fee.code == code for fee in sight.state.fees):
                raise FeeNotDue(code[:40])

        event = FeeWaived(reason=checked_reason(reason), code=code)
        return self._act(actor, agreement, id, event, check)
