"""Tables of who takes part: points, customers with their places, meters and agreements, and who
calls the API."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from .schema_base import UtcTime, metadata

points = Table(
    "points",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("quarter", Text, nullable=False),
    # Limits in minor units; none where NULL.
    Column("most_per_sale", BigInteger),
    Column("most_per_day", BigInteger),
    Column("most_in_till", BigInteger),
    Column("needs_shift", Boolean, nullable=False, server_default=false()),
)

customers = Table(
    "customers",
    metadata,
    Column("account", String(30), primary_key=True),
    Column("name_ar", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("phone", String(40), nullable=False),
)

service_points = Table(
    "service_points",
    metadata,
    Column("code", String(30), primary_key=True),
    Column("quarter", Text, nullable=False),
    Column("address", Text, nullable=False),
)

_UNTOLD = text("base_date IS NULL")

meters = Table(
    "meters",
    metadata,
    Column("number", String(13), primary_key=True),
    Column("pan", String(18), nullable=False, unique=True),
    Column("commodity", String(20), nullable=False),
    Column("ea", String(2), nullable=False),
    Column("sgc", String(6), nullable=False),
    Column("krn", Integer, nullable=False),
    Column("ti", Integer, nullable=False),
    Column("model", String(60), nullable=False),
    # Host of a Modbus TCP gateway, with port and unit; or a whole place, without either.
    Column("gateway_host", String(255)),
    Column("gateway_port", Integer),
    Column("gateway_unit", Integer),
    # The key that it is to have: set while a change is planned and its tokens are not issued.
    Column("next_sgc", String(6)),
    Column("next_krn", Integer),
    Column("next_ti", Integer),
    # What the meter was told with its key: year of the base date, expiry number. Of a vending key
    # that has others by now the next sale tells it. Null until the key file was looked at.
    Column("base_date", Integer),
    Column("ken", Integer),
    Index("ix_meters_untold", "number", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
)

agreements = Table(
    "agreements",
    metadata,
    Column("number", String(30), primary_key=True),
    Column("customer", ForeignKey("customers.account"), nullable=False, index=True),
    Column("service_point", ForeignKey("service_points.code"), nullable=False),
    # One agreement in force per meter.
    Column("meter", ForeignKey("meters.number"), nullable=False, unique=True),
    Column("commodity", String(20), nullable=False),
    Column("tariff", String(60), nullable=False),
    # First month that monthly charges count: `2026-11`; NULL: the month of the first sale.
    Column("since", String(7)),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("scopes", String(60), nullable=False),
    Column("point", ForeignKey("points.code")),
    Column("terminal", String(60), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    # Who calls with it; empty: the name says it.
    Column("person", String(40), nullable=False, server_default=""),
)
