"""How many sends WeChat takes for a customer, and until when, as it counts them.

What the customer does opens a window; the numbers do not add up. Opening one again
sets them back to their most, and the later end stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, case, select, text, update
from sqlalchemy.engine import Connection

from kefu.storage.tables import send_windows

Trigger = Literal["message", "enter", "menu", "subscribe", "scan"]

_TWO_DAYS = 48 * 3600.0
# Sends and seconds; see "customer service messages" of WeChat's documentation.
LIMITS: dict[Trigger, tuple[int, float]] = {
    "message": (5, _TWO_DAYS),
    "enter": (2, 60.0),
    "menu": (3, 60.0),
    "subscribe": (3, 60.0),
    "scan": (3, 60.0),
}
_MOST = max(sends for sends, _ in LIMITS.values())
# What the bot leaves of a window, so that a person's notice still gets through.
RESERVE = 1

# Whether a smaller trigger takes sends away from a window that has more is not documented
# clearly. We count the larger number: WeChat refuses by itself what it does not take, while
# what we refuse ourselves is lost.
_OPEN = text(
    """
    INSERT INTO send_windows (conversation, sends_left, open_until)
    VALUES (:conversation, :sends, :until)
    ON CONFLICT (conversation) DO UPDATE SET
      sends_left = CASE
        WHEN send_windows.open_until > :now AND send_windows.sends_left > excluded.sends_left
        THEN send_windows.sends_left ELSE excluded.sends_left END,
      open_until = CASE
        WHEN send_windows.open_until > excluded.open_until
        THEN send_windows.open_until ELSE excluded.open_until END
    """
)


_WINDOW = select(send_windows.c.sends_left, send_windows.c.open_until).where(
    send_windows.c.conversation == bindparam("whose")
)
_LEFT = send_windows.c.sends_left - bindparam("sends")
_USE = (
    update(send_windows)
    .where(send_windows.c.conversation == bindparam("whose"))
    # It may have been opened again before sends are given back.
    .values(sends_left=case((_LEFT > _MOST, _MOST), else_=_LEFT))
)


@dataclass(frozen=True)
class Window:
    """Sends that are left, and UTC seconds until which they may be used."""

    sends_left: int
    open_until: float


def open_window(connection: Connection, conversation: str, trigger: Trigger, now: float) -> None:
    """Open a customer's window in a transaction of the caller's."""
    sends, seconds = LIMITS[trigger]
    values = {"conversation": conversation, "sends": sends, "until": now + seconds, "now": now}
    connection.execute(_OPEN, values)


def window(connection: Connection, conversation: str) -> Window | None:
    """Return a customer's window; None when nothing was heard from the customer yet."""
    row = connection.execute(_WINDOW, {"whose": conversation}).first()
    return None if row is None else Window(row.sends_left, row.open_until)


def use(connection: Connection, conversation: str, sends: int) -> None:
    """Count sends; a negative number gives them back."""
    connection.execute(_USE, {"whose": conversation, "sends": sends})


def close(connection: Connection, conversation: str, ended_at: float | None = None) -> None:
    """Note that WeChat takes nothing more for the customer.

    Args:
        connection: A transaction of the caller's.
        conversation: Whose window it is.
        ended_at: When the time was over, UTC seconds; None where only the sends are used up.
    """
    mine = send_windows.c.conversation == conversation
    ended = {} if ended_at is None else {"open_until": ended_at}
    connection.execute(update(send_windows).where(mine).values(sends_left=0, **ended))
