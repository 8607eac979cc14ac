"""Any mapped meter as a `meters.device.Device`: the register map says what, a Link says how."""
