"""The proof that kept accounts follow from the books, and putting right those that do not."""

from __future__ import annotations

from ..parties import Actor
from ..permissions import require
from .acting import Desk
from .proving import (
    UNREADABLE,
    AccountProblem,
    AccountsReport,
    RebuiltAccounts,
    checked,
    rebuilt,
    unreadable,
)


class Rebuilding(Desk):
    """Over all accounts."""

    def verify_accounts(self, actor: Actor) -> AccountsReport:
        """Rebuilds every account from its sales, voids and events, and holds it against what is
        kept and against the ledger. Nothing is raised for what differs."""
        require(actor, "verify")
        debts = self._chart.role("debts")
        with self._store.proving() as rows:
            return checked(
                rows.kept_accounts(debts.code),
                rows.debts_of_nobody(debts.code),
                self._tariffs,
                debts.unit,
            )

    def rebuild_accounts(self, actor: Actor) -> RebuiltAccounts:
        """Puts right every kept account that does not follow from the books (administrators). It
        is worked out beside the sales and written at once; an account that moved meanwhile is left
        to the next run."""
        require(actor, "rebuild_accounts")
        debts = self._chart.role("debts")
        wrong: list[tuple[str, str | None, str | None]] = []
        failed: list[AccountProblem] = []
        looked_at = 0
        with self._store.proving() as rows:
            for kept in rows.kept_accounts(debts.code):
                looked_at += 1
                try:
                    document, _ = rebuilt(kept, self._tariffs, debts.unit)
                except UNREADABLE as error:
                    failed.append(unreadable(kept.agreement, error))
                    continue
                if document != kept.document:
                    wrong.append((kept.agreement, kept.document, document))
        changed = 0
        with self._store.writing() as rows:
            for agreement, seen, document in wrong:
                if rows.document(agreement) == seen:
                    rows.keep(agreement, document)
                    changed += 1
        return RebuiltAccounts(looked_at, changed, len(wrong) - changed, tuple(failed))
