"""What every paper is and begins with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .letterhead import Letterhead
from .words import Speech, ltr

Row = dict[str, Any]
Facts = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper: which template, and what it says."""

    template: str
    data: dict[str, Any]
    sheet: bool = False
    """As PDF on a sheet (A4) instead of a slip of 80 mm."""

    def __repr__(self) -> str:
        # What it says may hold a token.
        return f"Paper({self.template!r})"


def framed(
    speech: Speech, head: Letterhead, title: str, copy: int, *, practice: bool = False
) -> dict[str, Any]:
    """Language, head, title (a name of `words.toml`), and what stands across the paper."""
    marks = [speech.say("test")] if practice else []
    if copy:
        marks.append(f"{speech.say('copy')} {ltr(copy)}")
    return {
        "language": speech.language.value,
        "head": head.told(speech),
        "title": speech.say(title),
        "subtitle": "",
        "mark": " · ".join(marks),
    }


def row(name: str, value: str, note: str = "", *, strong: bool = False) -> Row:
    """One row of what is added up."""
    return {"name": name, "value": value, "note": note, "strong": strong}


def told(fact: tuple[str, str]) -> Facts:
    """The fact, if there is anything to say."""
    return [fact] if fact[1].strip() else []
