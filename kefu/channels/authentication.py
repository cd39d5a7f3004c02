"""Who calls the REST channel: a token or a signature for each backend."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

WINDOW_SECONDS = 300
_MAX_NONCES = 100_000


@dataclass(frozen=True)
class Backend:
    """A server that may speak for customers.

    Attributes:
        name: Its name in credentials.yml.
        auth: `token` (Authorization: Bearer …) or `hmac` (signed requests).
        secret: Token or signing key.
    """

    name: str
    auth: Literal["token", "hmac"]
    secret: str


class Refused(Exception):
    """Raised when a request is not a known backend's; the text may be shown to the caller."""


class Authentication:
    """Checks requests against the backends of credentials.yml."""

    def __init__(self, backends: list[Backend], clock: Callable[[], float] = time.time) -> None:
        self._backends = backends
        self._clock = clock
        self._nonces: OrderedDict[str, float] = OrderedDict()

    def used(self) -> Mapping[str, float]:
        """Return the nonces that may not be used again, and when each was."""
        return self._nonces

    def refuse(self, used: Mapping[str, float]) -> None:
        """Let nonces that another process has seen not be used again."""
        self._nonces.update(used)

    def check(self, headers: Mapping[str, str], method: str, path: str, body: bytes) -> Backend:
        """Return the backend that sent the request.

        A signed request has the headers X-Kefu-Backend, X-Kefu-Timestamp (seconds),
        X-Kefu-Nonce and X-Kefu-Signature: the hex HMAC-SHA256 of timestamp, nonce,
        method, path with query, and the body's SHA-256 in hex, joined by newlines.

        Raises:
            Refused: Unknown token, wrong or old signature, or a nonce seen before.
        """
        if headers.get("x-kefu-signature"):
            return self._signed(headers, method, path, body)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            for backend in self._backends:
                if backend.auth == "token" and _equal(token.strip(), backend.secret):
                    return backend
        raise Refused("缺少或无效的凭证：请带上 Authorization: Bearer <token>，或对请求签名")

    def _signed(self, headers: Mapping[str, str], method: str, path: str, body: bytes) -> Backend:
        name = headers.get("x-kefu-backend", "")
        backend = next((b for b in self._backends if b.name == name and b.auth == "hmac"), None)
        stamp, nonce = headers.get("x-kefu-timestamp", ""), headers.get("x-kefu-nonce", "")
        wanted = signature(backend.secret if backend else "", stamp, nonce, method, path, body)
        if not _equal(headers.get("x-kefu-signature", ""), wanted) or backend is None:
            raise Refused("签名不正确：请核对密钥、签名内容和请求体")
        now = self._clock()
        if not stamp.isdecimal() or abs(now - int(stamp)) > WINDOW_SECONDS:
            raise Refused(f"时间戳与服务器相差超过 {WINDOW_SECONDS} 秒：请校准时钟")
        if not nonce or len(nonce) > 128 or not self._first_use(f"{name} {nonce}", now):
            raise Refused("X-Kefu-Nonce 缺失或已用过：每次请求请用新的随机串")
        return backend

    def _first_use(self, nonce: str, now: float) -> bool:
        while self._nonces:
            oldest = next(iter(self._nonces.values()))
            if oldest > now - 2 * WINDOW_SECONDS and len(self._nonces) < _MAX_NONCES:
                break
            self._nonces.popitem(last=False)
        if nonce in self._nonces:
            return False
        self._nonces[nonce] = now
        return True


def signature(secret: str, timestamp: str, nonce: str, method: str, path: str, body: bytes) -> str:
    """Return the signature of a request; see `Authentication.check`."""
    digest = hashlib.sha256(body).hexdigest()
    text = "\n".join([timestamp, nonce, method.upper(), path, digest])
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
