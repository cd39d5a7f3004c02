"""Which bells to ring when something happens in a conversation.

The programs are apart: Rasa, the WeChat process, the console. Each rings for the others,
and each also looks by itself from time to time.
"""

from __future__ import annotations

from functools import lru_cache

from kefu.bell import Bell

# Those who hand messages to customers, by what they listen for.
SENDER = "sender"  # WeChat's outbox
REST = "rest"  # requests that wait for a person's words
# Those who show conversations to agents.
DESK = "desk"
# Those who show customers that somebody is typing.
TYPING = "typing"


def message_waits(conversation: str) -> None:
    """Tell the channels that something waits for a customer, and the desk that it was said."""
    for name in (SENDER, REST, DESK):
        _bell(name).ring(conversation)


def changed(conversation: str) -> None:
    """Tell the desk that a conversation has something new: a message, a state, an error."""
    _bell(DESK).ring(conversation)


def agent_types(conversation: str) -> None:
    """Tell the channels that a person is typing."""
    _bell(TYPING).ring(conversation)


@lru_cache(maxsize=8)
def _bell(name: str) -> Bell:
    return Bell(name)
