"""The slip that goes to the bank with the money of a vending point. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..drawer import Banking
from ..messages import Language
from .letterhead import Letterhead
from .paper import Paper, framed, row, told
from .shift import piece_rows
from .words import Speech, ltr

_SIGNED: Final = ("sign_operator", "sign_bank")


def deposit_paper(
    banking: Banking,
    head: Letterhead,
    language: Language,
    *,
    shifts: Sequence[str] | None = None,
    practice: bool = False,
) -> Paper:
    """`shifts`: the codes of the shifts whose money it is, for people; else their ids."""
    speech = Speech(language)
    bank, currency = banking.beneficiary, banking.currency
    lines = [
        row(speech.say(tender.value), speech.amount(amount, currency))
        for tender, amount in banking.lines
    ]
    return Paper(
        "deposit",
        {
            **framed(speech, head, "deposit", banking.copy, practice=practice),
            "facts": [
                (speech.say("slip"), ltr(banking.code)),
                (speech.say("moment"), speech.moment(banking.at)),
                (speech.say("point"), ltr(banking.point)),
                (speech.say("by"), speech.free(banking.actor)),
                (speech.say("entry"), ltr(banking.entry)),
                *told((speech.say("bank_reference"), ltr(banking.reference))),
            ],
            "beneficiary": [
                *told((speech.say("name"), speech.free(bank.name))),
                *told((speech.say("bank"), speech.free(bank.bank))),
                *told((speech.say("bank_account"), ltr(bank.account))),
            ],
            "lines": [
                *lines,
                row(speech.say("sum"), speech.amount(banking.amount, currency), strong=True),
            ],
            "pieces": {
                "names": [speech.say(name) for name in ("piece", "pieces", "sum")],
                "rows": piece_rows(banking.pieces, currency),
            },
            "shifts": [ltr(code) for code in (banking.shifts if shifts is None else shifts)],
            "signatures": [speech.say(name) for name in _SIGNED],
            "words": {"beneficiary": speech.say("beneficiary"), "shifts": speech.say("shifts")},
        },
    )
