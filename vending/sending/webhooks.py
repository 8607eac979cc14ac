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

from ..outbox_ports import NotSent, Queued
from ..sale import SaleReceipt
from ..shapes import SaleOut
from .http import HttpPoster

PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)
EVENT: Final = "sale.completed"


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

    def send(self, queued: Queued, receipt: SaleReceipt, now: datetime) -> None:
        """The body is the same at every attempt; the moment and so the signature are its own."""
        key, name = queued.message.key, queued.message.target
        target = self.targets.get(name)
        if target is None:
            raise NotSent(name, "not in the settings")
        body = sale_event(receipt)
        second = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(second),
            "webhook-signature": signature(target.secret, key, second, body),
        }
        self.poster.post(name, target.url, headers, body)


def sale_event(receipt: SaleReceipt) -> bytes:
    """The sale as the API tells it to readers: tokens are facts without digits."""
    event = {
        "type": EVENT,
        "timestamp": receipt.sold_at.isoformat(),
        "data": SaleOut.of(receipt).model_dump(mode="json"),
    }
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
