"""The register: customers, places, meters with their agreements, and vending points, written down
one at a time by the people of the office, and corrected with a reason.

`checks.py` says what may be written down; `desk.py` has the use cases. What is put at another
tariff is an act of two people (`vending.accounts`). Nothing here touches the world.
"""

from .checks import OTHERWISE, reached_at
from .desk import Register
from .errors import NumberTaken, PartyFieldWrong
from .ports import CustomerFile, NewService, RegisterReading, RegisterStore, RegisterWriting

__all__ = [
    "OTHERWISE",
    "CustomerFile",
    "NewService",
    "NumberTaken",
    "PartyFieldWrong",
    "Register",
    "RegisterReading",
    "RegisterStore",
    "RegisterWriting",
    "reached_at",
]
