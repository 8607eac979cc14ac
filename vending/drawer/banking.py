"""Banking: what goes from a point to the bank, its deposit slip, and how it is booked. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from meters.quantities import Money

from ..ledger import Chart, JournalEntry, Posting, canonical_json, canonical_time
from ..plaintext import in_one_line
from ..sale import Tender
from .errors import PiecesDiffer, ReferenceTooLong
from .reports import z_report
from .shifts import Close
from .tally import TENDER_ROLES

MOST_REFERENCE = 60
BANKED_UNASKED = (Tender.CASH, Tender.CHEQUE)
"""What a shift leaves for the bank. Cards, wallets and transfers come from their providers, and
are banked when somebody says how much came."""


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Whom the bank credits, as printed on the slip; from the settings."""

    name: str = ""
    bank: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class BankRequest:
    """What somebody wants banked. The caller makes the id."""

    id: str
    point: str
    shifts: tuple[str, ...] | None = None
    """Closed shifts whose money it is; None: all that wait, unless amounts are named."""
    amounts: tuple[tuple[Tender, int], ...] | None = None
    """Minor units; None: what the shifts left in cash and cheques."""
    reference: str = ""
    """The bank's, or the bag's."""
    pieces: tuple[tuple[int, int], ...] = ()
    """(value, how many) of the cash, if told."""

    @property
    def hash(self) -> str:
        """What makes two requests with one id the same."""
        fields = (
            self.point,
            self.shifts,
            None if self.amounts is None else [(t.value, n) for t, n in self.amounts],
            self.reference,
            self.pieces,
        )
        return sha256(canonical_json(fields)).hexdigest()


@dataclass(frozen=True, slots=True)
class Banking:
    """One deposit and its slip."""

    id: str
    number: int
    """Of the slip: 1, 2, ... without gaps at its point."""
    point: str
    at: datetime
    actor: str
    entry: int
    currency: str
    lines: tuple[tuple[Tender, int], ...]
    """Minor units by way of paying, above zero."""
    shifts: tuple[str, ...]
    """Whose money it is; none where only amounts were named."""
    beneficiary: Beneficiary
    reference: str
    pieces: tuple[tuple[int, int], ...]
    request: str
    """BankRequest.hash"""
    copy: int = 0
    """1, 2, ... on copies, which must be marked COPY."""
    copies: int = 0
    """How many copies have been printed."""

    @property
    def amount(self) -> int:
        """Of the whole deposit, minor units."""
        return sum(amount for _, amount in self.lines)

    @property
    def code(self) -> str:
        """Point and number together, for paper: `P1-B0042`."""
        return f"{self.point}-B{self.number:04d}"


def left_nothing(close: Close) -> bool:
    """Whether a shift left nothing to bring to the bank and nothing to ask about: the drawer was
    empty and should have been, no cheques are left over or short, and no slips differ."""
    if close.counted or close.expected:
        return False
    try:
        report = z_report(close)
    except (ValueError, KeyError, TypeError):
        # What cannot be read is shown to people, not passed over.
        return False
    papers = [tender for tender in BANKED_UNASKED if tender is not Tender.CASH]
    left = any(report.tally.net(tender) for tender in papers)
    return not left and not any(one.difference for one in report.results)


def slip_document(banking: Banking) -> str:
    """What the row's columns do not say, canonical JSON."""
    return canonical_json(
        {
            "lines": [[tender.value, amount] for tender, amount in banking.lines],
            "shifts": banking.shifts,
            "beneficiary": [
                banking.beneficiary.name,
                banking.beneficiary.bank,
                banking.beneficiary.account,
            ],
            "reference": banking.reference,
            "pieces": banking.pieces,
            "request": banking.request,
        }
    ).decode("ascii")


def banking_from(row: Sequence[Any], copies: int) -> Banking:
    """From the columns id, number, point, at, actor, entry, currency, amount, document."""
    id, number, point, at, actor, entry, currency, _amount, document = row
    data: dict[str, Any] = json.loads(document)
    return Banking(
        id=id,
        number=number,
        point=point,
        at=at,
        actor=actor,
        entry=entry,
        currency=currency,
        lines=tuple((Tender(tender), amount) for tender, amount in data["lines"]),
        shifts=tuple(data["shifts"]),
        beneficiary=Beneficiary(*data["beneficiary"]),
        reference=data["reference"],
        pieces=tuple((value, pieces) for value, pieces in data["pieces"]),
        request=data["request"],
        copies=copies,
    )


def banking_entry(banking: Banking, z_hashes: Sequence[str], chart: Chart) -> JournalEntry:
    """The bank is debited with the whole; what lay at the point is credited, by way of paying.
    `z_hashes` are those of its shifts' Z reports, in their order."""
    bank = chart.role("bank")
    return JournalEntry(
        at=banking.at,
        kind="banking",
        cause=banking.id,
        actor=banking.actor,
        point=banking.point,
        content_hash=banking_hash(
            banking.id,
            banking.number,
            banking.point,
            banking.at,
            banking.actor,
            banking.currency,
            banking.amount,
            slip_document(banking),
            z_hashes,
        ),
        postings=(
            Posting(bank.code, "", bank.unit, banking.amount),
            *(
                Posting(account.code, banking.point, account.unit, -amount)
                for tender, amount in banking.lines
                for account in (chart.role(TENDER_ROLES[tender]),)
            ),
        ),
    )


def banking_hash(
    id: str,
    number: int,
    point: str,
    at: datetime,
    actor: str,
    currency: str,
    amount: int,
    document: str,
    z_hashes: Sequence[str],
) -> str:
    """SHA-256 over the slip as it is stored and the Z reports whose money it takes: what its
    entry stands for."""
    when = canonical_time(at)
    fields = (id, number, point, when, actor, currency, amount, document, z_hashes)
    return sha256(canonical_json(fields)).hexdigest()


def checked_reference(text: str) -> str:
    """Without spaces around it. Raises ReferenceTooLong."""
    reference = in_one_line(text)
    if len(reference) > MOST_REFERENCE:
        raise ReferenceTooLong(MOST_REFERENCE)
    return reference


def check_pieces(
    pieces: Sequence[tuple[int, int]], lines: Sequence[tuple[Tender, int]], currency: str
) -> None:
    """Raises PiecesDiffer unless the notes and coins, if told, are the cash of the slip."""
    cash = sum(amount for tender, amount in lines if tender is Tender.CASH)
    told = sum(value * number for value, number in pieces)
    if pieces and told != cash:
        raise PiecesDiffer(Money(told, currency).to_text(), Money(cash, currency).to_text())
