"""The keypad, without I/O: one line typed, one line shown.

A person uses it over TCP with any line tool. A line is

    METER TOKEN                 the meter's number and 20 digits, in groups or not
    METER                       choose a meter; then a line of 20 digits is a token for it
    STATE METER                 one line of JSON: balance, supply, counters
    METERS                      the numbers of all meters
    LOAD METER N                the customer draws N W (or litres an hour)
    TAMPER METER                the cover is opened
    REMOTE METER off|on         the head-end opens or releases the supply
    FAULT METER NAME [NUMBER]   see faults.py; `none` heals
    HELP, QUIT

Digits of any script count, so that Arabic-Indic digits work as on a printed token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from meters.errors import RaseedError
from meters.gateway import TOKEN_DIGITS
from meters.identity import Drn, NotDigits, meter_from_text, plain_digits

from .faults import Fault, fault_named
from .hosted import HostedMeter

GREETING: Final = "RASEED KEYPAD. Type METER TOKEN, or HELP."
HELP: Final = (
    "METER TOKEN | METER, then TOKEN | STATE METER | METERS | LOAD METER N | TAMPER METER"
    " | REMOTE METER off|on | FAULT METER NAME [NUMBER] | QUIT"
)
_METER_DIGITS: Final = (11, 13, 18)


class Unclear(Exception):
    """What was typed makes no sense; the text is what the display shows."""


class Keypad:
    """One person's dialog with the meters of a world."""

    def __init__(self, meters: Mapping[Drn, HostedMeter], now: Callable[[], datetime]) -> None:
        self._meters = meters
        self._now = now
        self._chosen: HostedMeter | None = None
        self._commands: Mapping[str, Callable[[list[str]], str]] = {
            "HELP": lambda _: HELP,
            "METERS": lambda _: " ".join(sorted(drn.number for drn in meters)),
            "STATE": self._state,
            "LOAD": self._load,
            "TAMPER": self._tamper,
            "REMOTE": self._remote,
            "FAULT": self._fault,
        }

    def line(self, text: str) -> str | None:
        """The display after this line; None to hang up (QUIT)."""
        words = text.split()
        if not words:
            return GREETING
        command = words[0].upper()
        if command == "QUIT":
            return None
        try:
            if command in self._commands:
                return self._commands[command](words[1:])
            return self._typed(words)
        except Unclear as error:
            return str(error)
        except NotDigits:
            return "DIGITS ONLY, OR HELP"
        except RaseedError as error:
            return f"ERROR {error.code}"

    def _typed(self, words: list[str]) -> str:
        digits = plain_digits("".join(words))
        first = plain_digits(words[0])
        if self._chosen is not None and len(first) not in _METER_DIGITS:
            return self._enter(self._chosen, digits)
        if len(digits) == TOKEN_DIGITS and len(first) not in _METER_DIGITS:
            raise Unclear("CHOOSE A METER FIRST")
        meter = self._meter(words[0])
        self._chosen = meter
        if len(words) == 1:
            return f"METER {meter.meter.drn}. TYPE 20 DIGITS"
        return self._enter(meter, plain_digits("".join(words[1:])))

    def _enter(self, hosted: HostedMeter, digits: str) -> str:
        if len(digits) != TOKEN_DIGITS:
            raise Unclear(f"20 DIGITS NEEDED, {len(digits)} TYPED")
        return hosted.enter(digits, self._now()).text

    def _meter(self, word: str) -> HostedMeter:
        drn = meter_from_text(word)
        if drn not in self._meters:
            raise Unclear("NO SUCH METER HERE")
        return self._meters[drn]

    def _arguments(self, words: list[str], least: int, most: int) -> HostedMeter:
        if not least <= len(words) <= most:
            raise Unclear(HELP)
        return self._meter(words[0])

    def _state(self, words: list[str]) -> str:
        hosted = self._arguments(words, 1, 1)
        account = hosted.meter.account(self._now())
        return json.dumps(
            {
                "drn": hosted.meter.drn.number,
                "commodity": account.commodity.value,
                "unit": account.balance.unit,
                "balance": account.balance.value,
                "total_supplied": account.total_supplied.value,
                "output": account.supply.output,
                "reasons": sorted(account.supply.reasons),
                "tokens_accepted": account.tokens_accepted,
                "last_result": account.last_result.name,
                "load": hosted.meter.load,
                "clock": account.read_at.isoformat(),
                "frames": {str(function): n for function, n in sorted(hosted.frames.items())},
            }
        )

    def _load(self, words: list[str]) -> str:
        hosted = self._arguments(words, 2, 2)
        hosted.set_load(int(plain_digits(words[1]) or "0"))
        return f"LOAD {hosted.meter.load}"

    def _tamper(self, words: list[str]) -> str:
        self._arguments(words, 1, 1).meter.set_tamper(self._now())
        return "TAMPER"

    def _remote(self, words: list[str]) -> str:
        hosted = self._arguments(words, 2, 2)
        if words[1] not in ("on", "off"):
            raise Unclear(HELP)
        hosted.meter.set_remote_off(words[1] == "off", self._now())
        return f"REMOTE {words[1]}"

    def _fault(self, words: list[str]) -> str:
        hosted = self._arguments(words, 2, 3)
        fault: Fault | None = fault_named(words[1], *words[2:])
        hosted.fault = fault
        return f"FAULT {words[1]}"
