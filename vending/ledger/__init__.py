"""Double entry, in money and in commodity, chained by hashes. Pure.

Debit is positive, credit is negative, and every entry sums to zero in each unit.
"""

from .attestations import ChainEnd
from .chart import Account, AccountMissing, Chart, ChartMalformed, parse_chart, read_chart
from .journal import (
    GENESIS,
    ChainHead,
    EntryUnbalanced,
    JournalEntry,
    PeriodClosed,
    PostedEntry,
    Posting,
    canonical_json,
    canonical_plain,
    canonical_time,
    chained,
    check_open,
    entry_hash,
)
from .report import LedgerProblem, LedgerReport
from .seals import (
    ReceiptRange,
    Seal,
    SealCodeMistyped,
    SealContent,
    SealUnreadable,
    TokenCount,
    sealed,
    typed_code,
)
from .verify import StoredEntry, Walk, joined, report_of, verify, walk

__all__ = [
    "GENESIS",
    "Account",
    "AccountMissing",
    "ChainEnd",
    "ChainHead",
    "Chart",
    "ChartMalformed",
    "EntryUnbalanced",
    "JournalEntry",
    "LedgerProblem",
    "LedgerReport",
    "PeriodClosed",
    "PostedEntry",
    "Posting",
    "ReceiptRange",
    "Seal",
    "SealCodeMistyped",
    "SealContent",
    "SealUnreadable",
    "StoredEntry",
    "TokenCount",
    "Walk",
    "canonical_json",
    "canonical_plain",
    "canonical_time",
    "chained",
    "check_open",
    "entry_hash",
    "joined",
    "parse_chart",
    "read_chart",
    "report_of",
    "sealed",
    "typed_code",
    "verify",
    "walk",
]
