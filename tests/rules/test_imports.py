"""Who may import whom, and that the packages imported are those of this project."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("meters", "tokens", "drivers", "vending", "simulators")


LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=".importlinter", cache_dir=sys.argv[1]))
"""


def test_import_contracts_hold(tmp_path: Path) -> None:
    # A process of its own: the linter switches off every logger that exists when it starts.
    done = subprocess.run(
        [sys.executable, "-c", LINT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_lie_in_this_project(name: str) -> None:
    """The names are plain words; a dependency that ships one of them must not shadow ours."""
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).resolve().parent == ROOT / name


def test_nothing_else_became_a_top_level_package() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == {*PACKAGES, "tests"}
