"""How the demo looks: sales as tables on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..ledger import Chart
from ..shapes import (
    BankingOut,
    BasketOut,
    EntryOut,
    LedgerReportOut,
    LineOut,
    Measure,
    Name,
    QuoteOut,
    ReadingOut,
    ReceiptOut,
    ShiftReportOut,
)
from .checks import Checks
from .counter import Refusal

_RLI, _PDI = "\u2067", "\u2069"
_RULES = {"flat": "units at one price", "blocks": "units", "vat": "value-added tax"}
_LIMITS = {
    "cap": "less, to protect the payment",
    "guarantee": "less, for the guaranteed units",
    "postponed": "postponed",
    "disputed": "disputed",
}


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
            table.add_row(_line(line), _told(line.base), _rate(line), _told(line.amount))
        table.add_section()
        table.add_row("[bold]units on the token", "", "", f"[bold]{_told(quote.quantity)}")
        table.add_row("paid now", "", "", _told(quote.tendered))
        table.add_row("carried over from before", "", "", _told(quote.balance_before))
        table.add_row("stays on the customer's balance", "", "", _told(quote.balance_after))
        self.console.print(table)

    def token(self, receipt: ReceiptOut) -> None:
        """The key-change set, if there is one, stands before the others."""
        for key in receipt.key_tokens:
            self._digits(f"Receipt {receipt.receipt} - new key, part {key.section}", key.grouped)
        for token in receipt.tokens:
            carried = "" if token.quantity is None else f" - {_told(token.quantity)}"
            self._digits(f"Receipt {receipt.receipt}{carried}", token.grouped)

    def _digits(self, title: str, grouped: str) -> None:
        digits = Text(grouped, style="bold green", justify="center")
        self.console.print(Panel(digits, title=title, width=60))

    def basket(self, sold: BasketOut) -> None:
        table = _table(f"Receipt {sold.receipt}", "for", "units", "amount")
        for one in sold.sales:
            what = f"{one.quote.commodity}, meter {one.meter}"
            table.add_row(what, _told(one.quote.quantity), _told(one.quote.tendered))
        paid = sold.paid
        if paid is not None:
            table.add_section()
            for payment in paid.payments:
                reference = f" ({payment.reference})" if payment.reference else ""
                table.add_row(f"paid by {payment.tender}{reference}", "", _told(payment.amount))
            table.add_row("handed over", "", _told(paid.handed))
            table.add_row("change", "", _told(paid.change))
        self.console.print(table)
        for one in sold.sales:
            self.token(one)

    def shift(self, report: ShiftReportOut) -> None:
        title = f"{report.report} report, shift {report.code}, {report.operator}"
        table = _table(title, "", "amount")
        table.add_row("float from the safe", _told(report.opening_float))
        for row in report.tenders:
            table.add_row(f"sold, {row.tender}", _told(row.sales))
            table.add_row(f"voided, {row.tender}", _told(row.voids))
        table.add_section()
        for result in report.results:
            table.add_row(f"{result.tender}, by the books", _told(result.expected))
            if result.counted is not None and result.difference is not None:
                table.add_row(f"{result.tender}, counted", _told(result.counted))
                short = result.difference.value.startswith("-")
                table.add_row(
                    "difference", f"[{'red' if short else 'green'}]{_told(result.difference)}"
                )
        if report.entry is not None:
            table.add_row("booked in entry", str(report.entry))
        self.console.print(table)

    def slip(self, banking: BankingOut) -> None:
        to = banking.beneficiary
        table = _table(f"Deposit slip {banking.code}", "", "amount")
        table.add_row(f"credit {to.name}, {to.bank}, account {to.account}", "")
        for piece in banking.pieces:
            table.add_row(f"{piece.pieces} x {_told(piece.value)}", "")
        table.add_section()
        for line in banking.lines:
            table.add_row(f"{line.tender} ({banking.reference})", _told(line.amount))
        self.console.print(table)

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

    def refusal(self, refusal: Refusal) -> None:
        self.console.print(f"  [yellow]{refusal.english}")
        self.console.print(f"  [yellow]{isolated(refusal.arabic)}")

    def words(self, sentences: list[Name]) -> None:
        """The same said in both languages."""
        self.console.print("  " + " ".join(one.en for one in sentences), style="cyan")
        self.console.print("  " + isolated(" ".join(one.ar for one in sentences)), style="cyan")

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
        for what, facts in checks.shared().items():
            wrong = [fact.of for fact in facts if not fact.ok]
            times = f" ({len(facts)} sales)" if facts[0].of else ""
            state = f"[bold red]WRONG[/]  {' '.join(wrong)}" if wrong else "[green]right[/] "
            self.console.print(f"  {state} {what}{times}")
        total = len(checks.facts)
        if checks.ok:
            self.console.print(f"[bold green]All {total} verdicts and sums are right.")
        else:
            self.console.print(f"[bold red]{len(checks.failed)} of {total} are wrong.")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="italic")
    for column in columns:
        money = column in ("rate", "amount", "debit", "credit", "before", "after", "of", "units")
        table.add_column(column, justify="right" if money else "left")
    return table


def _told(measure: Measure) -> str:
    return f"{measure.value} {measure.unit}"


def _line(line: LineOut) -> str:
    name = line.name.en if line.name else _RULES.get(line.rule, line.rule)
    if line.block:
        name += f", block {line.block}"
    return name if line.limited is None else f"{name} ({_LIMITS[line.limited]})"


def _rate(line: LineOut) -> str:
    if line.kind == "units":
        return f"{line.rate} {line.amount.unit}/{line.base.unit}"
    return f"{line.rate} %" if line.kind == "tax" else line.rate


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
