"""What WeChat lets us know without a customer's having written."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select, update

from kefu import rings
from kefu.channels.wechat import desk
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.safety import Objection, label_name, note_in
from kefu.settings import settings
from kefu.storage import erasure
from kefu.storage.engine import writing
from kefu.storage.tables import media

# A turn that runs while its customer is erased has ended its own time and this much later,
# in which it waits for its place and tries to record its end.
REMAINS_SECONDS = 20.0


def heed(conversation: str, account: Account, came: Arrival, now: float) -> None:
    """Do what a notice asks for."""
    if came.notice == "erase":
        for one in to_erase(conversation, account, came):
            erasure.erase(one)
    elif came.notice == "media_checked":
        _note_media_check(came.fields, now)
    elif account.desk == "wechat" and came.notice == "desk_closed":
        desk.closed(conversation, now)
    elif account.desk == "wechat":
        desk.opened(conversation, came.agent, now)


async def erase_remains_later(conversation: str) -> None:
    """Erase what a turn that was running has left of an erased customer."""
    await asyncio.sleep(settings().reception.turn_timeout + REMAINS_SECONDS)
    await asyncio.to_thread(erasure.erase_remains, conversation)


def to_erase(conversation: str, account: Account, came: Arrival) -> set[str]:
    """Return the conversations of the customer that a notice is about."""
    # A revocation may come from another id than that of the customer it is about.
    openid = came.fields.get("OpenID")
    named = {desk.conversation_of(account.channel, openid)} if isinstance(openid, str) else set()
    return {conversation, *named}


def _note_media_check(fields: dict[str, Any], now: float) -> None:
    trace, result = fields.get("trace_id"), fields.get("result")
    if not isinstance(trace, str) or not isinstance(result, dict):
        return
    objection = _objection(result)
    checked = media.c.trace_id == trace
    query = select(media.c.message, media.c.conversation).where(checked).with_for_update()
    with writing() as connection:
        row = connection.execute(query).first()
        # The result comes once; a second push of it must not be noted again.
        connection.execute(update(media).where(checked).values(trace_id=None))
        if row is not None and objection is not None:
            note_in(connection, row.conversation, row.message, objection, now)
    if row is not None:
        rings.changed(row.conversation)


def _objection(result: dict[str, Any]) -> Objection | None:
    suggest, label = result.get("suggest"), str(result.get("label", ""))
    if suggest not in ("review", "risky"):
        return None
    reason = f"微信内容检测：{label_name(int(label) if label.isdecimal() else 0)}"
    return Objection("wechat", "risky" if suggest == "risky" else "review", reason)
