"""Attestations of rows that stand behind money beside the journal (`ledger.attestations`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text

from .schema_base import metadata

attestations = Table(
    "attestations",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # See `attesting.KINDS`.
    Column("kind", String(20), nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Index(None, "kind", "key"),
)

attestation_head = Table(
    "attestation_head",
    metadata,
    # One row: the end of the chain, so that links missing there are seen.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

ATTESTED_BOOKS = ("attestations",)
"""Insert-only tables."""
