"""Whether a channel still takes what we say unasked."""

from __future__ import annotations

from kefu.storage.windows_view import window_of


def takes(conversation: str, now: float, leaving: int) -> bool:
    """Tell whether a notice can be sent so that this many messages may follow it.

    A channel without limits takes everything.
    """
    window = window_of(conversation, now)
    return window is None or (window.is_open and window.sends_left > leaving)
