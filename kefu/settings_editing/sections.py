"""The settings that operators change in the browser: their names, their order, who may."""

from __future__ import annotations

from kefu.settings import WEEKDAYS
from kefu.settings_editing.fields import Field, Section

WEEKDAY_NAMES = dict(
    zip(WEEKDAYS, ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True)
)
PAGE_NAMES = {"product": "商品页", "order": "订单页", "member": "个人中心"}

_DAYS = tuple(
    Field(f"service_hours.weekly.{day}", name, "day") for day, name in WEEKDAY_NAMES.items()
)

SECTIONS: tuple[Section, ...] = (
    Section(
        "assistant",
        "助手",
        (
            Field("assistant.name", "助手的名字"),
            Field("assistant.shop_name", "店名"),
            Field("assistant.contact_phone", "客服电话"),
            Field(
                "assistant.apology", "出错时的致歉", "text",
                "系统出错时顾客读到它，后面会接上转人工的情况。", shown=True,
            ),
            Field(
                "assistant.avatar", "头像的网址",
                hint="小程序或网页要显示助手的头像时用它。在下面上传图片会自动填好；也可以填别处的图片网址。",
            ),
        ),
    ),
    Section(
        "welcome",
        "欢迎语和热门问题",
        (
            Field(
                "welcome.text", "欢迎语", "text",
                "可以用 {name} 助手的名字、{shop_name} 店名、{contact_phone} 电话、"
                "{service_hours} 人工服务时间。", shown=True,
            ),
            Field(
                "welcome.hot_questions", "热门问题", "questions",
                "至多 8 个，按这个顺序显示。输入几个字，从提示里选标准问题，"
                "或「查物流」「转人工」这样的功能。",
            ),
        ),
        "顾客进入客服时先看到的话。从商品、订单等页面进来的，可以另写一句。",
    ),
    Section(
        "hours",
        "服务时间",
        (
            *_DAYS,
            Field("service_hours.holidays", "节假日和特殊日子", "holidays"),
        ),
        "人工客服在线的时间。例如 09:00-12:00 13:00-18:00；空着表示休息；全天写 00:00-24:00。",
    ),
    Section(
        "handoff",
        "转人工",
        (
            Field(
                "handoff.keywords", "转人工的说法", "words",
                "消息里有这些词就转人工；前面有「不」「别」的不算。一行一个。",
                heading="什么时候转人工",
            ),
            Field("handoff.unrecognised_limit", "连续几条没听懂就转人工", "number", unit="条"),
            Field(
                "handoff.repeat_limit", "同一问题连续追问几次就转人工", "number",
                "第一次提问不算。", "次",
            ),
            Field(
                "handoff.invalid_input_limit", "填写信息时输错几次就问要不要转人工",
                "number", unit="次",
            ),
            Field(
                "handoff.complaint_entries", "答完就转人工的问题", "entries",
                "例如投诉。写知识库的标准问题。",
            ),
            Field(
                "handoff.assignment", "怎样分配", "choice",
                choices=(("auto", "自动分配给在线的客服"), ("pick", "由客服自己接入")),
                heading="分配和等待",
            ),
            Field(
                "handoff.skill_wait_seconds", "等对口的客服多久", "number",
                "这么久没有对口的客服空闲，就分配给其他客服。", "秒",
            ),
            Field(
                "handoff.answer_within_minutes", "分配后多久没回复就重新排队", "number",
                "0 表示不收回。", "分钟",
            ),
            Field(
                "handoff.idle_minutes", "客服多久没动静就交还给助手", "number", unit="分钟"
            ),
            Field(
                "handoff.default_wait_minutes", "还没有接待记录时，预计等待多久",
                "number", unit="分钟",
            ),
            Field(
                "handoff.waiting_update_minutes", "排队时隔多久说一次进展", "number",
                "0 表示不主动说。", "分钟",
            ),
            Field(
                "handoff.waiting_limit_minutes", "等多久还没人接就请顾客留言",
                "number", unit="分钟",
            ),
            Field(
                "handoff.waiting_notice", "开始排队时说", "text",
                "必须有 {minutes} 预计等待的分钟数。", shown=True, heading="对顾客说的话",
            ),
            Field(
                "handoff.waiting_update", "排队的进展", "text",
                "可以用 {ahead} 前面的人数、{minutes} 预计等待的分钟数。", shown=True,
            ),
            Field("handoff.late_notice", "等太久时说", "text", shown=True),
            Field(
                "handoff.accepted_notice", "客服接入时说", "text",
                "可以用 {agent} 客服的昵称；空着就不说。", shown=True,
            ),
            Field(
                "handoff.off_hours_notice", "不在服务时间时说", "text",
                "可以用 {service_hours} 人工服务时间。", shown=True,
            ),
        ),
    ),
    Section(
        "rating",
        "评价",
        (
            Field("rating.enabled", "人工服务结束后请顾客评价", "switch"),
            Field(
                "rating.question", "请顾客评价的话",
                hint="后面是「满意」「不满意」两个按钮。", shown=True,
            ),
            Field("rating.thanks", "评价之后说", shown=True),
            Field("rating.ask_reason", "选了「不满意」之后问", shown=True),
            Field(
                "rating.reasons", "不满意的原因", "words", "至多 5 个，每个至多 12 个字。一行一个。"
            ),
            Field("rating.open_hours", "多久之内可以评价", "number", unit="小时"),
        ),
    ),
    Section(
        "terms",
        "服务条款",
        (
            Field("terms.enabled", "启用服务条款", "switch"),
            Field("terms.title", "名称"),
            Field(
                "terms.version", "版本",
                hint="例如 2026-12。改了版本，每位顾客下次咨询时会再被告知一次。",
            ),
            Field(
                "terms.first_contact", "首次咨询时告知", "text",
                "附在第一条回复后面，每位顾客一次；空着就不说。可以用 {title}、{version}。",
                shown=True,
            ),
            Field(
                "terms.summary", "要点", "text",
                "顾客问服务条款时先说它。可以用 {name}、{messages_days} 聊天记录保存的天数、"
                "{service_hours}、{contact_phone}。", shown=True,
            ),
            Field(
                "terms.text", "全文", "text",
                "空着就用自带的范本。范本只是起点，发布前请找懂法律的人看过。"
                "小标题写成「一、……」，段落之间空一行。",
            ),
            Field(
                "terms.url", "全文的网址",
                hint="顾客能打开的网址，例如 https://你的域名/terms，或小程序里的页面转成的链接。"
                "空着就把全文发在聊天里。",
            ),
            Field(
                "terms.keywords", "只发这些词就给出条款", "words", "一行一个。",
            ),
            Field(
                "terms.entries", "问到这些问题也给出条款", "entries",
                "写知识库的标准问题；会用服务条款代替它的答案。",
            ),
        ),
        "顾客第一次咨询时告知一次，问到时给出要点和全文。",
    ),
    Section(
        "content",
        "内容规则",
        (
            Field(
                "content.forbidden_words", "我们不能说的词", "words",
                "含有它的回复不会发出。微信和广告法禁止的导流、诱导等。一行一个。",
            ),
            Field(
                "content.risky_words", "谁都不该说的词", "words",
                "我们的不发出，顾客说了会给客服做标记。一行一个。",
            ),
            Field(
                "order_numbers.hint", "订单号在哪里找", "text",
                "顾客多次填错订单号时告诉他。", shown=True,
            ),
        ),
    ),
    Section(
        "keeping",
        "保存期限和备份",
        (
            Field(
                "retention.messages_days", "聊天记录保存多久", "number", unit="天", guarded=True,
                heading="保存期限",
            ),
            Field(
                "retention.turns_days", "统计数据保存多久", "number",
                "不含顾客身份和文字。", "天", guarded=True,
            ),
            Field(
                "backup.every_hours", "多久自动备份一次", "number", "0 表示不自动备份。", "小时",
                heading="备份",
            ),
            Field("backup.keep_days", "备份保留多久", "number", unit="天"),
            Field("backup.keep_at_least", "至少保留最新的几个", "number", unit="个"),
            Field(
                "backup.folder", "备份存到哪个目录",
                hint="最好在另一块磁盘上；空着就存到数据目录下的 backups。", guarded=True,
            ),
        ),
    ),
)  # fmt: skip

_BY_PATH = {field.path: field for section in SECTIONS for field in section.fields}


def section_of(key: str) -> Section | None:
    """Return a section by its key."""
    return next((section for section in SECTIONS if section.key == key), None)


def field_of(path: str) -> Field | None:
    """Return the field of a setting, None where it is not changed in the browser."""
    return _BY_PATH.get(path)


def title_of(path: str) -> str:
    """Return what a setting is called: for the history, with where it belongs."""
    if path.startswith("welcome.pages."):
        key = path.removeprefix("welcome.pages.")
        return f"{PAGE_NAMES.get(key, key)}的欢迎语和热门问题"
    known = _BY_PATH.get(path)
    if known is None:
        return path
    return f"{known.title}的服务时间" if known.kind == "day" else known.title
