"""How the two sides sign: HMAC-SHA256 over timestamp, a full stop and the content."""

from __future__ import annotations

import hashlib
import hmac
import time

_WINDOW = 300


def sign(secret: str, timestamp: str, content: bytes) -> str:
    """Return the digest in hex."""
    signed = timestamp.encode("utf-8", "replace") + b"." + content
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, content: bytes, given: str, prefix: str) -> bool:
    """Tell whether a signature is right and its timestamp at most five minutes away."""
    wanted = f"{prefix}{sign(secret, timestamp, content)}"
    if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        return False
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return is_number and abs(time.time() - int(timestamp)) <= _WINDOW
