"""Asking a process over HTTP whether it is well."""

from __future__ import annotations

import time

import requests

_session = requests.Session()
# A proxy of the environment must not stand between two processes of one machine.
_session.trust_env = False


def probe(url: str, timeout: float = 2.0) -> float | None:
    """Return the seconds that `url` took to answer with 200, None when it did not."""
    started = time.monotonic()
    try:
        answer = _session.get(url, timeout=timeout)
    except requests.RequestException:
        return None
    return time.monotonic() - started if answer.status_code == 200 else None
