"""Double entry, in money and in commodity, chained by hashes. Pure.

Debit is positive, credit is negative, and every entry sums to zero in each unit.
"""

from .chart import Account, AccountMissing, Chart, ChartMalformed, parse_chart, read_chart
from .journal import (
    GENESIS,
    ChainHead,
    EntryUnbalanced,
    JournalEntry,
    PostedEntry,
    Posting,
    canonical_json,
    canonical_time,
    chained,
    entry_hash,
)
from .verify import LedgerProblem, LedgerReport, StoredEntry, verify

__all__ = [
    "GENESIS",
    "Account",
    "AccountMissing",
    "ChainHead",
    "Chart",
    "ChartMalformed",
    "EntryUnbalanced",
    "JournalEntry",
    "LedgerProblem",
    "LedgerReport",
    "PostedEntry",
    "Posting",
    "StoredEntry",
    "canonical_json",
    "canonical_time",
    "chained",
    "entry_hash",
    "parse_chart",
    "read_chart",
    "verify",
]
