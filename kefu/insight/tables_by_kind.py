"""The tables whose rows are kinds: endings, reasons, questions, channels, categories."""

from __future__ import annotations

from kefu.insight import names, words
from kefu.insight.figures import HANDOFF, RECOGNITION, Figures
from kefu.insight.people import Service, by_category, by_channel
from kefu.insight.questions import (
    busiest,
    recognition_by_category,
)
from kefu.insight.reply_times import ReplyTimes
from kefu.insight.satisfaction import (
    Satisfaction,
    satisfaction_by_category,
    satisfaction_by_channel,
)
from kefu.insight.share import NOTHING, Share
from kefu.insight.tables import Cell, Column, Table
from kefu.insight.volumes import Volume, volume_by_channel

_UNITS = {"share": "比例", "seconds": "秒", "duration": "秒", "count": "个"}


def overview(now: Figures, before: Figures) -> Table:
    """Return all figures beside those of the period before, as numbers."""
    rows = tuple(
        (
            figure.title,
            figure.value,
            _UNITS[figure.unit],
            figure.of.numerator if figure.of else None,
            figure.of.denominator if figure.of else None,
            words.target_text(figure.target, figure.unit),
            words.mark(figure),
            earlier.value,
            figure.meaning,
        )
        for figure, earlier in zip(now.rows(), before.rows(), strict=True)
    )
    titles = ("指标", "数值", "单位", "分子", "分母", "目标", "达标", "上期", "含义")
    return Table("figures", "指标", None, tuple(map(Column, titles)), rows)


def endings_table(now: Figures) -> Table:
    """Return how questions ended."""
    asked = sum(now.endings.values())
    rows = tuple(
        (title, now.endings[key], Share(now.endings[key], asked).value)
        for key, title in names.ENDINGS.items()
    )
    columns = (Column("结果"), Column("问题", "count", drawn=True), Column("占比", "share"))
    keys = tuple(names.ENDINGS)
    return Table("endings", "问题的结果", "ranks", columns, rows if asked else (), keys=keys)


def reasons_table(now: Figures) -> Table:
    """Return why people were called."""
    sessions = now.service.handoff.denominator
    reasons = now.service.reasons.most_common()
    rows = tuple(
        (names.reason_name(reason), count, Share(count, sessions).value)
        for reason, count in reasons
    )
    columns = (
        Column("原因"), Column("会话", "count", drawn=True), Column("占全部会话", "share"),
    )  # fmt: skip
    note = "一次会话里转了几次人工的，算第一次的原因；各项之和就是转人工率。"
    keys = tuple(reason for reason, _ in reasons)
    return Table("reasons", "转人工的原因", "ranks", columns, rows, note=note, keys=keys)


def busiest_table(now: Figures) -> Table:
    """Return what is asked most."""
    found = busiest(now.period, now.filters)
    rows = tuple(
        (names.question_name(asked.label), asked.times, asked.words, asked.buttons)
        for asked in found
    )
    columns = (
        Column("问题"), Column("次数", "count", drawn=True), Column("打字", "count"),
        Column("点按钮", "count"),
    )  # fmt: skip
    keys = tuple(asked.label for asked in found)
    return Table("questions", "问得最多的问题", "ranks", columns, rows, keys=keys)


def channels_table(now: Figures) -> Table:
    """Return the main figures of each channel and account."""
    period, filters = now.period, now.filters
    volumes = volume_by_channel(period, filters)
    recognised = now.questions.by_channel()
    served = by_channel(now.sessions)
    replied = now.replies.by_channel()
    rated = satisfaction_by_channel(period, filters)
    channels = sorted({*volumes, *recognised, *served, *replied, *rated})
    rows = tuple(
        (
            names.channel_name(channel),
            *_volume_cells(volumes.get(channel)),
            *_share_cells(recognised.get(channel, NOTHING)),
            *_service_cells(served.get(channel)),
            *_reply_cells(replied.get(channel)),
            *_rating_cells(rated.get(channel)),
        )
        for channel in channels
    )
    columns = (
        Column("渠道"), Column("消息", "count"), Column("顾客", "count"),
        *_RECOGNITION, *_SERVICE, Column("回复 p95", "seconds"), Column("3 秒内", "share"),
        *_RATING,
    )  # fmt: skip
    return Table(
        "channels", "各渠道和账号", "shares", columns, rows, _TARGETS, keys=tuple(channels)
    )


def categories_table(now: Figures) -> Table:
    """Return the main figures of each category of the knowledge base."""
    period, filters = now.period, now.filters
    recognised = recognition_by_category(period, filters)
    served = by_category(now.sessions)
    rated = satisfaction_by_category(period, filters)
    found = {*recognised, *served, *(key for key in rated if key is not None)}
    if filters.category is not None:
        found &= {filters.category}
    ordered = sorted(found, key=lambda c: (-recognised.get(c, NOTHING).denominator, c))
    rows = tuple(
        (
            names.category_name(category),
            *_share_cells(recognised.get(category, NOTHING)),
            *_service_cells(served.get(category)),
            *_rating_cells(rated.get(category)),
        )
        for category in ordered
    )
    columns = (Column("分类"), *_RECOGNITION, *_SERVICE, *_RATING)
    note = (
        "没听懂的问题算在最接近的分类里；一次会话问了几个分类，每个分类都算一次；"
        "满意度按转人工前的问题归类。"
    )
    keys = tuple(ordered)
    return Table("categories", "各分类", "shares", columns, rows, _TARGETS, note, keys)


_RECOGNITION = (
    Column("识别率", "share", drawn=True),
    Column("识别", "count"),
    Column("问题", "count"),
)
_SERVICE = (
    Column("转人工率", "share", drawn=True),
    Column("转人工会话", "count"),
    Column("会话", "count"),
)
# Of what is drawn, in its order.
_TARGETS = (RECOGNITION, HANDOFF)
_RATING = (Column("满意度", "share"), Column("满意", "count"), Column("评价", "count"))


def _share_cells(share: Share) -> tuple[Cell, ...]:
    return share.value, share.numerator, share.denominator


def _volume_cells(found: Volume | None) -> tuple[Cell, ...]:
    return (found.messages, found.customers) if found else (0, 0)


def _service_cells(found: Service | None) -> tuple[Cell, ...]:
    return _share_cells(found.handoff) if found else _share_cells(NOTHING)


def _reply_cells(found: ReplyTimes | None) -> tuple[Cell, ...]:
    return (found.p95, found.fast.value) if found else (None, None)


def _rating_cells(found: Satisfaction | None) -> tuple[Cell, ...]:
    return _share_cells(found.satisfied if found else NOTHING)
