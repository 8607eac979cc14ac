"""pyModbusTCP's server as a program that prints its port. Register N holds 1000 + N."""

from __future__ import annotations

import socket
import threading

from pyModbusTCP.server import DataBank, ModbusServer  # type: ignore[import-untyped]

with socket.create_server(("127.0.0.1", 0)) as held:
    port = held.getsockname()[1]
bank = DataBank(h_regs_size=400, i_regs_size=400)
bank.set_holding_registers(0, [1000 + n for n in range(400)])
bank.set_input_registers(0, [1000 + n for n in range(400)])
server = ModbusServer(host="127.0.0.1", port=port, no_block=True, data_bank=bank)
server.start()
print(port, flush=True)
threading.Event().wait()
