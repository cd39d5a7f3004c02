"""Handoffs as an agent reads them on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kefu.handoff import holder
from kefu.handoff.holder import Handoff
from kefu.settings import settings
from kefu.staff.names import name_of
from kefu.storage import internal_notes, messages
from kefu.storage.notes import notes_of

STATES = {"waiting": "等待接入", "agent": "接待中", "left": "留言", "closed": "已结束"}
REASONS = {
    "keyword": "顾客要求",
    "unrecognised": "连续没听懂",
    "repeat": "同一问题重复",
    "button": "点了转人工",
    "failed_turn": "系统故障",
    "complaint": "投诉",
    "form": "填写多次有误",
    "left_message": "留言",
}
CLOSINGS = {"done": "已完成", "idle": "超时未回复", "cancelled": "已取消"}
AUTHORS = {"customer": "顾客", "bot": "助手", "agent": "客服", "system": "系统"}
_QUESTION = 30


@dataclass(frozen=True)
class Row:
    """One line of `kefu handoff list`."""

    number: int
    state: str
    reason: str
    since: str
    waited: str
    agent: str
    question: str


@dataclass(frozen=True)
class Page:
    """All of `kefu handoff show`: facts by label, and lines of (time, author, text)."""

    facts: list[tuple[str, str]]
    transcript: list[tuple[str, str, str]]


def rows(now: float) -> list[Row]:
    """Return what is open, the most urgent first."""
    return [_row(handoff, now) for handoff in holder.open_handoffs()]


def page(number: int, limit: int = 50) -> Page:
    """Return one handoff with the last `limit` messages. Raises HandoffError."""
    handoff = holder.get(number)
    lines = messages.transcript(handoff.conversation, limit)
    notes = notes_of(line.message for line in lines)
    said = [(line.at, AUTHORS.get(line.author, "系统"), _noted(line, notes)) for line in lines]
    # Among the lines of their time; older notes are about what is not shown.
    since = lines[0].at if lines else 0.0
    said += [
        (note.created_at, f"备注（{name_of(note.author)}）", note.body)
        for note in internal_notes.of(handoff.conversation)
        if note.created_at >= since
    ]
    said.sort(key=lambda line: line[0])
    return Page(_facts(handoff), [(_clock(at), author, text) for at, author, text in said])


def _noted(line: messages.Line, notes: dict[int, list[str]]) -> str:
    return line.text + "".join(f"（{note}）" for note in notes.get(line.message, ()))


def _row(handoff: Handoff, now: float) -> Row:
    until = handoff.accepted_at or now
    question = " ".join((handoff.question or "").split())
    return Row(
        number=handoff.id,
        state=STATES[handoff.state],
        reason=REASONS.get(handoff.reason, handoff.reason),
        since=_clock(handoff.requested_at),
        waited=f"{max(0, int(until - handoff.requested_at)) // 60} 分钟",
        agent=_named(handoff.agent),
        question=question if len(question) <= _QUESTION else question[: _QUESTION - 1] + "…",
    )


def _facts(handoff: Handoff) -> list[tuple[str, str]]:
    facts = [
        ("编号", str(handoff.id)),
        ("状态", STATES[handoff.state]),
        ("原因", REASONS.get(handoff.reason, handoff.reason)),
        ("问题", handoff.question or ""),
        ("分类", handoff.category or ""),
        ("客服", _named(handoff.agent)),
        ("请求时间", _clock(handoff.requested_at)),
        ("接入时间", _clock(handoff.accepted_at)),
        ("结束时间", _clock(handoff.closed_at)),
        ("结束原因", CLOSINGS.get(handoff.close_reason or "", handoff.close_reason or "")),
    ]
    return [(label, value) for label, value in facts if value]


def _named(agent: str | None) -> str:
    return "" if agent is None else name_of(agent)


def _clock(at: float | None) -> str:
    if at is None:
        return ""
    return datetime.fromtimestamp(at, settings().assistant.zone).strftime("%Y-%m-%d %H:%M:%S")
