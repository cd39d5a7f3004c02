"""Who may ask the demo shop, and the faults it can be told to have."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from starlette.requests import Request

from kefu.environment import secret
from kefu.shop.signing import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WINDOW,
    signature,
)

Mode = Literal["none", "slow", "fail", "nonsense", "refuse"]
# What "nonsense" sends with status 200, one after the other.
NONSENSE = (
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"orders": [{"order_no"',
    b"[]",
    b'{"orders": 17, "order_no": null, "level": {}, "points": "many"}',
    b'{"orders": [{"order_no": 5, "state": "flying", "amount": "NaN"}], "state": "flying"}',
    b"",
)


class Verifier:
    """Checks key, timestamp, nonce and signature of a request."""

    def __init__(self) -> None:
        self._nonces: dict[str, float] = {}

    def refusal(self, request: Request, body: bytes) -> str | None:
        """Return why a request is not let in, None when it is."""
        given = {name: request.headers.get(name, "") for name in _HEADERS}
        if not hmac.compare_digest(given[KEY_HEADER].encode(), secret("shop_api_key").encode()):
            return "API 密钥不正确"
        timestamp, nonce = given[TIMESTAMP_HEADER], given[NONCE_HEADER]
        now = time.time()
        if not _digits(timestamp) or abs(now - int(timestamp)) > WINDOW:
            return "时间戳缺失或超出 300 秒"
        expected = signature(
            secret("shop_api_secret"),
            request.method,
            request.scope["raw_path"].decode("ascii", "replace"),
            request.scope["query_string"].decode("ascii", "replace"),
            timestamp,
            nonce,
            body,
        )
        if not hmac.compare_digest(given[SIGNATURE_HEADER].encode(), expected.encode()):
            return "签名不正确"
        return None if self._is_new(nonce, now) else "随机串缺失或已用过"

    def _is_new(self, nonce: str, now: float) -> bool:
        # A nonce is kept twice the window: a timestamp may lie ahead of our clock.
        self._nonces = {n: at for n, at in self._nonces.items() if now - at <= 2 * WINDOW}
        if not 8 <= len(nonce) <= 64 or nonce in self._nonces:
            return False
        self._nonces[nonce] = now
        return True


_HEADERS = (KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


@dataclass
class Faults:
    """The fault in force. `rate` is the share of requests it strikes."""

    mode: Mode = "none"
    seconds: float = 2.0
    rate: float = 1.0
    struck: int = 0
    random: Random = field(default_factory=lambda: Random(1), repr=False)

    def strikes(self) -> Mode:
        """Return what happens to the next request."""
        if self.mode == "none" or self.random.random() >= self.rate:
            return "none"
        self.struck += 1
        return self.mode

    def nonsense(self) -> bytes:
        """Return the next meaningless answer."""
        return NONSENSE[self.struck % len(NONSENSE)]
