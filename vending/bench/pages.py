"""`raseed bench pages`: how long the counter's pages take the server.

A town of twenty thousand customers with a hundred thousand sales (a million with `--full`, twenty
thousand with `--quick`) in SQLite, `raseed serve` as a process of its own, and one browser's worth
of requests, a page after the other: what a clerk waits for, but the drawing. The anchor is the
sign-in page, which reads nothing: what is left is the page's own work.
"""

from __future__ import annotations

import random
import re
import secrets
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx2

from meters.account import Commodity
from meters.identity import Drn
from tokens.sts import EncryptionAlgorithm

from ..keys import Cost, Passphrase, create_sealed
from ..parties import Customer, Meter, Registration, Role, SupplyAgreement
from ..people import UserDraft
from ..settings import JobSettings, Settings
from ..wiring import open_raseed
from .copies import multiplied
from .ledger import build
from .runner import Figure, Size, Tell, figure
from .vend_town import SGC, Installed, Selling, key_record, product

SALES: Final[Mapping[Size, int]] = {
    Size.QUICK: 20_000,
    Size.USUAL: 100_000,
    Size.FULL: 1_000_000,
}
CUSTOMERS: Final[Mapping[Size, int]] = {
    Size.QUICK: 2_000,
    Size.USUAL: 20_000,
    Size.FULL: 20_000,
}
_EACH: Final[Mapping[Size, int]] = {Size.QUICK: 40, Size.USUAL: 200, Size.FULL: 400}
"""Requests to each page; the first tenth warms up."""
_GOAL_MS: Final = 100
_EMPTY: Final = "nothing"
_FIRST: Final = ("سميرة", "نادر", "رنا", "أحمد", "إيمان", "خالد", "منى", "يوسف", "هدى", "باسل")
_MIDDLE: Final = ("عبد الرحمن", "محمد", "علي", "حسن", "عيسى", "إبراهيم", "سعيد", "موسى")
_LAST: Final = ("عواد", "شلالدة", "البستاني", "القواسمة", "التميمي", "الجعبري", "أبو سنينة")


def measure(tell: Tell, size: Size = Size.USUAL) -> list[Figure]:
    """Milliseconds of each page, the median and the 99th of a hundred."""
    with TemporaryDirectory(prefix=".raseed-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        town = _town(CUSTOMERS[size])
        tell(f"writing {SALES[size]:,} sales")
        installed, password = _install(folder, town, SALES[size])
        tell("asking for pages")
        with product(installed) as server, _signed_in(server, password) as browser:
            pages = _pages(browser, town, folder, _EACH[size])
            taken = {page: _taken(pages[page], _EACH[size]) for page in pages}
    return [row for page in pages for row in _figures(page, taken[page], taken[_EMPTY])]


def _taken(ask: Callable[[], httpx2.Response], times: int) -> list[float]:
    """Milliseconds of each request, the quickest first."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        answer = ask()
        taken.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200, answer.text
    return sorted(taken[times // 10 :])


def _figures(page: str, taken: list[float], empty: list[float]) -> list[Figure]:
    anchor = "the sign-in page, which reads nothing"
    return [
        figure(
            f"pages.{page}.p50",
            statistics.median(taken),
            "ms",
            anchor=anchor,
            anchor_value=statistics.median(empty),
        ),
        figure(
            f"pages.{page}.p99",
            _p99(taken),
            "ms",
            anchor=anchor,
            anchor_value=_p99(empty),
            goal=_GOAL_MS,
            at_most=True,
        ),
    ]


def _p99(taken: list[float]) -> float:
    return taken[min(len(taken) - 1, len(taken) * 99 // 100)]


def _pages(
    browser: httpx2.Client, town: Registration, folder: Path, times: int
) -> dict[str, Callable[[], httpx2.Response]]:
    """By name, a page to ask for: of another customer each time."""
    draw = random.Random(len(town.customers))  # noqa: S311
    with closing(sqlite3.connect(folder / "raseed.db")) as db:
        rows = db.execute("SELECT vend_id FROM sales ORDER BY random() LIMIT 1000").fetchall()
    sales = [vend_id for (vend_id,) in rows]

    def find(text: Callable[[Customer], str]) -> Callable[[], httpx2.Response]:
        return lambda: browser.get(
            "/counter", params={"find": text(draw.choice(town.customers))}, follow_redirects=False
        )

    def preview() -> httpx2.Response:
        return browser.post("/counter/preview", data=_asked(draw.choice(town.agreements)))

    def customer() -> httpx2.Response:
        return browser.get("/counter", params={"account": draw.choice(town.customers).account})

    def looked_up() -> httpx2.Response:
        return browser.get(f"/customers/{draw.choice(town.customers).account}")

    def statement() -> httpx2.Response:
        home = draw.choice(town.agreements)
        where = f"/customers/{home.customer}/statement"
        return browser.get(where, params={"agreement": home.number})

    # What is confirmed was previewed; that page is measured by itself. Each home buys once: a
    # second sale would be refused, for its price was promised before the first.
    asked = map(_asked, draw.sample(town.agreements, times))
    confirmations = iter([_confirmation(browser, form) for form in asked])

    return {
        _EMPTY: lambda: browser.get("/sign-in"),
        "find_by_name": find(lambda one: one.name_ar),
        "find_by_part": find(lambda one: one.name_ar.split()[-1]),
        "find_by_telephone": find(lambda one: one.phone),
        "customer": customer,
        "preview": preview,
        "sell": lambda: browser.post("/counter/sell", data=next(confirmations)),
        "copy": lambda: browser.post("/counter/last/copy"),
        "became": lambda: browser.get(f"/counter/sales/{draw.choice(sales)}"),
        "last": lambda: browser.get("/counter/last"),
        "home": lambda: browser.get("/"),
        "till": lambda: browser.get("/shift"),
        "till_count": lambda: browser.get("/shift/count"),
        "customers": looked_up,
        "statement": statement,
    }


def _asked(home: SupplyAgreement) -> dict[str, str]:
    """The form of a customer's page, with fifty shekels in it."""
    number = home.meter.number
    return {"account": home.customer, f"amount:{number}": "50", f"ask:{number}": "money"}


def _confirmation(browser: httpx2.Client, asked: dict[str, str]) -> dict[str, str]:
    """The form that a preview leads to: with the id of the sale, and the quote that binds."""
    page = browser.post("/counter/preview", data=asked).text
    return asked | dict(re.findall(r'name="(vend_id|quote:\d+)" value="([^"]+)"', page))


def _town(customers: int) -> Registration:
    """So many households, with an electricity meter each."""
    draw = random.Random(customers)  # noqa: S311
    kind = Commodity.ELECTRICITY
    meters = [Drn.from_serial("01", 200_000 + place) for place in range(customers)]
    return Registration(
        customers=tuple(
            Customer(
                f"{100_000 + place}",
                " ".join(draw.choice(part) for part in (_FIRST, _MIDDLE, _MIDDLE, _LAST)),
                "",
                f"059{place:07d}",
            )
            for place in range(customers)
        ),
        meters=tuple(Meter(one, kind, EncryptionAlgorithm.EA07, SGC, 1, 1) for one in meters),
        agreements=tuple(
            SupplyAgreement(f"P{place}", f"{100_000 + place}", "1", one, kind, _TARIFF)
            for place, one in enumerate(meters)
        ),
    )


_TARIFF: Final = "electricity-domestic"


def _install(folder: Path, town: Registration, sales: int) -> tuple[Installed, str]:
    """The installation, and the password of its clerk."""
    settings = Settings(data=folder, jobs=JobSettings(enabled=False))
    passphrase, password = secrets.token_hex(16), secrets.token_hex(16)
    create_sealed(settings.key_file, Passphrase(passphrase), [key_record()], cost=Cost(n=2**10))
    # Each home buys once, and then all of it again and again.
    once = min(sales, len(town.agreements))
    build(folder / "raseed.db", once, town)
    multiplied(folder / "raseed.db", sales // once)
    with open_raseed(settings, Passphrase(passphrase)) as raseed:
        boss = raseed.office.begin(UserDraft("boss", Role.ADMINISTRATOR, "", "Boss"), password)
        clerk = UserDraft("clerk", Role.OPERATOR, "", "Clerk", point="B1")
        raseed.office.add(boss.actor("1"), clerk, password, must_change=False)
        # The sales were made by a clock of long ago.
        raseed.clock_desk.confirm(boss.actor("1"), "The books are sold on today")
    return Installed(settings, passphrase, ""), password


@contextmanager
def _signed_in(server: Selling, password: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{server.port}",
        headers={"Sec-Fetch-Site": "same-origin"},
        timeout=60,
    ) as browser:
        form = {"name": "clerk", "password": password, "terminal": "1"}
        browser.post("/sign-in", data=form)
        browser.post("/shift/open", data={"id": "s-1", "float": "100"})
        yield browser
