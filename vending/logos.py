"""A logo that somebody hands in: a picture, small, and nothing but a picture. Pure.

It is printed on every paper and shown on pages: what could fetch, run or name anything outside
itself is refused, not cleaned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from xml.etree import ElementTree

from meters.errors import Invalid

PNG: Final = "image/png"
SVG: Final = "image/svg+xml"
MOST_BYTES: Final = 200_000
MOST_SIDE: Final = 2000
"""Pixels. A small file can unpack to a picture that eats the memory of a printer."""
_PNG_MARK: Final = b"\x89PNG\r\n\x1a\n"
_SVG: Final = "{http://www.w3.org/2000/svg}"
_DRAWING: Final = frozenset(
    {
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "use",
        "symbol",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "pattern",
    }
)
"""Elements that only draw."""
_INSIDE: Final = re.compile(r"#[\w.-]+", re.ASCII)
_OUTSIDE: Final = re.compile(
    r"url\(\s*['\"]?\s*(?!#)|@import|expression|javascript:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that was checked."""

    media: str
    """PNG or SVG."""
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256, 64 hex digits."""
        return sha256(self.data).hexdigest()


@dataclass(eq=False)
class LogoUnusable(Invalid, code="municipality.logo_unusable"):
    """The file is not a PNG or an SVG that can be used. `problem`: `logo_size`, `logo_kind`,
    `logo_sides`, `logo_content`."""

    problem: str


def checked_logo(data: bytes) -> Logo:
    """The picture in a file. Raises LogoUnusable."""
    if len(data) > MOST_BYTES:
        raise LogoUnusable("logo_size")
    if data.startswith(_PNG_MARK):
        _check_png(data)
        return Logo(PNG, data)
    _check_svg(data)
    return Logo(SVG, data)


def _check_png(data: bytes) -> None:
    # The first chunk holds the sides, the last one ends the file.
    if data[12:16] != b"IHDR" or b"IEND" not in data[-12:]:
        raise LogoUnusable("logo_content")
    sides = (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    if not all(1 <= side <= MOST_SIDE for side in sides):
        raise LogoUnusable("logo_sides")


def _check_svg(data: bytes) -> None:
    # Entities can name files and grow without end: a drawing needs none. The parser is told of
    # none, and its own limit on growth is no promise of every version.
    if b"<svg" not in data or b"<!DOCTYPE" in data.upper() or b"<!ENTITY" in data.upper():
        raise LogoUnusable("logo_kind" if b"<svg" not in data else "logo_content")
    try:
        text = data.decode("utf-8")
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities
    except (UnicodeDecodeError, ElementTree.ParseError, ValueError):
        raise LogoUnusable("logo_content") from None
    if root.tag != f"{_SVG}svg":
        raise LogoUnusable("logo_kind")
    for element in root.iter():
        if not _only_draws(element):
            raise LogoUnusable("logo_content")


def _only_draws(element: ElementTree.Element) -> bool:
    tag = str(element.tag)
    if not tag.startswith(_SVG) or tag.removeprefix(_SVG) not in _DRAWING:
        return False
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2].lower()
        if plain.startswith("on") or _OUTSIDE.search(value):
            return False
        if plain == "href" and not _INSIDE.fullmatch(value):
            return False
    return True
