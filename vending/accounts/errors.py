"""What can be wrong with an act on an account."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Broken, Invalid


@dataclass(eq=False)
class AccountDocumentBroken(Broken, code="account.document_broken"):
    """The kept account cannot be read. It is a cache: rebuild it from the books."""

    problem: str


@dataclass(eq=False)
class DebtUnknown(Invalid, code="account.debt_unknown"):
    """No debt with this code stands on the account."""

    debt: str
