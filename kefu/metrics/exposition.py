"""The text that Prometheus reads, made at most once in some seconds."""

from __future__ import annotations

import threading
import time

from prometheus_client import CollectorRegistry, generate_latest

from kefu.metrics.collector import KefuCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Exposition:
    """Gives the text; several who ask at once share one measurement."""

    def __init__(self, keep: float = 5.0) -> None:
        """Take for how many seconds a measurement is good enough."""
        self._keep = keep
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(KefuCollector())
        self._lock = threading.Lock()
        self._text = b""
        self._until = 0.0

    def text(self) -> bytes:
        """Return what is measured now, or was just before."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._text = generate_latest(self._registry)
                self._until = time.monotonic() + self._keep
            return self._text
