"""People at the pages, over the app in this process: what a browser without script would do."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import httpx2
import pyotp
from fastapi.testclient import TestClient

from tests.system.machines import Machine
from tests.vending.support import town
from tests.vending.web.support import Api, api_over
from vending.clock import UNWATCHED
from vending.parties import Actor, Role
from vending.people import UserDraft

PASSWORD: Final = "زيت وزعتر على السطح"
SAME: Final = {"Sec-Fetch-Site": "same-origin"}
TOKEN: Final = re.compile(r"(?:<span>\d{4}</span> ?){5}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A form on a page."""

    action: str
    method: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Shown] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Shown(told.get("action", ""), told.get("method", "get"), {}))
        elif tag == "input" and self.forms and told.get("name"):
            if told.get("type") != "radio" or "checked" in told:
                self.forms[-1].fields[told["name"]] = told.get("value", "")
        elif tag == "option" and self.forms and self._select:
            fields = self.forms[-1].fields
            if self._select not in fields or "selected" in told:
                fields[self._select] = told.get("value", "")
        if tag == "select":
            self._select = told.get("name", "")

    _select = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def forms(page: httpx2.Response) -> list[Shown]:
    read = _Forms()
    read.feed(page.text)
    return read.forms


def form(page: httpx2.Response, action: str) -> Shown:
    """The form of a page with this address."""
    (first, *_) = [one for one in forms(page) if one.action == action]
    return first


class Visit:
    """One browser, without script."""

    def __init__(self, api: Api, language: str = "en") -> None:
        self.api = api
        self.client = TestClient(
            api.client.app, raise_server_exceptions=False, follow_redirects=True
        )
        self.client.headers["Accept-Language"] = language

    def get(self, path: str) -> httpx2.Response:
        return self.client.get(path)

    def post(self, path: str, fields: Mapping[str, str], **more: str) -> httpx2.Response:
        return self.client.post(path, data={**fields, **more}, headers=SAME)

    def send(self, page: httpx2.Response, action: str, **typed: str) -> httpx2.Response:
        """The page's form as it stands, with what is typed into it."""
        found = form(page, action)
        assert found.method == "post"
        return self.post(action, found.fields, **typed)

    def sign_in(self, name: str, **more: str) -> httpx2.Response:
        return self.post("/sign-in", {"name": name, "password": PASSWORD, "terminal": "T1"}, **more)


@dataclass(frozen=True, slots=True)
class House:
    """A municipality with people, and its API for what pages do not show."""

    api: Api
    boss: Actor

    def visit(self, name: str = "maya", language: str = "en") -> Visit:
        """Signed in."""
        made = Visit(self.api, language)
        assert made.sign_in(name).status_code == 200
        return made

    def sales(self) -> int:
        with closing(sqlite3.connect(self.api.path)) as db:
            return int(db.execute("SELECT count(*) FROM sales").fetchone()[0])


@contextmanager
def house_over(folder: Path, machine: Machine | None = None) -> Iterator[House]:
    """By the clock of a machine, if one is given."""
    guard = UNWATCHED if machine is None else machine.starts()
    with api_over(folder, town(), guard=guard, clock=machine) as api:
        office = api.parts.office
        boss = office.begin(UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda"), PASSWORD)
        for name, language in (("samir", "ar"), ("maya", "en")):
            draft = UserDraft(name, Role.OPERATOR, "سمير", name.title(), "P1", language)
            office.add(boss.actor("setup"), draft, PASSWORD, must_change=False)
        yield House(api, boss.actor("setup"))


def give_second_factor(house: House, *names: str) -> None:
    """They have a device that tells the number, and read English."""
    with house.api.parts.office._house.writing() as books:
        for name in names:
            user = books.user(name)
            assert user is not None
            books.put_user(replace(user, second=pyotp.random_base32(), language="en"))


def let_in(house: House, name: str) -> Visit:
    """Signed in, with the second factor where there is one."""
    user = {one.name: one for one in house.api.parts.office.users(house.boss)}[name]
    house.api.clock.forward(seconds=31)
    code = pyotp.TOTP(user.second).at(house.api.clock()) if user.second else ""
    visit = Visit(house.api)
    assert visit.sign_in(name, code=code).status_code == 200
    return visit
