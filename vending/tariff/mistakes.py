"""What can be wrong in a tariff text, by stable names; `vending/words/mistakes.toml` says each in
both languages.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Mistake(StrEnum):
    """Why a tariff text is refused. What `details` hold with it, if anything, stands behind it."""

    # The text as a whole
    NOT_TEXT = "not_text"
    NOT_TOML = "not_toml"
    """What the reader of TOML says."""
    NESTED = "nested"
    """Too deeply."""
    UNPRINTABLE = "unprintable"
    """A text holds signs that cannot be kept."""
    ONE_VERSION = "one_version"
    APPROVED_ITSELF = "approved_itself"

    # A value by itself
    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    """The most signs."""
    MUST_BE_TEXT = "must_be_text"
    MUST_BE_WHOLE = "must_be_whole"
    MUST_BE_MOMENT = "must_be_moment"
    MUST_BE_TABLE = "must_be_table"
    MUST_BE_TABLES = "must_be_tables"
    CODE = "code"
    ONE_OF = "one_of"
    """What it may be."""
    NOT_A_NUMBER = "not_a_number"
    """The text."""
    TOO_FINE = "too_fine"
    """The text; the most decimals."""
    AT_LEAST_ONE = "at_least_one"
    TOO_LARGE = "too_large"
    """The most."""
    NOT_POSITIVE = "not_positive"
    TOO_MUCH = "too_much"
    PERCENT = "percent"
    """The least; the most."""
    TENTHS = "tenths"
    NO_OFFSET = "no_offset"
    YEARS = "years"
    """The first; the last."""
    MONTH_AND_DAY = "month_and_day"
    ZONE = "zone"
    NONE_OR_TABLE = "none_or_table"

    # Values beside each other
    SAME_PERSON = "same_person"
    APPROVED_LATE = "approved_late"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    NUMBER_TWICE = "number_twice"
    MOMENT_TWICE = "moment_twice"
    BEFORE_BEGUN = "before_begun"
    """The number of a version that has begun; its moment."""
    CODE_TWICE = "code_twice"
    """The code."""
    LAST_BLOCK_BOUND = "last_block_bound"
    BLOCK_ORDER = "block_order"
    SEASON_IN_SEASON = "season_in_season"
    SEASON_DAY_TWICE = "season_day_twice"

    # Beside the chart and earlier versions
    BOOK = "book"
    """The accounts that take it."""
    WAS_MONTHLY = "was_monthly"
    """The code; the version where it is another kind. So with the next two."""
    WAS_ONCE = "was_once"
    WAS_GROWING = "was_growing"
