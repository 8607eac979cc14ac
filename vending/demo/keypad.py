"""A customer at a meter's keypad: types over the simulator's line protocol."""

from __future__ import annotations

import socket
from typing import Final

_ARABIC_INDIC: Final = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def arabic_indic(digits: str) -> str:
    """The digits as an Arabic paper prints them."""
    return digits.translate(_ARABIC_INDIC)


class KeypadLine:
    """The keypads of all simulated meters behind one port."""

    def __init__(self, port: int) -> None:
        self._port = port

    def say(self, line: str) -> str:
        """Type one line; the display's answer."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as connection:
            stream = connection.makefile("rw", encoding="utf-8", newline="\n")
            stream.readline()  # The greeting.
            stream.write(f"{line}\n")
            stream.flush()
            return stream.readline().strip()
