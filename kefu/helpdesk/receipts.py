"""Events of the helpdesk that were acted upon, so that a repeat is answered and not done again."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from kefu.helpdesk.events import inbound_id
from kefu.storage.engine import reading, writing
from kefu.storage.tables import helpdesk_events
from kefu.storage.upsert import insert_or_ignore

Answer = dict[str, Any]

# Neither waiting nor dead: such a row is nothing to be sent.
_STATE = "received"


def answer_to(id_: str) -> Answer | None:
    """Return what an event of this id was answered, None when there was none."""
    query = select(helpdesk_events.c.body).where(
        helpdesk_events.c.event == inbound_id(id_), helpdesk_events.c.state == _STATE
    )
    with reading() as connection:
        body = connection.execute(query).scalar()
    if body is None:
        return None
    answer: Answer = json.loads(body)
    return answer


def note(id_: str, kind: str, conversation: str, handoff: int, answer: Answer, now: float) -> None:
    """Note what an event was answered.

    It is noted after the deed: what a crash leaves without a note is done again, which
    changes nothing, as every deed of ours is for one handoff and words have a key.
    """
    row = {"conversation": conversation, "handoff": handoff, "kind": f"in.{kind}"}
    times = {"next_at": now, "created_at": now, "done_at": now}
    with writing() as connection:
        insert_or_ignore(
            connection,
            helpdesk_events,
            on=("event",),
            event=inbound_id(id_),
            state=_STATE,
            attempts=0,
            body=json.dumps(answer),
            **row,
            **times,
        )
