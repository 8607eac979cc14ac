"""Sales that need two people, and the exchange of a meter. Core: what is asked for, when it may be
done, and how it is done exactly once under the id of its approval."""

from .documents import ACT_NAMES, Source, TransferWanted
from .exchanging import Exchanged, Exchanges, NewMeter
from .ports import ActsStore
from .table import sale_acts

__all__ = [
    "ACT_NAMES",
    "ActsStore",
    "Exchanged",
    "Exchanges",
    "NewMeter",
    "Source",
    "TransferWanted",
    "sale_acts",
]
