"""Settings: sources, their order, and that no mistake is swallowed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vending.outbox import OutboxPlan, Topic
from vending.sending import HttpPoster
from vending.settings import (
    SettingsFileUnusable,
    SettingWrong,
    load_settings,
    settings_problems,
    shown,
)
from vending.ways_out import outbox_plan, paper_desk, senders_for


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("RASEED_"):
            monkeypatch.delenv(name)


def write(text: str) -> Path:
    path = Path("raseed.toml")
    path.write_text(text, "utf-8")
    return path


def test_defaults_are_a_folder_here_and_loopback_only() -> None:
    settings = load_settings()
    assert settings.data == Path("var/raseed")
    assert settings.key_file == Path("var/raseed/keys.sealed")
    assert settings.database_url.get_secret_value() == "sqlite:///var/raseed/raseed.db"
    assert settings.web.host == "127.0.0.1"


def test_the_environment_goes_over_the_file_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    write('data = "/srv/raseed"\n[web]\nport = 9000\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("RASEED_WEB__PORT", "9001")
    settings = load_settings()
    assert (settings.web.port, settings.web.host) == (9001, "0.0.0.0")
    assert settings.key_file == Path("/srv/raseed/keys.sealed")


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("[web]\nprot = 1\n", "web.prot", "extra_forbidden"),
        ("dta = 1\n", "dta", "extra_forbidden"),
        ("[jobs]\nreconcile_seconds = 0\n", "jobs.reconcile_seconds", "greater_than_equal"),
        ('[vending]\ncurrency = "GBP"\n', "vending.currency", "literal_error"),
        ('[database]\nulr = "x"\n', "database.ulr", "extra_forbidden"),
        ('[keys]\nfiel = "x"\n', "keys.fiel", "extra_forbidden"),
        ("[meters]\ntimeout = 1\n", "meters.timeout", "extra_forbidden"),
    ],
)
def test_a_mistyped_setting_is_named(text: str, name: str, problem: str) -> None:
    write(text)
    with pytest.raises(SettingWrong) as caught:
        load_settings()
    assert (caught.value.name, caught.value.problem) == (name, problem)


def test_every_mistake_is_told_at_once_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    write('[web]\nprot = 1\nport = "hunter2"\n')
    monkeypatch.setenv("RASEED_DTA", "hunter2")
    monkeypatch.setenv("RASEED_JOBS__EVERY", "hunter2")
    problems = settings_problems()
    names = [problem.name for problem in problems if isinstance(problem, SettingWrong)]
    assert sorted(names) == ["RASEED_DTA", "jobs.every", "web.port", "web.prot"]
    assert "hunter2" not in " ".join(str(problem.facts()) for problem in problems)


def test_a_file_that_is_not_toml_or_not_there_is_named() -> None:
    with pytest.raises(SettingsFileUnusable):
        load_settings(Path("absent.toml"))
    with pytest.raises(SettingsFileUnusable):
        load_settings(write("= nonsense"))
    Path("raseed.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsFileUnusable):
        load_settings()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql+psycopg://u:hunter2@h/d", "postgresql+psycopg://u:***@h/d"),
        ("postgresql+psycopg://h/d?password=hunter2", "postgresql+psycopg://h/d"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
    ],
)
def test_what_is_shown_holds_no_password(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RASEED_DATABASE__URL", url)
    settings = load_settings()
    assert shown(settings)["database"]["url"] == told
    assert "hunter2" not in f"{settings!r} {shown(settings)}"


HOOK = """
[outbox]
sms = true
gateway = "http://127.0.0.1/send?key=hunter2"
gateway_key = "hunter2"
printers = { P1 = "till" }
[outbox.webhooks.erp]
url = "http://127.0.0.1/hunter2"
secret = "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="
"""


def test_what_a_sale_sends_is_a_setting_and_its_secrets_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert outbox_plan(load_settings()).is_empty
    write(HOOK)
    settings = load_settings()
    assert outbox_plan(settings) == OutboxPlan(True, False, {"P1": "till"}, ("erp",))
    senders = senders_for(
        settings,
        None,  # type: ignore[arg-type]
        HttpPoster(1),
        paper_desk(settings),
        {},
    )
    assert set(senders) == set(Topic)
    told = f"{settings!r} {shown(settings)} {senders!r}"
    assert "hunter2" not in told
    assert "aHVudGVy" not in told
    monkeypatch.setenv("RASEED_OUTBOX__SMS", "false")
    assert not outbox_plan(load_settings()).sms


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('gateway = "ftp://hunter2"', "outbox.gateway"),
        ('printers = { P1 = "../hunter2" }', "outbox.printers.P1"),
        ("poll_seconds = 0", "outbox.poll_seconds"),
        ('[outbox.webhooks.erp]\nurl = "http://127.0.0.1"', "outbox.webhooks.erp.secret"),
        (
            '[outbox.webhooks.erp]\nurl = "http://127.0.0.1"\nsecret = "hunter2"',
            "outbox.webhooks.erp.secret",
        ),
    ],
)
def test_a_mistake_about_the_outbox_is_named_and_not_quoted(text: str, name: str) -> None:
    write(f"[outbox]\n{text}\n")
    (problem,) = settings_problems()
    assert isinstance(problem, SettingWrong)
    assert problem.name == name
    assert "hunter2" not in str(problem.facts())
