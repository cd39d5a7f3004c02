"""What becomes of the customers of somebody who may no longer sign in."""

from __future__ import annotations

from contextlib import suppress

from kefu.handoff import desk, holder
from kefu.handoff.records import HandoffError


def free_customers(login: str, by: str, now: float) -> None:
    """Let all customers that a person has wait for another one, and not in vain.

    Where this is cut short, they go back to the bot after the idle minutes.

    Args:
        login: Who was dismissed.
        by: Who dismissed them.
        now: UTC seconds.
    """
    for handoff in holder.open_handoffs():
        if handoff.state == "agent" and handoff.agent == login:
            # Whom somebody else has meanwhile is well off.
            with suppress(HandoffError):
                desk.put_back(handoff.id, login, now, by=by)
