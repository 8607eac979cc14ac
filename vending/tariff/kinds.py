"""A code keeps its kind in all versions of a tariff: what accounts owe is kept under it."""

from __future__ import annotations

from collections.abc import Iterable

from .charges import Charge, MonthlyCharge, OneOffFee, heading_of
from .errors import TariffMalformed
from .mistakes import Mistake
from .tariffs import Tariff


def check_kinds(tariff: Tariff, others: Iterable[Tariff], source: str) -> None:
    """Raises TariffMalformed with the place in `source` where a version uses a code for another
    kind of charge than the first of `others` that has it: what customers still owe under that code
    would be taken for the other thing."""
    known: dict[str, tuple[Mistake, int]] = {}
    for other in others:
        if other.version != tariff.version:
            for charge in other.charges:
                known.setdefault(heading_of(charge).code, (_kind(charge), other.version))
    for row, charge in enumerate(tariff.charges):
        code = heading_of(charge).code
        kind, version = known.get(code, (_kind(charge), 0))
        if kind != _kind(charge):
            place = f"version = {tariff.version}: charges[{row}].code"
            raise TariffMalformed(source, place, kind, [code, str(version)])


def codes_of(tariff: Tariff) -> set[str]:
    """The codes of all charges of a version and of those that held before it."""
    return {heading_of(charge).code for one in tariff.lineage() for charge in one.charges}


def _kind(charge: Charge) -> Mistake:
    """How another charge is told that its code is that of such a one."""
    if isinstance(charge, MonthlyCharge):
        return Mistake.WAS_MONTHLY
    if isinstance(charge, OneOffFee):
        return Mistake.WAS_ONCE
    # By the unit or by the price of the units: nothing of it is ever owed.
    return Mistake.WAS_GROWING
