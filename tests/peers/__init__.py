"""Modbus of others, to check ours against: programs of their own that tests start."""
