"""What a sale says in an SMS and on a slip, from its stored receipt: the same digits, always."""

from __future__ import annotations

from collections.abc import Iterable

from tokens.sts import grouped

from ..messages import LRI, PDI, Language, isolated, label, on_the_wall
from ..sale import SaleReceipt


def sms_text(receipt: SaleReceipt, language: Language) -> str:
    """Short: what was bought, for which meter, then each token on a line of its own, digits only.

    Groups of digits would show in reverse order inside an Arabic line, and marks that prevent it
    cost room and show as boxes on old telephones; digits alone on their line can do neither. A
    sale without tokens says what was paid.
    """
    bought = receipt.quote.quantity
    digits = _digits(receipt)
    if not digits:
        lines = [
            f"{label('sms_paid', language)} {receipt.quote.tendered}",
            f"{label('sms_receipt', language)} {receipt.receipt_code}",
        ]
    else:
        what = label(receipt.buyer.commodity.value, language)
        unit = label(f"sms_{bought.display_unit}", language)
        lines = [
            f"{what[0].upper()}{what[1:]} {bought.to_text()} {unit}",
            f"{label('sms_meter', language)} {receipt.buyer.meter}",
        ]
        if len(digits) > 1:
            lines.append(label("sms_in_order", language))
    return "\n".join([*lines, *digits])


def slip_text(receipt: SaleReceipt, language: Language) -> str:
    """The receipt as plain lines, a copy marked with its number, tokens in groups of four; in
    Arabic every number is isolated, so that it keeps its order."""
    arabic = language is Language.ARABIC
    buyer, seller, quote = receipt.buyer, receipt.seller, receipt.quote

    def chosen(ar: str, en: str) -> str:
        return (ar or en) if arabic else (en or ar)

    facts: list[tuple[str, object]] = [
        ("receipt", receipt.receipt_code),
        ("sold_at", on_the_wall(receipt.sold_at)),
        ("point", chosen(seller.point_name_ar, seller.point_name_en)),
        ("name", chosen(buyer.name_ar, buyer.name_en)),
        ("account", buyer.account),
        ("meter", buyer.meter),
        ("tariff", chosen(quote.tariff_name_ar, quote.tariff_name_en)),
        ("amount", quote.tendered),
        ("balance_before", quote.balance_before),
        ("net", quote.net),
        ("vat", quote.vat),
        ("balance_after", quote.balance_after),
        ("units", quote.quantity),
    ]
    told = [_line(label(name, language), value, arabic=arabic) for name, value in facts]
    if receipt.copy:
        told.insert(0, _line(label("copy", language), receipt.copy, arabic=arabic))
    tokens = [grouped(digits) for digits in _digits(receipt)]
    if len(tokens) > 1:
        told.append(label("sms_in_order", language))
    return "\n".join([*told, *_isolated(tokens, arabic=arabic), ""])


def _digits(receipt: SaleReceipt) -> list[str]:
    """In the order in which they are typed."""
    keys = [token.digits for token in receipt.key_tokens]
    return keys + [token.digits for token in receipt.tokens]


def _line(name: str, value: object, *, arabic: bool) -> str:
    text = str(value)
    return f"{name}: {isolated(text) if arabic else text}"


def _isolated(runs: Iterable[str], *, arabic: bool) -> Iterable[str]:
    return (f"{LRI}{run}{PDI}" if arabic else run for run in runs)
