"""As an hledger journal. Accounts are `kind:code name:holder`, debit is positive, and every
transaction carries the number, the cause and the hash of its entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ..accounting import JournalView
from ..ledger import Account, Chart
from ..messages import Language
from .plain import TOKENS, amount_text, first_day, local_day, local_time, shown_unit, words

_ROOTS: Final = {
    "asset": "assets",
    "liability": "liabilities",
    "equity": "equity",
    "income": "income",
    "expense": "expenses",
    "commodity": "commodities",
}
_TYPES: Final = {
    "asset": "A",
    "liability": "L",
    "equity": "E",
    "income": "R",
    "expense": "X",
    "commodity": "E",
}
_DECIMALS: Final = {"Wh": "000", "l": "000", TOKENS: ""}
"""Zeros behind the point; money has two."""
_SIGNS: Final = (":", ";", "(", ")", "[", "]", "|", '"')


def write(view: JournalView, out: BinaryIO, language: Language) -> None:
    """The whole view, in UTF-8."""
    for line in _lines(view, language):
        out.write(line.encode() + b"\n")


def _lines(view: JournalView, language: Language) -> Iterator[str]:
    chart = view.chart
    for unit in sorted({account.unit for account in chart.accounts()}):
        yield f"commodity 1000.{_DECIMALS.get(unit, '00')} {_unit(unit)}"
    for account in chart.accounts():
        yield f"account {_name(account, '', language)}  ; type: {_TYPES[account.kind]}"
    day = first_day(view)
    opening = [row for row in view.balances.rows if row.opening] if day is not None else []
    if opening:
        yield ""
        yield f"{day} opening balances"
        for row in opening:
            yield _posting(chart, row.account, "", row.unit, row.opening, language)
    declared: set[tuple[str, str]] = set()
    for posted in view.entries():
        entry = posted.entry
        yield ""
        for line in entry.postings:
            if line.holder and (line.account, line.holder) not in declared:
                declared.add((line.account, line.holder))
                yield f"account {_account(chart, line.account, line.holder, language)}"
        date, time = local_day(entry.at, view.zone), local_time(entry.at, view.zone)
        yield f"{date} ({posted.number}) {entry.kind} {words(entry.cause, *_SIGNS)}"
        actor, point = (words(text, ",", *_SIGNS) for text in (entry.actor, entry.point))
        yield f"    ; time: {time.replace(':', '.')}, actor: {actor}, point: {point}"
        yield f"    ; hash: {posted.hash}"
        for line in entry.postings:
            yield _posting(chart, line.account, line.holder, line.unit, line.amount, language)


def _posting(
    chart: Chart, code: str, holder: str, unit: str, amount: int, language: Language
) -> str:
    # Two spaces end an account's name; inside it there are only single ones.
    name = _account(chart, code, holder, language)
    return f"    {name}  {amount_text(amount, unit)} {_unit(unit)}"


def _account(chart: Chart, code: str, holder: str, language: Language) -> str:
    account = chart.find(code)
    assert account is not None
    return _name(account, holder, language)


def _name(account: Account, holder: str, language: Language) -> str:
    name = account.name_ar if language is Language.ARABIC else account.name_en
    parts = [_ROOTS[account.kind], f"{account.code} {words(name, *_SIGNS)}"]
    if holder:
        parts.append(words(holder, *_SIGNS))
    return ":".join(parts)


def _unit(unit: str) -> str:
    shown = shown_unit(unit)
    return f'"{shown}"' if not shown.isalpha() else shown
