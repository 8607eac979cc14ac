"""`raseed simulate`: stand-in meters on real ports, run as a program of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .context import Cli, Json, cli_of

app = typer.Typer()


@app.command("simulate")
def simulate(
    ctx: typer.Context,
    scenario: Annotated[Path, typer.Option(help="Scenario file (TOML).", dir_okay=False)],
    meters: Annotated[
        int, typer.Option(min=0, max=100_000, help="So many meters in all, by the shares.")
    ] = 0,
    log: Annotated[
        Path | None, typer.Option(help="File that gets a JSON line for each fault.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="Virtual seconds in a real one; the scenario's if absent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A town of stand-in meters with everything that can go wrong; serves until Ctrl-C, and tells
    people when something begins to go wrong and when it is over."""
    cli = cli_of(ctx)
    arguments = [sys.executable, "-m", "simulators", "--scenario", str(scenario)]
    arguments += ["--meters", str(meters)] if meters else []
    arguments += ["--log", str(log)] if log is not None else []
    arguments += ["--speed", str(speed)] if speed is not None else []
    arguments += [] if as_json else ["--tell"]
    # Not imported: the meters run outside of the product, as real ones do. Its standard input
    # ends with us, and so do they.
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with cli.progress("simulate"):
                line = process.stdout.readline()
            if line:
                ready = json.loads(line)
                cli.show(ready, as_json, lambda cli: _shown(cli, ready))
            for line in process.stdout:
                _tell(cli, json.loads(line))
            process.wait()
        except KeyboardInterrupt:
            process.stdin.close()
            process.wait()
    if process.returncode:
        raise typer.Exit(process.returncode)


def _tell(cli: Cli, row: dict[str, Any]) -> None:
    """A fault that begins or is over, by the meters' clock."""
    parameters = " ".join(f"{key}={value}" for key, value in row["parameters"].items())
    told = (row["time"], row["fault"], row["target"], parameters)
    cli.facts([(f"fault_{row['what']}", " ".join(one for one in told if one))])


def _shown(cli: Cli, ready: dict[str, Any]) -> None:
    rows = [
        (
            row["line"],
            f"{row['protocol']} {row['carrier']}",
            row["address"],
            row["units"][0] if len(row["units"]) == 1 else f"{row['units'][0]}..{row['units'][-1]}",
            row["meters"],
            ", ".join(row["models"]),
        )
        for row in ready["lines"]
    ]
    cli.table(("line", "protocol", "line_address", "unit_ids", "meters", "models"), rows)
    told: list[tuple[str, Any]] = [("meters", ready["meters"])]
    if "keypad" in ready:
        told.append(("keypad_port", ready["keypad"]))
    cli.facts(told)
