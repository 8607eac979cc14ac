"""`raseed bench tokens`: tokens per second in one process, singly and in batches.

What limits a figure is measured beside it: the cipher alone, and with derivation the bare DES
or HMAC-SHA-256 of one meter. With DKGA04 in a batch HMAC is the limit.
"""

from __future__ import annotations

import sys
from typing import Final

from meters.identity import luhn_digit
from tokens.sts import Dkga, TransferCreditElectricity, VendingKey
from tokens.sts.batch import CreditBatch, derive_batch_dkga04, issue_batch, texts

from .runner import Figure, Tell, figure, in_child, interleaved, peak_memory_mb
from .token_cases import (
    EA07,
    EA11,
    Material,
    Route,
    Sizes,
    batch_cases,
    checked,
    parameters,
    single_cases,
)
from .token_limits import anchor_of, limits

_MEMORY_GOAL_MB: Final = 1000
FULL: Final = Sizes()

_ROUTES: Final = (
    Route(EA07, None, (95_000, 90_000), (2_000_000, 2_000_000)),
    Route(EA11, None, (100_000, None), (2_000_000, 2_000_000)),
    Route(EA07, Dkga.DKGA02, (45_000, None), (None, None)),
    Route(EA07, Dkga.DKGA04, (45_000, None), (300_000, None)),
    Route(EA11, Dkga.DKGA04, (45_000, None), (300_000, None)),
)


def _pan_number(serial: int) -> str:
    """The number of `Drn.from_serial("07", serial).pan`, without its checks."""
    body = f"07{serial:08d}"
    drn = f"600727{body}{luhn_digit(body)}"
    return f"{drn}{luhn_digit(drn)}"


def peak_of_a_batch(rows: int) -> tuple[float, float]:
    """Peak megabytes before and after a batch of that many meters, EA11 with DKGA04, from PAN
    strings to token strings. For a process of its own."""
    before = peak_memory_mb()
    material = Material()
    tids, amounts = material.credits(rows)
    pans = [_pan_number(serial) for serial in range(rows)]
    vending_key = VendingKey(material.key_bytes(20))
    keys = derive_batch_dkga04(vending_key, parameters(EA11, Dkga.DKGA04), pans)
    batch = CreditBatch(TransferCreditElectricity, tids=tids, amounts=amounts, rnds=5)
    digits = texts(issue_batch(batch, keys))
    checked(len(digits) == rows and digits[0] != digits[-1], rows)
    return before, peak_memory_mb()


def measure(tell: Tell, sizes: Sizes = FULL) -> list[Figure]:
    """All figures; in full it takes less than a minute."""
    material = Material()
    cases = limits(material, sizes)
    for route in _ROUTES:
        for kind, make in (("scalar", single_cases), ("batch", batch_cases)):
            for way, case in zip(("encode", "decode"), make(route, material, sizes), strict=True):
                cases[f"{route.name}.{kind}.{way}"] = case
    rates = interleaved(cases, rounds=sizes.rounds, tell=tell)
    figures = []
    for kind in ("scalar", "batch"):
        for route in _ROUTES:
            goals = route.single if kind == "scalar" else route.batch
            for way, goal in zip(("encode", "decode"), goals, strict=True):
                name = f"{route.name}.{kind}.{way}"
                anchor, limit = anchor_of(route, kind, way, rates)
                figures.append(
                    figure(
                        f"tokens.{name}",
                        rates[name],
                        "tokens/s",
                        anchor=anchor,
                        anchor_value=limit,
                        goal=goal,
                    )
                )
    tell("peak memory of a batch")
    before, peak = (float(text) for text in in_child(__name__, str(sizes.memory)).split())
    return [
        *figures,
        figure(
            f"tokens.ea11.dkga04.batch.peak_memory_of_{sizes.memory}",
            peak,
            "MB",
            anchor="the same process before it",
            anchor_value=before,
            goal=_MEMORY_GOAL_MB,
            at_most=True,
        ),
    ]


if __name__ == "__main__":
    sys.stdout.write("{} {}\n".format(*peak_of_a_batch(int(sys.argv[1]))))
