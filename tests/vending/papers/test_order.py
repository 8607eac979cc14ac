"""No digit changes its place on an Arabic paper: read from where the letters stand."""

from __future__ import annotations

import pytest

from meters.values import replace
from tests.vending.papers.reading import learned, seen
from tokens.sts import grouped
from vending.keymoves import KeyMove
from vending.messages import Language
from vending.papers import WIDTHS, Letterhead, Paper, Press, receipt_paper
from vending.sale import KeyToken, SaleReceipt

pytestmark = pytest.mark.system

CHECK = "0123456789abcdef" * 4
KNOWN = "01234567899901234567"
TOKENS = ("38960871035177297376", "05206052193677074119", "99999999990000000001")


def with_token(receipt: SaleReceipt, digits: str) -> SaleReceipt:
    return replace(receipt, tokens=(replace(receipt.tokens[0], digits=digits),))


def paper(receipt: SaleReceipt, language: Language, message: str = "") -> Paper:
    head = Letterhead(message_ar=message, message_en=message)
    return receipt_paper([receipt], head, language, check=CHECK)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("digits", TOKENS)
def test_a_token_reads_from_left_to_right_line_by_line(
    press: Press, sold: SaleReceipt, digits: str, width: int, language: Language
) -> None:
    known = learned(press.svg(paper(with_token(sold, KNOWN), Language.ENGLISH), width), KNOWN[:12])
    told = seen(press.svg(paper(with_token(sold, digits), language), width), known)
    groups = grouped(digits).split()
    assert [line for line in told if any(letter.isdigit() for letter in line)] == [
        " ".join(groups[:3]),
        " ".join(groups[3:]),
    ]


def test_key_tokens_come_first_in_their_order(press: Press, sold: SaleReceipt) -> None:
    keys = [KeyToken(1, TOKENS[0]), KeyToken(2, TOKENS[1])]
    move = KeyMove("123457", 1, 1, "600001", 2, 7)

    def moved(*digits: str) -> SaleReceipt:
        tokens = tuple(replace(key, digits=d) for key, d in zip(keys, digits, strict=True))
        return replace(sold, key_tokens=tokens, key_move=move)

    known = learned(press.svg(paper(moved(KNOWN, KNOWN), Language.ENGLISH)), KNOWN[:12])
    told = seen(press.svg(paper(moved(*TOKENS[:2]), Language.ARABIC)), known)
    digits = [line for line in told if any(letter.isdigit() for letter in line)]
    assert "".join(digits).replace(" ", "") == TOKENS[0] + TOKENS[1]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_long_reference_is_in_one_piece_and_runs_into_nothing(
    press: Press, sold: SaleReceipt, width: int, language: Language
) -> None:
    reference = "c-d0d808e6da1db0267dda380d"

    def referred(speaks: Language) -> bytes:
        return press.svg(paper(replace(sold, vend_id=reference), speaks), width)

    known = learned(referred(Language.ENGLISH), reference)
    told = [line for line in seen(referred(language), known) if reference in line]
    assert [line.split() for line in told if reference in line.split()], told


RUNS = ("02-2222222", "2026-11-23 11:30", "P1-000042", "1,234.50")
ALPHABET = "0123456789-:,.P999"


@pytest.mark.parametrize("run", RUNS)
def test_what_people_type_keeps_its_order_in_arabic(
    press: Press, sold: SaleReceipt, run: str
) -> None:
    known = learned(press.svg(paper(sold, Language.ENGLISH, ALPHABET)), ALPHABET)
    told = seen(press.svg(paper(sold, Language.ARABIC, f"اتصل على {run} اليوم")), known)
    assert any(run.replace(" ", "") in line.replace(" ", "") for line in told)


def test_without_its_box_a_token_would_turn_around(press: Press, sold: SaleReceipt) -> None:
    """The eye of these tests sees the mistake that they are there for."""
    known = learned(press.svg(paper(sold, Language.ENGLISH, ALPHABET)), ALPHABET)
    made = paper(sold, Language.ARABIC)
    bare = replace(made, data={**made.data, "message": "الرمز 1234 5678 9012 للعداد"})
    told = [line for line in seen(press.svg(bare), known) if "5678" in line]
    assert told
    assert "1234 5678 9012" not in told[0]
    assert told[0].index("9012") < told[0].index("5678") < told[0].index("1234")
