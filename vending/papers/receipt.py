"""The receipt of a sale, which is its tax invoice too: from what is stored to what is printed.
Pure: the same sale always gives the same paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from meters.quantities import Quantity
from tokens.sts import grouped

from ..currencies import sign
from ..explaining import explained
from ..messages import Language
from ..sale import IssuedToken, Payment, SaleKind, SaleReceipt
from ..tariff import LineKind, Quote, QuoteLine
from .letterhead import Letterhead
from .paper import Facts, Paper, Row, framed, row, told
from .qr import code
from .words import UNITS, Speech, ltr

CHECK_DIGITS: Final = 16
"""Of the content hash, in the code at the foot."""
_BY_KEYPAD: Final = "02"
"""Digits for a keypad (IEC 62055-41, token carriers): every token that is sold here."""


def receipt_paper(
    receipts: Sequence[SaleReceipt],
    head: Letterhead,
    language: Language,
    *,
    check: str,
    practice: bool = False,
) -> Paper:
    """One paper for everything that was paid for together. `check` is the content hash of the sale
    that leads; its beginning stands in the code, by which a paper is compared with the books."""
    speech = Speech(language)
    first = receipts[0]
    title, subtitle = _titles(speech, receipts)
    return Paper(
        "receipt",
        {
            **framed(speech, head, title, first.copy, practice=practice),
            "subtitle": subtitle,
            "facts": [*sale_facts(speech, first), *buyer_facts(speech, first)],
            "services": [_service(speech, receipt) for receipt in receipts],
            "paid": list(_paid(speech, receipts)),
            "message": head.message(speech),
            "code": code_of(first, check),
            "words": {"why": speech.say("why")},
        },
    )


def _titles(speech: Speech, receipts: Iterable[SaleReceipt]) -> tuple[str, str]:
    """What the paper is (a name of `words.toml`): a tax invoice only where something was sold. And
    what it was for, where that is not said by it."""
    kinds = dict.fromkeys(receipt.kind for receipt in receipts)
    taxed = SaleKind.CREDIT in kinds or any(not one.quote.vat.is_zero for one in receipts)
    if not taxed and len(kinds) == 1:
        return f"sale_{next(iter(kinds)).value}", ""
    told = [speech.say(f"sale_{kind.value}") for kind in kinds if kind is not SaleKind.CREDIT]
    return "receipt" if taxed else "receipt_plain", " · ".join(told)


def code_of(receipt: SaleReceipt, check: str) -> dict[str, Any]:
    """Receipt and check in one code, for people and for telephones."""
    text = f"{receipt.receipt_code} {check[:CHECK_DIGITS]}"
    return code(f"RASEED {text}", text)


def sale_facts(speech: Speech, receipt: SaleReceipt) -> Facts:
    """Number, time, place, who sold it."""
    seller = receipt.seller
    point = speech.either(seller.point_name_ar, seller.point_name_en)
    return [
        (speech.say("number"), ltr(receipt.receipt_code)),
        (speech.say("moment"), speech.moment(receipt.sold_at)),
        (speech.say("point"), f"{point} {ltr(seller.point)}"),
        *told((speech.say("terminal"), ltr(seller.terminal))),
        (speech.say("operator"), speech.free(seller.operator)),
        (speech.say("reference"), ltr(receipt.vend_id)),
    ]


def buyer_facts(speech: Speech, receipt: SaleReceipt) -> Facts:
    """Who bought it, and where they live."""
    buyer = receipt.buyer
    place = " · ".join(part for part in (buyer.quarter, buyer.address) if part)
    return [
        (speech.say("name"), speech.either(buyer.name_ar, buyer.name_en)),
        (speech.say("account"), ltr(buyer.account)),
        *told((speech.say("place"), speech.free(place))),
    ]


def meter_facts(speech: Speech, receipt: SaleReceipt) -> Facts:
    """The meter with what its tokens are made for (SGC, KRN, TI, EA, TT)."""
    buyer, quote = receipt.buyer, receipt.quote
    key = {"SGC": buyer.sgc, "KRN": buyer.krn, "TI": f"{buyer.ti:02d}"}
    made_as = {"EA": buyer.ea, "TT": _BY_KEYPAD}
    tariff = speech.either(quote.tariff_name_ar, quote.tariff_name_en)
    return [
        (speech.say("agreement"), ltr(buyer.agreement)),
        (speech.say("sts"), _figures(key)),
        (speech.say("token_kind"), _figures(made_as)),
        *told((speech.say("tariff"), f"{tariff} {ltr(f'v{quote.tariff_version}')}")),
        *told((speech.say("reason"), speech.free(receipt.reason))),
        *told((speech.say("requested_by"), speech.free(receipt.requested_by))),
        *told((speech.say("refers_to"), ltr(receipt.refers_to))),
    ]


def _figures(named: Mapping[str, object]) -> str:
    return ltr("  ".join(f"{name}\u00a0{value}" for name, value in named.items()))


def service_title(speech: Speech, receipt: SaleReceipt) -> str:
    buyer = receipt.buyer
    return f"{speech.say(buyer.commodity.value)} · {speech.say('meter')} {ltr(buyer.meter)}"


def key_block(speech: Speech, receipt: SaleReceipt) -> dict[str, Any]:
    """Key-change tokens in their order, with the keys between which they move the meter."""
    move, tokens = receipt.key_move, receipt.key_tokens
    told = ""
    if move is not None:
        told = speech.say(
            "key_move",
            before=ltr(move.before),
            after=ltr(move.after),
        )
    return {
        "title": speech.say("key_first"),
        "move": told,
        "tokens": [
            {
                "name": speech.say("key_step", n=ltr(token.section), of=ltr(len(tokens))),
                "groups": grouped(token.digits).split(),
            }
            for token in tokens
            if token.digits
        ],
    }


def _service(speech: Speech, receipt: SaleReceipt) -> dict[str, Any]:
    bought = not receipt.quote.quantity.is_zero
    return {
        "title": service_title(speech, receipt),
        "facts": meter_facts(speech, receipt),
        "key": key_block(speech, receipt),
        "tokens": [_token(speech, token) for token in receipt.tokens if token.digits],
        "lines": list(quote_lines(speech, receipt.quote)),
        "why": _why(speech, receipt.quote) if bought else [],
    }


def _why(speech: Speech, quote: Quote) -> list[str]:
    """With money and units written as everywhere else on the paper."""
    currency = quote.tendered.currency
    written = {currency: sign(currency), **UNITS}
    any_of = re.compile(rf"\b({'|'.join(written)})\b")
    told = explained(quote, None, speech.language)
    return [any_of.sub(lambda found: written[found[0]], sentence) for sentence in told]


def _token(speech: Speech, token: IssuedToken) -> dict[str, Any]:
    name = f"token_{token.kind}"
    return {
        "name": speech.say(name if speech.knows(name) else "token_other"),
        "groups": grouped(token.digits).split(),
        "units": "" if token.quantity is None else speech.quantity(token.quantity),
    }


def quote_lines(speech: Speech, quote: Quote) -> Iterable[Row]:
    """What the money went to, line by line, and the sums."""
    yield row(speech.say("paid_now"), speech.money(quote.tendered), strong=True)
    if not quote.balance_before.is_zero:
        yield row(speech.say("balance_before"), speech.money(quote.balance_before))
    taxes = quote.of_kind(LineKind.TAX)
    # One tax is told once, beside its sum; several are told one by one, and then together.
    only = taxes[0] if len(taxes) == 1 else None
    for line in quote.lines:
        if line is not only:
            yield _line(speech, line, quote)
    yield row(speech.say("net"), speech.money(quote.net))
    if only is not None:
        yield _line(speech, only, quote)
    else:
        yield row(speech.say("vat_all" if taxes else "vat"), speech.money(quote.vat))
    yield row(speech.say("total"), speech.money(quote.total), strong=True)
    if not quote.balance_after.is_zero:
        yield row(speech.say("balance_after"), speech.money(quote.balance_after))


def _line(speech: Speech, line: QuoteLine, quote: Quote) -> Row:
    notes = [_rate(speech, line, quote)]
    if line.included:
        notes.append(speech.say("included"))
    if line.limited is not None:
        notes.append(speech.say(f"limited_{line.limited.value}"))
    if line.reason:
        notes.append(speech.free(line.reason))
    if line.left is not None and not line.left.is_zero:
        notes.append(speech.say("left", amount=speech.money(line.left)))
    note = " · ".join(one for one in notes if one)
    return row(_name(speech, line), speech.money(line.amount), note)


def _name(speech: Speech, line: QuoteLine) -> str:
    if line.kind is LineKind.TAX:
        return speech.say("vat")
    name = "" if line.label is None else speech.either(line.label.ar, line.label.en)
    if line.kind is LineKind.UNITS:
        block = speech.say("block", n=ltr(line.block)) if line.block else speech.say("units")
        return f"{block} ({name})" if name else block
    return name or speech.say(line.kind.value)


def _rate(speech: Speech, line: QuoteLine, quote: Quote) -> str:
    """Units at a price, or a part of a sum; nothing where a sum stands by itself."""
    base = line.base
    if line.kind is LineKind.UNITS and isinstance(base, Quantity):
        unit = UNITS.get(base.display_unit, base.display_unit)
        price = ltr(f"{line.rate} {sign(quote.tendered.currency)}/{unit}")
        return speech.say("at_price", units=speech.quantity(base), price=price)
    if line.kind is LineKind.TAX or line.rule == "percent":
        told = speech.worth(base)
        return speech.say("part_of", rate=ltr(f"{line.rate}%"), base=told)
    return ""


def _paid(speech: Speech, receipts: Sequence[SaleReceipt]) -> Iterable[Row]:
    """How everything together was paid: what was due, rounding, what came in, change."""
    first = receipts[0]
    due = sum((one.quote.tendered.minor for one in receipts), 0)
    currency = first.quote.tendered.currency
    if not due:
        yield row(speech.say("no_money"), "")
        return
    yield row(speech.say("due"), speech.amount(due, currency), strong=True)
    paid = first.paid
    if paid is None or sum(p.amount.minor for p in paid.payments) != due + paid.rounding.minor:
        # Only a part of what was paid for together: what of the payments went to it.
        yield from _parts(speech, receipts, currency)
        return
    if not paid.rounding.is_zero:
        yield row(speech.say("rounding"), speech.money(paid.rounding))
    for one in paid.payments:
        yield row(speech.say(one.tender.value), speech.money(one.amount), ltr(one.reference))
    if not paid.change.is_zero:
        yield row(speech.say("handed"), speech.money(paid.handed))
        yield row(speech.say("change"), speech.money(paid.change), strong=True)


def _parts(speech: Speech, receipts: Sequence[SaleReceipt], currency: str) -> Iterable[Row]:
    rounding = sum(one.rounding for one in receipts)
    if rounding:
        yield row(speech.say("rounding"), speech.amount(rounding, currency))
    for receipt in receipts:
        whole = (Payment(receipt.tender, receipt.quote.tendered),)
        for one in receipt.parts or whole:
            yield row(speech.say(one.tender.value), speech.money(one.amount), ltr(one.reference))
