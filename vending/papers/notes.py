"""Papers that follow a sale: the tokens of the meter's new key by themselves, and the note that a
sale was taken back or its money given back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..aftersale import Void
from ..messages import Language, term
from ..sale import SaleReceipt
from ..voids import given_back, moves_money, read_document
from .letterhead import Letterhead
from .paper import Facts, Paper, framed, row, told
from .qr import NO_CODE
from .receipt import buyer_facts, code_of, key_block, meter_facts, sale_facts, service_title
from .words import Speech, ltr

_SIGNED: Final = ("sign_customer", "sign_operator")


def key_paper(
    receipts: Sequence[SaleReceipt],
    head: Letterhead,
    language: Language,
    *,
    check: str,
    practice: bool = False,
) -> Paper:
    """The key-change tokens of a sale, for whoever types them in: the first of the basket's sales
    that has any."""
    speech = Speech(language)
    receipt = next((one for one in receipts if one.key_tokens), receipts[0])
    key = key_block(speech, receipt)
    return Paper(
        "key_change",
        {
            **framed(speech, head, "key_paper", receipt.copy, practice=practice),
            "subtitle": key["move"],
            "facts": [*sale_facts(speech, receipt), *buyer_facts(speech, receipt)],
            "service": service_title(speech, receipt),
            "meter": meter_facts(speech, receipt),
            "key": key,
            "steps": [speech.say("key_how"), speech.say("key_no_money")],
            "code": code_of(receipt, check),
        },
    )


def taken_back_paper(
    receipt: SaleReceipt,
    void: Void,
    code: str,
    head: Letterhead,
    language: Language,
    *,
    practice: bool = False,
) -> Paper:
    """Of a void or a refund; it has no digits, and so no copies. `code` is its number in the series
    of its point, which has no gaps. Of a sale that was sold anew it tells no money: that went along
    to the sale that it names."""
    speech = Speech(language)
    kind = "void" if void.evidence.takes_back else "refund"
    seen = read_document(void)
    back, about = [], [speech.say(f"{kind}_told")]
    if moves_money(void):
        back = [row(speech.say("back"), speech.money(given_back(void, receipt)), strong=True)]
    else:
        # Who signs this has been given nothing.
        about.append(speech.say("money_moved", sale=ltr(seen["replaced_by"])))
    return Paper(
        "taken_back",
        {
            **framed(speech, head, kind, 0, practice=practice),
            "facts": [
                (speech.say("note_code"), ltr(code)),
                (speech.say("of_receipt"), ltr(receipt.receipt_code)),
                (speech.say("entry"), ltr(void.entry)),
                (speech.say("moment"), speech.moment(void.at)),
                (speech.say("point"), ltr(void.point)),
                *told((speech.say("terminal"), ltr(void.terminal))),
                (speech.say("by"), speech.free(void.actor)),
                *told((speech.say("requested_by"), speech.free(str(seen.get("requested_by", ""))))),
                *told((speech.say("approval"), ltr(seen.get("approval", "")))),
                *_evidence(speech, void),
                (speech.say("reason"), speech.free(void.reason)),
            ],
            "service": service_title(speech, receipt),
            "sale": _sale(speech, receipt),
            "money": back,
            "told": about,
            "signatures": [speech.say(name) for name in _SIGNED],
            "code": NO_CODE,
        },
    )


def _evidence(speech: Speech, void: Void) -> Facts:
    if not void.evidence.takes_back:
        return []
    return [(speech.say("evidence"), speech.free(term(void.evidence.value, speech.language)))]


def _sale(speech: Speech, receipt: SaleReceipt) -> Facts:
    bought = receipt.quote.quantity
    units = "" if bought.is_zero else speech.quantity(bought)
    return [
        (speech.say("sold_at"), speech.moment(receipt.sold_at)),
        *buyer_facts(speech, receipt),
        *told((speech.say("units"), units)),
    ]
