"""The `raseed` command: its groups, the options of all commands, and the entry point."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from . import (
    accounts,
    acts,  # noqa: F401 - puts its commands into the groups of others
    apikeys,
    approvals,
    audit,
    backup,
    banking,
    bench,
    bookkeeping,
    books,
    clock,
    config,
    debts,
    debts_list,  # noqa: F401 - it puts its command into the group of debts
    demo,
    devices,
    keychange,
    keychange_again,  # noqa: F401 - it puts its command into the group of key changes
    keys,
    many_sales,
    meter_command,  # noqa: F401 - these put their commands into the group of meters
    meter_commission,  # noqa: F401
    meter_credit,  # noqa: F401
    meter_line,  # noqa: F401
    meter_scan,  # noqa: F401
    meter_state,  # noqa: F401
    meter_sweep,  # noqa: F401
    meter_token_log,  # noqa: F401
    meters,  # noqa: F401
    municipality,
    operators,
    outbox,
    parties,
    people,
    register,
    sales,
    samples,
    setup,
    shifts,
    simulate,
    sold,
    statements,
    subledgers,
    tariffs,
    tokens,
    unsettled,  # noqa: F401 - it puts its command into the group of sales
    x_reports,
)
from . import deposits as deposits  # adds to the commands of operators
from .context import Cli
from .faults import GuardedGroup, language_of

app = typer.Typer(
    cls=GuardedGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Prepaid water and electricity metering and top-up that a municipality runs itself.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"raseed {version('raseed')}")
        raise typer.Exit


@app.callback()
def _common(
    ctx: typer.Context,
    lang: Annotated[
        str | None, typer.Option(metavar="ar|en", help="Language of messages.", show_default=False)
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", show_default=False)
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if lang not in (None, "ar", "en"):
        raise typer.BadParameter("ar or en", param_hint="--lang")
    ctx.obj = Cli(language_of(lang), config_file)


for module in (setup, backup, register, sales, many_sales, sold, demo, simulate, bench):
    app.registered_commands += module.app.registered_commands
for module in (bookkeeping, statements, subledgers):
    books.app.registered_commands += module.app.registered_commands
for name, group in {
    "customer": parties.customer,
    "meter": parties.meter,
    "sale": sold.sale,
    "reading": parties.reading,
    "ledger": books.app,
    "tariff": tariffs.app,
    "accounts": accounts.accounts,
    "debt": debts.debt,
    "fee": debts.fee,
    "keys": keys.app,
    "keychange": keychange.app,
    "apikey": apikeys.app,
    "config": config.app,
    "clock": clock.clock,
    "outbox": outbox.app,
    "token": tokens.app,
    "approval": approvals.approval,
    "block": approvals.block,
    "operator": operators.operator,
    "point": operators.point,
    "shift": shifts.app,
    "x-report": x_reports.app,
    "banking": banking.app,
    "user": people.user,
    "audit": audit.audit,
    "device": devices.device,
    "municipality": municipality.municipality,
    "demo-data": samples.samples,
}.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point of `raseed`."""
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has gone; closing quietly is what `head` expects.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
