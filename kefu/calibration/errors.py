"""What can go wrong with a calibration."""

from __future__ import annotations

from kefu.errors import KefuError


class CalibrationFailed(KefuError):
    """Raised when there is nothing to choose from; the text names the reason and the remedy."""
