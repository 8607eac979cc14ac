"""Rules about the text of the project: no float near money, clocks passed in, no addresses."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MONEY = (
    "meters/quantities.py",
    "vending/tariff",
    "vending/ledger",
    "vending/accounting",
    "vending/approvals",
    "vending/acts",
    "vending/operators.py",
    "vending/drawer",
    "vending/accounts",
    "vending/exports",
    "vending/sale.py",
    "vending/saledocument.py",
    "vending/aftersale.py",
    "vending/voidcoins.py",
    "vending/offering.py",
    "vending/selling.py",
    "vending/listed.py",
    "vending/sold.py",
    "vending/tariffdesk.py",
    "vending/tariffrules.py",
    "vending/till.py",
    "vending/vend.py",
    "vending/record.py",
    "vending/store",
    "vending/shapes",
    "tokens/sts/amounts.py",
    "tokens/sts/credit.py",
)
# Seconds of patience are no money.
NO_MONEY = {
    "vending/store/api_keys.py",
    "vending/store/checkpoints.py",
    "vending/store/engine.py",
    "vending/store/errors.py",
    "vending/store/outbox.py",
    "vending/store/patience.py",
    "vending/store/sqlstore.py",
}
CORE = (
    "meters",
    "tokens",
    "vending/tariff",
    "vending/ledger",
    "vending/accounting",
    "vending/approvals",
    "vending/acts",
    "vending/drawer",
    "vending/accounts",
    "vending/keys/envelope.py",
    *(
        f"vending/{name}.py"
        for name in (
            "api_keys",
            "blocking",
            "clock",
            "clockdesk",
            "delivery",
            "handover",
            "heldcredit",
            "ids",
            "listed",
            "lookups",
            "offering",
            "outbox",
            "outbox_ports",
            "outbox_worker",
            "operators",
            "parties",
            "permissions",
            "persons",
            "paperorders",
            "paperwork",
            "ports",
            "printings",
            "record",
            "registering",
            "sale",
            "selling",
            "service",
            "sold",
            "tariffdesk",
            "tariffrules",
            "till",
            "vend",
        )
    ),
)
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}


def python_files(*places: str) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        assert path.exists(), place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Of a module that most rules here look at."""
    kinds = (ast.Constant, ast.Name, ast.BinOp, ast.Import, ast.ImportFrom, ast.Call)
    tree = ast.parse(path.read_text("utf-8"))
    return tuple(node for node in ast.walk(tree) if isinstance(node, kinds))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    "path", [p for p in python_files(*MONEY) if name_of(p) not in NO_MONEY], ids=name_of
)
def test_no_float_near_money(path: Path) -> None:
    for node in nodes_of(path):
        where = f"{name_of(path)}:{getattr(node, 'lineno', '?')}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
        assert not (isinstance(node, ast.Name) and node.id == "float"), where
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            # A division is exact only between Fractions or Decimals, or it joins a path.
            assert _is_exact_or_path(node), where


def _is_exact_or_path(node: ast.BinOp) -> bool:
    text = ast.unparse(node)
    return any(mark in text for mark in ("Fraction(", "Decimal(", "price ", "per_unit", "Path("))


@pytest.mark.parametrize("path", list(python_files(*CORE)), ids=name_of)
def test_the_core_reads_no_clock_and_no_randomness(path: Path) -> None:
    for node in nodes_of(path):
        where = f"{name_of(path)}:{getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            assert not {"random", "secrets", "time"} & set(modules), where
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CLOCKS
        ):
            assert ast.unparse(node.func.value) not in {"datetime", "date", "time"}, where


def tracked() -> list[str]:
    """Files in git and files that would be added."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


ALLOWED_HOSTS = {
    "127.0.0.1",
    "localhost",
    "[::1]",
    "testserver",
    "example.invalid",
    # Names, never fetched: the licence's own text and its place, and JSON Schema's dialect.
    "www.apache.org",
    "www.w3.org",
    "json-schema.org",
}
_URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/\s\"'`<>)\\{}]+)", re.IGNORECASE)


def test_no_network_address_and_no_machine_path_in_any_file() -> None:
    """Nothing here says where to download, or on which machine it was made."""
    machine = re.compile(r"/(?:work|root|home)/[a-z]")
    for name in tracked():
        try:
            text = (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for host in _URL.findall(line):
                bare = host.rpartition("@")[2].partition(":")[0]
                single_word = "." not in bare
                assert bare in ALLOWED_HOSTS or single_word, f"{name}:{number} {host}"
            if name != "tests/rules/test_source.py":
                assert not machine.search(line), f"{name}:{number}"


def shipped_toml() -> list[Path]:
    return [ROOT / name for name in tracked() if name.endswith(".toml")]


def test_every_toml_file_is_valid_utf8_toml() -> None:
    files = shipped_toml()
    assert files
    for path in files:
        tomllib.loads(path.read_text("utf-8"))


def test_shipped_data_files_are_accepted_by_their_readers() -> None:
    from drivers.maps.reading import MAPS_FOLDER, shipped_map
    from vending.ledger import read_chart
    from vending.tariff import read_tariffs

    for path in sorted(MAPS_FOLDER.glob("*.toml")):
        assert shipped_map(path.stem).registers
    assert read_chart(ROOT / "config" / "chart-of-accounts.toml").accounts()
    assert read_tariffs(ROOT / "config" / "tariffs").codes()


def test_people_at_the_command_line_read_their_own_clock() -> None:
    """Lists and papers say one time: `on_the_wall`. Programs are told moments as ISO has them."""
    in_utc = re.compile(r":%Y[^}]*Z\}")
    where = [name_of(p) for p in python_files("vending/cli") if in_utc.search(p.read_text("utf-8"))]
    assert where == []
