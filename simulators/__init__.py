"""Stand-in meters: a pure payment meter behind a Modbus TCP wire layer and a keypad of our own.

A program of its own (`python -m simulators WORLD.json`); nothing else imports it but tests.
"""
