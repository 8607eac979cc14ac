"""The use cases of the people who keep the books, over ports: seal (`sealing.py`), adjust
(`adjusting.py`), close months (`months.py`). What only reads is in `reports.py`."""

from __future__ import annotations

from .adjusting import Adjusting
from .months import Months
from .sealing import Sealing


class Bookkeeping(Adjusting, Sealing, Months):
    """All of it. One instance serves many threads."""
