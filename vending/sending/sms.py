"""SMS with the token, over any gateway."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from ..masking import masked
from ..messages import Language
from ..outbox_ports import Queued, Sold
from .files import write_once
from .http import HttpPoster
from .length import sms_length
from .texts import sms_text

log = logging.getLogger("raseed.outbox")


class SmsGateway(Protocol):
    """Whoever carries an SMS to a telephone."""

    def send(self, key: str, phone: str, text: str) -> None:
        """Once per key, however often it is called. Raises NotSent, SendUnknown, SendRejected."""
        ...


@dataclass(frozen=True, slots=True)
class SmsSender:
    """Makes the text from the books and hands it to the gateway. The log tells what it takes, for
    gateways are paid by the part."""

    gateway: SmsGateway
    language_of: Callable[[str], Language]
    """By the customer's account."""

    def send(self, queued: Queued, sold: Sold, now: datetime) -> None:  # noqa: ARG002
        message, language = queued.message, self.language_of(sold.receipt.buyer.account)
        text = sms_text(sold.receipt, language)
        length = sms_length(text)
        log.info(
            "%s takes %d parts (%s, %d units)",
            masked(message.key),
            length.parts,
            length.encoding,
            length.units,
        )
        self.gateway.send(message.key, message.target, text)


@dataclass(frozen=True, slots=True)
class HttpSms:
    """A gateway that takes `POST {"to", "text", "from"}` and tells repetitions by the header
    `Idempotency-Key`; others want an adapter of their own."""

    poster: HttpPoster
    url: str = field(repr=False)
    api_key: str = field(default="", repr=False)
    sender: str = ""
    """Name or number that the telephone shows; empty: the gateway's own."""

    def send(self, key: str, phone: str, text: str) -> None:
        body = {"to": phone, "text": text, **({"from": self.sender} if self.sender else {})}
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        self.poster.post("sms", self.url, headers, json.dumps(body, ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class FolderSms:
    """No gateway: each message is a file, for trying out and for tests."""

    folder: Path

    def send(self, key: str, phone: str, text: str) -> None:
        write_once(self.folder, f"{key}.txt", f"{phone}\n{text}\n".encode())
