"""What stands on a receipt, and that it comes out as bytes of the right size."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from meters.quantities import Money
from meters.values import replace
from vending.messages import Language
from vending.papers import WIDTHS, Letterhead, Paper, Press, receipt_paper
from vending.papers.press import WidthUnknown
from vending.papers.words import paper_words
from vending.sale import Paid, Payment, SaleKind, SaleReceipt, Tender

CHECK = "0123456789abcdef" * 4


def texts(value: object) -> str:
    """Everything that a paper says, one after the other, without isolates."""
    if isinstance(value, dict):
        return "\n".join(texts(one) for name, one in value.items() if name not in ("svg", "logo"))
    if isinstance(value, list | tuple):
        return "\n".join(texts(one) for one in value)
    return str(value).replace("\u2066", "").replace("\u2069", "").replace("\u00a0", " ")


def made(sold: SaleReceipt, head: Letterhead, language: Language, practice: bool = False) -> Paper:
    return receipt_paper([sold], head, language, check=CHECK, practice=practice)


def test_a_receipt_says_what_a_tax_invoice_has_to_say(sold: SaleReceipt, head: Letterhead) -> None:
    told = texts(made(sold, head, Language.ENGLISH).data)
    for wanted in (
        "Example Municipality",
        "562123456",
        "Tax invoice",
        "P1-000001",
        "Town hall P1",
        "T1",
        "Samir",
        "Samira Awwad",
        "10001",
        "01000010015",
        "SGC 123457  KRN 1  TI 01",
        "EA 07  TT 02",
        "76.8 kWh",
        "76.8 kWh @ 0.5612 ₪/kWh",
        "16% of 43.10 ₪",
        "43.10 ₪",
        "6.90 ₪",
        "50.00 ₪",
        "Why these units?",
        "P1-000001 0123456789abcdef",
    ):
        assert wanted in told, wanted


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (SaleKind.CREDIT, "Tax invoice"),
        (SaleKind.PAYMENT, "Payment of what is owed, without units"),
        (SaleKind.FREE_ISSUE, "Free issue"),
        (SaleKind.ENGINEERING, "Token for the technician"),
    ],
)
def test_a_paper_is_a_tax_invoice_only_where_something_was_sold(
    sold: SaleReceipt, head: Letterhead, kind: SaleKind, title: str
) -> None:
    untaxed = replace(sold, kind=kind, quote=replace(sold.quote, vat=Money(0)))
    data = made(untaxed, head, Language.ENGLISH).data
    assert (data["title"], data["subtitle"]) == (title, "")


def test_a_paper_of_several_kinds_names_them(sold: SaleReceipt, head: Letterhead) -> None:
    none = replace(sold.quote, vat=Money(0))
    paid, free = (
        replace(sold, kind=kind, quote=none) for kind in (SaleKind.PAYMENT, SaleKind.FREE_ISSUE)
    )

    def told(*receipts: SaleReceipt) -> tuple[str, str]:
        data = receipt_paper(receipts, head, Language.ENGLISH, check=CHECK).data
        return data["title"], data["subtitle"]

    owed = "Payment of what is owed, without units"
    assert told(sold, paid) == ("Tax invoice", owed)
    assert told(paid, free) == ("Receipt", f"{owed} · Free issue")
    taxed = replace(paid, quote=sold.quote)
    assert told(taxed) == ("Tax invoice", owed)


def test_money_and_units_are_written_alike_on_the_whole_paper(
    sold: SaleReceipt, head: Letterhead
) -> None:
    for language in Language:
        told = texts(made(sold, head, language).data)
        assert "ILS" not in told
        assert not re.search(r"\bm3\b", told)


def test_an_arabic_receipt_has_no_english_word(sold: SaleReceipt, head: Letterhead) -> None:
    data = made(sold, head, Language.ARABIC).data
    assert data["title"] == "فاتورة ضريبية"
    told = texts([fact[0] for fact in data["facts"]] + data["services"][0]["lines"])
    words = set("".join(c if c.isascii() and c.isalpha() else " " for c in told).split())
    assert words <= {"kWh", "True", "False"}


def test_change_and_rounding_are_told(sold: SaleReceipt, head: Letterhead) -> None:
    paid = Paid(
        (Payment(Tender.CARD, Money(2000), "4711"), Payment(Tender.CASH, Money(2997))),
        Money(12000),
        Money(-3),
        Money(7000),
    )
    rows = made(replace(sold, paid=paid), head, Language.ENGLISH).data["paid"]
    told = [(row["name"], texts(row["value"]), texts(row["note"])) for row in rows]
    assert told == [
        ("To pay", "50.00 ₪", ""),
        ("Rounding", "-0.03 ₪", ""),
        ("Card", "20.00 ₪", "4711"),
        ("Cash", "29.97 ₪", ""),
        ("Handed over", "120.00 ₪", ""),
        ("Change", "70.00 ₪", ""),
    ]


def test_a_part_of_a_basket_tells_its_part_of_the_payments(
    sold: SaleReceipt, head: Letterhead
) -> None:
    whole = Paid((Payment(Tender.CASH, Money(9000)),), Money(9000), Money(0), Money(0))
    part = (Payment(Tender.CASH, Money(5001)),)
    lead = replace(sold, paid=whole, parts=part, rounding=1)
    rows = made(lead, head, Language.ENGLISH).data["paid"]
    assert [(row["name"], texts(row["value"])) for row in rows] == [
        ("To pay", "50.00 ₪"),
        ("Rounding", "0.01 ₪"),
        ("Cash", "50.01 ₪"),
    ]


@pytest.mark.parametrize("language", Language)
def test_copies_and_practice_are_marked_across_the_paper(
    press: Press, sold: SaleReceipt, head: Letterhead, language: Language
) -> None:
    assert made(sold, head, language).data["mark"] == ""
    marked = made(replace(sold, copy=2), head, language, practice=True)
    assert texts(marked.data["mark"]) in ("TEST · COPY 2", "تدريب · نسخة 2")
    assert press.png(marked) != press.png(made(sold, head, language))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_bitmap_is_as_wide_as_the_printer_and_black_and_white(
    press: Press, sold: SaleReceipt, head: Letterhead, width: int, language: Language
) -> None:
    with Image.open(io.BytesIO(press.png(made(sold, head, language), width))) as image:
        assert image.width == width
        assert image.mode == "1"
        assert image.height > 2 * width
        dark = image.convert("L").histogram()[0] / (image.width * image.height)
    assert 0.03 < dark < 0.3


def test_the_same_sale_gives_the_same_paper(press: Press, sold: SaleReceipt) -> None:
    paper = made(sold, Letterhead(), Language.ARABIC)
    assert press.pdf(paper) == Press().pdf(paper)
    assert press.pdf(paper).startswith(b"%PDF-")


def test_the_code_at_the_foot_is_printed_square_by_square(press: Press, sold: SaleReceipt) -> None:
    """Sampled in the middle of each square of the bitmap, it is the code that was asked for."""
    import segno

    paper = made(sold, Letterhead(), Language.ARABIC)
    wanted = [
        [bool(dot) for dot in line]
        for line in segno.make(f"RASEED P1-000001 {CHECK[:16]}", error="m", micro=False).matrix
    ]
    with Image.open(io.BytesIO(press.png(paper))) as image:
        black = image.convert("L").point(lambda dot: 255 - dot)
    size, side = 4, len(wanted)
    # It stands in the middle, above a line of text: look where its upper left corner fits.
    found = any(
        all(
            (black.getpixel((x + size * column, y + size * row)) == 255) is dot
            for row, line in enumerate(wanted)
            for column, dot in enumerate(line)
        )
        for y in range(black.height - size * (side + 20), black.height - size * side)
        for x in range((576 - size * side) // 2 - 8, (576 - size * side) // 2 + 12)
    )
    assert found


def test_other_widths_are_refused(press: Press, sold: SaleReceipt) -> None:
    with pytest.raises(WidthUnknown):
        press.png(made(sold, Letterhead(), Language.ARABIC), 600)


def test_nothing_that_people_type_is_run(press: Press, sold: SaleReceipt) -> None:
    name = '#panic("x") *bold* $x$ \u202eabc @label <a> \\'
    evil = replace(sold, buyer=replace(sold.buyer, name_en=name, name_ar=name))
    for language in Language:
        assert press.pdf(made(evil, Letterhead(), language))
    assert "\u202e" not in texts(made(evil, Letterhead(), Language.ENGLISH).data)


def test_a_paper_does_not_show_what_it_says(sold: SaleReceipt) -> None:
    assert sold.tokens[0].digits[:4] not in repr(made(sold, Letterhead(), Language.ENGLISH))


def test_words_are_there_in_both_languages() -> None:
    for name, words in paper_words().items():
        assert words.ar.strip(), name
        assert words.en.strip(), name
        assert words.ar.count("{") == words.en.count("{"), name
