"""Signatures between us and the outside helpdesk, the same in both directions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from kefu.environment import secret

EVENT_HEADER = "X-Kefu-Event"
TIMESTAMP_HEADER = "X-Kefu-Timestamp"
SIGNATURE_HEADER = "X-Kefu-Signature"
# How far the clocks of the two sides may differ, in seconds.
WINDOW = 300
_VERSION = "v1"
_KEY = "helpdesk_secret"


class Forged(Exception):
    """Raised when a request is not the helpdesk's; the text may be shown to the caller."""


def signature(key: str, timestamp: str, content: bytes) -> str:
    """Return the signature of a request: `v1=` and 64 hex digits.

    Args:
        key: Shared secret, used as UTF-8.
        timestamp: Seconds since 1970, as in the header.
        content: The body as sent; the path where a request has no body.
    """
    signed = timestamp.encode("ascii", "replace") + b"." + content
    return f"{_VERSION}={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}"


def signed_headers(event: str, content: bytes, now: float) -> dict[str, str]:
    """Return the three headers of a request that is sent now."""
    timestamp = str(int(now))
    return {
        EVENT_HEADER: event,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: signature(secret(_KEY), timestamp, content),
    }


def check(headers: Mapping[str, str], content: bytes, now: float) -> None:
    """Check that the helpdesk signed a request a short while ago.

    Raises:
        Forged: The signature is wrong, or the timestamp is too far from our clock.
    """
    timestamp = headers.get(TIMESTAMP_HEADER.lower(), "")
    wanted = signature(secret(_KEY), timestamp, content)
    if not _equal(headers.get(SIGNATURE_HEADER.lower(), ""), wanted):
        raise Forged("签名不正确：请核对 KEFU_HELPDESK_SECRET、时间戳和请求体")
    # A number of any length would be slow to read.
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    if not is_number or abs(now - int(timestamp)) > WINDOW:
        raise Forged(f"时间戳与服务器相差超过 {WINDOW} 秒：请校准时钟")


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
