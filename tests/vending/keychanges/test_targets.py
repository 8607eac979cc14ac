"""Which key takes over from one whose base date ends, and which meters may move to it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.vending.support import SGC
from tokens.sts import (
    BaseDate,
    EncryptionAlgorithm,
    KeyAttributes,
    KeyChangeNotPermitted,
    KeyRef,
)
from tokens.sts.keys import KeyFieldInvalid
from vending.keychanges.targets import fit_ciphers, successor

from .support import (
    DEFAULT,
    FIRST,
    NOW,
    OLD,
    OTHER_SGC,
    OVERLAP,
    REVISED,
    SHORT,
    THIRD,
    meter,
    module,
    to,
)

SECOND = timedelta(seconds=1)
BEGIN = BaseDate.BASE_2035.start
SEVENTH = replace(OLD, ref=KeyRef(SGC, 7))


@pytest.mark.parametrize(
    ("of", "held", "now", "found"),
    [
        pytest.param(OLD, [OLD, THIRD], OVERLAP, THIRD, id="the next base date"),
        pytest.param(OLD, [OLD, REVISED], OVERLAP, None, id="the same one"),
        pytest.param(THIRD, [OLD, THIRD], OVERLAP, None, id="an earlier one"),
        pytest.param(FIRST, [OLD, THIRD, SEVENTH], OVERLAP, THIRD, id="the latest base date"),
        pytest.param(FIRST, [OLD, SEVENTH, REVISED], NOW, SEVENTH, id="its highest revision"),
        pytest.param(OLD, [THIRD], BEGIN, THIRD, id="from its first moment on"),
        pytest.param(OLD, [THIRD], BEGIN - SECOND, None, id="and not before"),
    ],
)
def test_who_takes_over(
    of: KeyAttributes, held: list[KeyAttributes], now: datetime, found: KeyAttributes | None
) -> None:
    assert successor(of, held, now) == found
    assert successor(of, reversed(held), now) == found


@pytest.mark.parametrize(
    ("changes", "able"),
    [
        ({"active_from": OVERLAP}, True),
        ({"active_from": OVERLAP + SECOND}, False),
        ({"issued_until": OVERLAP}, True),
        ({"issued_until": OVERLAP - SECOND}, False),
        ({"ref": KeyRef(OTHER_SGC, 3)}, False),
        ({"key_type": DEFAULT.key_type}, False),
        ({"ken": 0}, False),
    ],
)
def test_only_one_that_issues_credit_to_this_group_takes_over(
    changes: dict[str, object], able: bool
) -> None:
    key = replace(THIRD, **changes)  # type: ignore[arg-type]
    assert successor(OLD, [key], OVERLAP) == (key if able else None)


def test_a_key_that_is_in_use_early_counts_no_minute_before_its_base_date() -> None:
    early = replace(THIRD, active_from=NOW)
    assert successor(OLD, [early], BEGIN - SECOND) is None
    assert successor(OLD, [early], BEGIN) == early


EA07, EA11 = EncryptionAlgorithm.EA07, EncryptionAlgorithm.EA11


@pytest.mark.parametrize("sample", [EA07, EA11])
def test_the_ciphers_that_a_new_key_serves_are_told_whatever_meter_is_asked_of(
    sample: EncryptionAlgorithm,
) -> None:
    assert fit_ciphers(module(), meter(sample), to(REVISED), NOW) == tuple(EncryptionAlgorithm)
    fit = fit_ciphers(module(), meter(sample), to(SHORT), NOW)
    assert fit == tuple(ea for ea in EncryptionAlgorithm if ea.key_bytes == 8)


def test_where_no_cipher_fits_the_first_refusal_is_told() -> None:
    """A key of 8 bytes in a cluster of its own: what hinders every meter, and not its length."""
    apart = module(OLD, replace(SHORT, cluster=1))
    with pytest.raises(KeyChangeNotPermitted):
        fit_ciphers(apart, meter(EA11), to(SHORT), NOW)
    with pytest.raises(KeyFieldInvalid):
        fit_ciphers(apart, meter(EA11), to(SHORT, ti=100), NOW)
