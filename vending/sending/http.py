"""One POST, once, and what its answer means for the message. No retries, no redirects: trying
again is the outbox's business, and a secret goes nowhere but to its receiver."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx2

from ..outbox_ports import NotSent, SendRejected, SendUnknown

_FOR_GOOD: Final = frozenset({400, 410, 413, 415, 422})
"""Statuses that say: this message never. All others may pass (a wrong key in the settings, a limit,
a fault over there)."""

_NOT_BEGUN: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.InvalidURL,
)
_LONGEST_WAIT_S: Final = 86_400
_BEGINS: Final = "send_request_headers.started"
"""How the client calls the moment before the first byte, behind the name of the protocol."""


class _ReachedLate(Exception):
    """The receiver is there, and by now the message may be somebody else's."""


class HttpPoster:
    """One client for many threads, opened at the first use."""

    def __init__(self, timeout_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`timeout_s` is the patience with each step; with all that comes before the first byte
        (looking up the name, trying each of its addresses) it is twice that."""
        self._timeout = timeout_s
        self._monotonic = monotonic
        self._client: httpx2.Client | None = None
        self._opening = threading.Lock()
        # It would log whole addresses, in which a receiver's key may stand.
        logging.getLogger("httpx2").setLevel(logging.WARNING)

    def post(self, receiver: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Comes back when the receiver said yes (2xx). `receiver` names it in errors, which hold
        neither address nor anything that was sent.

        Raises NotSent, SendUnknown (no answer after sending began), SendRejected.
        """
        until = self._monotonic() + 2 * self._timeout

        def in_time(event: str, _: object) -> None:
            if event.endswith(_BEGINS) and self._monotonic() > until:
                raise _ReachedLate

        try:
            # The answer's body is nobody's business: status and headers say it all.
            with self._open().stream(
                "POST", url, headers=headers, content=body, extensions={"trace": in_time}
            ) as answer:
                status, told = answer.status_code, answer.headers.get("Retry-After", "")
        except _ReachedLate:
            raise NotSent(receiver, "reached too late") from None
        except _NOT_BEGUN as error:
            raise NotSent(receiver, type(error).__name__) from None
        except httpx2.HTTPError as error:
            raise SendUnknown(receiver, type(error).__name__) from None
        if 200 <= status < 300:
            return
        if status in _FOR_GOOD:
            raise SendRejected(receiver, f"answered {status}")
        raise NotSent(receiver, f"answered {status}", _seconds(told))

    def close(self) -> None:
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _open(self) -> httpx2.Client:
        with self._opening:
            if self._client is None:
                self._client = httpx2.Client(
                    timeout=self._timeout,
                    follow_redirects=False,
                    # What the environment says of proxies is meant for other programs.
                    trust_env=False,
                    transport=httpx2.HTTPTransport(retries=0, trust_env=False),
                )
            return self._client


def _seconds(told: str) -> int:
    """Retry-After in seconds; its other form, a date, is taken as none."""
    if not (told.isascii() and told.isdecimal() and len(told) <= 9):
        return 0
    return min(int(told), _LONGEST_WAIT_S)
