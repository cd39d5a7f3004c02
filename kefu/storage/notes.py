"""What people who read a conversation should know of single messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select

from kefu.storage.engine import reading
from kefu.storage.tables import media, objections, sends

# Of what is tried again, and of what is given up.
_UNSENT = {"pending": "尚未送达", "sending": "尚未送达", "dead": "未送达"}


def notes_of(message_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return what is to be said of messages (Chinese), by message id.

    Of ours: why one has not reached the customer. Of customers': a file that could not
    be fetched. Of both: what the content check holds against one.
    """
    ids = list(message_ids)
    notes: dict[int, list[str]] = defaultdict(list)
    unsent = select(sends.c.message, sends.c.state, sends.c.error).where(
        sends.c.message.in_(ids), sends.c.state.in_(_UNSENT), sends.c.error.is_not(None)
    )
    unfetched = select(media.c.message, media.c.error).where(
        media.c.message.in_(ids), media.c.state == "failed"
    )
    disputed = select(objections.c.message, objections.c.reason).where(
        objections.c.message.in_(ids)
    )
    with reading() as connection:
        for message, state, error in connection.execute(unsent):
            notes[message].append(f"{_UNSENT[state]}：{error}")
        for message, error in connection.execute(unfetched):
            notes[message].append(f"文件没有取到：{error}")
        for message, reason in connection.execute(disputed):
            notes[message].append(reason)
    return {message: list(dict.fromkeys(said)) for message, said in notes.items()}
