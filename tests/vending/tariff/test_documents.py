"""One version as a document: written so that it reads back the same, compared by what it says."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import examples
from tests.vending.support import CONFIG
from vending.tariff import parse_tariffs
from vending.tariff.documents import _written, documents, first_difference

FILES = sorted((CONFIG / "tariffs").glob("*.toml"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LOCAL = timezone(timedelta(hours=2))
moments = st.integers(0, 6 * 10**9).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=LOCAL) + timedelta(seconds=seconds)
)
values = st.recursive(
    texts | st.integers(0, 10**12) | moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_shipped_version_stands_alone(path: object) -> None:
    text = path.read_text("utf-8")  # type: ignore[attr-defined]
    alone = [parse_tariffs(document, "x")[0] for document in documents(text)]
    assert alone == parse_tariffs(text, "x")
    for document in documents(text):
        assert documents(document) == [document]


@settings(max_examples=examples(150))
@given(st.dictionaries(texts, values, max_size=4), st.dictionaries(texts, values, max_size=4))
def test_it_reads_back_as_it_was(head: dict[str, object], version: dict[str, object]) -> None:
    head.pop("versions", None)
    written = _written(head, version)
    assert tomllib.loads(written) == {**head, "versions": [version]}
    assert first_difference(written, _written(head, version)) == ""


def test_a_difference_is_told_by_its_place() -> None:
    one = 'a = 1\n[[v]]\nb = [ { c = "x" }, { c = "y", d = 2 } ]\n'
    for change, place in (
        (("a = 1", "a = 2"), "a"),
        (('"y"', '"z"'), "v[0].b[1].c"),
        ((", d = 2", ""), "v[0].b[1].d"),
        (("d = 2", "d = 2, e = 3"), "v[0].b[1].e"),
        ((' { c = "x" },', ""), "v[0].b"),
    ):
        other = one.replace(*change)
        assert first_difference(one, other) == place
        assert first_difference(other, one) == place
    spaced = '# told\n\na   =  1\n[[v]]\nb = [{c="x"},{d=2,c="y"}]'
    assert first_difference(one, spaced) == ""


def test_the_same_moment_is_the_same() -> None:
    local = datetime(2027, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert (
        first_difference(
            _written({"m": local}, {}), _written({"m": datetime(2027, 1, 1, tzinfo=UTC)}, {})
        )
        == ""
    )
