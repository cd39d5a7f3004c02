"""Differences in the operator's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kefu.backup.differences import CHANGED, GONE, NEW, Change, Differences
from kefu.backup.manifest import Facts

_MARKS = {NEW: "+", CHANGED: "~", GONE: "-"}
# Of the tables, what people know about.
COUNTED = {"conversations": "会话", "messages": "消息", "handoffs": "转人工", "staff": "人员"}


def lines(found: Differences, most: int | None = None) -> Iterator[str]:
    """Yield what to show; at most `most` of each kind."""
    if not (found.entries or found.unreadable or found.files or found.settings or found.database):
        yield "没有差别"
        return
    yield "恢复后（+ 新增，~ 改变，- 删去）："
    if found.unreadable:
        yield f"知识库：一边读不懂，无法逐条比较（{found.unreadable}）"
    yield from _listed("知识库", found.entries, most)
    yield from _listed("训练数据", found.files, most)
    if found.settings:
        yield "设置："
        yield from _cut([f"  {line}" for line in found.settings], most)
    if found.then:
        yield from _database(found.now, found.then)


def _listed(title: str, changes: Sequence[Change], most: int | None) -> Iterator[str]:
    if not changes:
        return
    counts = {kind: sum(change.kind == kind for change in changes) for kind in _MARKS}
    yield f"{title}：新增 {counts[NEW]}，改变 {counts[CHANGED]}，删去 {counts[GONE]}"
    shown = [f"  {_MARKS[change.kind]} {change.name}  {change.text}".rstrip() for change in changes]
    yield from _cut(shown, most)


def _database(now: Facts | None, then: Facts) -> Iterator[str]:
    yield "数据库（现在 → 恢复后）："
    for name, title in COUNTED.items():
        here = "读不出" if now is None else str(now.counts.get(name, 0))
        yield f"  {title}  {here} → {then.counts.get(name, 0)}"


def _cut(shown: Sequence[str], most: int | None) -> Iterator[str]:
    yield from shown[:most]
    if most is not None and len(shown) > most:
        yield f"  …还有 {len(shown) - most} 行，用 kefu backup diff 看全部"
