"""Tokens: the pure codec of IEC 62055-41 (STS). Same inputs, same digits; no clock, no store."""
