"""From a paper to bytes: PDF, or a bitmap of black dots for a thermal printer. The only module that
knows typst.

Letters come from the package of IBM Plex Sans Arabic and from nowhere else, so that a paper is the
same on every machine.
"""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from meters.errors import Broken, Invalid

from .paper import Paper

if TYPE_CHECKING:
    from typst import Compiler

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
DOTS_PER_MM: Final = 8
"""203.2 dots to the inch, as receipt printers have them: 72 mm are 576 dots exactly."""
WIDTHS: Final = (576, 512, 384)
"""Dots that a line of a receipt printer has."""
_PPI: Final = 25.4 * DOTS_PER_MM
_BLANK_MM: Final = 1
"""Left white at either end of a bitmap's lines."""
_SLIP: Final = (72, 4)
"""Printable width of a slip as PDF, and the margins beside it, in mm."""
_SHEET: Final = (180, 15)
"""The same of a sheet."""
_DARK: Final = 150
"""A dot lighter than this becomes black: thin strokes of small letters stay whole."""


@dataclass(eq=False)
class WidthUnknown(Invalid, code="paper.width_unknown"):
    """No receipt printer has lines of so many dots."""

    width: int
    widths: list[str]


@dataclass(eq=False)
class PaperBroken(Broken, code="paper.broken"):
    """A template of ours could not be set."""

    template: str
    reason: str


class Press:
    """One instance serves many threads, one paper at a time: it takes some milliseconds."""

    def __init__(self) -> None:
        self._setting = threading.Lock()

    def pdf(self, paper: Paper) -> bytes:
        """Raises PaperBroken."""
        width, margin = _SHEET if paper.sheet else _SLIP
        return self._set(paper, "pdf", width, margin, bitmap=False)

    def png(self, paper: Paper, width: int = WIDTHS[0]) -> bytes:
        """Exactly `width` dots wide, as high as it needs, black and white.

        Raises WidthUnknown, PaperBroken.
        """
        if width not in WIDTHS:
            raise WidthUnknown(width, [str(one) for one in WIDTHS])
        grey = self._strip(paper, "png", width)
        from PIL import Image

        out = io.BytesIO()
        with Image.open(io.BytesIO(grey)) as image:
            black = image.convert("L").point(lambda dot: 255 if dot > _DARK else 0)
            black.convert("1").save(out, "PNG")
        return out.getvalue()

    def svg(self, paper: Paper, width: int = WIDTHS[0]) -> bytes:
        """The bitmap's layout with the place of every letter, for proofs. Raises PaperBroken."""
        return self._strip(paper, "svg", width)

    def _strip(self, paper: Paper, kind: Any, width: int) -> bytes:
        printable = width // DOTS_PER_MM - 2 * _BLANK_MM
        return self._set(paper, kind, printable, _BLANK_MM, bitmap=True)

    def _set(self, paper: Paper, kind: Any, width: int, margin: int, *, bitmap: bool) -> bytes:
        from typst import TypstError

        told = {**paper.data, "width": width, "margin": margin, "bitmap": bitmap}
        with self._setting:
            try:
                made = self._compiler.compile(
                    input=TEMPLATES / f"{paper.template}.typ",
                    format=kind,
                    ppi=_PPI,
                    sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
                )
            except TypstError as error:
                # Its diagnosis may quote what was to be printed; the message names the fault.
                raise PaperBroken(paper.template, str(error.message)[:100]) from None
        if isinstance(made, list):
            # A bitmap of several sheets is one long strip.
            return made[0]
        assert made is not None
        return made

    @cached_property
    def _compiler(self) -> Compiler:
        # Loading it takes a moment, and most commands print nothing.
        import fontpkg_ibm_plex_sans_arabic  # type: ignore[import-untyped]
        from typst import Compiler, Fonts

        letters = Path(fontpkg_ibm_plex_sans_arabic.__file__).parent / "files"
        fonts = Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[letters]
        )
        return Compiler(root=TEMPLATES, font_paths=fonts, ignore_system_fonts=True)
