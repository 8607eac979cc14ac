"""The demo's folder and what lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo keeps its settings, keys and books."""

    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / "raseed.toml"

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"

    @property
    def world(self) -> Path:
        return self.folder / "world.json"

    def api_key(self, name: str) -> Path:
        return self.folder / f"api-key-{name}"
