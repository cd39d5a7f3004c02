"""What the state page and Prometheus are shown: one for the whole console, not one a page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from starlette.applications import Starlette

from kefu.doctor import LOOKS
from kefu.doctoring.checkup import Checkup
from kefu.metrics.exposition import Exposition

# A page that shows all but the slowest at once is better than one that is waited for.
_PATIENCE = 2.0
_lock = threading.Lock()


@dataclass(frozen=True)
class Board:
    """Findings and measurements, each with its own memory."""

    checkup: Checkup = field(default_factory=lambda: Checkup(LOOKS, _PATIENCE))
    exposition: Exposition = field(default_factory=Exposition)


def board_of(app: Starlette) -> Board:
    """Return the board of an application."""
    with _lock:
        if not hasattr(app.state, "board"):
            app.state.board = Board()
        board: Board = app.state.board
    return board
