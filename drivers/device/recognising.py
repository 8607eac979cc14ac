"""Who answers there: the identify steps of a register map, which must all agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meters.device import Identity
from meters.gateway import MeterMismatch, MeterUnreachable

from ..conversation import Witness
from ..lines import Declined, LineBusy, LineDown, NoReply, Resting
from ..link import Fetched, Link, Priority
from ..maps.codec import NoValue, decode
from ..maps.errors import RegisterContent
from ..maps.model import IdentifyStep, MeterMap
from ..maps.variants import fits, variant_of
from ..turns import MISSING
from .values import plain

MISFITS: Final = frozenset({"exception_1", "exception_2", "exception_3", MISSING})
"""Answers of a meter that keeps no such thing: it is of another model."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the records say of the meter at this place; what they do not know is empty."""

    serial: str = ""
    number: str = ""
    model: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.serial or self.number or self.model)

    def check(self, identity: Identity) -> None:
        """Raises MeterMismatch for the first that is another."""
        for name in ("serial", "number", "model"):
            wanted, found = getattr(self, name), getattr(identity, name)
            if wanted and found != wanted:
                raise MeterMismatch(expected=wanted, found=found)


def recognise(
    map: MeterMap, link: Link, unit: str, priority: Priority, witness: Witness | None = None
) -> Identity:
    """Who answers, if it is a meter of this map. All its steps must agree: two models that share an
    identity register are told apart by another.

    Raises MeterUnreachable if nobody answers, MeterMismatch if another model does.
    """
    told: dict[str, list[str]] = {}
    registers = [map.registers[step.name] for step in map.identify if step.method == "registers"]
    try:
        fetched = link.fetch(registers, priority, witness) if registers else {}
        for step in map.identify:
            if step.method == "registers":
                text = _register_text(map, step, fetched, link)
            else:
                text = link.who(step.method, step.name)
            if not fits(step.match, text):
                raise MeterMismatch(expected=step.match, found=text[:40])
            if text:
                told.setdefault(step.role, []).append(text)
    except (LineDown, Resting, LineBusy) as error:
        raise MeterUnreachable(link.address, error.code) from None
    except NoReply as error:
        raise MeterUnreachable(link.address, error.reason) from None
    except Declined as error:
        if error.is_misfit:
            raise MeterMismatch(expected=map.id, found=error.reason) from None
        raise MeterUnreachable(link.address, error.reason) from None
    roles = {role: "".join(texts) for role, texts in told.items()}
    variant = variant_of(map.variants, roles)
    return Identity(
        maker=map.maker,
        model=_model(map, roles.get("model", "")),
        serial=roles.get("serial", ""),
        firmware=roles.get("firmware", ""),
        number=roles.get("number", ""),
        address=unit,
        variant="" if variant is None else variant.name,
    )


def _register_text(
    map: MeterMap, step: IdentifyStep, fetched: Mapping[str, Fetched], link: Link
) -> str:
    found = fetched[step.name]
    if found.problem == MISSING and not step.match:
        # Generic maps name what any meter may keep; this one tells less of itself.
        return ""
    if found.problem:
        if found.problem in MISFITS:
            raise MeterMismatch(expected=map.id, found=found.problem)
        raise MeterUnreachable(link.address, found.problem)
    try:
        return plain(decode(map.registers[step.name], found.raw, exponent=found.exponent))
    except NoValue:
        return ""
    except RegisterContent:
        # Bytes that this model would not keep there.
        raise MeterMismatch(expected=map.id, found=found.raw[:20].hex()) from None


def _model(map: MeterMap, told: str) -> str:
    """The name on the front where the meter tells it, if among its maker's own signs
    (`METSEIEM3150`), or where its family has one member; else the family's."""
    heard = _letters(told)
    names = sorted(map.models, key=len, reverse=True)
    if (named := next((name for name in names if _letters(name) in heard), None)) is not None:
        return named
    return map.models[0] if len(map.models) == 1 else map.id


def _letters(name: str) -> str:
    """A name as two people write it alike: `EM340-DIN` is `em340din`."""
    return "".join(one for one in name.lower() if one.isalnum())
