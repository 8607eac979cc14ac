"""The bare transaction: the very rows of a sale, and nothing else, one sale per commit.

On PostgreSQL it is run by `pgbench`, the database's own load generator, with prepared statements,
each statement a trip as a program would send it, the chain's row locked first. On SQLite it is
plain `sqlite3` on the same tables, indexes, triggers, durability and settings, with its log brought
into its file. Either is the limit of a program that sells one by one.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..store.engine import SQLITE_SETTINGS, STATEMENT_JOURNAL_IN_MEMORY
from .postgres import PostgresServer

BOOKED: Final = ("entries", "postings", "sales", "idempotency", "receipts", "tokens")
"""Tables that a sale adds rows to."""
ACCOUNTS: Final = "accounts"
BALANCES: Final = "balances"
"""Tables whose rows follow: replaced, and added to."""
_FOLLOWING: Final = {
    ACCOUNTS: "(agreement) DO UPDATE SET document = excluded.document",
    BALANCES: "(account, holder, unit) DO UPDATE SET amount = balances.amount + excluded.amount",
}
Row = Mapping[str, Any]
SaleRows = dict[str, list[tuple[Any, ...]]]
"""The rows of one sale, by table."""
Ask = tuple[str, Sequence[Any]]
"""A question with its values, as the driver takes them."""

_TOGETHER: Final = 128

_KEPT: Final = "SELECT DISTINCT account FROM balances"
_ACCOUNT: Final = (
    "SELECT a.* FROM accounts a JOIN sales s ON s.agreement = a.agreement WHERE s.vend_id = ?"
)
_OF_THE_SALE: Final = {
    "entries": "number = {entry}",
    "postings": "entry = {entry}",
    "sales": "entry = {entry}",
    "idempotency": "vend_id = '{vend_id}'",
    "receipts": "vend_id = '{vend_id}'",
    "tokens": "vend_id = '{vend_id}'",
}
_OWN: Final = {
    ("entries", "number"): ":n",
    ("entries", "cause"): "'b-' || :n",
    ("entries", "previous_hash"): "lpad(:n::text, 64, 'p')",
    ("postings", "entry"): ":n",
    ("sales", "vend_id"): "'b-' || :n",
    ("sales", "entry"): ":n",
    ("idempotency", "vend_id"): "'b-' || :n",
    ("receipts", "vend_id"): "'b-' || :n",
    ("receipts", "number"): ":n",
    ("tokens", "vend_id"): "'b-' || :n",
    ("tokens", "tid"): ":n",
}
"""What differs from sale to sale because it must; the rest is as the sample has it."""


def sample(db: Any) -> dict[str, list[Row]]:
    """The rows of the first sale, by table. `db` answers SQL: a connection of either driver."""
    (entry, vend_id), *_ = _rows(db, "SELECT entry, vend_id FROM sales ORDER BY entry LIMIT 1")
    found: dict[str, list[Row]] = {}
    for table in BOOKED:
        where = _OF_THE_SALE[table].format(entry=entry, vend_id=vend_id)
        cursor = db.execute(f"SELECT * FROM {table} WHERE {where}")  # noqa: S608 - names of ours
        names = [column[0] for column in cursor.description]
        found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    (sale,) = found["sales"]
    accounts = f"SELECT document FROM accounts WHERE agreement = '{sale['agreement']}'"  # noqa: S608
    (document,) = _rows(db, accounts)[0]
    found[ACCOUNTS] = [{"agreement": sale["agreement"], "document": document}]
    kept = {account for (account,) in _rows(db, _KEPT)}
    found[BALANCES] = [
        {name: posting[name] for name in ("account", "holder", "unit", "amount")}
        for posting in found["postings"]
        if posting["account"] in kept
    ]
    return found


def _rows(db: Any, statement: str) -> list[Any]:
    return list(db.execute(statement).fetchall())


def pgbench_script(rows: Mapping[str, list[Row]]) -> str:
    """One sale like the sample, as pgbench runs it."""
    inserts = []
    for table, held in rows.items():
        values = ", ".join(
            "(" + ", ".join(_OWN.get((table, c), _literal(v)) for c, v in row.items()) + ")"
            for row in held
        )
        otherwise = f" ON CONFLICT {_FOLLOWING[table]}" if table in _FOLLOWING else ""
        into = f"{table} ({', '.join(held[0])})"
        inserts.append(f"INSERT INTO {into} VALUES {values}{otherwise};")  # noqa: S608
    (sale,) = rows["sales"]
    return "\n".join(
        (
            "BEGIN;",
            "SELECT number + 1 AS n FROM chain FOR UPDATE \\gset",
            *inserts,
            f"UPDATE counters SET receipts = :n WHERE point = '{sale['point']}';",  # noqa: S608
            "UPDATE chain SET number = :n, hash = lpad(:n::text, 64, 'h'), at = now();",
            "COMMIT;",
        )
    )


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"'{value:%Y%m%d %H%M%S.%f}+00'"
    # pgbench would take a colon for the beginning of a variable.
    text = str(value).replace("'", "''").replace(":", "' || chr(58) || '")
    return f"('{text}')"


def pgbench(server: PostgresServer, database: str, script: str, clients: int) -> float:
    """Transactions per second over one second."""
    told = server.run(
        "pgbench", "-n", "-M", "prepared", "-T", "1", "-c", str(clients), "-f", "-", database,
        given=script,
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+) ", told)
    assert found is not None, told
    return float(found[1])


class BareSqlite:
    """The same rows as those that a service writes into another database file."""

    def __init__(self, path: Path, source: Path) -> None:
        """`path` has the tables and no rows; parties are copied from `source`."""
        self.transactions = 0
        self.rows = 0
        self._seen = 0
        self._source = sqlite3.connect(source)
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in (*SQLITE_SETTINGS, STATEMENT_JOURNAL_IN_MEMORY):
            self._db.execute(f"PRAGMA {pragma}")
        for table in ("points", "counters", "customers", "service_points", "meters", "agreements"):
            rows = self._source.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            self._db.executemany(_insert(table, len(rows[0])), rows)
        self._inserts = {
            table: _insert(
                table, len(self._source.execute(f"PRAGMA table_info({table})").fetchall())
            )
            for table in (*BOOKED, *_FOLLOWING)
        }
        for table, otherwise in _FOLLOWING.items():
            self._inserts[table] += f" ON CONFLICT {otherwise}"

    def close(self) -> None:
        """Lets go of both files."""
        self._source.close()
        self._db.close()

    def read_new(self, most: int = 1_000_000) -> list[SaleRows]:
        """The rows of each sale since the last time, by table."""
        return list(self._new_sales(most))

    def _new_sales(self, most: int) -> Iterator[SaleRows]:
        entries = self._source.execute(
            "SELECT number, cause FROM entries WHERE number > ? ORDER BY number LIMIT ?",
            (self._seen, most),
        ).fetchall()
        kept = {account for (account,) in _rows(self._source, _KEPT)}
        for number, vend_id in entries:
            self._seen = number
            sale = {
                table: self._source.execute(
                    f"SELECT * FROM {table} WHERE "  # noqa: S608
                    + _OF_THE_SALE[table].format(entry=number, vend_id=vend_id)
                ).fetchall()
                for table in BOOKED
            }
            sale[ACCOUNTS] = self._source.execute(_ACCOUNT, (vend_id,)).fetchall()
            sale[BALANCES] = [row[2:] for row in sale["postings"] if row[2] in kept]
            yield sale

    def write(self, sales: list[SaleRows]) -> int:
        """One transaction and one fsync for each; returns how many."""
        for sale in sales:
            self._write(sale, ())
        return len(sales)

    def write_together(self, sales: list[SaleRows], asks: Sequence[Ask]) -> None:
        """One transaction and one fsync for all, with the answers to `asks` read first."""
        together: SaleRows = defaultdict(list)
        for sale in sales:
            for table, rows in sale.items():
                together[table] += rows
        self._write(together, asks)

    def _write(self, sale: SaleRows, asks: Sequence[Ask]) -> None:
        execute, executemany = self._db.execute, self._db.executemany
        execute("BEGIN IMMEDIATE")
        for question, values in asks:
            execute(question, values).fetchall()
        for table, rows in sale.items():
            executemany(self._inserts[table], rows)
            self.rows += len(rows)
        execute("UPDATE counters SET receipts = receipts + 1")
        execute("UPDATE chain SET number = number + 1")
        execute("COMMIT")
        self.transactions += 1

    def rate(self, most: int) -> float:
        """Transactions per second with the rows of the latest new sales, that many at most, and
        with what they leave in the log brought into the file. The earlier ones are written first:
        more leaves of an index are touched where books are as long as the product's."""
        sales = self.read_new()
        earlier = max(0, len(sales) - most)
        for begin in range(0, earlier, _TOGETHER):
            self.write_together(sales[begin : min(begin + _TOGETHER, earlier)], ())
        self._checkpoint()
        start = time.perf_counter()
        done = self.write(sales[earlier:])
        self._checkpoint()
        return done / (time.perf_counter() - start)

    def _checkpoint(self) -> None:
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _insert(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608
