"""A serial port of this machine: RS-232, RS-485 or an optical head, through pyserial."""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import serial
from serial.rs485 import RS485Settings

from ..conversation import LineSettings
from ..lines import LineDown
from .silence import Silence

_CHUNK: Final = 4096
_OVERSLEPT_S: Final = 0.0002
"""A sleep takes about so much longer than it should: the end of a wait is not slept through."""
_WRITE_S: Final = 5.0
"""Longer than the longest frame at 300 baud; flow that stands still for so long is a fault."""
_TROUBLE: Final = (serial.SerialException, OSError, termios.error, ValueError)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is between the port and the wires."""

    rs485: bool = False
    """The kernel driver switches the transmitter by RTS (adapters that do not do it alone)."""
    rts_when_sending: bool = True
    before_send_s: float | None = None
    after_send_s: float | None = None


class SerialChannel:
    """A Channel on a serial port that is opened when first wanted, and by nobody else meanwhile.
    One thread at a time."""

    def __init__(
        self,
        path: str,
        settings: LineSettings | None = None,
        wiring: Wiring | None = None,
        clock: Callable[[], float] = time.monotonic,
        opened: Callable[..., serial.Serial] = serial.Serial,
    ) -> None:
        self.address = path
        self._settings = settings or LineSettings()
        self._wiring = wiring or Wiring()
        self._clock = clock
        self._silence = Silence(clock)
        self._opened = opened
        self._port: serial.Serial | None = None

    @property
    def settings(self) -> LineSettings:
        return self._settings

    def monotonic(self) -> float:
        return self._clock()

    def send(self, data: bytes) -> None:
        port = self._open()
        begun = self._clock()
        try:
            port.write(data)
            port.flush()
        except _TROUBLE as error:
            raise self._down(error) from None
        self._silence.sent(begun, len(data) * self._settings.character_s)

    def receive(self, within_s: float, missing: int = 1) -> bytes:
        port = self._open()
        try:
            if not self._readable(port.fileno(), max(0.0, within_s)):
                return b""
            if missing > 1:
                self._gather(port, missing)
            data = os.read(port.fileno(), _CHUNK)
        except _TROUBLE as error:
            raise self._down(error) from None
        if not data:
            raise self._down(EOFError())
        self._silence.heard()
        return data

    def quiet(self, for_s: float, most_s: float) -> bytes:
        return self._silence.wait(self.receive, for_s, most_s)

    def switch(self, settings: LineSettings) -> None:
        self._settings = settings
        if self._port is not None:
            try:
                self._port.apply_settings(self._wanted())
            except _TROUBLE as error:
                raise self._down(error) from None

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    def _gather(self, port: serial.Serial, missing: int) -> None:
        """Waits until so many bytes are there, or should be if they followed each other. To be
        woken by every character costs more than the character takes on a fast line."""
        takes = (missing - port.in_waiting) * self._settings.character_s
        until = self._clock() + takes
        asleep = takes - self._settings.character_s - _OVERSLEPT_S
        if asleep > 0:
            time.sleep(asleep)
        while port.in_waiting < missing and self._clock() < until:
            pass

    def _readable(self, port: int, within_s: float) -> bool:
        until = self._clock() + within_s
        asleep = within_s - _OVERSLEPT_S
        if asleep > 0 and select.select([port], [], [], asleep)[0]:
            return True
        while not select.select([port], [], [], 0)[0]:
            if self._clock() >= until:
                return False
        return True

    def _wanted(self) -> dict[str, object]:
        return {
            "baudrate": self._settings.baud,
            "bytesize": self._settings.data_bits,
            "parity": self._settings.parity,
            "stopbits": self._settings.stop_bits,
        }

    def _open(self) -> serial.Serial:
        if self._port is None:
            try:
                self._port = self._opened(
                    self.address,
                    timeout=0,
                    write_timeout=_WRITE_S,
                    exclusive=True,
                    **self._wanted(),
                )
                if self._wiring.rs485:
                    self._port.rs485_mode = RS485Settings(
                        rts_level_for_tx=self._wiring.rts_when_sending,
                        rts_level_for_rx=not self._wiring.rts_when_sending,
                        delay_before_tx=self._wiring.before_send_s,
                        delay_before_rx=self._wiring.after_send_s,
                    )
            except _TROUBLE as error:
                raise self._down(error) from None
        return self._port

    def _down(self, error: Exception) -> LineDown:
        """The port is let go of: the next request opens it anew. The reason is the system's name
        for the fault, never a text that might quote a frame."""
        self.close()
        number = getattr(error, "errno", None)
        if number is None and error.args and isinstance(error.args[0], int):
            number = error.args[0]
        return LineDown(self.address, os.strerror(number) if number else type(error).__name__)
