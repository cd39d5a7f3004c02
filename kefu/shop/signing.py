"""Signatures on requests to a shop: HMAC-SHA256 over everything that matters in a request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

KEY_HEADER = "X-Api-Key"
TIMESTAMP_HEADER = "X-Timestamp"
NONCE_HEADER = "X-Nonce"
SIGNATURE_HEADER = "X-Signature"
# How far the clocks of the two sides may differ, in seconds.
WINDOW = 300


def signature(
    secret: str, method: str, path: str, query: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """Return the signature of one request as 64 hex digits.

    Args:
        secret: Shared secret, used as UTF-8.
        method: Upper-case method.
        path: Path as sent, percent-encoded, with any prefix of the base address.
        query: Query as sent without "?"; its pairs are sorted here.
        timestamp: Seconds since 1970.
        nonce: Random text, different for every request.
        body: Body as sent, empty for GET.
    """
    lines = (
        method,
        path,
        "&".join(sorted(query.split("&"))),
        timestamp,
        nonce,
        hashlib.sha256(body).hexdigest(),
    )
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def signed_headers(
    key: str, secret: str, method: str, path: str, query: str, body: bytes
) -> dict[str, str]:
    """Return the four headers of a request sent now; a nonce is good for one request."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        KEY_HEADER: key,
        TIMESTAMP_HEADER: timestamp,
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: signature(secret, method, path, query, timestamp, nonce, body),
    }
