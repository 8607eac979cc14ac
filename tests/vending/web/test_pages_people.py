"""The office's pages: who may see and do what, what is told of mistakes, and what the trail says
afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pyotp
import pytest

from tests.vending.support import POWER, town
from tests.vending.test_municipality import DOT
from tests.vending.web.support import Api, api_over
from vending.parties import Actor, Role
from vending.people import Act, UserDraft

pytestmark = pytest.mark.system

PASSWORD = "زيت وزعتر على السطح"
ADMIN = Actor("huda", Role.ADMINISTRATOR)
SAME_SITE = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@dataclass
class Browser:
    """Somebody at the pages."""

    api: Api

    def get(self, path: str, status: int = 200, **more: Any) -> str:
        answer = self.api.client.get(path, headers=SAME_SITE, **more)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(
        self, path: str, status: int = 303, files: Any = None, **fields: Any
    ) -> httpx2.Response:
        answer = self.api.client.post(
            path, data=fields, files=files, headers=SAME_SITE, follow_redirects=False
        )
        assert answer.status_code == status, answer.text
        return answer

    def come(self, name: str) -> Browser:
        """Signs in, with the second factor if there is one."""
        user = {one.name: one for one in self.api.parts.office.users(ADMIN)}[name]
        self.api.clock.forward(seconds=31)
        code = pyotp.TOTP(user.second).at(self.api.clock()) if user.second else ""
        self.post("/sign-in", name=name, password=PASSWORD, code=code)
        return self

    def leave(self) -> None:
        self.post("/sign-out")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Browser]:
    """Nobody is there yet."""
    with api_over(tmp_path, town()) as api:
        del api.client.headers["Authorization"]
        yield Browser(api)


@pytest.fixture
def desk(empty: Browser) -> Browser:
    """With an administrator, two supervisors, an auditor and a clerk."""
    office = empty.api.parts.office
    office.begin(UserDraft("huda", Role.ADMINISTRATOR, "هدى", "Huda", language="en"), PASSWORD)
    for name, role, point in (
        ("samir", Role.OPERATOR, "P1"),
        ("rami", Role.SUPERVISOR, None),
        ("nadia", Role.SUPERVISOR, None),
        ("omar", Role.AUDITOR, None),
        ("tala", Role.TECHNICIAN, None),
    ):
        draft = UserDraft(name, role, "اسم", name.title(), point=point, language="en")
        office.add(ADMIN, draft, PASSWORD, must_change=False)
    house = empty.api.parts.office._house
    for name in ("huda", "rami", "nadia"):
        with house.writing() as books:
            user = books.user(name)
            assert user is not None
            books.put_user(replace(user, second=pyotp.random_base32()))
    return empty


def told(desk: Browser, act: str) -> list[Any]:
    lines = desk.api.parts.office.trail(ADMIN, limit=200)
    return [line for line in lines if line.act == act]


def test_the_first_run(empty: Browser) -> None:
    assert "Nobody is here yet" in empty.get("/")
    typed: dict[str, Any] = {"name": "huda", "name_ar": "هدى", "password": PASSWORD}
    for guess in ("", "OLIVES-AND-OIX", "ＯＬＩＶＥＳ"):
        refused = empty.post("/setup", 422, **typed, code=guess)
        assert "set-up code is wrong" in refused.text
        assert PASSWORD not in refused.text
    # However it is typed.
    typed["code"] = "olives and oil"
    wrong = empty.post("/setup", 422, **{**typed, "password": "short"})
    assert 'role="alert"' in wrong.text
    assert 'value="huda"' in wrong.text
    made = empty.post("/setup", **typed)
    assert made.headers["location"] == "/set-up"
    # Nobody else opens this page now, and the work begins with a second factor.
    assert empty.post("/setup", **{**typed, "name": "evil"}).headers["location"] == "/sign-in"
    page = empty.get("/municipality")
    secret = re.search(r'name="secret" value="(\w+)"', page)
    assert secret is not None
    code = pyotp.TOTP(secret[1]).at(empty.api.clock())
    done = empty.post("/set-up/second-factor", secret=secret[1], code=code)
    assert done.headers["location"] == "/municipality"
    assert "Step 2 of 3" in empty.get("/municipality", params={"lang": "en"})
    fields: dict[str, Any] = {"name_ar": "بلدية الزيتونة", "name_en": "Zaytouna", "vat": "١٦"}
    bad = {"logo": ("l.svg", b"<svg><script/></svg>", "image/svg+xml")}
    assert "cannot be used" in empty.post("/municipality?lang=en", 422, files=bad, **fields).text
    good = {"logo": ("l.png", DOT, "image/png")}
    empty.post("/municipality", files=good, **{**fields, "tariff:water-domestic": "yes"})
    hall = empty.api.parts.town_hall.municipality()
    assert (hall.name_en, hall.vat, hall.tariffs) == ("Zaytouna", "16", ("water-domestic",))
    logo = empty.api.client.get("/logo")
    assert logo.content == DOT
    assert "sandbox" in logo.headers["content-security-policy"]
    empty.post("/samples")
    assert "invented parties" in empty.get("/municipality?lang=en")
    tried = empty.api.parts.service.meters(ADMIN, after="99")
    assert {file.agreement.tariff for file in tried} <= {"water-domestic"}
    empty.post("/samples/remove")
    acts = [line.act for line in empty.api.parts.office.trail(ADMIN)]
    assert acts[:3] == ["samples_removed", "samples_added", "municipality_changed"]


def test_users_are_added_and_changed_with_a_reason(desk: Browser) -> None:
    desk.come("huda")
    draft: dict[str, Any] = {
        "name_ar": "لينا",
        "name_en": "Lina",
        "role": "operator",
        "point": "P1",
    }
    assert (
        "small Latin letters"
        in desk.post("/people", 422, name="L!", password=PASSWORD, **draft).text
    )
    desk.post("/people", name="lina", password=PASSWORD, **draft)
    assert "Lina" in desk.get("/people")
    # A role that was mistyped is no other role.
    desk.post("/people/lina", 422, **{**draft, "role": "king"}, active="yes", reason="moved")
    desk.post("/keys", 422, name="bank", role="king")
    assert not told(desk, "user_changed")
    assert not told(desk, "key_made")
    desk.post("/people/lina", **{**draft, "role": "billing"}, active="no", reason="moved")
    line = told(desk, "user_changed")[0]
    assert (line.actor, line.subject, line.reason) == ("huda", "lina", "moved")
    assert '"role":"operator"' in line.before
    assert '"role":"billing"' in line.after
    page = desk.get("/trail?subject=lina")
    assert "<del>" in page
    assert "billing officer" in page
    desk.post("/people/rami/password", password=PASSWORD, reason="forgot it")
    desk.post("/people/rami/second-factor", reason="lost the telephone")
    for path in ("", "/password", "/second-factor"):
        fields = {**draft, "active": "yes", "password": PASSWORD, "reason": " "}
        assert "reason" in desk.post(f"/people/lina{path}", 422, **fields).text
    # One's own role and second factor are somebody else's to change.
    desk.post("/people/huda/second-factor", 422, reason="to see")
    desk.post("/people/huda", 422, name_ar="x", role="operator", active="yes", reason="to see")


@pytest.mark.parametrize(
    ("name", "sees", "not_allowed"),
    [
        (
            "samir",
            ["/faults", "/approvals", "/blocks"],
            ["/people", "/sessions", "/trail", "/keys"],
        ),
        ("omar", ["/people", "/devices", "/keys", "/trail", "/blocks", "/office"], ["/sessions"]),
        ("rami", ["/people", "/sessions", "/devices", "/trail", "/office"], []),
    ],
)
def test_who_sees_what(desk: Browser, name: str, sees: list[str], not_allowed: list[str]) -> None:
    desk.come(name)
    for path in sees:
        page = desk.get(path)
        if name == "omar":
            # Read-only: nothing on these pages changes anything.
            assert set(re.findall(r'method="post" action="([^"]+)"', page)) <= {
                "/sign-out",
                "/trail/verify",
            }
    for path in not_allowed:
        desk.get(path, 403)
    if name == "omar":
        desk.post("/people", 422, name="x", password=PASSWORD)


def test_a_session_is_ended_by_a_supervisor(desk: Browser) -> None:
    desk.come("samir")
    mine = desk.api.client.cookies.get("raseed_session")
    desk.api.client.cookies.clear()
    desk.come("rami")
    page = desk.get("/sessions")
    digest = re.findall(r'name="session" value="(\w{64})"', page)
    assert len(digest) == 1
    assert mine
    assert mine not in page
    desk.post("/sessions/end", session=digest[0], reason="went home")
    desk.post("/sessions/end", 422, session=digest[0], reason="again")
    assert told(desk, "session_ended")[0].reason == "went home"
    desk.api.client.cookies.clear()
    desk.api.client.cookies.set("raseed_session", mine)
    assert desk.api.client.get("/counter", follow_redirects=False).status_code == 303


def test_the_trail_is_shown_and_verified(desk: Browser) -> None:
    desk.api.parts.office.write_down(
        ADMIN, Act("user_changed", "x", "<b>why</b>", {"role": "operator"}, {"role": "auditor"})
    )
    desk.come("omar")
    page = desk.get("/trail?by=huda")
    assert "&lt;b&gt;why" in page
    assert "by=omar" not in page.split("<table")[1]
    assert "The trail is whole" in desk.post("/trail/verify", 200).text


def test_a_device_seats_whoever_signs_in_on_it(desk: Browser) -> None:
    desk.come("rami")
    page = desk.post("/devices", 200, name="E-1", point="P1", terminal="T7").text
    key = re.search(r'<code class="key">([A-Z2-7-]+)</code>', page)
    assert key is not None
    assert key[1] not in desk.get("/devices")
    desk.leave()
    desk.post("/device", 422, key="AAAA-BBBB")
    desk.post("/device", key=key[1].lower())
    assert "T7" in desk.get("/sign-in")
    desk.post("/sign-in", name="samir", password=PASSWORD, terminal="elsewhere")
    assert told(desk, "sign_in")[0].terminal == "T7"
    desk.leave()
    # A supervisor without a point of their own sits at the device's.
    desk.come("rami")
    assert (told(desk, "sign_in")[0].point, told(desk, "sign_in")[0].terminal) == ("P1", "T7")
    desk.post("/devices/revoke", name="E-1", reason="stolen")
    assert desk.api.client.get("/counter", follow_redirects=False).status_code == 303
    assert "T7" not in desk.get("/sign-in")


def test_keys_of_programs(desk: Browser) -> None:
    desk.come("huda")
    page = desk.post("/keys", 200, name="bank", role="operator", **{"scope:read": "yes"}).text
    key = re.search(r"rsk_[0-9a-f]{64}", page)
    assert key is not None
    assert desk.api.get("/customers", headers={"Authorization": f"Bearer {key[0]}"}).is_success
    desk.post("/keys", 422, name="bank", role="operator")
    desk.post("/keys/revoke", 422, name="bank", reason="")
    desk.post("/keys/revoke", name="bank", reason="it is over")
    assert told(desk, "key_made")[0].actor == "huda"
    assert told(desk, "key_revoked")[0].reason == "it is over"
    assert key[0][4:] not in str(desk.api.parts.office.trail(ADMIN, limit=200))


def test_a_block_is_lifted_by_two_people(desk: Browser) -> None:
    desk.come("rami")
    desk.post("/blocks", 422, kind="meter", subject="123", reason="x")
    desk.post("/blocks", kind="meter", subject=POWER.number, reason="burnt")
    page = desk.get("/blocks")
    id = re.search(r'name="id" value="([^"]+)"', page)
    assert id is not None
    desk.post("/blocks/lift", id=id[1], kind="meter", subject=POWER.number, reason="repaired")
    own = desk.get("/approvals")
    assert f"/approvals/{id[1]}/withdraw" in own
    assert f"/approvals/{id[1]}/approve" not in own
    desk.post(f"/approvals/{id[1]}/approve", 422)
    desk.leave()
    desk.come("nadia")
    assert f"/approvals/{id[1]}/approve" in desk.get("/approvals")
    desk.post(f"/approvals/{id[1]}/approve")
    assert "Nothing is blocked" in desk.get("/blocks")
    assert [told(desk, act)[0].actor for act in ("blocked", "approval_asked")] == ["rami"] * 2
    given = told(desk, "approval_given")[0]
    assert (given.actor, given.subject) == ("nadia", id[1])
    assert POWER.number in given.after


def test_what_was_approved_and_not_done_stays_in_sight(desk: Browser) -> None:
    parts, number = desk.api.parts, POWER.number
    clerk = Actor("samir", Role.OPERATOR, "P1", "T1")
    document = {"meter": number, "units": "5"}
    for id in ("F-1", "F-2"):
        parts.approvals.request(clerk, id, "free_issue", document, "A mourning house")
    parts.blocks.block(Actor("omar", Role.SUPERVISOR), "meter", number, "cover broken")
    desk.come("rami")
    for id in ("F-1", "F-2"):
        failed = desk.post(f"/approvals/{id}/approve", 422)
        assert "cover broken" in failed.text
    desk.leave()
    desk.come("nadia")
    page = desk.get("/approvals")
    for id in ("F-1", "F-2"):
        for act in ("approve", "refuse"):
            assert f'action="/approvals/{id}/{act}"' in page
    assert page.count("Carry it through") == page.count("approved, not done") == 2
    assert page.count("cover broken") == 2
    assert "Approved and not done:" in desk.get("/office")
    assert "approved, not done" in desk.get("/")
    # Where it stands the same in Arabic.
    assert "تمت الموافقة ولم يُنفذ" in desk.get("/approvals?lang=ar")
    desk.post("/approvals/F-1/refuse", 422, note="x")
    desk.post("/approvals/F-1/refuse", note="The family has moved")
    parts.blocks.lift(Actor("omar", Role.SUPERVISOR), "L-1", "meter", number, "repaired")
    desk.post("/approvals/L-1/approve")
    desk.post("/approvals/F-2/approve")
    done = parts.approvals.approval(clerk, "F-2")
    assert [one.actor for one in done.steps] == ["rami", "nadia", "nadia"]
    assert "Nothing waits." in desk.get("/approvals?lang=en")
    everything = desk.get("/approvals?all=1")
    assert "called off before it was done" in everything
    assert "The family has moved" in everything
    assert "Approved and not done" not in desk.get("/office")
    assert told(desk, "approval_refused")[0].reason == "The family has moved"


def test_a_fault_from_the_counter_to_its_end(desk: Browser) -> None:
    desk.come("samir")
    account = town().customers[0].account
    assert POWER.number in desk.get(f"/faults/new?account={account}")
    fields: dict[str, Any] = {"account": account, "meter": POWER.number, "kind": "display"}
    desk.post("/faults", 422, **fields, text="")
    desk.post("/faults", 422, **fields, text="12345678901234567890")
    made = desk.post("/faults", **fields, text="dark since yesterday")
    assert made.headers["location"] == "/faults/1"
    assert "state" not in re.findall(r'button name="(\w+)"', desk.get("/faults/1"))
    desk.post("/faults/1", 422, state="done", note="x")
    desk.leave()
    desk.come("tala")
    assert "dark since yesterday" in desk.get("/faults")
    desk.post("/faults/1", state="taken", note="")
    desk.post("/faults/1", 422, state="done", note="")
    desk.post("/faults/1", state="done", note="new display")
    assert "new display" in desk.get("/faults/1")
    assert "dark since" not in desk.get("/faults")
    assert [line.after for line in told(desk, "fault_moved")] == [
        '{"state":"done","taken_by":"tala"}',
        '{"state":"taken","taken_by":"tala"}',
    ]


def test_samples_stay_when_something_names_them(desk: Browser) -> None:
    desk.come("huda")
    desk.post("/samples")
    desk.post("/samples", 422)
    desk.api.parts.faults.report(
        Actor("s", Role.OPERATOR), "9001", "", "leak", "water in the street"
    )
    assert "cannot be removed" in desk.post("/samples/remove", 422).text
    assert desk.api.parts.samples.there(ADMIN)


def test_a_supervisor_at_no_point_is_offered_no_counter(desk: Browser) -> None:
    desk.come("rami")
    home = desk.get("/")
    assert 'href="/counter"' not in home
    assert 'href="/shift"' not in home
    assert 'href="/shift/all"' in home
    assert "You sit at no vending point" in desk.get("/counter")
