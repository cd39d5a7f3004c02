"""How many messages a channel still takes for a customer, for people who want to write one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kefu.storage.engine import reading
from kefu.storage.tables import send_windows

_WINDOW = select(send_windows.c.sends_left, send_windows.c.open_until).where(
    send_windows.c.conversation == bindparam("whose")
)


@dataclass(frozen=True)
class WindowView:
    """What a customer may still be sent.

    Attributes:
        sends_left: How many messages; 0 until the customer does something again.
        open_until: Until when, UTC seconds.
        is_open: Whether that time is not over yet.
    """

    sends_left: int
    open_until: float
    is_open: bool

    @property
    def takes_more(self) -> bool:
        """Tell whether a message that is sent now can arrive."""
        return self.is_open and self.sends_left > 0


def window_of(conversation: str, now: float) -> WindowView | None:
    """Return what a customer may be sent; None where no limit applies or none is known."""
    with reading() as connection:
        row = connection.execute(_WINDOW, {"whose": conversation}).first()
    if row is None:
        return None
    return WindowView(max(0, row.sends_left), row.open_until, row.open_until > now)
