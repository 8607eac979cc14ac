"""Webhooks as standardwebhooks describes them: an id, a moment and a signature over both and the
body. The body never holds a token's digits."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from pydantic import BaseModel

from ..aftersale import Void
from ..outbox import Message, is_of_void
from ..outbox_ports import NotSent, Queued, SendRejected, Sold
from ..sale import SaleReceipt
from ..shapes import SaleOut, VoidEventOut
from .http import HttpPoster

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)
COMPLETED: Final = "sale.completed"
VOIDED: Final = "sale.voided"
"""Its token is not to be used; the money went back, or into the sale that it was replaced by."""
REFUNDED: Final = "sale.refunded"
"""The money went back, the units stay with the customer."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """A receiver, and the secret it shares with us."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """Posts the sale to the target that the message names."""

    poster: HttpPoster
    targets: Mapping[str, WebhookTarget] = field(repr=False)

    def send(self, queued: Queued, sold: Sold, now: datetime) -> None:
        """The body is the same at every attempt; the moment and so the signature are its own."""
        key, name = queued.message.key, queued.message.target
        target = self.targets.get(name)
        if target is None:
            raise NotSent(name, "not in the settings")
        body = self._body(queued.message, sold)
        second = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(second),
            "webhook-signature": signature(target.secret, key, second, body),
        }
        self.poster.post(name, target.url, headers, body)

    def _body(self, message: Message, sold: Sold) -> bytes:
        if not is_of_void(message):
            return sale_event(sold.receipt)
        if sold.void is None:
            raise SendRejected(message.target, "the sale was not taken back")
        return void_event(sold.void, sold.receipt)


def sale_event(receipt: SaleReceipt) -> bytes:
    """The sale as the API tells it to readers: tokens are facts without digits."""
    return _event(COMPLETED, receipt.sold_at, SaleOut.of(receipt))


def void_event(void: Void, receipt: SaleReceipt) -> bytes:
    """What became of the sale and of its money; neither who it was nor why, which is told in
    words."""
    name = VOIDED if void.evidence.takes_back else REFUNDED
    return _event(name, void.at, VoidEventOut.of(void, receipt))


def _event(name: str, at: datetime, data: BaseModel) -> bytes:
    event = {"type": name, "timestamp": at.isoformat(), "data": data.model_dump(mode="json")}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def signature(secret: bytes, key: str, second: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."""
    signed = b".".join((key.encode("utf-8"), str(second).encode("ascii"), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, sha256)).decode("ascii")


def secret_bytes(text: str) -> bytes:
    """The secret behind `whsec_` and base64. Raises ValueError, which does not quote it, unless
    it has 24 to 64 bytes."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or len(secret) not in _SECRET_BYTES:
        raise ValueError("a webhook secret is whsec_ and base64 of 24 to 64 bytes")
    return secret
