"""One schema for editors, foreign tools and our reader: they say yes and no to the same maps."""

from __future__ import annotations

import json
import random
import tomllib
from typing import Any

import pytest

from drivers.maps.errors import MapInvalid
from drivers.maps.reading import MAPS_FOLDER, map_schema, read_map, shipped_ids
from drivers.maps.shape import problems, unknown_words

from .everything import Spoiled, everything, spoiled

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")


def foreign() -> Any:
    return jsonschema.Draft202012Validator(dict(map_schema()))


def test_the_schema_is_one_and_we_check_every_word_of_it() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(map_schema()))
    assert unknown_words(map_schema()) == set()
    assert unknown_words({"items": {"contains": {}}}) == {"contains"}


@pytest.mark.parametrize("map_id", shipped_ids())
def test_every_shipped_map_follows_the_schema(map_id: str) -> None:
    document = tomllib.loads((MAPS_FOLDER / f"{map_id}.toml").read_text("utf-8"))
    assert [error.message for error in foreign().iter_errors(document)] == []
    assert list(problems(document, map_schema())) == []


def test_the_map_of_everything_uses_every_key() -> None:
    document = everything()
    schema = map_schema()
    assert read_map(document, "probe").id == "probe"
    assert document.keys() == schema["properties"].keys()
    shapes = schema["$defs"]
    for part in ("line", "limits"):
        assert document[part].keys() == shapes[part]["properties"].keys()
    for part in ("register", "command", "check", "golden", "identify", "variant"):
        used = {key for row in document[part] for key in row}
        assert used == shapes[part]["properties"].keys()
    steps = {key for step in document["command"][0]["steps"] for key in step}
    assert steps == shapes["step"]["properties"].keys()


def compare(spoiled_maps: list[Spoiled]) -> tuple[int, int]:
    """How many both refuse, and how many the reader takes. What the schema refuses the reader
    refuses, always with MapInvalid; what the schema cannot know (`unit = "?"`) the reader's own
    rules may refuse besides."""
    validator = foreign()
    refused = kept = 0
    for told, make in spoiled_maps:
        document = make()
        verdict = not validator.is_valid(document)
        assert bool(next(problems(document, map_schema()), None)) == verdict, told
        error = complaint(document)
        assert error is not None or not verdict, told
        assert error is None or (error.map == "probe" and error.place and error.problem), told
        kept += error is None
        refused += verdict
    return refused, kept


def complaint(document: dict[str, Any]) -> MapInvalid | None:
    """The reader's, which is never anything but MapInvalid."""
    try:
        read_map(document, "probe")
    except MapInvalid as error:
        return error
    return None


def test_some_spoiled_maps_are_refused_by_both_or_by_neither() -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    refused, kept = compare(random.Random(seed).sample(list(spoiled()), 120))
    assert refused > kept


@pytest.mark.system
def test_every_spoiled_map_is_refused_by_both_or_by_neither() -> None:
    refused, kept = compare(list(spoiled()))
    # Most changes are wrong; some make another map that is right.
    assert refused > 1200
    assert 0 < kept < refused / 4


def test_people_can_read_the_schema() -> None:
    text = (MAPS_FOLDER / "schema.json").read_text("utf-8")
    assert json.loads(text) == map_schema()
    assert max(len(line) for line in text.splitlines()) <= 280
