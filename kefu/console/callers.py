"""Who calls, and how: a proxy on this machine is believed what it says of its caller."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request


def address_of(request: Request) -> str:
    """Return the network address of the caller; "" when it is not known."""
    peer = request.client.host if request.client else ""
    forwarded = _last(request, "X-Forwarded-For")
    return forwarded[:64] if forwarded and _is_loopback(peer) else peer


def is_https(request: Request) -> bool:
    """Tell whether the browser speaks HTTPS."""
    peer = request.client.host if request.client else ""
    if _is_loopback(peer) and "X-Forwarded-Proto" in request.headers:
        return _last(request, "X-Forwarded-Proto") == "https"
    return str(request.scope["scheme"]) == "https"


def _last(request: Request, name: str) -> str:
    """Return what the proxy itself said, in the same line or in one of its own.

    Whatever stands before it is the caller's own claim.
    """
    given = request.headers.getlist(name)
    return given[-1].rpartition(",")[2].strip() if given else ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
