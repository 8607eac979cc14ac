"""Parties as they are written down, any number of them in one transaction, after what each of them
must be: kept as text, sold to by a key that is held, and put at a tariff that is offered."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from meters.account import Commodity

from .admission import MeterRules, check_texts, checked_since
from .parties import Actor, Registration, TariffNotOffered, require
from .ports import Ports
from .tariff import Month, Tariff, TariffCommodity


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
        wanted = self.admitted(registration)
        with self._ports.store.writing() as books:
            books.register(wanted)

    def admitted(self, registration: Registration) -> Registration:
        check_texts(registration)
        meters = tuple(map(self._meter_rules.admitted, registration.meters))
        now = self._ports.clock()
        agreements = []
        for one in registration.agreements:
            tariff = self._tariff_for(one.tariff, one.commodity, one.meter.number, one.number)
            since = checked_since(one, Month.of(now, tariff.zone))
            agreements.append(replace(one, since=since))
        return replace(registration, meters=meters, agreements=tuple(agreements))

    def _tariff_for(self, code: str, commodity: Commodity, meter: str, agreement: str) -> Tariff:
        """As it holds now. Raises TariffMissing, TariffEnding, TariffCommodity,
        TariffNotOffered."""
        tariff, offered = self._ports.tariffs.lasting(code, self._ports.clock()), self._offered()
        if tariff.commodity is not commodity:
            raise TariffCommodity(tariff.code, meter)
        if offered and tariff.code not in offered:
            raise TariffNotOffered(tariff.code, agreement)
        return tariff
