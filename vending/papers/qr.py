"""Codes that a telephone reads, as pictures for the templates. Pure."""

from __future__ import annotations

import io
from typing import Any, Final

_DOT_MM: Final = 0.5
"""Four dots of a receipt printer a square: no square falls between dots."""
_QUIET: Final = 2


def code(text: str, shown: str) -> dict[str, Any]:
    """A square code of `text`, with `shown` to be read by people below it."""
    import segno

    made = segno.make(text, error="m", micro=False)
    out = io.BytesIO()
    made.save(out, kind="svg", border=_QUIET, xmldecl=False, svgns=True, dark="#000")
    squares = made.symbol_size(border=_QUIET)[0]
    return {"svg": out.getvalue().decode("ascii"), "text": shown, "size": squares * _DOT_MM}


NO_CODE: Final[dict[str, Any]] = {"svg": "", "text": "", "size": 0}
