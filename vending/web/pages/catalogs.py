"""Translations of the pages: one catalogue a language, read from its `.po` when first needed."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from ...messages import Language

FOLDER: Final = Path(__file__).resolve().parents[1] / "locale"
DOMAIN: Final = "raseed"
LOCALES: Final = {Language.ARABIC: Locale("ar", "PS"), Language.ENGLISH: Locale("en")}


def catalog_file(language: Language) -> Path:
    """Where the catalogue of a language is kept."""
    return FOLDER / str(LOCALES[language]) / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations(language: Language) -> Translations:
    """The catalogue, ready for gettext and ngettext."""
    with catalog_file(language).open("rb") as source:
        catalog = read_po(source, locale=LOCALES[language])
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled, DOMAIN)
