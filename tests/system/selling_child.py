"""A program that sells a few batches and says in JSON, line by line, what it was told:

    python -m tests.system.selling_child DATABASE BATCHES

One line before each batch (`asked`), one after it (for each vend id its digits, or the code of
the error), and how many sales it can read (`sales`). It ends with 0 whatever happened to the sales.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from meters.errors import RaseedError
from tests.system.invariants import digits_of, order
from tests.vending.support import OPERATOR, SetClock, service
from vending.sale import SaleReceipt
from vending.store import open_store

PER_BATCH: Final = 3


def main(place: Path, batches: int) -> None:
    store = open_store(place)
    selling = service(store, SetClock())
    _say({"open": True})
    for batch in range(batches):
        ids = [f"b{batch}-{i}" for i in range(PER_BATCH)]
        _say({"asked": ids})
        told: dict[str, Any] = {}
        for vend_id, answer in zip(
            ids, selling.vend_many([order(vend_id) for vend_id in ids]), strict=True
        ):
            if isinstance(answer, SaleReceipt):
                told[vend_id] = digits_of(answer)
            else:
                assert isinstance(answer, RaseedError), answer
                told[vend_id] = answer.code
        _say({"told": told, "sales": len(selling.sales(OPERATOR, limit=500))})
    store.close()


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
