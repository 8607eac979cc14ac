"""Answers of meters as tables for people and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from drivers.scan import Found, Presence
from meters.device import CheckResult, CommandRecord, Identity, Outcome
from meters.readings import Quality, Reading, Value

from ..messages import on_the_wall, phrase
from ..meterwork import MeterWork
from .context import Cli


def text(value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


def reading_told(one: Reading) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": None if one.value is None else text(one.value),
        "unit": one.unit,
        "quality": one.quality.value,
        "reason": one.reason,
        "raw": one.raw,
        "source": one.source,
        "map": one.map,
        "read_at": one.read_at.isoformat(),
        "meter_time": None if one.meter_time is None else one.meter_time.isoformat(),
        "latency_ms": one.latency_ms,
        "uncertainty": None if one.uncertainty is None else text(one.uncertainty),
    }


def readings_table(cli: Cli, readings: list[Reading]) -> None:
    def quality(one: Reading) -> str:
        words = cli.label(f"quality_{one.quality.value}")
        return words if one.quality is Quality.GOOD else f"{words} ({one.reason})"

    rows = [(one.name, text(one.value) or "-", one.unit, quality(one)) for one in readings]
    cli.table(("reading_name", "reading_value", "unit", "quality"), rows)


def checks_told(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    return [{"name": one.name, "holds": one.holds, "detail": one.detail} for one in results]


def checks_table(cli: Cli, results: Sequence[CheckResult]) -> None:
    words = {True: "yes", False: "no", None: "check_open"}
    rows = [(one.name, cli.label(words[one.holds]), one.detail) for one in results]
    cli.table(("check_name", "holds", "detail"), rows)


def identity_told(found: Identity) -> Mapping[str, str]:
    return {
        "maker": found.maker,
        "model": found.model,
        "serial": found.serial,
        "number": found.number,
        "firmware": found.firmware,
        "variant": found.variant,
        "station": found.address,
    }


def found_told(one: Found) -> dict[str, Any]:
    identity = identity_told(one.identity) if one.identity is not None else None
    return {
        "station": one.station,
        "presence": one.presence.value,
        "models": list(one.models),
        "identity": identity,
    }


def found_table(cli: Cli, found: list[Found], seen: list[str], settings: str) -> None:
    def who(one: Found) -> tuple[str, str, str, str]:
        station = one.station or cli.label("station_anybody")
        if one.presence is Presence.CONFLICT:
            return (station, cli.label("station_conflict"), "", "")
        models = " / ".join(one.models) or cli.label("model_unknown")
        identity = one.identity
        serial = (identity.serial or identity.number) if identity else ""
        return (station, models, serial, identity.firmware if identity else "")

    cli.table(("station", "model", "serial", "firmware"), [who(one) for one in found])
    if settings:
        cli.facts((("line_settings", settings),))
    for one in seen:
        cli.line(phrase(f"line_{one}", cli.language))


def record_told(record: CommandRecord) -> dict[str, Any]:
    return {
        "command": record.command,
        "params": dict(record.params),
        "actor": record.warrant.actor,
        "role": record.warrant.role,
        "reason": record.warrant.reason,
        "outcome": record.outcome.value,
        "detail": record.detail,
        "at": record.at.isoformat(),
        "frames": [{"sent": one.sent, "hex": one.hex} for one in record.frames],
    }


def record_facts(cli: Cli, record: CommandRecord) -> None:
    cli.facts(
        (
            ("command", record.command),
            ("outcome", cli.label(f"outcome_{record.outcome.value}")),
            ("detail", record.detail),
            ("frames", len(record.frames)),
        )
    )
    if record.outcome is Outcome.UNKNOWN:
        cli.line(phrase("command_unknown", cli.language))


def lines(cli: Cli, lines: list[str]) -> None:
    for one in lines:
        cli.line(one)


def work_told(one: MeterWork) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at.isoformat(),
        "meter": one.meter or None,
        "place": one.place,
        "model": one.model,
        "serial": one.serial,
        "command": one.command,
        "params": dict(one.params),
        "actor": one.actor,
        "role": one.role,
        "reason": one.reason,
        "state": one.state.value,
        "detail": one.detail,
        "frames": [{"sent": frame.sent, "hex": frame.hex} for frame in one.frames],
    }


def works_table(cli: Cli, works: Sequence[MeterWork]) -> None:
    cli.table(
        ("at", "meter", "command", "outcome", "detail", "actor", "reason", "id"),
        [
            (
                on_the_wall(one.at, seconds=True),
                one.meter or one.place,
                one.command,
                cli.label(f"outcome_{one.state.value}"),
                one.detail,
                one.actor,
                one.reason,
                one.id,
            )
            for one in works
        ],
    )
