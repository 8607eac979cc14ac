"""Vending keys in a sealed file: the security module's second back end."""

from .envelope import DEFAULT_COST, Cost
from .passphrase import Passphrase, new_passphrase_from, passphrase_from
from .sealed import (
    SealedSecurityModule,
    add_key,
    change_key,
    change_passphrase,
    create_sealed,
    key_attributes,
    open_sealed,
)

__all__ = [
    "DEFAULT_COST",
    "Cost",
    "Passphrase",
    "SealedSecurityModule",
    "add_key",
    "change_key",
    "change_passphrase",
    "create_sealed",
    "key_attributes",
    "new_passphrase_from",
    "open_sealed",
    "passphrase_from",
]
