"""The bytes that a receipt printer understands: a picture, the drawer's pulse, the cut. The only
module that knows python-escpos; no text is ever sent, for no printer shapes Arabic."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image

DRAWER_PIN: Final = 2
"""Where nearly all drawers are connected."""

# Real-time status, Epson ESC/POS: DLE EOT n. Answered at once, whatever is still to be printed.
ASK_ONLINE: Final = b"\x10\x04\x01"
ASK_COVER: Final = b"\x10\x04\x02"
ASK_PAPER: Final = b"\x10\x04\x04"
OFFLINE: Final = 0x08
COVER: Final = 0x04
PAPER_END: Final = 0x60
ASK_DONE: Final = b"\x1dr\x01"
"""GS r 1: answered in its turn, once everything before it is printed."""
DONE_WITHOUT_PAPER: Final = 0x0C
"""In that answer: the roll came to its end on the way."""


def picture(png: bytes, *, drawer: bool = False) -> bytes:
    """One paper: the bitmap line by line, cut off behind it; with `drawer` the pulse that opens the
    drawer comes first, so that the clerk counts while it prints."""
    with Image.open(io.BytesIO(png)) as bitmap:
        made = _bytes(bitmap.width)
        made.hw("INIT")
        if drawer:
            made.cashdraw(DRAWER_PIN)
        made.image(bitmap, impl="bitImageRaster", center=False, fragment_height=256)
        made.cut()
    return bytes(made.output)


def pulse() -> bytes:
    """Opens the drawer and prints nothing."""
    made = _bytes(0)
    made.cashdraw(DRAWER_PIN)
    return bytes(made.output)


def _bytes(width: int) -> Any:
    """A printer that only collects, for lines of so many dots."""
    # It takes its time to load, and only those who have a printer need it.
    from escpos.printer import Dummy  # type: ignore[import-untyped]

    made = Dummy()
    # Its list of models does not have ours, and it would say so aloud for each piece of a picture.
    known = made.profile.profile_data
    made.profile.profile_data = {**known, "media": {"width": {"mm": "Unknown", "pixels": width}}}
    return made
