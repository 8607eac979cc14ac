"""Whose papers they are: the municipality as it stands at their head. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..municipality import Municipality
from .words import Speech, ltr


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Names and numbers of the municipality; what is empty is left out."""

    name_ar: str = "البلدية"
    name_en: str = "Municipality"
    address_ar: str = ""
    address_en: str = ""
    phone: str = ""
    tax_number: str = ""
    message_ar: str = ""
    """To every customer, at the foot of a receipt."""
    message_en: str = ""
    logo: bytes = field(default=b"", repr=False)
    """SVG, PNG or JPEG."""

    def with_record(self, town: Municipality) -> Letterhead:
        """As the municipality's record says it; what the record leaves empty stays as it is."""
        names = [one.name for one in fields(self) if one.name != "logo"]
        said = {name: getattr(town, name) for name in names if getattr(town, name)}
        made = replace(self, **said)
        return made if town.logo is None else replace(made, logo=town.logo.data)

    def told(self, speech: Speech) -> dict[str, Any]:
        """As the templates want it."""
        numbers = (("telephone", self.phone), ("tax_number", self.tax_number))
        lines = [
            speech.either(self.address_ar, self.address_en),
            *(f"{speech.say(name)}: {ltr(value)}" for name, value in numbers if value),
        ]
        return {
            "name": speech.either(self.name_ar, self.name_en),
            "lines": [line for line in lines if line],
            "logo": _svg(self.logo),
        }

    def message(self, speech: Speech) -> str:
        return speech.either(self.message_ar, self.message_en)


def _svg(logo: bytes) -> str:
    """A picture of any of the kinds as SVG, which text can carry."""
    if not logo:
        return ""
    if b"<svg" in logo and not logo.startswith((b"\x89PNG", b"\xff\xd8")):
        return logo.decode("utf-8-sig")
    kind = "png" if logo.startswith(b"\x89PNG") else "jpeg"
    data = b64encode(logo).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
        f'<image width="100" height="100" href="data:image/{kind};base64,{data}"/></svg>'
    )
