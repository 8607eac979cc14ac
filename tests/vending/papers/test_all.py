"""Every paper in both languages: it can be set, and has on it what belongs there and no more."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.vending.papers.samples import KEYS, Make, samples
from tests.vending.papers.test_receipt import texts
from vending.messages import Language
from vending.papers import WIDTHS, Letterhead, Press
from vending.papers.press import TEMPLATES

NAMES = (
    "receipt",
    "copy",
    "test",
    "key_change",
    "void",
    "x",
    "x_copy",
    "x_blind",
    "z",
    "z_copy",
    "deposit",
    "statement",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, head: Letterhead) -> dict[str, Make]:
    return samples(tmp_path_factory.mktemp("samples"), head)


def test_each_template_is_tried(made: dict[str, Make]) -> None:
    assert set(NAMES) == set(made)
    used = {make(Language.ENGLISH).template for make in made.values()}
    assert used == {path.stem for path in TEMPLATES.glob("*.typ")} - {"paper"}


@pytest.mark.system
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_set_as_pdf_and_for_each_printer(
    press: Press, made: dict[str, Make], name: str, language: Language
) -> None:
    paper = made[name](language)
    assert press.pdf(paper).startswith(b"%PDF-")
    for width in WIDTHS:
        with Image.open(io.BytesIO(press.png(paper, width))) as image:
            assert (image.width, image.mode) == (width, "1")
            black = image.convert("L").point(lambda dot: 255 - dot)
        left, _, right, _ = black.getbbox() or (0, 0, 0, 0)
        assert 0 < left < right < width, "nothing is cut off at the edges"


@pytest.mark.parametrize("name", NAMES)
def test_in_arabic_every_number_is_in_a_box(made: dict[str, Make], name: str) -> None:
    """Digits outside of isolates are those of tokens, which have boxes of their own, and of words
    that hold nothing else."""
    told = json.dumps(made[name](Language.ARABIC).data, ensure_ascii=False)
    data = json.loads(told)
    data.pop("code", None)
    data.pop("chain", None)
    data["head"].pop("logo")
    for text in _strings(data):
        outside = re.sub("\u2066[^\u2066\u2069]*\u2069", "", text)
        if re.search("[\u0600-\u06ff]", outside):
            assert not re.search(r"\d\d", outside), text


@pytest.mark.parametrize("name", ["void", "x", "x_copy", "z", "deposit", "statement"])
def test_no_token_stands_where_none_belongs(made: dict[str, Make], name: str) -> None:
    digits = re.sub(r"[ \n-]", "", texts(made[name](Language.ENGLISH).data))
    receipt = texts(made["receipt"](Language.ENGLISH).data["services"])
    tokens = [line.replace("\n", "") for line in re.findall(r"(?:\d{4}\n){4}\d{4}", receipt)]
    assert len(tokens) == 4
    assert {key.digits for key in KEYS} <= set(tokens)
    assert not [token for token in tokens if token in digits]


def test_a_blind_report_tells_nothing_of_the_cash(made: dict[str, Make]) -> None:
    seen, blind = (texts(made[name](Language.ENGLISH).data) for name in ("x", "x_blind"))
    assert "243.30" in seen
    assert "93.30" in seen
    assert "not told before the count" in blind
    for kept_back in ("243.30", "93.30", "143.30", "19.70"):
        assert kept_back not in blind


def test_a_copy_of_an_x_report_is_the_report_but_for_its_mark(made: dict[str, Make]) -> None:
    for language, mark in ((Language.ENGLISH, "COPY 1"), (Language.ARABIC, "نسخة 1")):
        first, copy = made["x"](language).data, made["x_copy"](language).data
        assert (first["mark"], texts(copy["mark"])) == ("", mark)
        assert {**copy, "mark": ""} == first
    facts = dict(made["x"](Language.ENGLISH).data["facts"])
    assert texts(facts["Report"]) == "P1-S0001-X1"
    assert facts["Taken by"] == "Omar"
    assert texts(facts["Taken"]).startswith("2026-11-23")
    assert texts(dict(made["x_blind"](Language.ENGLISH).data["facts"])["Report"]) == "P1-S0001-X2"
    assert texts(dict(made["z"](Language.ENGLISH).data["facts"])["X reports taken"]) == "2"


def test_a_z_report_tells_the_difference(made: dict[str, Make]) -> None:
    told = texts(made["z"](Language.ENGLISH).data)
    assert "-20.30" in told
    assert made["z"](Language.ENGLISH).data["mark"] == ""
    assert texts(made["z_copy"](Language.ENGLISH).data["mark"]) == "COPY 1"


def test_a_z_report_says_what_its_tables_come_to_and_why_cash_moved(made: dict[str, Make]) -> None:
    data = made["z"](Language.ENGLISH).data
    parts = {part["title"]: part for part in data["parts"]}
    assert [texts(cell) for cell in parts["Takings"]["total"]] == [
        "Sum",
        "263.30",
        "-120.00",
        "143.30",
    ]
    assert parts["Sales"]["total"] == [], "one row is its own sum"
    (move,) = parts["Cash put in and taken out"]["rows"]
    assert texts(move["name"]) == "إلى الخزنة"
    assert texts(move["value"]) == "-50.00 ₪"
    assert texts(move["note"]).startswith("2026-")
    assert data["chain"] == "No Z report before this one at this terminal"


def test_a_statement_has_a_line_for_all_that_moved(made: dict[str, Make]) -> None:
    data = made["statement"](Language.ENGLISH).data
    assert [row["name"] for row in data["rows"]] == [
        "Purchase of units",
        "Purchase of units",
        "Sale taken back",
        "Purchase of units",
    ]
    assert texts(data["after"][0]["value"]) == "113.30 ₪"


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _strings(one)]
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    return [value] if isinstance(value, str) else []


def test_letters_come_from_the_package_alone(press: Press, made: dict[str, Make]) -> None:
    pdf = press.pdf(made["receipt"](Language.ARABIC))
    fonts = set(re.findall(rb"/BaseFont\s*/[A-Z]+\+([A-Za-z]+)", pdf))
    assert not fonts or all(name.startswith(b"IBMPlexSansArabic") for name in fonts)
    assert Path(TEMPLATES / "paper.typ").read_text("utf-8").count("fallback: false") == 1
