"""A meter's own account, from whichever of its registers the model has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from meters.account import CreditAccount
from meters.readings import Reading

from ..maps.model import MeterMap
from .capabilities import readable_names

BALANCE: Final = "account.balance"
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "debt": ("account.debt",),
    "emergency": ("account.emergency",),
    "total_purchased": ("account.total_purchased",),
    "total_supplied": ("account.total_supplied",),
    "taken": ("account.purchase_count", "account.tokens_accepted"),
    "last_result": ("account.last_result",),
    "low_threshold": ("account.low_threshold.1",),
    "last_threshold": ("account.low_threshold.2",),
    "overdraft_limit": ("account.overdraft_limit",),
    "hoarding_limit": ("account.hoarding_limit",),
}
"""By field of a CreditAccount: names that tell it, the first of which a model has is meant."""


def account_names(map: MeterMap, lacks: Collection[str] = ()) -> dict[str, str]:
    """By field, the register of this model that tells it; besides the balance, and less what a
    variant lacks."""
    readable = readable_names(map, lacks)
    found = {}
    for field, names in FIELDS.items():
        name = next((name for name in names if name in readable), None)
        if name is not None:
            found[field] = name
    return found


def account_of(names: Mapping[str, str], readings: Mapping[str, Reading]) -> CreditAccount:
    """From one fetch of the balance and of `names`."""
    told = {field: readings[name] for field, name in names.items()}
    return CreditAccount(balance=readings[BALANCE], **told)
