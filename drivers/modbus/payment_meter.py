"""Gateway to one Raseed payment meter over Modbus TCP.

Every read takes the meter number in the same request as the values, so that values can never
be another meter's. A token is written once; its verdict is read from the meter's token log.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from meters.account import Commodity, MeterAccount, MeterSts, Supply, SupplyState, TokenLogEntry
from meters.errors import Invalid
from meters.gateway import (
    MeterMismatch,
    MeterUnreachable,
    PushAccepted,
    PushOutcome,
    PushRefused,
    PushUnknown,
    digits_to_push,
    token_fingerprint,
)
from meters.identity import Drn
from meters.verdicts import TokenResult

from ..lines import Declined, LineBusy, LineDown, NoReply
from ..maps.answer import Answer, Form, form
from ..maps.codec import encode
from ..maps.errors import RegisterContent
from ..maps.model import MeterMap
from ..maps.reading import shipped_map
from .line import ModbusLine
from .pdu import exception_name
from .tcp import ModbusTcpLine

MAP_ID = "raseed-payment"

_IDENTITY = ("meter.number",)
_ACCOUNT = (
    *_IDENTITY,
    "meter.commodity",
    "account.balance",
    "account.total_supplied",
    "supply.output",
    "supply.state",
    "supply.reasons",
    "account.tokens_accepted",
    "account.last_result",
)
_STS = (
    "sts.supply_group",
    "sts.key_revision",
    "sts.tariff_index",
    "sts.key_expiry",
    "sts.key_type",
    "sts.algorithm",
)
_LOG = ("token_log.sequence", "token_log.result", "token_log.fingerprint")
_MAILBOX = "token.mailbox"


@dataclass(eq=False)
class UnitInvalid(Invalid, code="meter.unit_invalid"):
    """A meter's unit id behind its gateway lies between `least` and `most`."""

    unit: int
    least: int
    most: int


class PaymentMeterGateway:
    """A `meters.gateway.Gateway` for the meter `drn` at `unit` behind `line`."""

    def __init__(
        self,
        line: ModbusLine,
        unit: int,
        drn: Drn,
        now: Callable[[], datetime],
        meter_map: MeterMap | None = None,
    ) -> None:
        """`now` gives aware UTC datetimes for `MeterAccount.read_at`. Raises UnitInvalid."""
        self._line = line
        self._unit = unit
        self._drn = drn
        self._now = now
        meter_map = meter_map or shipped_map(MAP_ID)
        self._mailbox = meter_map.registers[_MAILBOX]
        self._account = form(meter_map, _ACCOUNT)
        self._sts = form(meter_map, (*_IDENTITY, *_STS))
        self._log = form(meter_map, (*_IDENTITY, *_LOG))
        self._log_lines = list(zip(*(meter_map.names(name) for name in _LOG), strict=True))
        units = meter_map.line.units
        if unit not in units:
            raise UnitInvalid(unit, units[0], units[-1])

    def __repr__(self) -> str:
        return f"PaymentMeterGateway({self._drn} at {self._line.address} unit {self._unit})"

    def read_account(self) -> MeterAccount:
        """Balance, supply and counters from one request.

        Raises MeterUnreachable, MeterMismatch, Declined if the meter does not know our
        registers, RegisterContent if they hold nonsense.
        """
        values = self._read(self._account)
        commodity = Commodity(values.text("meter.commodity"))
        return MeterAccount(
            commodity=commodity,
            balance=commodity.quantity(values.integer("account.balance")),
            total_supplied=commodity.quantity(values.integer("account.total_supplied")),
            supply=Supply(
                output=values.text("supply.output") == "on",
                state=SupplyState[values.text("supply.state").upper()],
                reasons=values.flags("supply.reasons"),
            ),
            tokens_accepted=values.integer("account.tokens_accepted"),
            last_result=TokenResult[values.text("account.last_result").upper()],
            read_at=self._now(),
        )

    def read_sts(self) -> MeterSts:
        """Supply group, key revision and so on, from one request. Raises as read_account."""
        values = self._read(self._sts)
        group, *numbers = _STS
        return MeterSts(values.text(group) or None, *(values.integer(name) for name in numbers))

    def read_token_log(self) -> list[TokenLogEntry]:
        """The latest ten judged tokens, newest first. Raises as read_account."""
        values = self._read(self._log)
        entries = []
        for sequence_at, result_at, fingerprint_at in self._log_lines:
            sequence = values.integer(sequence_at)
            if sequence == 0:
                continue
            entries.append(
                TokenLogEntry(
                    fingerprint=f"{values.integer(fingerprint_at):016x}",
                    result=self._result(values, result_at),
                    sequence=sequence,
                )
            )
        return sorted(entries, key=lambda entry: -entry.sequence)

    def push_token(self, token: str) -> PushOutcome:
        """Hand the token over in exactly one write, then read its verdict from the log.

        The log is read before, which proves the meter's identity and tells the new verdict
        from one that the same token got earlier. If the token was meanwhile typed at the meter
        as well, being taken either way counts as accepted.

        Raises NotDigits, PushLength, MeterUnreachable, MeterMismatch, and Declined if
        the meter refused the request itself; in all these cases the token was not entered.
        """
        digits = digits_to_push(token)
        fingerprint = token_fingerprint(digits)
        seen = max((entry.sequence for entry in self.read_token_log()), default=0)
        raw = encode(self._mailbox, digits)
        words = struct.unpack(f">{len(raw) // 2}H", raw)
        try:
            self._line.write(self._unit, self._mailbox.span[0], words, secret=True)
        except (LineDown, LineBusy) as error:
            raise MeterUnreachable(str(self._drn), _why(error)) from None
        except NoReply as error:
            return PushUnknown(_why(error))
        except Declined as error:
            if error.is_misfit:
                raise
            if error.nothing_happened:
                raise MeterUnreachable(str(self._drn), exception_name(error)) from None
            return PushUnknown(f"exception {exception_name(error)}")
        try:
            log = self.read_token_log()
        except (MeterUnreachable, MeterMismatch, Declined, RegisterContent) as error:
            return PushUnknown(f"sent, verdict not read ({error.code})")
        results = [
            entry.result
            for entry in log
            if entry.fingerprint == fingerprint and entry.sequence > seen
        ]
        if not results:
            return PushUnknown("sent, not in the token log")
        taken = [result for result in results if result.is_taken]
        return PushAccepted(taken[0]) if taken else PushRefused(results[0])

    def close(self) -> None:
        """Close the line to the gateway; a later call would open it again."""
        self._line.close()

    def _read(self, asked: Form) -> Answer:
        try:
            words = self._line.read(self._unit, asked.table, asked.addr, asked.count)
        except (LineDown, LineBusy, NoReply) as error:
            raise MeterUnreachable(str(self._drn), _why(error)) from None
        except Declined as error:
            if error.is_misfit:
                raise
            raise MeterUnreachable(str(self._drn), f"exception {exception_name(error)}") from None
        values = asked.answer(struct.pack(f">{len(words)}H", *words))
        found = values.text("meter.number")
        if found != self._drn.number:
            raise MeterMismatch(expected=self._drn.number, found=found)
        return values

    def _result(self, values: Answer, name: str) -> TokenResult:
        try:
            return TokenResult(values.integer(name))
        except ValueError:
            raise RegisterContent(name, "no such token result") from None


_REASONS: Final = {"timeout": "no usable reply in time", "dropped": "connection dropped"}


def _why(error: LineDown | LineBusy | NoReply) -> str:
    if isinstance(error, LineBusy):
        return "the line is never silent"
    return _REASONS.get(error.reason, error.reason)


def open_payment_meter(
    host: str,
    port: int,
    unit: int,
    drn: Drn,
    now: Callable[[], datetime],
    timeout_s: float | None = None,
) -> PaymentMeterGateway:
    """A gateway with a line of its own, connected when first used.

    The time-out is the register map's longest turnaround if none is given.
    """
    wait = timeout_s or shipped_map(MAP_ID).limits.turnaround_max_ms / 1000
    return PaymentMeterGateway(ModbusTcpLine(host, port, wait), unit, drn, now)
