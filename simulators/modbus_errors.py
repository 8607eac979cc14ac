"""How a Modbus meter says no."""

from __future__ import annotations

from enum import IntEnum


class ModbusError(IntEnum):
    """Exception codes that a meter answers."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3
    DEVICE_FAILURE = 4


class Exceptional(Exception):
    """Raised by registers to answer with an exception code."""

    def __init__(self, code: ModbusError) -> None:
        super().__init__(code.name)
        self.code = code
