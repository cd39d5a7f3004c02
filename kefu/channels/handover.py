"""What one Rasa process leaves to the one that takes its customers over.

The process in which both run sets `app.ctx.kefu_inherited`; a plain `rasa run` inherits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sanic import Sanic

from kefu.elsewhere import Elsewhere


@dataclass(frozen=True)
class Inherited:
    """What was left.

    Attributes:
        elsewhere: The conversations that the former process is still at work in.
        nonces: Of signed requests, and when each was used (UTC seconds).
    """

    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    nonces: Mapping[str, float] = field(default_factory=dict)


def inherited(app: Sanic) -> Inherited:
    """Return what the server inherited."""
    found: Inherited = getattr(app.ctx, "kefu_inherited", None) or Inherited()
    return found


def leave(app: Sanic) -> dict[str, Any]:
    """Take nothing more in, and return what to leave, as JSON can carry it."""
    busy = [part.hand_over() for part in _parts(app)]
    nonces = getattr(app.ctx, "kefu_nonces", None)
    return {
        "busy": sorted(frozenset().union(*busy)),
        "nonces": dict(nonces.used()) if nonces else {},
    }


def received(legacy: Mapping[str, Any]) -> Inherited:
    """Return what `leave` of the former process has given."""
    return Inherited(Elsewhere(legacy["busy"]), legacy["nonces"])


def take_back(app: Sanic) -> None:
    """Go on as before: the other process did not take over."""
    for part in _parts(app):
        part.take_back()


def is_busy(app: Sanic) -> bool:
    """Tell whether something that was begun before is still to end."""
    return any(part.is_busy for part in _parts(app))


def _parts(app: Sanic) -> list[Any]:
    names = ("kefu_reception", "kefu_context")
    return [part for name in names if (part := getattr(app.ctx, name, None)) is not None]
