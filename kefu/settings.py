"""The operator's settings: one table with types, defaults and checks, read from settings.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, tzinfo
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Extra, Field, ValidationError, validator

from kefu import marked_yaml
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.followed_file import FollowedFile
from kefu.shop import checks

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)$")


class _Section(BaseModel):
    class Config:
        extra = Extra.forbid
        frozen = True


def _at_most_eight(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(value) > 8:
        raise ValueError(f"热门问题有 {len(value)} 个，至多 8 个，请删去一些")
    return value


class Assistant(_Section):
    """Who the assistant is."""

    name: str = Field(default="小客", min_length=1, max_length=20)
    avatar: str = ""
    shop_name: str = Field(default="示例商城", min_length=1, max_length=20)
    contact_phone: str = Field(default="400-000-0000", max_length=20)
    timezone: str = "Asia/Shanghai"
    apology: str = Field(
        default="抱歉，系统暂时出了点问题，已通知人工客服跟进，请稍后再试。", max_length=100
    )

    @validator("timezone")
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("没有这个时区，例如 Asia/Shanghai") from None
        return value

    @property
    def zone(self) -> tzinfo:
        """Return the time zone in which service hours are meant."""
        return ZoneInfo(self.timezone)


class Page(_Section):
    """What greets a customer who comes from one page of the mini-program."""

    welcome: str = Field(..., max_length=200)
    hot_questions: tuple[str, ...] = ()

    _at_most_eight = validator("hot_questions", allow_reuse=True)(_at_most_eight)


class Welcome(_Section):
    """The first message; pages override it by their key (product, order, member)."""

    text: str = Field(..., min_length=1, max_length=200)
    hot_questions: tuple[str, ...] = ()

    _at_most_eight = validator("hot_questions", allow_reuse=True)(_at_most_eight)
    pages: dict[str, Page] = {}

    @validator("pages")
    def _short_keys(cls, value: dict[str, Page]) -> dict[str, Page]:
        longest = max(value, key=len, default="")
        if len(longest) > 32:
            raise ValueError(f"页面名称「{longest}」太长，至多 32 个字符")
        return value


class Holiday(_Section):
    """A day whose hours differ from its weekday's; no hours = closed."""

    date: date
    hours: tuple[str, ...] = ()

    @validator("hours", each_item=True)
    def _span(cls, value: str) -> str:
        return _checked_span(value)


class ServiceHours(_Section):
    """When people are there, in the assistant's time zone."""

    weekly: dict[str, tuple[str, ...]]
    holidays: tuple[Holiday, ...] = ()

    @validator("weekly")
    def _weekdays(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = sorted(set(value) - set(WEEKDAYS))
        if unknown:
            raise ValueError(f"「{unknown[0]}」不是星期，请用 {'、'.join(WEEKDAYS)}")
        return {day: tuple(_checked_span(s) for s in spans) for day, spans in value.items()}


class Handoff(_Section):
    """When a person is brought in, and how waiting is announced."""

    keywords: tuple[str, ...] = ("转人工", "人工客服", "真人")
    unrecognised_limit: int = Field(default=3, ge=1, le=20)
    repeat_limit: int = Field(default=2, ge=1, le=20)
    invalid_input_limit: int = Field(default=3, ge=1, le=20)
    complaint_entries: tuple[str, ...] = ("service/complaint",)
    idle_minutes: int = Field(default=30, ge=1, le=1440)
    default_wait_minutes: int = Field(default=3, ge=1, le=240)
    assignment: str = "auto"
    skill_wait_seconds: int = Field(default=60, ge=0, le=3600)
    answer_within_minutes: int = Field(default=3, ge=0, le=240)
    waiting_update_minutes: int = Field(default=3, ge=0, le=240)
    waiting_limit_minutes: int = Field(default=10, ge=1, le=240)
    waiting_notice: str = "正在为你转接人工客服，请稍候（预计等待{minutes}分钟）"
    waiting_update: str = Field(
        default="人工客服正忙，你前面还有{ahead}位顾客，预计还要等待{minutes}分钟。", max_length=100
    )
    late_notice: str = Field(
        default="抱歉让你久等了，人工客服还在忙。你可以继续等，也可以留言，我们会尽快回复你。",
        max_length=100,
    )
    accepted_notice: str = Field(default="人工客服{agent}已接入，为你服务。", max_length=100)
    off_hours_notice: str = (
        "现在不在人工服务时间（{service_hours}）。请直接留言，上班后会有人工客服回复你。"
    )

    @validator("assignment")
    def _known_way(cls, value: str) -> str:
        if value not in ("auto", "pick"):
            raise ValueError("应为 auto（自动分配）或 pick（客服自己接入）")
        return value

    @validator("waiting_notice")
    def _names_minutes(cls, value: str) -> str:
        if "{minutes}" not in value:
            raise ValueError("等待提示里必须有 {minutes}")
        return value


class Rating(_Section):
    """What a customer is asked after the service of a person."""

    enabled: bool = True
    question: str = Field(default="请为本次人工服务评价：", min_length=1, max_length=60)
    thanks: str = Field(default="感谢你的评价！", min_length=1, max_length=60)
    ask_reason: str = Field(default="很抱歉没能让你满意。哪里不好？", min_length=1, max_length=60)
    reasons: tuple[str, ...] = ("没有解决问题", "回复太慢", "态度不好")
    open_hours: int = Field(default=24, ge=1, le=168)

    @validator("reasons")
    def _few(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 5 or any(not text.strip() or len(text) > 12 for text in value):
            raise ValueError("至多 5 个原因，每个 1 至 12 个字")
        return value


class Helpdesk(_Section):
    """An outside helpdesk that is told of handoffs, and whose people answer instead of ours.

    `url` is empty where the console is the desk. The key stands in KEFU_HELPDESK_SECRET.
    """

    url: str = ""
    timeout: float = Field(default=5.0, gt=0, le=30)

    @validator("url")
    def _web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("应为以 https:// 或 http:// 开头的完整地址；空表示用自带的客服工作台")
        if parts.username or parts.password:
            raise ValueError("地址里不要写密码：双方用 KEFU_HELPDESK_SECRET 签名")
        return value


class Reception(_Section):
    """How messages are taken in. Times in seconds, sizes in characters or bytes."""

    burst_window: float = Field(default=0.3, ge=0, le=3)
    turn_timeout: float = Field(default=2.7, gt=0, le=30)
    max_text: int = Field(default=2000, ge=100, le=20000)
    per_customer_per_minute: int = Field(default=60, ge=1)
    total_per_second: int = Field(default=200, ge=1)


class Content(_Section):
    """What must not be said; each word counts wherever it stands in a message."""

    forbidden_words: tuple[str, ...] = (
        *("加微信", "加我微信", "我的微信号", "加QQ", "加我QQ", "私下交易", "线下转账", "直接转账"),
        *("好评返现", "刷单", "刷好评", "诱导分享", "分享到朋友圈领"),
    )
    risky_words: tuple[str, ...] = (
        *("代开发票", "赌博", "博彩", "赌场", "色情", "裸聊", "约炮", "援交", "毒品", "冰毒"),
        *("枪支", "弹药", "办假证", "洗钱", "套现"),
    )


class OrderNumbers(_Section):
    """What an order number looks like: regular expressions on the normalised message."""

    patterns: tuple[str, ...] = (r"20\d{14,16}",)
    hint: str = "订单号在「我的订单→订单详情」里。"

    @validator("patterns", each_item=True)
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"不是正确的正则表达式：{error}") from None
        return value


class Gateway(_Section):
    """Where a system of the merchant is and how its answers are read; docs/shop.md is the table.

    adapter `http`: `paths` maps a call to a path, `bodies` to the JSON sent along.
    adapter `sql`: `queries` maps a call to a SELECT.
    Both: `fields` maps our names to theirs, `states` their words to ours. `timeout`
    counts seconds for a whole call, retries included.
    """

    adapter: Literal["http", "sql"] = "http"
    url: str = ""
    auth: Literal["signature", "bearer", "key", "none"] = "signature"
    ca_file: str = ""
    timeout: float = Field(default=1.5, gt=0, le=10)
    retries: int = Field(default=1, ge=0, le=3)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: float = Field(default=15, gt=0)
    paths: dict[str, str] = {}
    bodies: dict[str, dict[str, str]] = {}
    queries: dict[str, str] = {}
    fields: dict[str, dict[str, str]] = {}
    states: dict[str, dict[str, str]] = {}

    _url = validator("url", allow_reuse=True)(checks.check_url)
    _paths = validator("paths", allow_reuse=True)(checks.check_paths)
    _bodies = validator("bodies", allow_reuse=True)(checks.check_bodies)
    _queries = validator("queries", allow_reuse=True)(checks.check_queries)
    _fields = validator("fields", allow_reuse=True)(checks.check_fields)
    _states = validator("states", allow_reuse=True)(checks.check_states)


class Shop(_Section):
    """The merchant's systems: orders (with logistics and after-sales) and members."""

    orders: Gateway = Gateway()
    members: Gateway = Gateway()


class Terms(_Section):
    """The service terms: told of at the first contact, given on request, published at /terms."""

    enabled: bool = True
    title: str = Field(default="客服服务条款", min_length=1, max_length=30)
    version: str = Field(default="1", min_length=1, max_length=20)
    first_contact: str = Field(
        default="继续咨询即表示你已阅读并同意《{title}》，发送「服务条款」可随时查看。",
        max_length=150,
    )
    summary: str = Field(
        default="由智能客服{name}自动回答，仅供参考；随时可以发「转人工」。"
        "聊天记录加密保存{messages_days}天，只用于为你服务和改进回答。",
        min_length=1,
        max_length=300,
    )
    text: str = Field(default="", max_length=20_000)
    url: str = Field(default="", max_length=300)
    keywords: tuple[str, ...] = (
        *("服务条款", "用户协议", "服务协议", "使用协议", "用户须知"),
        *("隐私条款", "隐私协议", "隐私政策"),
    )
    entries: tuple[str, ...] = ("service/service_terms",)

    @validator("keywords")
    def _short_words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 30 or any(not word.strip() or len(word) > 20 for word in value):
            raise ValueError("至多 30 个词，每个 1 至 20 个字")
        return value

    @validator("url")
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("应为以 https:// 开头的完整地址；空表示没有网页")
        return value


class Retention(_Section):
    """How long kinds of data are kept, in days."""

    messages_days: int = Field(default=180, ge=1)
    turns_days: int = Field(default=730, ge=1)


class Backups(_Section):
    """How often a backup is made by itself, where, and how long it is kept; see docs/backup.md."""

    every_hours: int = Field(default=24, ge=0, le=720)
    keep_days: int = Field(default=30, ge=1, le=3650)
    keep_at_least: int = Field(default=7, ge=1, le=1000)
    folder: str = ""


class Publishing(_Section):
    """The floor below which no new model comes into service; shares between 0 and 1."""

    min_accuracy: float = Field(default=0.8, ge=0, le=1)
    max_drop: float = Field(default=0.02, ge=0, le=1)
    min_questions: int = Field(default=50, ge=1, le=100_000)
    min_standard_accuracy: float = Field(default=0.95, ge=0, le=1)
    keep_models: int = Field(default=5, ge=1, le=100)


class Alerts(_Section):
    """When people are told at once, by the webhook in KEFU_ALERT_WEBHOOK; see docs/monitoring.md.

    A limit of 0 is never passed.
    """

    format: str = "wecom"
    public_url: str = ""
    remind_hours: int = Field(default=6, ge=0, le=168)
    calm_minutes: int = Field(default=5, ge=0, le=240)
    quiet_hours: tuple[str, ...] = ()
    failed_replies: int = Field(default=3, ge=0)
    reply_p95_seconds: float = Field(default=3.0, ge=0, le=60)
    waiting_minutes: int = Field(default=10, ge=0, le=1440)
    dead_letters: int = Field(default=5, ge=0)
    shop_errors: int = Field(default=10, ge=0)
    wechat_errors: int = Field(default=10, ge=0)
    process_down_minutes: int = Field(default=2, ge=0, le=240)
    process_restarts: int = Field(default=3, ge=0)
    disk_free_gb: float = Field(default=2.0, ge=0)
    certificate_days: int = Field(default=14, ge=0, le=365)
    backup_hours: int = Field(default=48, ge=0, le=8760)
    recognition_below: float = Field(default=0.8, ge=0, le=1)
    handoff_above: float = Field(default=0.3, ge=0, le=1)
    least_questions: int = Field(default=100, ge=1)

    @validator("format")
    def _known_format(cls, value: str) -> str:
        if value not in ("wecom", "json"):
            raise ValueError("应为 wecom（企业微信群机器人）或 json（其他系统）")
        return value

    @validator("public_url")
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("应为以 https:// 开头的完整地址；空表示不检查证书")
        return value.rstrip("/")

    @validator("quiet_hours", each_item=True)
    def _span(cls, value: str) -> str:
        return _checked_span(value)


class Settings(_Section):
    """The whole of settings.yml."""

    assistant: Assistant = Assistant()
    welcome: Welcome
    service_hours: ServiceHours
    handoff: Handoff = Handoff()
    rating: Rating = Rating()
    helpdesk: Helpdesk = Helpdesk()
    reception: Reception = Reception()
    content: Content = Content()
    order_numbers: OrderNumbers = OrderNumbers()
    shop: Shop = Shop()
    terms: Terms = Terms()
    retention: Retention = Retention()
    backup: Backups = Backups()
    alerts: Alerts = Alerts()
    publishing: Publishing = Publishing()


def read_settings(file: Path) -> Settings:
    """Read and check one settings file.

    Raises:
        FileProblems: With file, line and remedy of everything that is wrong.
    """
    return settings_in(marked_yaml.read(file))


def settings_in(source: marked_yaml.MarkedYaml) -> Settings:
    """Check what was read from a settings file; raises as `read_settings`."""
    if not isinstance(source.data, dict):
        raise FileProblems([source.problem("设置文件应由「名称: 值」组成")])
    try:
        return Settings.parse_obj(source.data)
    except ValidationError as error:
        problems = [
            source.problem(f"{'.'.join(map(str, e['loc']))}：{in_chinese(e)}", *e["loc"])
            for e in error.errors()
        ]
        raise FileProblems(problems) from None


def settings_file() -> Path:
    """Return where the project's settings stand."""
    return environment().home / "settings.yml"


settings = FollowedFile(settings_file, read_settings)
"""Returns the project's settings; a change of the file counts after a second at most."""


def _checked_span(value: str) -> str:
    match = _SPAN.match(value)
    if not match or _minutes(value[6:]) <= _minutes(value[:5]) or _minutes(value[6:]) > 1440:
        raise ValueError(f'「{value}」不是时间段，请写成 "09:00-18:00"（带引号，先早后晚）')
    return value


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def span_minutes(span: str) -> tuple[int, int]:
    """Return start and end of "09:00-18:00" in minutes since midnight."""
    return _minutes(span[:5]), _minutes(span[6:])


_MESSAGES = {
    "value_error.missing": "缺少这一项，请补上",
    "value_error.extra": "没有这个设置项，请检查拼写或删去",
    "type_error.integer": "应为整数",
    "type_error.float": "应为数字",
    "type_error.bool": "应为 true 或 false",
    "value_error.bool": "应为 true 或 false",
    "type_error.str": "应为文字，请加上引号",
    "type_error.dict": "应由「名称: 值」组成",
    "type_error.tuple": "应为列表，每行以「- 」开头",
}


def in_chinese(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, from one of pydantic's errors."""
    kind = str(error["type"])
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    limit = error.get("ctx", {}).get("limit_value")
    if limit is not None:
        return f"超出允许范围（界限 {limit}），请改小或改大"
    return str(error["msg"])
