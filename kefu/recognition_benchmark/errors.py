"""What can go wrong with a benchmark."""

from __future__ import annotations

from kefu.errors import KefuError


class BenchmarkFailed(KefuError):
    """Raised when nothing can be measured; the text names the reason and the remedy."""
