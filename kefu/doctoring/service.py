"""Looks at what customers notice: replies, waiting, the shop, WeChat, an outside helpdesk."""

from __future__ import annotations

import time

from kefu.channels.wechat.accounts import accounts, has_section
from kefu.channels.wechat.checkup import check_accounts
from kefu.channels.wechat.dead_letters import dead_letters
from kefu.doctoring.finding import Finding, looked_at
from kefu.environment import environment
from kefu.handoff.attendance import NOBODY
from kefu.handoff.reports import open_reports
from kefu.helpdesk import outbox
from kefu.metrics.deliveries import deliveries
from kefu.metrics.replies import Replies, replies, unanswered
from kefu.metrics.waiting import waiting
from kefu.settings import settings
from kefu.shop.errors import ShopError
from kefu.shop.gateways import order_gateway
from kefu.storage import troubles

HOUR, DAY = 3600.0, 86400.0
# Fewer replies say nothing about the 95 %.
LEAST_TIMED = 20

_REPLIES_REMEDY = "没能回答的顾客在工作台的待接待里；原因见日志 rasa.log 和 actions.log"
_WAITING_REMEDY = "请客服上线接待，或执行 kefu handoff list 查看"
_DEAD_REMEDY = "在本页重新发送，或执行 kefu wechat dead 查看"
_TROUBLES_REMEDY = {
    "shop": "请商家系统的负责人查看；地址和密钥见 docs/shop.md，原因见日志 actions.log",
    "wechat": "执行 kefu wechat check 查看原因；原因也在日志 wechat.log",
}


def look_at_replies(name: str) -> Finding:
    """Tell how the assistant has answered within an hour and a day."""
    now = time.time()
    hour, day, stuck = replies(now - HOUR, now), replies(now - DAY, now), unanswered(now)
    limits = settings().alerts
    slow = hour.timed >= LEAST_TIMED and (hour.p95 or 0.0) > (limits.reply_p95_seconds or 1e9)
    ok = not (stuck or slow or hour.failed >= (limits.failed_replies or 1))
    text = f"1 小时内{_of(hour)}；24 小时内{_of(day)}"
    if stuck:
        text = f"{stuck} 条消息还没有处理；{text}"
    return Finding(name, ok, text, "" if ok else _REPLIES_REMEDY, "/desk")


def look_at_waiting(name: str) -> Finding:
    """Tell who waits for a person, and whether anybody is there."""
    found = waiting(time.time())
    known = [report.text for report in open_reports() if report.kind == NOBODY]
    if not found.count:
        text = "；".join(["没有顾客在等", *known])
        return Finding(name, not known, text, _WAITING_REMEDY, "/desk")
    minutes = found.longest / 60
    late = minutes > settings().handoff.idle_minutes
    alone = "，没有客服在线" if known else ""
    text = f"{found.count} 位顾客在等，最久 {minutes:.0f} 分钟{alone}"
    return Finding(name, not late and not known, text, _WAITING_REMEDY, "/desk")


def look_at_shop(name: str) -> Finding:
    """Ask the shop something that only a good signature is answered."""
    started = time.monotonic()
    try:
        with troubles.uncounted():
            order_gateway().recent_orders(environment().shell_customer, limit=1)
    except ShopError as error:
        return Finding(name, False, str(error), _TROUBLES_REMEDY["shop"])
    milliseconds = (time.monotonic() - started) * 1000
    return Finding(name, True, f"带签名的查询成功，{milliseconds:.0f} 毫秒")


def look_at_troubles(name: str) -> list[Finding]:
    """Tell how often the shop and WeChat have failed while customers were served."""
    now, limits = time.time(), settings().alerts
    hour, day = troubles.since(now - HOUR), troubles.since(now - DAY)
    found = [_trouble("商家系统出错", "shop", hour, day, limits.shop_errors)]
    if has_section(environment().home):
        found.append(_trouble("微信接口出错", "wechat", hour, day, limits.wechat_errors))
    return found


def look_at_helpdesk(name: str) -> list[Finding]:
    """Tell what an outside helpdesk has not been told; nothing where there is none."""
    if not settings().helpdesk.url:
        return []
    state = outbox.counts()
    text = f"{state.waiting} 个事件待发送，{state.dead} 个放弃"
    if state.dead or state.failing:
        remedy = "执行 kefu helpdesk status 查看"
        return [Finding(name, False, f"{text}；最近的原因：{state.last_error}", remedy)]
    return [Finding(name, True, text)]


def look_at_accounts(name: str) -> list[Finding]:
    """Tell whether WeChat lets our accounts call it; nothing where there are none."""
    if not has_section(environment().home):
        return []
    with troubles.uncounted():
        checked = check_accounts(accounts())
    return [
        Finding(
            f"微信账号 {c.account.name}", c.ok, c.text, "" if c.ok else "按 docs/wechat.md 处理"
        )
        for c in checked
    ]


def look_at_outbox(name: str) -> list[Finding]:
    """Tell what did not reach customers in WeChat; nothing where there is no WeChat."""
    if not has_section(environment().home):
        return []
    return looked_at(name, _outbox)


def _outbox(name: str) -> Finding:
    now = time.time()
    state = deliveries(now - DAY, now)
    text = f"{state.waiting} 条待发送，一天内 {state.dead} 条未送达"
    if not state.dead:
        return Finding(name, True, text)
    (newest,) = dead_letters(1)
    text = f"{text}；最近的原因：{newest.error or '没有说明'}"
    return Finding(name, False, text, _DEAD_REMEDY, "/state#dead-letters")


def _trouble(
    name: str, kind: str, hour: dict[str, int], day: dict[str, int], limit: int
) -> Finding:
    lately, in_all = _sum(hour, kind), _sum(day, kind)
    ok = lately < (limit or 1)
    text = f"1 小时内 {lately} 次，24 小时内 {in_all} 次"
    return Finding(name, ok, text, "" if ok else _TROUBLES_REMEDY[kind])


def _sum(times: dict[str, int], kind: str) -> int:
    return sum(count for source, count in times.items() if source.startswith(f"{kind}:"))


def _of(found: Replies) -> str:
    if not found.turns:
        return "没有消息"
    fast = "" if found.p95 is None else f"，95 % 在 {found.p95:.1f} 秒内回复"
    return f"收到 {found.turns} 条，{found.failed} 条没能回答{fast}"
