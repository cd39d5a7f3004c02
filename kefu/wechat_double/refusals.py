"""How the double says no: error codes of WeChat's API, and remarks of the control API."""

from __future__ import annotations

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40035: "invalid parameter",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40164: "invalid ip {}, not in whitelist",
    40200: "invalid account type",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43104: "appid does not match openid",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, mustslower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45072: "command error",
    45080: "not allow typing: no interaction in the last 30 seconds",
    45081: "is typing now, please wait",
    45162: "invalid message type for this account",
    47001: "data format error",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    61010: "code is expired",
    65401: "invalid customer service account",
    65413: "no session of this user",
    65414: "the user is served by another customer service account",
    65415: "customer service account is offline",
    87014: "risky content",
}


class ApiRefused(Exception):
    """Raised when a call of WeChat's API is refused.

    Attributes:
        code: WeChat's errcode.
        message: WeChat's errmsg, still without the request id.
    """

    def __init__(self, code: int, *details: str) -> None:
        self.code = code
        self.message = MESSAGES.get(code, "error").format(*details)
        super().__init__(f"{code} {self.message}")


class ControlRefused(Exception):
    """Raised when the control API cannot do what it was asked; the text is Chinese."""
