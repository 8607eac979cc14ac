"""The places of addresses that hold the number of a party. Offices write `2026/114` and the like:
such a number is one place of an address, sent as it is or with its strokes as %2F."""

from __future__ import annotations

from typing import Final

from starlette.convertors import Convertor, register_url_convertor

MOST_STROKES: Final = 7
"""With no end to them, an address of two such places could be read in as many ways as its length
squared: one long address would hold up everybody who sells."""


class _Stroked(Convertor[str]):
    """One piece of a path or some more, none of them empty."""

    regex = f"[^/]+(?:/[^/]+){{0,{MOST_STROKES}}}"

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
OPERATOR: Final = "{code:stroked}"
PAID_BY: Final = "{operator:stroked}"

__all__ = ["ACCOUNT", "AGREEMENT", "MOST_STROKES", "OPERATOR", "PAID_BY", "POINT", "SUBJECT"]
