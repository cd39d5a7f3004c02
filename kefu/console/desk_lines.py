"""One line of a conversation as agents read it: a message, an event or an internal note."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from kefu.console.deliveries import Delivery
from kefu.console.desk_words import clock, customer_name, day, person_name
from kefu.console.file_types import ENDINGS, SHOWN
from kefu.handoff.history import FAREWELL, TOLD
from kefu.handoff.views import REASONS
from kefu.storage.reply_text import readable

# Events that say nothing to a reader: what customers were told is a message too.
SILENT = (TOLD, FAREWELL)
# Key of a message that an agent's page made; see kefu.handoff.desk.say.
DESK_KEY = "desk:"
_LABELS = {"customer": "顾客", "bot": "助手", "agent": "人工客服", "system": "系统"}
_FILES = {"voice": "语音", "video": "视频", "file": "文件"}
_NOTHING_KNOWN = Delivery()
_ENDS = {"done": "结束了服务", "idle": "太久没有回复，已交还助手", "cancelled": "取消了排队"}
_PLAIN = {"left": "转为留言", "late": "已告诉顾客要等得久一些"}


@dataclass(frozen=True)
class Line:
    """A line, ready to be shown.

    Attributes:
        key: m-, e- or n- and the number of the message, event or note.
        at: UTC seconds.
        kind: What it is.
        author: customer, bot, agent or system, of messages.
        label: Who said it.
        text: What is readable of it.
        buttons: Titles of the buttons that the customer was shown.
        message: Id of the message, 0 for other lines.
        file: image, or the name of another kind of file.
        delivery: What became of the message and its file.
        remark: What an agent wrote along with an event.
        sent_as: Key under which an agent's page sent it.
    """

    key: str
    at: float
    kind: Literal["message", "event", "note"]
    author: str = ""
    label: str = ""
    text: str = ""
    buttons: tuple[str, ...] = ()
    message: int = 0
    file: str = ""
    delivery: Delivery = _NOTHING_KNOWN
    remark: str = ""
    sent_as: str = ""

    @property
    def state(self) -> str:
        """Return sending, sent or failed, of what goes to the customer."""
        return self.delivery.state

    @property
    def file_state(self) -> str:
        """Return pending, stored or failed, of its picture or recording."""
        return self.delivery.file_state

    @property
    def is_seen(self) -> bool:
        """Tell whether its file is a picture that browsers show."""
        stored = self.file == "image" and self.file_state == "stored"
        return stored and self.delivery.file_type in SHOWN

    @property
    def file_name(self) -> str:
        """Return what its file is, such as 语音 or 图片（HEIC）."""
        if self.file != "image":
            return self.file
        ending = ENDINGS.get(self.delivery.file_type, "")
        return f"图片（{ending.upper()}）" if ending and not self.is_seen else "图片"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what is to be said of it: why it did not arrive, what is held against it."""
        return self.delivery.notes

    @property
    def clock(self) -> str:
        """Return hour and minute."""
        return clock(self.at)

    @property
    def day(self) -> str:
        """Return the day, for the line that separates days."""
        return day(self.at)


def message_line(row: Any, delivery: Delivery, speaker: str | None) -> Line:
    """Return the line of a row of `messages`; `speaker` is the login of the agent then."""
    text, buttons = _said(row)
    is_image = row.kind == "image" and row.author in ("customer", "agent")
    return Line(
        key=f"m-{row.id}",
        at=row.created_at,
        kind="message",
        author=row.author,
        label=_label(row, speaker),
        text="" if is_image and delivery.file_state == "stored" else text,
        buttons=buttons,
        message=row.id,
        file="image" if is_image else _FILES.get(row.kind, ""),
        delivery=delivery,
        sent_as=(row.key or "").removeprefix(DESK_KEY) if row.author == "agent" else "",
    )


def event_line(row: Any, reason: str | None, rating: Any) -> Line:
    """Return the line of a row of `handoff_events`.

    Args:
        row: The event.
        reason: Why the handoff was asked for.
        rating: The handoff's row of `ratings`, where there is one.
    """
    text = _event_text(row, reason, rating)
    remark = "" if row.kind in ("requested", "rated") else row.detail or ""
    return Line(
        key=f"e-{row.id}", at=row.at, kind="event", label=row.kind, text=text, remark=remark
    )


def note_line(row: Any) -> Line:
    """Return the line of a row of `internal_notes`."""
    return Line(
        key=f"n-{row.id}",
        at=row.created_at,
        kind="note",
        label=person_name(row.author),
        text=row.body,
    )


def _label(row: Any, speaker: str | None) -> str:
    if row.author == "customer":
        return customer_name(row.conversation)
    if row.author == "agent" and speaker:
        return f"人工客服 {person_name(speaker)}"
    return _LABELS.get(row.author, "系统")


def _said(row: Any) -> tuple[str, tuple[str, ...]]:
    """Return what is readable of a message, and the titles of its buttons apart."""
    if row.author != "bot":
        return readable(row.author, row.kind, row.body), ()
    try:
        reply = json.loads(row.body)
    except ValueError:
        return str(row.body), ()
    parts = reply if isinstance(reply, list) else [reply]
    buttons = [
        str(button.get("title", ""))
        for part in parts
        if isinstance(part, dict)
        for button in part.get("buttons") or ()
        if isinstance(button, dict)
    ]
    bare = [_without_buttons(part) for part in parts]
    return readable("bot", row.kind, json.dumps([part for part in bare if part])), tuple(buttons)


def _without_buttons(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return {name: value for name, value in part.items() if name != "buttons"}


def _event_text(row: Any, reason: str | None, rating: Any) -> str:
    actor = person_name(row.actor) if row.actor else ""
    target = person_name(row.target) if row.target else ""
    if row.kind == "requested":
        return f"转人工：{REASONS.get(reason or '', reason or '顾客要求')}"
    if row.kind == "accepted":
        return f"{actor or target} 接入"
    if row.kind == "assigned":
        return f"分配给 {target or actor}"
    if row.kind == "transferred":
        return f"{actor} 转接给 {target}".strip()
    if row.kind == "returned":
        return f"{actor} 放回队列，重新排队" if actor else "没有回复，重新排队"
    if row.kind == "rated":
        return _rating_text(row.detail, rating)
    if row.kind in _ENDS:
        return f"{actor} {_ENDS[row.kind]}".strip()
    return _PLAIN.get(row.kind, str(row.kind))


def _rating_text(detail: str | None, rating: Any) -> str:
    if detail:
        # What the customer thought then; there may be more by now.
        thought, _, reason = detail.partition("：")
        return f"顾客评价：{thought}（{reason}）" if reason else f"顾客评价：{thought}"
    if rating is None or rating.satisfied is None:
        return "顾客评价"
    text = f"顾客评价：{'满意' if rating.satisfied else '不满意'}"
    return f"{text}（{rating.reason}）" if rating.reason else text
