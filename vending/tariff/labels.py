"""What a line is called on paper, in both languages: the municipality's own words."""

from __future__ import annotations

from dataclasses import dataclass

from .reading import Table


@dataclass(frozen=True, slots=True)
class Label:
    """A name in Arabic and in English."""

    ar: str
    en: str

    @classmethod
    def from_table(cls, table: Table) -> Label:
        """From `name_ar` and `name_en`."""
        return cls(table.text("name_ar"), table.text("name_en"))
