"""The places of addresses that hold the number of a party. Offices write `2026/114` and the like:
such a number is one place of an address, sent as it is or with its strokes as %2F."""

from __future__ import annotations

from typing import Final

from starlette.convertors import Convertor, register_url_convertor


class _Stroked(Convertor[str]):
    """One piece of a path or more, none of them empty."""

    regex = "[^/]+(?:/[^/]+)*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("stroked", _Stroked())

# What goes on behind such a place is tried before the address that ends with it: the last piece
# could be the end of a number, too.
ACCOUNT: Final = "{account:stroked}"
AGREEMENT: Final = "{agreement:stroked}"
SUBJECT: Final = "{subject:stroked}"
POINT: Final = "{code:stroked}"

__all__ = ["ACCOUNT", "AGREEMENT", "POINT", "SUBJECT"]
