"""Tariff files: one TOML file per tariff, its versions in it, each with the moment from which it
holds. A version that has been used is never edited; a change is a new version.

    code = "electricity-domestic"
    commodity = "electricity"
    currency = "ILS"
    customer_class = "domestic"
    name_ar = "كهرباء منزلي"
    name_en = "Electricity, domestic"

    [[versions]]
    version = 1
    drafted_by = "Billing office"
    approved_by = "Finance director"
    approved_at = 2025-12-15T10:00:00+02:00
    active_from = 2026-01-01T00:00:00+02:00
    most_per_sale = "5000.00"
    price = { rule = "flat", rate = "0.5612", rounding = "half_up" }
    vat = { percent = "16", rounding = "half_up" }

Numbers are text, so that they stay exact. Rates are base currency per display unit (kWh, m3).
docs/tariffs.md describes every rule.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meters.account import Commodity
from meters.quantities import MINOR_DIGITS

from ..persons import same_person
from .charges import Charge, heading_of
from .documents import documents
from .errors import TariffMalformed
from .mistakes import Mistake
from .reading import Table
from .recovery import UNPROTECTED, Protection
from .registry import rule_from
from .support import Support
from .tariffs import CustomerClass, Tariff, TariffBook
from .vat import Vat

_LONGEST_CODE = 60
_MOST_VERSIONS = 9999
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
"""How the reader of TOML tells where it stopped."""


@dataclass(frozen=True, slots=True)
class ShippedVersion:
    """A version in a tariff file, and the document that is kept of it."""

    tariff: Tariff
    document: str
    """TOML, this version alone."""
    file: str
    row: int = 0
    """Which of the file's versions, from 0."""


def parse_tariffs(text: str, source: str) -> list[Tariff]:
    """All versions in one TOML text. Raises TariffMalformed, saying where in `source` and what."""
    return _tariffs(_loaded(text, source), source)


def parse_draft(text: str, source: str, drafted_by: str) -> Tariff:
    """The one version in a TOML text that somebody hands in, as their draft; whom the text names
    as its author does not count. Raises TariffMalformed, also where the text claims an approval.
    """
    data = _loaded(text, source)
    versions = data.get("versions")
    if isinstance(versions, list) and all(isinstance(one, dict) for one in versions):
        if len(versions) != 1:
            raise TariffMalformed(source, "versions", Mistake.ONE_VERSION)
        for key in ("approved_by", "approved_at"):
            if key in versions[0]:
                raise TariffMalformed(source, f"versions[0].{key}", Mistake.APPROVED_ITSELF)
        versions[0]["drafted_by"] = drafted_by
    return _tariffs(data, source)[0]


def _loaded(text: str, source: str) -> dict[str, Any]:
    try:
        # Half a character, which JSON can smuggle in, is nothing that could be kept.
        text.encode("utf-8")
        return tomllib.loads(text)
    except UnicodeEncodeError:
        raise TariffMalformed(source, "TOML", Mistake.NOT_TEXT) from None
    except RecursionError:
        raise TariffMalformed(source, "TOML", Mistake.NESTED) from None
    except ValueError as error:
        # Also what is no mistake in TOML: a number of five thousand digits, a month 13.
        said = str(error)[:200]
        place = _PLACE.search(said)
        where = f"TOML {place[1]}:{place[2]}" if place else "TOML"
        raise TariffMalformed(source, where, Mistake.NOT_TOML, [said]) from None


def _tariffs(data: dict[str, Any], source: str) -> list[Tariff]:
    try:
        commodity = Commodity(data.get("commodity"))
    except ValueError:
        kinds = ", ".join(kind.value for kind in Commodity)
        raise TariffMalformed(source, "commodity", Mistake.ONE_OF, [kinds]) from None
    currency = data.get("currency")
    if not isinstance(currency, str) or currency not in MINOR_DIGITS:
        raise TariffMalformed(source, "currency", Mistake.ONE_OF, [", ".join(MINOR_DIGITS)])
    head = Table(data, source, "", commodity, currency)
    shared: dict[str, Any] = {
        "commodity": commodity,
        "currency": currency,
        "code": head.code("code"),
        "name_ar": head.text("name_ar"),
        "name_en": head.text("name_en"),
        "customer_class": head.one_of("customer_class", CustomerClass),
        "zone": head.zone("zone"),
    }
    if len(shared["code"]) > _LONGEST_CODE:
        head.wrong("code", Mistake.TOO_LONG, _LONGEST_CODE)
    head.text("commodity")
    head.text("currency")
    versions = [_version(shared, table) for table in head.tables("versions", some=True)]
    head.done()
    return versions


def read_tariffs(folder: Path) -> TariffBook:
    """Every `*.toml` in a folder. Raises TariffMalformed."""
    return TariffBook(one.tariff for one in read_shipped(folder))


def read_shipped(folder: Path) -> list[ShippedVersion]:
    """Every version in the `*.toml` of a folder. Raises TariffMalformed."""
    found: list[ShippedVersion] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise TariffMalformed(path.name, "TOML", Mistake.NOT_TEXT) from None
        versions = parse_tariffs(text, path.name)
        both = zip(versions, documents(text), strict=True)
        for row, (tariff, document) in enumerate(both):
            found.append(ShippedVersion(tariff, document, path.name, row))
    return found


def _version(shared: dict[str, Any], table: Table) -> Tariff:
    drafted_by = table.text("drafted_by")
    approved_by, approved_at = "", None
    active_from = table.moment("active_from")
    if table.has("approved_by"):
        approved_by = table.text("approved_by")
        if same_person(approved_by, drafted_by):
            table.wrong("approved_by", Mistake.SAME_PERSON)
        approved_at = table.moment("approved_at")
        if approved_at > active_from:
            table.wrong("approved_at", Mistake.APPROVED_LATE)
    retired_from = table.moment("retired_from") if table.has("retired_from") else None
    if retired_from is not None and retired_from <= active_from:
        table.wrong("retired_from", Mistake.ENDS_BEFORE_IT_BEGINS)
    vat = Vat.from_table(table.table("vat"))
    charges: list[Charge] = [rule_from(row, "charge", vat) for row in table.tables("charges")]
    supports: list[Support] = [rule_from(row, "support") for row in table.tables("supports")]
    codes = [heading_of(charge).code for charge in charges] + [one.code for one in supports]
    for code in codes:
        if codes.count(code) > 1:
            table.wrong("charges", Mistake.CODE_TWICE, code)
    version = table.whole("version")
    if version > _MOST_VERSIONS:
        table.wrong("version", Mistake.TOO_LARGE, _MOST_VERSIONS)
    tariff = Tariff(
        **shared,
        version=version,
        drafted_by=drafted_by,
        approved_by=approved_by,
        approved_at=approved_at,
        active_from=active_from,
        retired_from=retired_from,
        price=rule_from(table.table("price"), "price"),
        vat=vat,
        most_per_sale=table.money("most_per_sale"),
        charges=tuple(charges),
        supports=tuple(supports),
        protection=(
            Protection.from_table(table.table("protection"))
            if table.has("protection")
            else UNPROTECTED
        ),
    )
    table.done()
    return tariff
