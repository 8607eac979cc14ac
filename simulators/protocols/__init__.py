"""Meters' ends of serial protocols, without I/O and without clocks: bytes in, bytes out."""
