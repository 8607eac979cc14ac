"""Papers: receipts, notes, reports, slips and statements, in Arabic and English, as PDF and as the
bitmap of a receipt printer.

A builder makes a `Paper` (which template, and what it says) from what the books hold; the `Press`
sets it. Each template in `templates/` is one paper.
"""

from .letterhead import Letterhead
from .press import WIDTHS, Paper, Press
from .receipt import receipt_paper

__all__ = ["WIDTHS", "Letterhead", "Paper", "Press", "receipt_paper"]
