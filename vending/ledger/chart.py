"""The chart of accounts, as data (config/chart-of-accounts.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from meters.errors import Broken, Invalid

KINDS = frozenset({"asset", "liability", "equity", "income", "expense", "commodity"})
_GOODS = frozenset({"Wh", "l", "token"})
UNITS = frozenset({"ILS", "JOD", "USD", "EUR", "EGP", *_GOODS})
HOLDERS = frozenset({"none", "point", "operator", "agreement", "meter"})


@dataclass(eq=False)
class ChartMalformed(Invalid, code="ledger.chart_malformed"):
    """The chart of accounts does not say what it must."""

    where: str


@dataclass(eq=False)
class AccountMissing(Broken, code="ledger.account_missing"):
    """The chart has no account for a role that the books need."""

    role: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the ledger, always in one unit."""

    code: str
    role: str
    """What the program uses it for; unique in the chart."""
    kind: str
    unit: str
    """Currency (amounts in its minor units), `Wh`, `l`, or `token` (management tokens, counted)."""
    per: str
    """Who holds a share of it: `point`, `operator`, `agreement`, `meter`, or `none`."""
    name_ar: str
    name_en: str


class Chart:
    """Accounts by role and by code."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        """Raises ChartMalformed for unknown kinds, units or holders, for repeated codes, and for
        money of two currencies."""
        self._by_role: dict[str, Account] = {}
        self._by_code: dict[str, Account] = {}
        for account in accounts:
            for value, allowed in (
                (account.kind, KINDS),
                (account.unit, UNITS),
                (account.per, HOLDERS),
            ):
                if value not in allowed:
                    raise ChartMalformed(f"{account.code}: {value}")
            if account.role in self._by_role or account.code in self._by_code:
                raise ChartMalformed(f"{account.code}: twice")
            self._by_role[account.role] = account
            self._by_code[account.code] = account
        money = sorted({account.unit for account in self._by_code.values()} - _GOODS)
        if len(money) > 1:
            raise ChartMalformed(" and ".join(money))

    def role(self, role: str) -> Account:
        """Raises AccountMissing."""
        try:
            return self._by_role[role]
        except KeyError:
            raise AccountMissing(role) from None

    @property
    def currency(self) -> str:
        """What everything is sold in and booked in. Raises AccountMissing."""
        return self.role("till").unit

    def find(self, code: str) -> Account | None:
        return self._by_code.get(code)

    def cached(self) -> frozenset[str]:
        """Codes of the accounts whose holders' balances are kept ready, because sales and bankings
        ask for them: those held by agreements, operators and vending points."""
        return frozenset(
            a.code for a in self._by_code.values() if a.per in ("agreement", "operator", "point")
        )

    def accounts(self) -> list[Account]:
        """By code."""
        return [self._by_code[code] for code in sorted(self._by_code)]


def parse_chart(text: str) -> Chart:
    """From TOML: a list of tables `accounts`. Raises ChartMalformed."""
    try:
        rows = tomllib.loads(text)["accounts"]
        names = Account.__dataclass_fields__.keys()
        accounts = []
        for row in rows:
            if set(row) != set(names) or not all(isinstance(row[n], str) and row[n] for n in names):
                raise ChartMalformed(str(row.get("code", row)))
            accounts.append(Account(**row))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ChartMalformed(str(error)) from None
    return Chart(accounts)


def read_chart(path: Path) -> Chart:
    """Raises ChartMalformed."""
    return parse_chart(path.read_text(encoding="utf-8"))
