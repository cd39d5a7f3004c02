"""A look at what the customers' model does not know yet, and at the last publication."""

from __future__ import annotations

from kefu.doctoring.finding import Finding
from kefu.environment import environment
from kefu.publishing.jobs import STATES, all_jobs
from kefu.publishing.pending import unpublished

_PAGE = "/publishing"
_UNDONE = ("refused", "failed", "broken")


def look_at_publishing(name: str) -> Finding:
    """Tell how many entries wait to be published, and whether the last publication came through."""
    waiting = len(unpublished(environment().home))
    text = f"{waiting} 个条目的修改还没有发布" if waiting else "知识库已全部发布"
    last = next(iter(all_jobs()), None)
    if last is None or last.state not in _UNDONE:
        running = "" if last is None or last.ended else f"；正在进行：{last.step}"
        return Finding(name, True, f"{text}{running}", page=_PAGE)
    text = f"{text}；最近一次发布{STATES[last.state]}：{last.text}"
    return Finding(name, False, text, "在「发布」页面查看原因，改好后再发布", _PAGE)
