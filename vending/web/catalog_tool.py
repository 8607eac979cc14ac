"""`python -m vending.web.catalog_tool`: bring the catalogues up to date with the templates.

New texts come in empty (the English one filled with itself), those that nobody uses any more go
out, translations stay. A test fails while one is missing.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from ..messages import Language
from .pages.catalogs import LOCALES, catalog_file

_HERE: Final = Path(__file__).resolve().parent
_METHODS: Final = [("templates/**.html", "jinja2"), ("pages/**.py", "python")]
_HEADER: Final = "# Texts of the pages. `python -m vending.web.catalog_tool` keeps them in step."
_LEFT_OUT: Final = (
    b'"POT-Creation',
    b'"PO-Revision',
    b'"Last-Translator',
    b'"Generated-By',
    b'"Report-Msgid',
    b'"Language-Team',
)
_KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def texts() -> Catalog:
    """Every text of the pages, as the templates and pages have it now."""
    found = Catalog(project="raseed", fuzzy=False)
    options = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    for file, _, message, _, _ in extract_from_dir(
        _HERE, _METHODS, options, keywords=_KEYWORDS, comment_tags=()
    ):
        found.add(message, None, [(file, 0)])
    return found


def updated(language: Language) -> Catalog:
    """The kept catalogue with today's texts."""
    path = catalog_file(language)
    kept = Catalog(locale=LOCALES[language])
    if path.exists():
        with path.open("rb") as source:
            kept = read_po(source, locale=LOCALES[language])
    made = Catalog(locale=LOCALES[language], project="raseed", fuzzy=False, header_comment=_HEADER)
    for message in texts():
        if not message.id:
            continue
        old = kept.get(message.id)
        string = "" if old is None else old.string
        if isinstance(message.id, tuple) and not isinstance(string, tuple):
            string = ("",) * made.num_plurals
        if language is Language.ENGLISH and not any(
            string if isinstance(string, tuple) else [string]
        ):
            string = message.id
        made.add(message.id, string, message.locations, flags=message.flags)
    return made


def written(catalog: Catalog) -> bytes:
    """As the file has it: sorted, without dates and line numbers, so that it changes only where a
    text does."""
    out = BytesIO()
    write_po(out, catalog, width=100, sort_output=True, omit_header=False, include_lineno=False)
    kept = [line for line in out.getvalue().splitlines() if not line.startswith(_LEFT_OUT)]
    return b"\n".join(kept) + b"\n"


def main() -> None:
    for language in Language:
        path = catalog_file(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(updated(language)))


if __name__ == "__main__":
    main()
