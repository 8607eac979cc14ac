"""As a beancount ledger. Units given out and issued stand under Equity, because beancount has five
roots and a unit of electricity is none of ours once it is sold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from ..accounting import JournalView
from ..ledger import Account
from ..messages import Language
from .plain import amount_text, first_day, local_day, local_time, shown_unit, words

_ROOTS: Final = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
    "commodity": "Equity",
}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9\u0080-\uffff-]+")
_BEGINNING: Final = "1970-01-01"
"""Accounts are open from here: an adjustment may be booked on an earlier day than all before."""


def write(view: JournalView, out: BinaryIO, language: Language) -> None:
    """The whole view, in UTF-8."""
    for line in _lines(view, language):
        out.write(line.encode() + b"\n")


def _lines(view: JournalView, language: Language) -> Iterator[str]:
    opened: dict[tuple[str, str], str] = {}
    names: set[str] = set()

    def named(code: str, holder: str) -> Iterator[str]:
        """Opens an account where it is met first."""
        if (code, holder) not in opened:
            account = view.chart.find(code)
            assert account is not None
            name = _name(account, holder, language)
            while name in names:
                # Two holders whose codes look alike once signs are left out.
                name = f"{name}-{len(opened)}"
            names.add(name)
            opened[code, holder] = name
            yield f"{_BEGINNING} open {opened[code, holder]} {_currency(account.unit)}"

    yield 'option "title" "Raseed"'
    yield f'option "operating_currency" "{view.chart.currency}"'
    day = first_day(view)
    opening = [row for row in view.balances.rows if row.opening] if day is not None else []
    if opening:
        for row in opening:
            yield from named(row.account, "")
        yield f'{day} * "opening balances"'
        for row in opening:
            yield f"  {opened[row.account, '']} {_amount(row.opening, row.unit)}"
    for posted in view.entries():
        entry = posted.entry
        for line in entry.postings:
            yield from named(line.account, line.holder)
        yield f"{local_day(entry.at, view.zone)} * {_text(entry.kind)}"
        yield f'  entry: "{posted.number}"'
        yield f'  time: "{local_time(entry.at, view.zone)}"'
        for key, value in (
            ("cause", entry.cause),
            ("actor", entry.actor),
            ("point", entry.point),
            ("hash", posted.hash),
        ):
            yield f"  {key}: {_text(value)}"
        for line in entry.postings:
            name = opened[line.account, line.holder]
            yield f"  {name} {_amount(line.amount, line.unit)}"


def _amount(amount: int, unit: str) -> str:
    return f"{amount_text(amount, unit)} {_currency(unit)}"


def _currency(unit: str) -> str:
    return shown_unit(unit).upper()


def _text(value: str) -> str:
    safe = words(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'


def _name(account: Account, holder: str, language: Language) -> str:
    name = account.name_ar if language is Language.ARABIC else account.name_en
    parts = [_ROOTS[account.kind], _part(f"{account.code} {name}")]
    if holder:
        parts.append(_part(holder))
    return ":".join(parts)


def _part(text: str) -> str:
    """A component begins with a capital or a digit and holds letters, digits and dashes."""
    part = _NOT_IN_NAMES.sub("-", words(text)).strip("-")
    return part if re.match(r"[A-Z0-9\u0080-\uffff]", part) else f"X-{part}"
