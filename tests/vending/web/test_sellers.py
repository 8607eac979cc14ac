"""Keys that sell: remembered for a second and no longer, looked up once for all at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import pytest
from starlette.requests import Request

from tests.vending.support import POWER, town
from vending.api_keys import ApiKey, CallerUnknown
from vending.parties import Actor, Role
from vending.web.quick import Sellers

from .support import ALL_SCOPES, api_over


def coming(text: str, scheme: str = "Bearer") -> Request:
    return Request({"type": "http", "headers": [(b"authorization", f"{scheme} {text}".encode())]})


def test_a_key_that_is_revoked_stops_selling_within_a_second(tmp_path: Path) -> None:
    with api_over(tmp_path, town()) as api:
        seconds = [100.0]
        sellers = api.client.app.state.sellers  # type: ignore[attr-defined]
        sellers._clock = lambda: seconds[0]
        key = api.key("gone", Role.OPERATOR, ALL_SCOPES, "P1")
        assert api.vend_as(key).status_code == 201
        api.parts.api_keys.revoke("gone", api.clock())
        assert api.vend_as(key).status_code == 200
        seconds[0] += 1
        answer = api.vend_as(key)
        assert (answer.status_code, answer.json()["code"]) == (401, "caller.unknown")
        assert api.vend_as("rsk_nonsense").status_code == 401
        body = {"vend_id": "v-1", "meter": POWER.number, "amount": "50.00"}
        plain = api.post("/vends", body, headers={"Authorization": "Basic x"})
        assert plain.status_code == 401


def test_those_who_come_at_once_with_one_key_are_looked_up_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    with api_over(tmp_path, town()) as api:
        key, keys = api.key("busy", Role.OPERATOR, ALL_SCOPES, "P1"), api.parts.api_keys
        look_up = keys.by_digest

        def counted(digest: str) -> ApiKey | None:
            asked.append(digest)
            return look_up(digest)

        monkeypatch.setattr(keys, "by_digest", counted)

        async def run() -> list[Actor | BaseException]:
            sellers = Sellers(keys, lambda: 100.0)
            first = asyncio.create_task(sellers.actor(coming(key)))
            others = [sellers.actor(coming(text)) for text in [key] * 9 + ["rsk_wrong"] * 2]
            await asyncio.sleep(0)
            # Whose caller hangs up takes the answer from nobody.
            first.cancel()
            return await asyncio.gather(*others, return_exceptions=True)

        answers = asyncio.run(run())
    assert [type(one) for one in answers] == [Actor] * 9 + [CallerUnknown] * 2
    assert len(asked) == 1


def test_a_key_that_is_remembered_opens_by_no_other_scheme(tmp_path: Path) -> None:
    with api_over(tmp_path, town()) as api:
        key, keys = api.key("busy", Role.OPERATOR, ALL_SCOPES, "P1"), api.parts.api_keys

        async def run() -> None:
            sellers = Sellers(keys, lambda: 100.0)
            assert (await sellers.actor(coming(key))).name == "api:busy"
            assert (await sellers.actor(coming(key, "bearer"))).name == "api:busy"
            with pytest.raises(CallerUnknown):
                await sellers.actor(coming(key, "Basic"))

        asyncio.run(run())


def test_the_second_of_a_key_begins_when_it_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the database takes to answer, what it has answered is no younger."""
    seconds, asked = [100.0], []
    with api_over(tmp_path, town()) as api:
        key, keys = api.key("busy", Role.OPERATOR, ALL_SCOPES, "P1"), api.parts.api_keys
        look_up = keys.by_digest

        def slowly(digest: str) -> ApiKey | None:
            asked.append(digest)
            found = look_up(digest)
            seconds[0] += 5
            return found

        monkeypatch.setattr(keys, "by_digest", slowly)

        async def run() -> None:
            sellers = Sellers(keys, lambda: seconds[0])
            await sellers.actor(coming(key))
            await sellers.actor(coming(key))

        asyncio.run(run())
    assert len(asked) == 2


def test_who_comes_later_than_a_slow_look_was_begun_is_looked_up_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is revoked behind what the database has read, and before it answers."""
    seconds, has_read, answers = [100.0], Event(), Event()
    with api_over(tmp_path, town()) as api:
        key, keys = api.key("busy", Role.OPERATOR, ALL_SCOPES, "P1"), api.parts.api_keys
        look_up = keys.by_digest

        def slowly(digest: str) -> ApiKey | None:
            found = look_up(digest)
            if not has_read.is_set():
                has_read.set()
                assert answers.wait(10)
            return found

        monkeypatch.setattr(keys, "by_digest", slowly)

        async def run() -> list[Actor | BaseException]:
            sellers = Sellers(keys, lambda: seconds[0])
            came = [asyncio.create_task(sellers.actor(coming(key)))]
            assert await asyncio.to_thread(has_read.wait, 10)
            keys.revoke("busy", api.clock())
            for later in (0.9, 0.1):
                seconds[0] += later
                came.append(asyncio.create_task(sellers.actor(coming(key))))
                await asyncio.sleep(0)
            answers.set()
            told = await asyncio.gather(*came, return_exceptions=True)
            # And nobody is left who asks.
            assert sellers._asking == {}
            return told

        told = asyncio.run(run())
    assert [type(one) for one in told] == [Actor, Actor, CallerUnknown]
