"""Tokens for many meters at once: key changes, free allowances, migrations.

A batch is columns, a row a meter, and `issue_batch` makes the digits that `encode_token`
would make for each row, a hundred times faster. Work goes in chunks, so a million tokens need
little more memory than their digits.

    keys = derive_batch_dkga04(vending_key, params, pans)
    digits = issue_batch(CreditBatch(TransferCreditWater, tids=tids, amounts=5000, rnds=rnds), keys)

Nothing here asks whether a key may still issue or a TID was used: that stays with the
security module and the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from .amounts import credit_step
from .batch_amounts import LARGEST_AMOUNT16, LARGEST_COLUMN, amount16, currency20
from .batch_codec import (
    CHUNK,
    Decoded,
    decode_digits,
    encode_bodies,
    texts,
)
from .batch_columns import (
    BatchShape,
    BatchText,
    BatchValue,
    Digits,
    Integers,
    Words,
    column,
    rows_of,
)
from .batch_keys import (
    BatchKeys,
    Pans,
    derive_batch_dkga02,
    derive_batch_dkga04,
    pan_column,
)
from .credit import (
    TransferCreditElectricity,
    TransferCreditGas,
    TransferCreditTime,
    TransferCreditWater,
    TransferCurrencyElectricity,
    TransferCurrencyGas,
    TransferCurrencyTime,
    TransferCurrencyWater,
)
from .keys import EncryptionAlgorithm, KeyFieldInvalid, KeyParameters, KeyType
from .kinds import Token
from .management import (
    ClearCredit,
    ClearTamperCondition,
    ExtendedSet,
    SetMaximumPowerLimit,
    SetMaxPhasePowerUnbalanceLimit,
    SetTariffRate,
    SetWaterMeterFactor,
)
from .tid import LAST_TID

__all__ = [
    "BatchKeys",
    "BatchShape",
    "BatchText",
    "BatchValue",
    "CreditBatch",
    "CurrencyBatch",
    "Decoded",
    "Digits",
    "Integers",
    "KeyChangeBatch",
    "ManagementBatch",
    "Pans",
    "TokenBatch",
    "decode_digits",
    "derive_batch_dkga02",
    "derive_batch_dkga04",
    "encode_bodies",
    "issue_batch",
    "pan_column",
    "texts",
]

CreditKind = (
    type[TransferCreditElectricity]
    | type[TransferCreditWater]
    | type[TransferCreditGas]
    | type[TransferCreditTime]
)
CurrencyKind = (
    type[TransferCurrencyElectricity]
    | type[TransferCurrencyWater]
    | type[TransferCurrencyGas]
    | type[TransferCurrencyTime]
)
ManagementKind = (
    type[SetMaximumPowerLimit]
    | type[SetMaxPhasePowerUnbalanceLimit]
    | type[ClearCredit]
    | type[ClearTamperCondition]
    | type[SetTariffRate]
    | type[SetWaterMeterFactor]
    | type[ExtendedSet]
)
_WATTS: Final = (SetMaximumPowerLimit, SetMaxPhasePowerUnbalanceLimit)
_WORD: Final = np.uint64(0xFFFF_FFFF)


def _u(value: int) -> np.uint64:
    return np.uint64(value)


class Batch(Protocol):
    """Columns that can say their bodies."""

    @property
    def token_class(self) -> int: ...

    @property
    def tokens_a_row(self) -> int: ...

    def __len__(self) -> int: ...

    def bodies(self, part: slice) -> Words:
        """48-bit bodies of some rows, of shape (rows, tokens_a_row)."""
        ...


def _stamped(subclass: int, top: NDArray[Any], tids: Words, low: NDArray[Any]) -> Words:
    bodies: Words = _u(subclass << 44) | top << _u(40) | tids << _u(16) | low
    return bodies.reshape(-1, 1)


class CreditBatch:
    """One credit in units for each meter.

    `amounts` are whole smallest units of the kind's quantity (Wh, litres, tenths of a minute),
    rounded up to what the field carries, as in the single token. One int in `amounts` or
    `rnds` stands for every row. Raises BatchShape, BatchValue.
    """

    token_class: Final = 0
    tokens_a_row: Final = 1

    def __init__(
        self, kind: CreditKind, *, tids: Integers, amounts: Integers, rnds: Integers
    ) -> None:
        rows = rows_of("tids", tids)
        self._step = credit_step(kind.quantity)
        self._subclass = kind.subclass
        self._tids = column("tids", tids, rows, 0, LAST_TID)
        self._amounts = column("amounts", amounts, rows, 0, LARGEST_AMOUNT16 * self._step)
        self._rnds = column("rnds", rnds, rows, 0, 15)

    def __len__(self) -> int:
        return len(self._tids)

    def bodies(self, part: slice) -> Words:
        steps = (self._amounts[part] + _u(self._step - 1)) // _u(self._step)
        return _stamped(self._subclass, self._rnds[part], self._tids[part], amount16(steps))


class CurrencyBatch:
    """One credit (or charge, if negative) in money for each meter, in 10^-5 of the base currency.

    Amounts here fit 63 bits; the single token takes larger ones. Raises BatchShape, BatchValue.
    """

    token_class: Final = 0
    tokens_a_row: Final = 1

    def __init__(self, kind: CurrencyKind, *, tids: Integers, units: Integers) -> None:
        rows = rows_of("tids", tids)
        self._subclass = kind.subclass
        self._tids = column("tids", tids, rows, 0, LAST_TID)
        self._units = column("units", units, rows, -LARGEST_COLUMN, LARGEST_COLUMN)

    def __len__(self) -> int:
        return len(self._tids)

    def bodies(self, part: slice) -> Words:
        field = currency20(self._units[part])
        return _stamped(self._subclass, field >> _u(16), self._tids[part], field & _u(0xFFFF))


class ManagementBatch:
    """One class 2 token for each meter, key changes apart.

    `values`: watts for the two limits (rounded up to what the field carries), else the plain
    16 bits: register, rate, factor, 0 for clear tamper, `index << 10 | value` for extended
    set. Raises BatchShape, BatchValue.
    """

    token_class: Final = 2
    tokens_a_row: Final = 1

    def __init__(
        self, kind: ManagementKind, *, tids: Integers, values: Integers, rnds: Integers
    ) -> None:
        rows = rows_of("tids", tids)
        self._watts = kind in _WATTS
        largest = LARGEST_AMOUNT16 if self._watts else 0xFFFF
        self._subclass = kind.subclass
        self._tids = column("tids", tids, rows, 0, LAST_TID)
        self._values = column("values", values, rows, 0, largest)
        self._rnds = column("rnds", rnds, rows, 0, 15)

    def __len__(self) -> int:
        return len(self._tids)

    def bodies(self, part: slice) -> Words:
        field = self._values[part]
        if self._watts:
            field = amount16(field)
        return _stamped(self._subclass, self._rnds[part], self._tids[part], field)


class KeyChangeBatch:
    """A key-change set for each meter, to the key of its row in `new_keys`, all derived with
    the parameters `new` (group the meters of a campaign by supply group and tariff index).

    Two tokens a meter for EA07, three if `three_tokens`, four for EA11, in the order of entry.
    `ro`: the base date changes, the meters empty their TID stores. Raises KeyFieldInvalid.
    """

    token_class: Final = 2

    def __init__(
        self, new_keys: BatchKeys, new: KeyParameters, *, ro: bool, three_tokens: bool = False
    ) -> None:
        if new.ea is not new_keys.ea:
            raise KeyFieldInvalid("ea", new.ea.value)
        if new.key_type == KeyType.DITK:
            raise KeyFieldInvalid("key_type", "0")
        self._new_keys = new_keys
        self._long = new.ea is EncryptionAlgorithm.EA11
        self.tokens_a_row = 4 if self._long else 2 + three_tokens
        sgc = int(new.sgc)
        flags = ro << 3 | (three_tokens and not self._long) << 2 | new.key_type
        heads = (
            3 << 44 | (new.ken >> 4) << 40 | new.krn << 36 | flags << 32,
            4 << 44 | (new.ken & 15) << 40 | new.ti << 32,
            8 << 44 | ((sgc & 0xFFF) << 32 if self._long else sgc << 20),
            9 << 44 | (sgc >> 12) << 32,
        )
        self._heads = np.array(heads[: self.tokens_a_row], dtype=np.uint64)

    @property
    def ea(self) -> EncryptionAlgorithm:
        return self._new_keys.ea

    def __len__(self) -> int:
        return len(self._new_keys)

    def bodies(self, part: slice) -> Words:
        secret = self._new_keys.secret[part]
        bodies = np.tile(self._heads, (len(secret), 1))
        first, last = (secret[:, 0], secret[:, 1]) if self._long else (secret, secret)
        bodies[:, 0] |= first >> _u(32)
        bodies[:, 1] |= last & _WORD
        if self._long:
            bodies[:, 2] |= first & _WORD
            bodies[:, 3] |= last >> _u(32)
        return bodies


class TokenBatch:
    """Single tokens of one class as a batch: convenient, and as slow as making the tokens.

    Raises BatchShape if the classes are mixed, and what packing a token raises.
    """

    tokens_a_row: Final = 1

    def __init__(self, tokens: Sequence[Token]) -> None:
        classes = {token.token_class for token in tokens}
        if len(classes) > 1:
            raise BatchShape("tokens", len(tokens), "several classes")
        self.token_class = classes.pop() if classes else 0
        self._bodies = np.array([token.body() for token in tokens], dtype=np.uint64)

    def __len__(self) -> int:
        return len(self._bodies)

    def bodies(self, part: slice) -> Words:
        return self._bodies[part].reshape(-1, 1)


def issue_batch(batch: Batch, keys: BatchKeys | None) -> Digits:
    """The digits of every row under the meter's *current* key: dtype S20, shape (n,), or
    (n, tokens a row) for key changes. `texts` makes strings of a column.

    Class 1 takes no keys (None). Raises BatchShape, and KeyFieldInvalid where a key change
    would change the cipher.
    """
    if isinstance(batch, KeyChangeBatch) and keys is not None and keys.ea is not batch.ea:
        raise KeyFieldInvalid("ea", keys.ea.value)
    rows, width = len(batch), batch.tokens_a_row
    if keys is not None and len(keys) != rows:
        raise BatchShape("keys", rows, f"{len(keys)} keys")
    out = np.empty((rows, width), dtype="S20")
    for start in range(0, rows, CHUNK):
        part = slice(start, min(start + CHUNK, rows))
        bodies = batch.bodies(part)
        part_keys = None if keys is None else keys[part]
        for place in range(width):
            out[part, place] = encode_bodies(bodies[:, place], batch.token_class, part_keys)
    return out.reshape(-1) if width == 1 else out
