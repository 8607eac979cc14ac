"""Every error has words in both languages, made of facts that it has; Arabic keeps numbers in
order."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from datetime import UTC, datetime

import pytest

from meters.errors import RaseedError
from meters.identity import CheckDigitWrong, NotDigits
from meters.verdicts import TokenResult
from vending.keys.errors import KeyFileTooOpen
from vending.messages import (
    Language,
    _table,
    error_words,
    fact_names,
    isolated,
    validation_words,
    verdict_words,
    words_for,
)
from vending.problems import KINDS, kind_of, problem_of, status_of
from vending.tariff.mistakes import Mistake

PACKAGES = ("meters", "tokens", "drivers", "vending", "simulators")
FORMS = {"", "money", "tenths", "moment", "term", "validation", "mistake"}


def _import_everything() -> None:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            # Programs run when imported, and Alembic's environment only under Alembic.
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)


_import_everything()
# Tests register errors of their own; the product's live in its packages.
ERRORS = {
    code: kind
    for code, kind in RaseedError.registered().items()
    if kind.__module__.partition(".")[0] in PACKAGES
}
SAMPLES = {
    "int": 12345,
    "str": "07000010047",
    "float": 2.5,
    "bool": True,
    "list[str]": ["body.amount"],
    "TokenResult": TokenResult.CRC_ERROR,
    "Mistake": Mistake.ONE_OF,
    "datetime": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
}
MOMENTS = {"now", "last", "until", "active_from", "issued_until", "tid_minute", "moment"}


def sample(kind: type[RaseedError]) -> RaseedError:
    facts = {
        field.name: "2026-11-23T09:00:00+00:00"
        if field.name in MOMENTS and field.type == "str"
        else SAMPLES[str(field.type)]
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
    }
    return kind(**facts)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_words_exist_and_use_only_facts_that_exist(code: str) -> None:
    words = error_words()[code]
    facts = {field.name for field in dataclasses.fields(ERRORS[code])}  # type: ignore[arg-type]
    assert fact_names(words.ar) <= facts
    assert fact_names(words.en) <= facts
    assert fact_names(words.ar) == fact_names(words.en)
    assert re.search("[\u0600-\u06ff]", words.ar)
    assert not re.search("[\u0600-\u06ff]", words.en)
    assert words.ar.count("`") % 2 == words.en.count("`") % 2 == 0


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_error_is_told_in_both_languages(code: str) -> None:
    error = sample(ERRORS[code])
    for language in Language:
        problem = problem_of(error, language)
        assert "{" not in problem.detail
        assert "\n" not in problem.detail
        assert problem.status == status_of(error) >= 400
        assert problem.exit_code == kind_of(error).exit_code > 1
    assert words_for(error, Language.ENGLISH) != words_for(error, Language.ARABIC)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_in_arabic_every_left_to_right_run_is_isolated(code: str) -> None:
    told = words_for(sample(ERRORS[code]), Language.ARABIC)
    outside = re.sub("\u2066[^\u2066\u2069]*\u2069", "", told)
    assert not re.search("[0-9A-Za-z\u2066\u2069]", outside), outside


def test_no_words_are_left_over() -> None:
    assert set(error_words()) == set(ERRORS)


def test_each_error_is_of_exactly_one_kind() -> None:
    for code, kind in ERRORS.items():
        assert sum(issubclass(kind, one) for one in KINDS) == 1, code


def test_every_verdict_has_words() -> None:
    for result in TokenResult:
        assert verdict_words(result, Language.ENGLISH)
        assert re.search("[\u0600-\u06ff]", verdict_words(result, Language.ARABIC))


def test_tables_are_complete_in_both_languages() -> None:
    for name in ("errors", "verdicts", "validation", "phrases", "labels", "terms", "reasons"):
        for key, words in _table(name).items():
            assert words.ar.strip(), (name, key)
            assert words.en.strip(), (name, key)
            assert fact_names(words.ar) == fact_names(words.en), (name, key)


def test_every_mistake_in_a_tariff_text_has_words() -> None:
    table = _table("mistakes")
    assert set(table) == set(Mistake)
    for name, words in table.items():
        assert re.search("[\u0600-\u06ff]", words.ar), name
        # What the reader of TOML says is English, and is told to who reads that.
        english = fact_names(words.en) - ({"0"} if name == "not_toml" else set())
        assert fact_names(words.ar) == english <= {"0", "1"}, name


def test_an_unknown_kind_of_wrong_field_still_has_words() -> None:
    assert validation_words("made_up", Language.ENGLISH) == "is not an acceptable value"


def test_a_command_and_a_number_keep_their_order_in_arabic() -> None:
    told = words_for(KeyFileTooOpen("/srv/my keys", "0644"), Language.ARABIC)
    assert "\u2066chmod 600 /srv/my keys\u2069" in told
    told = words_for(CheckDigitWrong("07000010047"), Language.ARABIC)
    assert "\u206607000010047\u2069" in told
    assert isolated("رمز 1234 5678 9012 3456 7890.") == (
        "رمز \u20661234 5678 9012 3456 7890\u2069."
    )


def test_a_fact_cannot_turn_the_line_around() -> None:
    told = words_for(NotDigits(1, "\u202e\u2069x"), Language.ENGLISH)
    assert "\u202e" not in told
    assert "\u2069" not in told
