"""Papers: receipts, notes, reports, slips and statements, in Arabic and English, as PDF and as the
bitmap of a receipt printer.

A builder makes a `Paper` (which template, and what it says) from what the books hold; the `Press`
sets it. Each template in `templates/` is one paper.
"""

from .deposit import deposit_paper
from .desk import Draft, PaperDesk
from .letterhead import Letterhead
from .making import PaperMaker, receipt_draft, shift_draft
from .notes import key_paper, taken_back_paper
from .paper import Paper
from .press import WIDTHS, Press
from .receipt import receipt_paper
from .shift import shift_paper
from .statement import statement_paper

__all__ = [
    "WIDTHS",
    "Draft",
    "Letterhead",
    "Paper",
    "PaperDesk",
    "PaperMaker",
    "Press",
    "deposit_paper",
    "key_paper",
    "receipt_draft",
    "receipt_paper",
    "shift_draft",
    "shift_paper",
    "statement_paper",
    "taken_back_paper",
]
