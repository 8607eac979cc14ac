"""Reading a paper as an eye does: by where each letter stands, not by the text that was handed in.
The text is right in all the wrong pictures."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from xml.etree import ElementTree as Xml

_HREF = "{http://www.w3.org/1999/xlink}href"
_NUMBER = r"-?\d+(?:\.\d+)?"

Placed = tuple[float, float, str]
"""Down, to the right, and which picture of a letter stands there."""


def placed(svg: bytes) -> list[Placed]:
    """Every letter with its place on the paper."""
    return list(_walk(Xml.fromstring(svg), (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)))


def lines(svg: bytes) -> list[list[Placed]]:
    """The letters by line from the top, each from the left."""
    found: dict[int, list[Placed]] = defaultdict(list)
    for one in placed(svg):
        found[round(one[0] * 4)].append(one)
    return [sorted(found[y], key=lambda one: one[1]) for y in sorted(found)]


def learned(svg: bytes, text: str) -> dict[str, str]:
    """Which picture is which letter, from a paper with a line that says `text` from left to
    right; letters that come twice must look the same."""
    wanted = text.replace(" ", "")
    shape = [wanted.index(letter) for letter in wanted]
    for line in lines(svg):
        for start in range(len(line) - len(wanted) + 1):
            pictures = [one[2] for one in line[start : start + len(wanted)]]
            if [pictures.index(one) for one in pictures] == shape:
                return dict(zip(pictures, wanted, strict=True))
    raise AssertionError(f"no line says {text}")


def seen(svg: bytes, pictures: dict[str, str]) -> list[str]:
    """What the lines say to somebody who knows only these pictures, from left to right; a gap is
    a space, what they do not know a dot."""
    return [_said(line, pictures) for line in lines(svg)]


def _said(line: list[Placed], pictures: dict[str, str]) -> str:
    known = [pictures.get(one[2], "·") for one in line]
    steps = [after[1] - before[1] for before, after in pairwise(line)] or [0.0]
    gap = 1.3 * sorted(steps)[len(steps) // 2]
    spaces = ["", *(" " if step > gap else "" for step in steps)]
    return "".join(space + letter for space, letter in zip(spaces, known, strict=False))


Matrix = tuple[float, float, float, float, float, float]


def _walk(node: Xml.Element, at: Matrix) -> Iterator[Placed]:
    at = _times(at, _matrix(node.get("transform", "")))
    if node.tag.endswith("}use"):
        x, y = float(node.get("x", "0")), float(node.get("y", "0"))
        a, b, c, d, e, f = at
        yield b * x + d * y + f, a * x + c * y + e, node.get(_HREF, "")
    if not node.tag.endswith(("}symbol", "}defs")):
        for child in node:
            yield from _walk(child, at)


def _matrix(text: str) -> Matrix:
    numbers = [float(one) for one in re.findall(_NUMBER, text)]
    if text.startswith("matrix"):
        a, b, c, d, e, f = numbers
        return a, b, c, d, e, f
    if text.startswith("translate"):
        return 1.0, 0.0, 0.0, 1.0, numbers[0], numbers[1] if len(numbers) > 1 else 0.0
    assert not text, text
    return 1.0, 0.0, 0.0, 1.0, 0.0, 0.0


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return (
        a * g + c * h,
        b * g + d * h,
        a * i + c * j,
        b * i + d * j,
        a * k + c * m + e,
        b * k + d * m + f,
    )
