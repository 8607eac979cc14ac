"""The meter's end of DL/T 645-2007: addresses, passwords, relay orders that expire, and purchases
that are taken only under the number that follows the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from drivers.dlt645.core import BAUD_CODES, Order
from drivers.dlt645.frames import (
    ALL,
    ANY,
    FAILED,
    LONGEST,
    MORE,
    REPLY,
    Frame,
    address_bytes,
    address_text,
    encode,
    find,
    matches,
)
from drivers.dlt645.station import Function
from drivers.dlt645.topup import TOP_UP
from drivers.maps.model import Register

from .encoding import put_raw, raw_of
from .values import NotAccepted, Values

OTHER: Final = 0x01
NO_DATA: Final = 0x02
NOT_AUTHORISED: Final = 0x04
BAUD_FIXED: Final = 0x08
REPEATED: Final = 0x02
NOT_GENUINE: Final = 0x04
CUSTOMER: Final = 0x10
COUNT: Final = 0x20

_DI: Final = 4
_ACCESS: Final = 8
_PURCHASE: Final = 26
_HUNDREDTH: Final = Decimal("0.01")
_WRITE_LEVEL: Final = 4
_RELAY_LEVEL: Final = 2
_MOST_DRIFT: Final = timedelta(minutes=5)
_BLOCK: Final = "FF"
_SUPPLY: Final = {Order.TRIP: "open", Order.PERMIT: "ready", Order.CLOSE: "closed"}
_SWITCHES: Final = {
    Order.ALARM: ("supply.alarm", "on"),
    Order.ALARM_OFF: ("supply.alarm", "off"),
    Order.HOLD: ("supply.hold", "on"),
    Order.HOLD_OFF: ("supply.hold", "off"),
}


class Failure(Exception):
    """Answered with an error byte, or of function 03 an error word."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def always_genuine(_: bytes) -> bool:
    """For a meter whose secure element is switched off."""
    return True


class Dlt645End:
    """One meter on the line. Bytes in, bytes out; what is not for it, it does not answer."""

    def __init__(
        self,
        address: str,
        registers: Iterable[Register],
        values: Values,
        *,
        passwords: Mapping[int, str],
        customer: str = "0" * 12,
        genuine: Callable[[bytes], bool] = always_genuine,
        most_data: int = 200,
    ) -> None:
        """`passwords` by level (0 may do everything); `genuine` judges the whole data of a purchase
        by its MACs; `most_data` is what one frame carries."""
        self.address = address
        self.baud = 2400
        self.freezes: list[tuple[datetime, str]] = []
        """When a freeze was asked for, and the pattern."""
        self._registers: dict[str, list[Register]] = {}
        for register in registers:
            self._registers.setdefault(str(register.addr).upper(), []).append(register)
        self._values = values
        self._passwords = dict(passwords)
        self._customer = customer
        self._genuine = genuine
        self._most = most_data
        self._buffer = b""
        self._rest: dict[bytes, list[bytes]] = {}
        self._set_on: datetime | None = None
        self._functions: Mapping[int, Callable[[bytes], bytes]] = {
            Function.READ: self._read,
            Function.WRITE: self._write,
            Function.READ_ADDRESS: lambda _: address_bytes(self.address),
            Function.WRITE_ADDRESS: self._write_address,
            Function.FREEZE: self._freeze,
            Function.BAUD: self._set_baud,
            Function.PASSWORD: self._change_password,
            Function.RELAY: self._relay,
            Function.SECURITY: self._purchase,
            Function.BROADCAST_TIME: self._take_time,
        }

    def feed(self, data: bytes) -> bytes:
        """Answers to the requests that these bytes complete."""
        self._buffer = (self._buffer + data)[-2 * LONGEST :]
        answers = b""
        while (found := find(self._buffer)) is not None:
            frame, end = found
            self._buffer = self._buffer[end:]
            if not frame.is_reply:
                answers += self._answer(frame)
        return answers

    def _answer(self, frame: Frame) -> bytes:
        is_for_all = frame.address == ALL
        if not is_for_all and not matches(frame.address, self.address):
            return b""
        control = frame.function | REPLY
        try:
            if frame.function == Function.READ_NEXT:
                data, more = self._read_next(frame.data)
            else:
                handler = self._functions.get(frame.function)
                if handler is None:
                    raise Failure(OTHER)
                data, more = self._first(frame.function, handler(frame.data))
            control |= MORE if more else 0
        except Failure as failure:
            control |= FAILED
            data = failure.code.to_bytes(2 if frame.function == Function.SECURITY else 1, "little")
        silent = is_for_all or frame.function == Function.BROADCAST_TIME
        return b"" if silent else encode(Frame(self.address, control, data))

    # --- Reading ------------------------------------------------------------------------------

    def _read(self, data: bytes) -> bytes:
        di = data[:_DI]
        wanted = di[::-1].hex().upper()
        items = [
            self._item(same) for key, same in sorted(self._registers.items()) if _is_in(key, wanted)
        ]
        if not items or b"" in items:
            raise Failure(NO_DATA)
        return di + b"".join(items)

    def _item(self, registers: Iterable[Register]) -> bytes:
        """One item's data; several registers of it are bits of one word. Empty if there is none."""
        known = [raw for r in registers if (raw := raw_of(r, self._values)) is not None]
        word = 0
        for raw in known:
            word |= int.from_bytes(raw, "big")
        return word.to_bytes(max(map(len, known), default=0), "big")

    def _first(self, function: int, data: bytes) -> tuple[bytes, bool]:
        """The first frame's share of the data; the rest is kept for follow-ups."""
        if function != Function.READ or len(data) <= self._most:
            return data, False
        di, rest = data[:_DI], data[_DI:]
        room = self._most - _DI - 1
        parts = [rest[i : i + room] for i in range(0, len(rest), room)]
        self._rest = {di: parts}
        return di + parts[0], True

    def _read_next(self, data: bytes) -> tuple[bytes, bool]:
        if len(data) != _DI + 1:
            raise Failure(NO_DATA)
        di, sequence = data[:_DI], data[-1]
        parts = self._rest.get(di, [])
        if not 1 <= sequence < len(parts):
            raise Failure(NO_DATA)
        return di + parts[sequence] + bytes([sequence]), sequence + 1 < len(parts)

    # --- Settings -----------------------------------------------------------------------------

    def _write(self, data: bytes) -> bytes:
        self._must_know(data[_DI : _DI + _ACCESS], _WRITE_LEVEL)
        same = self._registers.get(data[:_DI][::-1].hex().upper())
        if same is None:
            raise Failure(NO_DATA)
        register = same[0]
        self._put(lambda: put_raw(register, self._values, data[_DI + _ACCESS :]))
        return b""

    def _write_address(self, data: bytes) -> bytes:
        if len(data) != len(address_bytes(ANY)) or not data.hex().isdecimal():
            raise Failure(OTHER)
        self.address = address_text(data)
        return b""

    def _set_baud(self, data: bytes) -> bytes:
        rates = {code: baud for baud, code in BAUD_CODES.items()}
        if len(data) != 1 or data[0] not in rates:
            raise Failure(BAUD_FIXED)
        self.baud = rates[data[0]]
        return data

    def _change_password(self, data: bytes) -> bytes:
        old, new = data[_DI : 2 * _DI], data[2 * _DI :]
        if len(new) != _DI:
            raise Failure(OTHER)
        self._must_know(old, new[0])
        self._passwords[new[0]] = new[:0:-1].hex()
        return new

    def _freeze(self, data: bytes) -> bytes:
        self.freezes.append((self._values.now(), data[::-1].hex()))
        return b""

    def _take_time(self, data: bytes) -> bytes:
        """Once a day, and only a small step: who could jump the clock could void every expiry."""
        now, moment = self._values.now(), _moment(data)
        today = self._set_on is not None and self._set_on.date() == now.date()
        if moment is not None and not today and abs(moment - now) <= _MOST_DRIFT:
            self._put(lambda: self._values.put("clock", moment))
            self._set_on = now
        return b""

    # --- Supply and credit --------------------------------------------------------------------

    def _relay(self, data: bytes) -> bytes:
        self._must_know(data[:_ACCESS], _RELAY_LEVEL)
        expires = _moment(data[_ACCESS + 2 :])
        if expires is None or self._values.now() > expires:
            raise Failure(OTHER)
        order = data[_ACCESS]
        if order in _SUPPLY:
            self._put(lambda: self._values.put("supply.state", _SUPPLY[Order(order)]))
        elif order in _SWITCHES:
            name, word = _SWITCHES[Order(order)]
            self._put(lambda: self._values.put(name, word))
        else:
            raise Failure(OTHER)
        return b""

    def _purchase(self, data: bytes) -> bytes:
        if data[:_DI] != bytes.fromhex(TOP_UP)[::-1]:
            raise Failure(OTHER)
        fields = data[_DI:]
        if len(fields) != _PURCHASE or not self._genuine(data):
            raise Failure(NOT_GENUINE)
        amount = int.from_bytes(fields[4:8], "little")
        number = int.from_bytes(fields[8:12], "little")
        if fields[16:22] != address_bytes(self._customer):
            raise Failure(CUSTOMER)
        last = self._number("account.purchase_count")
        if number != last + 1:
            raise Failure(REPEATED if number <= last else COUNT)
        balance = self._number("account.balance") + amount * _HUNDREDTH
        self._put(lambda: self._values.put("account.balance", balance))
        self._values.put("account.purchase_count", last + 1)
        return data[:_DI]

    def _number(self, name: str) -> Decimal:
        value = self._values.get(name)
        if not isinstance(value, Decimal):
            raise Failure(NO_DATA)
        return value

    def _must_know(self, access: bytes, most_level: int) -> None:
        if len(access) < _DI:
            raise Failure(OTHER)
        level, password = access[0], access[3:0:-1].hex()
        if level > most_level or self._passwords.get(level) != password:
            raise Failure(NOT_AUTHORISED)

    @staticmethod
    def _put(write: Callable[[], None]) -> None:
        try:
            write()
        except NotAccepted:
            raise Failure(OTHER) from None


def _is_in(di: str, wanted: str) -> bool:
    """Whether a data identification is the one asked for, or of that block (FF: all)."""
    pairs = ((di[i : i + 2], wanted[i : i + 2]) for i in range(0, 2 * _DI, 2))
    return len(di) == 2 * _DI and all(want in (_BLOCK, have) for have, want in pairs)


def _moment(wire: bytes) -> datetime | None:
    """ss mm hh DD MM YY, of this century: 99 is a usual "never"."""
    digits = wire[::-1].hex()
    try:
        year, *rest = (int(digits[i : i + 2]) for i in range(0, 12, 2))
        return datetime(2000 + year, *rest)  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None
