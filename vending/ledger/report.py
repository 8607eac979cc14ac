"""What a verification answers."""

from __future__ import annotations

from dataclasses import dataclass

from .journal import ChainHead


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """What differs, and where: `entry` is the journal entry number, 0 if it has none."""

    entry: int
    what: str
    """`number`, `previous_hash`, `hash`, `sum`, `account`, `cause`, `content`, `no_token`,
    `sale_of_other`, `token_without_sale`, `sale_without_entry`, `chain_head`, `chain_at`,
    `balance`, `receipt_gap`, `counter_missing`, `receipt_of_follower`, `void`, `decision`,
    `adjustment`, `overdrawn` (a customer's carried money); `unreadable` for what can be no entry at
    all; of closed months `period_chain`, `period_entry`, `period_balances`, `closed_until`; of
    seals `seal_chain`, `seal_without_entry`, `seal_entry`, `seal_sums`, `seal_issued`,
    `seal_periods`, `seal_attested`, `seal_trail`, and `seal_missing` and `seal_other` for one kept
    outside the books; of drawers `shift_gap`, `shift_state`, `cash_move`, `x_report`, `z_report`,
    `banking`, `banking_gap`, `banked_twice`; of what is noted beside the journal `copy_gap`,
    `x_copy_gap`, `z_copy_gap`, `slip_copy_gap`, `delivery_gap`, `key_change_gap`, `step_gap` (of
    approvals); of attestations `attested_chain` and `attested_head`, and of the rows that they
    speak of `row_differs`, `row_gone`, `row_unattested`.
    """
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """The result of a verification. `head` can be printed and kept elsewhere: a journal that
    lost its end still chains, and only a kept head or seal shows that it once was longer."""

    entries: int
    postings: int
    head: ChainHead
    problem: LedgerProblem | None
    """The first that was found, by journal entry."""
    seals: int = 0
    """How many seals were held against the journal."""

    @property
    def ok(self) -> bool:
        return self.problem is None
