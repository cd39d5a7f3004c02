"""The rules: what is compared with which limit of `alerts` in settings.yml."""

from __future__ import annotations

from collections.abc import Sequence

from kefu.alerts.figures_rules import look_at_handoffs, look_at_recognition
from kefu.alerts.machine_rules import (
    look_at_backups,
    look_at_certificate,
    look_at_disk,
    look_at_processes,
)
from kefu.alerts.signals import Rule, Signal
from kefu.metrics.deliveries import deliveries
from kefu.metrics.replies import replies, unanswered
from kefu.metrics.waiting import waiting
from kefu.settings import settings
from kefu.storage import troubles

WINDOW = 600.0  # seconds: what "lately" means for what comes and goes
LEAST_TIMED = 20
_HOUR = 3600.0
_SELDOM = 300.0


def look_at_failures(now: float) -> list[Signal]:
    """Compare the messages that got no answer."""
    limit = settings().alerts.failed_replies
    failed = replies(now - WINDOW, now).failed + unanswered(now)
    text = f"10 分钟内 {failed} 条消息没能回答（界限 {limit} 条）"
    return [Signal("failed_replies", "没能回答的消息", 0 < limit <= failed, text)]


def look_at_slowness(now: float) -> list[Signal]:
    """Compare what 95 % of the replies did not take longer than."""
    limit = settings().alerts.reply_p95_seconds
    found = replies(now - WINDOW, now)
    slow = found.timed >= LEAST_TIMED and 0 < limit < (found.p95 or 0.0)
    text = f"10 分钟内 95 % 的回复要 {found.p95 or 0:.1f} 秒（界限 {limit:g} 秒）"
    return [Signal("reply_p95", "回复太慢", slow, text)]


def look_at_waiting(now: float) -> list[Signal]:
    """Compare how long customers wait for a person."""
    limit, found = settings().alerts.waiting_minutes, waiting(now)
    minutes = found.longest / 60
    text = f"{found.count} 位顾客在等人工，最久 {minutes:.0f} 分钟（界限 {limit} 分钟）"
    return [Signal("waiting", "顾客等人工太久", bool(found.count) and 0 < limit <= minutes, text)]


def look_at_dead_letters(now: float) -> list[Signal]:
    """Compare the messages that did not reach customers in WeChat."""
    limit, found = settings().alerts.dead_letters, deliveries(now - _HOUR, now)
    text = f"1 小时内 {found.dead} 条微信消息没有送达（界限 {limit} 条）"
    return [Signal("dead_letters", "微信消息没有送达", 0 < limit <= found.dead, text)]


def look_at_troubles(now: float) -> list[Signal]:
    """Compare how often the shop and WeChat failed."""
    failed, limits = troubles.since(now - WINDOW), settings().alerts
    return [
        _trouble("troubles:shop", "商家系统出错", "shop:", failed, limits.shop_errors),
        _trouble("troubles:wechat", "微信接口出错", "wechat:", failed, limits.wechat_errors),
    ]


def _trouble(name: str, title: str, of: str, failed: dict[str, int], limit: int) -> Signal:
    times = sum(count for source, count in failed.items() if source.startswith(of))
    return Signal(name, title, 0 < limit <= times, f"10 分钟内 {times} 次（界限 {limit} 次）")


RULES: Sequence[Rule] = (
    Rule("process", look_at_processes),
    Rule("failed_replies", look_at_failures),
    Rule("reply_p95", look_at_slowness),
    Rule("waiting", look_at_waiting),
    Rule("dead_letters", look_at_dead_letters),
    Rule("troubles", look_at_troubles),
    Rule("disk", look_at_disk),
    Rule("backup", look_at_backups, 60.0),
    Rule("certificate", look_at_certificate, _HOUR),
    Rule("recognition", look_at_recognition, _SELDOM),
    Rule("handoff", look_at_handoffs, _SELDOM),
)
