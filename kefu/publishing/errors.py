"""What keeps somebody from publishing, in the operator's words."""

from __future__ import annotations

from kefu.errors import KefuError


class PublishingError(KefuError):
    """Base of what publishing refuses."""


class Busy(PublishingError):
    """Raised when a publication is under way; one at a time."""


class Refused(PublishingError):
    """Raised when a model may not be brought into service, or not by this person."""


class NoSuchJob(PublishingError):
    """Raised when a publication is asked for that is not kept any more."""


class Cancelled(PublishingError):
    """Raised inside a publication that somebody stopped."""
