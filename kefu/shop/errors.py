"""What can go wrong between us and a shop. The texts are for operators, but for a refusal's."""

from __future__ import annotations

from kefu.errors import KefuError


class ShopError(KefuError):
    """Base of everything a gateway raises."""


class ShopUnavailable(ShopError):
    """Raised on a time-out, a failed connection, a 5xx answer, or while the breaker is open."""


class ShopAnswerInvalid(ShopError):
    """Raised when an answer cannot be read; the settings or the shop are wrong."""


class ShopRefused(ShopError):
    """Raised when the shop declines a request; the text is its reason, fit for the customer."""
