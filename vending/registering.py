"""Parties as they are written down, any number of them in one transaction, after what each of them
must be: kept as text, sold to by a key that is held, and put at a tariff that is offered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from .admission import MeterRules, check_texts, checked_since
from .parties import Actor, Registration, SupplyAgreement, TariffNotOffered
from .permissions import require
from .ports import Ports
from .tariff import Month, Tariff, TariffCommodity
from .tariff.rows import TariffRows


class Registering:
    """See `VendingService`, whose promises these are."""

    def __init__(
        self, ports: Ports, offered: Callable[[], Collection[str]], models: Collection[str]
    ) -> None:
        self._ports = ports
        self._offered = offered
        self._meter_rules = MeterRules(ports.security.keys, models)

    def register(self, actor: Actor, registration: Registration) -> None:
        require(actor, "register")
        wanted = self._shaped(registration)
        with self._ports.store.writing() as books:
            # Where nobody else writes: an end that is decided at this instant is seen here, or
            # whoever decides it sees these agreements.
            books.register(self._placed(wanted, books.tariff_rows()))

    def admitted(self, registration: Registration, rows: TariffRows) -> Registration:
        return self._placed(self._shaped(registration), rows)

    def _shaped(self, registration: Registration) -> Registration:
        check_texts(registration)
        meters = tuple(map(self._meter_rules.admitted, registration.meters))
        return replace(registration, meters=meters)

    def _placed(self, registration: Registration, rows: TariffRows) -> Registration:
        """With its agreements at tariffs that last."""
        if not registration.agreements:
            return registration
        now, offered = self._ports.clock(), self._offered()
        book = self._ports.tariffs.seen_by(rows)
        agreements = []
        for one in registration.agreements:
            tariff = _fitting(book.lasting(one.tariff, now), one, offered)
            since = checked_since(one, Month.of(now, tariff.zone))
            agreements.append(replace(one, since=since))
        return replace(registration, agreements=tuple(agreements))


def _fitting(tariff: Tariff, agreement: SupplyAgreement, offered: Collection[str]) -> Tariff:
    """Raises TariffCommodity, TariffNotOffered."""
    if tariff.commodity is not agreement.commodity:
        raise TariffCommodity(tariff.code, agreement.meter.number)
    if offered and tariff.code not in offered:
        raise TariffNotOffered(tariff.code, agreement.number)
    return tariff
