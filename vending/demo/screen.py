"""How the demo looks: sales as tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..ledger import Chart
from ..shapes import EntryOut, LedgerReportOut, LineOut, Measure, QuoteOut, ReadingOut, ReceiptOut
from .checks import Checks

_RLI, _PDI = "\u2067", "\u2069"
_RULES = {"flat": "units at one price", "vat": "value-added tax"}


def isolated(arabic: str) -> str:
    """Arabic inside an English line, kept to itself."""
    return f"{_RLI}{arabic}{_PDI}"


class Screen:
    """Writes to one console."""

    def __init__(self, console: Console, chart: Chart) -> None:
        self.console = console
        self._names = {account.code: account.name_en for account in chart.accounts()}

    def scene(self, number: int, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{number}. {title}", align="left")

    def say(self, text: str) -> None:
        self.console.print(text)

    def quote(self, quote: QuoteOut) -> None:
        table = _table("Quote: what the money buys", "line", "of", "rate", "amount")
        for line in quote.lines:
            name = _RULES.get(line.rule, line.rule)
            rate = f"{line.rate} %" if line.rule == "vat" else _price(line)
            table.add_row(name, _told(line.base), rate, _told(line.amount))
        table.add_section()
        table.add_row("[bold]units on the token", "", "", f"[bold]{_told(quote.quantity)}")
        table.add_row("paid now", "", "", _told(quote.tendered))
        table.add_row("carried over from before", "", "", _told(quote.balance_before))
        table.add_row("stays on the customer's balance", "", "", _told(quote.balance_after))
        self.console.print(table)

    def token(self, receipt: ReceiptOut) -> None:
        for token in receipt.tokens:
            carried = "" if token.quantity is None else f" - {_told(token.quantity)}"
            title = f"Receipt {receipt.receipt}{carried}"
            self.console.print(
                Panel(
                    Text(token.grouped, style="bold green", justify="center"),
                    title=title,
                    width=60,
                )
            )

    def meter(self, before: ReadingOut, after: ReadingOut) -> None:
        table = _table(f"Meter {after.meter}", "", "before", "after")
        table.add_row("credit on the meter", _told(before.balance), _told(after.balance))
        table.add_row("supplied so far", _told(before.total_supplied), _told(after.total_supplied))
        switch = "relay" if after.commodity == "electricity" else "valve"
        table.add_row(switch, _switch(before), _switch(after))
        table.add_row("last verdict", before.last_result, after.last_result)
        self.console.print(table)

    def journal(self, entries: list[EntryOut]) -> None:
        for entry in entries:
            title = f"Journal entry {entry.number} (hash {entry.hash[:12]}...)"
            table = _table(title, "account", "held by", "debit", "credit")
            for line in entry.postings:
                debit = not line.amount.value.startswith("-")
                amount = f"{line.amount.value.lstrip('-')} {line.amount.unit}"
                name = f"{line.account} {self._names.get(line.account, '')}"
                table.add_row(name, line.holder, amount if debit else "", "" if debit else amount)
            self.console.print(table)

    def problem(self, english: str, arabic: str) -> None:
        self.console.print(f"  [yellow]{english}")
        self.console.print(f"  [yellow]{isolated(arabic)}")

    def ledger(self, report: LedgerReportOut) -> None:
        state = "[bold green]the books are right" if report.ok else "[bold red]THE BOOKS DIFFER"
        self.console.print(
            f"ledger verify: {state}[/]: {report.entries} entries, {report.postings} postings, "
            f"chain head {report.head[:16]}..."
        )
        if report.problem is not None:
            found = report.problem
            self.console.print(f"  first at entry {found.entry}: {found.what} {found.detail}")

    def checks(self, checks: Checks) -> None:
        self.console.print()
        for what, ok in checks.facts:
            self.console.print(f"  {'[green]right' if ok else '[bold red]WRONG'}[/]  {what}")
        total = len(checks.facts)
        if checks.ok:
            self.console.print(f"[bold green]All {total} verdicts and sums are right.")
        else:
            self.console.print(f"[bold red]{len(checks.failed)} of {total} are wrong.")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="italic")
    for column in columns:
        money = column in ("rate", "amount", "debit", "credit", "before", "after", "of")
        table.add_column(column, justify="right" if money else "left")
    return table


def _told(measure: Measure) -> str:
    return f"{measure.value} {measure.unit}"


def _price(line: LineOut) -> str:
    return f"{line.rate} {line.amount.unit}/{line.base.unit}"


def _switch(reading: ReadingOut) -> str:
    if reading.supplied:
        return (
            "[green]closed, supplying[/]"
            if reading.commodity == "electricity"
            else "[green]open, supplying[/]"
        )
    reasons = ", ".join(reading.supply_reasons) or "not connected"
    word = "open" if reading.commodity == "electricity" else "shut"
    return f"[red]{word}: {reasons}[/]"
