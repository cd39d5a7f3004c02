"""Who sent a push: WeChat's signatures, their age, and nonces that came before."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW_SECONDS = 300
_MAX_NONCES = 100_000
_LONGEST_TIMESTAMP = 20


class PushRefused(Exception):
    """Raised when a push is not taken.

    Attributes:
        reason: A short code for the log, such as bad_signature; never any content.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleSignature(PushRefused):
    """Raised when the timestamp is no time or too far from now."""

    def __init__(self) -> None:
        super().__init__("stale")


class ReplayedNonce(PushRefused):
    """Raised when a signature comes again with other content."""

    def __init__(self) -> None:
        super().__init__("replayed")


class Freshness:
    """Remembers the signatures of the last minutes."""

    def __init__(
        self, window: float = WINDOW_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._window = window
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()

    def check(self, account: str, timestamp: str, nonce: str, content: bytes) -> None:
        """Take note of a push whose signature is good.

        The same content again is WeChat's own repeat, which need not be signed anew.

        Raises:
            StaleSignature: The timestamp is not decimal, or outside the window.
            ReplayedNonce: Timestamp and nonce came before with other content.
        """
        now = self._clock()
        if not _is_time(timestamp) or abs(now - int(timestamp)) > self._window:
            raise StaleSignature
        self._forget(now)
        # The signature covers the two joined: it stays good when they change places, or
        # when zeros move from one to the other.
        signed = "".join(sorted((timestamp, nonce)))
        digest = hashlib.sha256(content).digest()
        _, known = self._seen.setdefault((account, signed), (now, digest))
        if known != digest:
            raise ReplayedNonce

    def _forget(self, now: float) -> None:
        while self._seen:
            oldest, _ = next(iter(self._seen.values()))
            if oldest >= now - 2 * self._window and len(self._seen) < _MAX_NONCES:
                break
            self._seen.popitem(last=False)


def plain_signature(token: str, timestamp: str, nonce: str) -> str:
    """Return `signature`, which signs plain pushes and the check of the address."""
    return _sha1_of_sorted(token, timestamp, nonce)


def message_signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return `msg_signature`, which signs encrypted pushes and replies."""
    return _sha1_of_sorted(token, timestamp, nonce, encrypted)


def matches(given: str, wanted: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def _sha1_of_sorted(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_TIMESTAMP
