"""pymodbus's own server as a program: `tcp` prints its port, `rtu PATH` prints "ready". Register N
holds 1000 + N."""

from __future__ import annotations

import asyncio
import logging
import sys

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


def device() -> SimDevice:
    words = [1000 + n for n in range(400)]
    return SimDevice(1, simdata=[SimData(0, values=words, datatype=DataType.REGISTERS)])


async def main() -> None:
    server: ModbusTcpServer | ModbusSerialServer
    if sys.argv[1] == "tcp":
        server = ModbusTcpServer(device(), address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        assert isinstance(server.transport, asyncio.Server)
        print(server.transport.sockets[0].getsockname()[1], flush=True)
    else:
        server = ModbusSerialServer(
            device(), framer=FramerType.RTU, port=sys.argv[2], baudrate=115200
        )
        await server.serve_forever(background=True)
        print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
