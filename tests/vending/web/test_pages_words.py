"""The words of the pages: every text in both languages, six plural forms, and templates that hold
nothing which the policy of the pages forbids."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.checkers import checkers
from babel.messages.pofile import read_po

from vending.messages import Language
from vending.web.catalog_tool import texts, updated, written
from vending.web.pages.catalogs import catalog_file, translations
from vending.web.pages.rendering import environment

TEMPLATES = sorted(environment(Language.ENGLISH).list_templates())
_PLACE = re.compile(r"%\((\w+)\)[sd]")
_COPIES = ("%(num)s copy was printed.", "%(num)s copies were printed.")


def kept(language: Language) -> list[Message]:
    with catalog_file(language).open("rb") as source:
        catalog = read_po(source)
    assert not catalog.obsolete
    return [message for message in catalog if message.id]


def parts(text: Any) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


@pytest.mark.system
@pytest.mark.parametrize("language", Language)
def test_the_catalogue_is_that_of_the_templates(language: Language) -> None:
    """After a change of texts: `python -m vending.web.catalog_tool`, then translate."""
    assert catalog_file(language).read_bytes() == written(updated(language))
    ours = {parts(message.id) for message in texts() if message.id}
    assert {parts(message.id) for message in kept(language)} == ours


@pytest.mark.parametrize("language", Language)
def test_every_text_is_translated_with_the_same_places(language: Language) -> None:
    forms = 6 if language is Language.ARABIC else 2
    for message in kept(language):
        told = parts(message.string)
        assert all(told), message.id
        assert "fuzzy" not in message.flags
        if isinstance(message.id, tuple):
            assert len(told) == forms, message.id
        wanted = set(_PLACE.findall(parts(message.id)[-1]))
        for one in told:
            # A form for one or two says it in the word itself.
            assert set(_PLACE.findall(one)) <= wanted, message.id
            assert isinstance(message.id, tuple) or set(_PLACE.findall(one)) == wanted, message.id
        for check in checkers:
            check(None, message)


@pytest.mark.parametrize(
    ("number", "form"), [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 4), (99, 4), (100, 5)]
)
def test_arabic_counts_in_six_ways(number: int, form: int) -> None:
    said = translations(Language.ARABIC).ungettext(*_COPIES, number)
    (message,) = [m for m in kept(Language.ARABIC) if m.id == _COPIES]
    told = parts(message.string)
    assert said == told[form]
    assert len(set(told)) >= 5


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name: str, language: Language) -> None:
    environment(language).get_template(name)


_FORBIDDEN = {
    "a script inside": r"<script(?![^>]*\bsrc=)",
    "a style inside": r"<style|\sstyle=",
    "a handler inside": r"\son[a-z]+\s*=",
    "an address elsewhere": r"(?:src|href|action)=[\"'](?:https?:)?//",
    "a form that changes things by GET": r"<form(?![^>]*\bmethod=\"(?:post|get)\")",
    "a form without an address": r"<form(?![^>]*\baction=)",
    "left or right": r"\b(?:margin|padding)-(?:left|right)\b|text-align:\s*(?:left|right)",
    "another dialect of htmx": r"hx-(?:disable|config|status|sse)\b|:inherited",
}


def source_of(name: str) -> str:
    loader = environment(Language.ENGLISH).loader
    assert loader is not None
    return loader.get_source(environment(Language.ENGLISH), name)[0]


@pytest.mark.parametrize("what", _FORBIDDEN)
def test_what_no_template_has(what: str) -> None:
    for name in TEMPLATES:
        source = source_of(name)
        found = re.search(_FORBIDDEN[what], source)
        assert found is None, f"{name}: {what}: {found}"


_JINJA = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
_SPOKEN = re.compile(r"\b(?:placeholder|aria-label|title|alt|label)=\"([^\"]*)\"")
_KEPT = {"العربية", "English", "Enter", "Esc"}
"""Names of languages in themselves, and what is printed on keys."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_text_stands_outside_the_catalogue(name: str) -> None:
    source = _JINJA.sub("", source_of(name))
    said = [re.sub(r"<[^>]*>", " ", source), *_SPOKEN.findall(source)]
    words = {word for text in said for word in re.findall(r"[^\W\d_]{2,}", text)}
    assert words <= _KEPT, words - _KEPT


_SIDES = re.compile(
    r"\b(?:(?:margin|padding|border|inset)-(?:left|right|top|bottom)\b"
    r"|(?:left|right|float|clear)\s*:|text-align:\s*(?:left|right)|width:|height:)"
)


def test_our_sheet_knows_no_left_and_no_right() -> None:
    sheet = files("vending.web").joinpath("static/raseed.css").read_text("utf-8")
    plain = re.sub(r"/\*.*?\*/|@media[^{]*{", "", sheet, flags=re.DOTALL)
    found = [line for line in plain.splitlines() if _SIDES.search(line)]
    assert not found, found
