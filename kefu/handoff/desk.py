"""What an agent's action means for the customer who is told about it."""

from __future__ import annotations

from kefu.handoff import holder, notice
from kefu.handoff.holder import Handoff
from kefu.storage import messages


def finish(number: int, now: float) -> Handoff:
    """End the service of a person and tell the customer that the bot goes on.

    A ticket that nobody spoke in is closed silently: the customer never had a person.

    Raises:
        HandoffError: It does not exist or is closed already.
    """
    handoff = holder.close(number, "done", now)
    if handoff.accepted_at is not None:
        messages.add_reply(handoff.conversation, "system", notice.DONE, None, now)
    return handoff
