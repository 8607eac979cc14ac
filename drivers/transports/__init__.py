"""Lines that bytes go over: sockets, serial ports, and a null modem on a clock of its own."""
