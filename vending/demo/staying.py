"""After the scenes: the counter stays open, and the demo says how to come in."""

from __future__ import annotations

import select
import sys
from io import StringIO

import segno
from rich.console import Console
from rich.table import Table

from ..identity_checks import setup_address
from ..messages import Language, term
from .municipality import QUARTERS
from .people import PASSWORD, Login
from .place import Place
from .processes import ApiServer, MeterWorld
from .screen import isolated

_LOOK_EVERY_S = 0.5
_READS = {"ar": "Arabic", "en": "English"}


def stay(
    console: Console, place: Place, api: ApiServer, meters: MeterWorld, logins: list[Login]
) -> None:
    """Says where everything is, and serves until Ctrl-C."""
    console.print()
    _second_factors(console, logins)
    _for_programs(console, place, api, meters)
    _doors(console, api, logins)
    console.print("Ctrl-C ends it. A temporary folder is removed, one of your own stays.")
    try:
        _wait(console, api, logins)
    except KeyboardInterrupt:
        console.print("\nEnding.")


def _doors(console: Console, api: ApiServer, logins: list[Login]) -> None:
    console.print(f"\n[bold]The counter is open at {api.url}[/]", soft_wrap=True)
    # The password stands by itself: in a column of a narrow terminal it would be cut off.
    console.print(f"Everybody's password is [bold]{PASSWORD}[/].\n")
    table = Table(title="Who can sign in", title_justify="left")
    for head in ("user name", "who", "role", "reads"):
        table.add_column(head, overflow="fold", no_wrap=head == "user name")
    for login in logins:
        one = login.draft
        who = f"{one.name_en} {isolated(one.name_ar)}"
        role = term(one.role.value, Language.ENGLISH)
        table.add_row(f"[bold]{one.name}[/]", who, role, _READS[one.language])
    console.print(table)
    for login in logins:
        if login.terminal:
            address = f"{api.url}/sign-in?terminal={login.terminal}"
            console.print(f"{login.draft.name} sits at {address}", soft_wrap=True)
    console.print(
        "Supervisors and administrators type a code of six digits too. It comes from an "
        "authenticator that has read their picture above or was told their key, or from here: "
        "press Enter in this window to see the codes of this half minute.",
        soft_wrap=True,
    )


def _second_factors(console: Console, logins: list[Login]) -> None:
    for login in logins:
        if login.secret:
            console.print(f"\n[bold]{login.draft.name}[/], key {login.secret}", soft_wrap=True)
            address = setup_address(login.secret, login.draft.name, "Raseed demo")
            # As it is: in colour or wrapped, no camera reads it.
            console.out(_picture(address), highlight=False)


def _picture(text: str) -> str:
    """As blocks of a terminal, two rows in a line."""
    out = StringIO()
    segno.make(text, error="l", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()


def _for_programs(console: Console, place: Place, api: ApiServer, meters: MeterWorld) -> None:
    key_file = place.api_key(QUARTERS[0].point.code)
    console.print(f"\n[bold]The API runs at {api.url}[/]; its page is {api.url}/api/v1/docs")
    console.print(f"Key of the East Quarter counter: [cyan]{key_file}[/]", soft_wrap=True)
    for line in (
        f'curl -H "Authorization: Bearer $(cat {key_file})" {api.url}/api/v1/customers',
        f"RASEED_CONFIG={place.settings} .venv/bin/raseed customer list",
        f"nc 127.0.0.1 {meters.keypad}    # a keypad: METER and the 20 digits on one line",
    ):
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)


def _wait(console: Console, api: ApiServer, logins: list[Login]) -> None:
    """Until the server ends by itself; who presses Enter is told the codes."""
    asks = sys.stdin is not None and sys.stdin.isatty()
    while asks and api.runs():
        if select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
            asks = bool(sys.stdin.readline())
            told = ", ".join(f"{one.draft.name} {one.code()}" for one in logins if one.secret)
            console.print(f"Codes now: {told}", highlight=False)
    api.wait()
