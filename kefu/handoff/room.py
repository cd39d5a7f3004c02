"""Whether a channel still takes what we say unasked."""

from __future__ import annotations

from kefu.handoff.records import HandoffError, get_in
from kefu.storage.engine import reading
from kefu.storage.windows_view import window_of

SHUT = (
    "微信现在不接收消息（顾客 48 小时没有来消息，或本次可发的条数已用完）；顾客再来消息后可以回复"
)


def takes(conversation: str, now: float, leaving: int) -> bool:
    """Tell whether a notice can be sent so that this many messages may follow it.

    A channel without limits takes everything.
    """
    window = window_of(conversation, now)
    return window is None or (window.is_open and window.sends_left > leaving)


def require_room(number: int, now: float) -> None:
    """Raise HandoffError where words to the customer of a handoff could not arrive now."""
    with reading() as connection:
        conversation = get_in(connection, number).conversation
    if not takes(conversation, now, leaving=0):
        raise HandoffError(SHUT)
