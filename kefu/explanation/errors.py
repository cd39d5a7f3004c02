"""What keeps a message from being explained."""

from __future__ import annotations

from kefu.errors import KefuError


class CannotExplain(KefuError):
    """Raised when there is nothing to explain, or the model lacks what explains it."""
