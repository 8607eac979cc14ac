"""`raseed tariff`: what the guide does not show (docs/tariffs.md is run by another test)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.vending.tariff.office import CODE, draft
from vending.surroundings import CONFIG

from .support import town_shell

FAR = "2090-01-01T00:00:00+02:00"


@pytest.mark.system
def test_mistakes_and_languages(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    file = tmp_path / "new.toml"
    told = shell.run("tariff", "submit", str(file))
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "[tariff.file_unusable]" in told.err
    file.write_bytes(b"\xff\xfe")
    assert "[tariff.file_unusable]" in shell.run("tariff", "submit", str(file)).err
    file.write_text(draft(rate="dear", begins=FAR), "utf-8")
    told = shell.run("tariff", "submit", str(file))
    assert (told.code, told.out) == (2, "")
    assert "new.toml is wrong at versions[0].price.rate" in told.err
    assert "(dear) is not a plain number" in told.err
    arabic = shell.run("--lang", "ar", "tariff", "submit", str(file)).err
    assert "ليست عددًا عشريًا" in arabic
    assert "plain number" not in arabic
    assert "version 2" in shell.run("tariff", "show", CODE, "2").err

    file.write_text(draft(begins=FAR), "utf-8")
    made = shell.run("tariff", "submit", str(file), "--json", LOGNAME="layla").json
    assert (made["state"], made["drafted_by"]) == ("draft", "cli:layla")
    arabic = shell.run("--lang", "ar", "tariff", "compare", CODE, "1", "2").out
    assert re.search("[\u0600-\u06ff]", arabic)
    assert "\u206671.8 kWh\u2069" in arabic
    told = shell.run("tariff", "preview", CODE, "1", "20", "--months-due", "121")
    assert told.code == 2
    assert "plain number" not in told.err
    assert "120" in told.err
    told = shell.run("tariff", "reject", CODE, "2", "--reason", "The council said no")
    assert told.code == 0
    assert "State: rejected" in told.out
    assert 'rate = "0.6000"' in shell.run("tariff", "show", CODE, "2").out
    assert "electricity-social" in shell.run("tariff", "list").out


def test_a_changed_file_stops_the_start(tmp_path: Path) -> None:
    shell = town_shell(tmp_path)
    folder = tmp_path / "tariffs"
    folder.mkdir()
    for path in (CONFIG / "tariffs").glob("*.toml"):
        (folder / path.name).write_text(path.read_text("utf-8").replace("0.5612", "0.5600"))
    told = shell.run("customer", "list", RASEED_VENDING__TARIFFS=str(folder))
    assert (told.code, told.out) == (2, "")
    assert "electricity-domestic.toml" in told.err
    assert "versions[0].price.rate" in told.err
    assert "[tariff.changed]" in told.err
    assert shell.run("customer", "list").code == 0
