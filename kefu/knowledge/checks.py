"""Everything that `kefu knowledge check` finds, in the operator's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kefu.errors import FileProblems, Problem
from kefu.knowledge.keys import key_of
from kefu.knowledge.model import FOLDER, Category, Entry, Phrasing, read_knowledge

MAX_ANSWER = 100
MIN_SIMILAR = 15
MAX_PHRASING = 100
MAX_BUTTONS = 3
PLACEHOLDERS = ("service_hours", "contact_phone", "shop_name")
# What a placeholder counts against the answer's length: the longest usual value.
PLACEHOLDER_LENGTH = 20

_ID = re.compile(r"^[a-z][a-z0-9_]{1,39}$")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

# 广告法第九条 (absolute terms) and what the market regulator's practice adds to it.
FORBIDDEN = (
    "国家级", "世界级", "全网最低", "全国第一", "第一品牌", "销量第一", "第一",
    "最高级", "最佳", "最低价", "最便宜", "最好", "最优", "最强", "最",
    "顶级", "顶尖", "极致", "极品", "唯一", "独一无二", "首选", "首家", "万能",
    "100%", "百分百", "百分之百", "绝对", "永久", "零风险", "无风险", "稳赚",
    "保证治愈", "根治", "史无前例", "绝无仅有", "全网独家", "国家免检", "特供", "驰名商标",
)  # fmt: skip
# Words that contain a forbidden one and promise nothing; each with its reason.
ALLOWED = {
    "最近": "a time, not a superlative",
    "最后": "an order of steps",
    "最多": "states a limit",
    "最少": "states a limit",
    "最大": "states a limit",
    "最长": "states a limit",
    "最短": "states a limit",
    "最晚": "states a deadline",
    "最迟": "states a deadline",
    "最早": "states a time",
    "最终": "an outcome",
    "最新": "current data",
    "第一步": "an order of steps",
    "第一次": "a count",
    "第一天": "a count of days",
    "第一个月": "a count of months",
    "第一单": "a count of orders",
    "第一件": "a count of pieces",
    "第一泡": "a count of infusions of tea",
    "第一页": "a place",
    "第一项": "a place in a list",
    "第一时间": "a habit of speech, no ranking",
}
_FORBIDDEN = re.compile("|".join(map(re.escape, FORBIDDEN)))
_ALLOWED = re.compile("|".join(map(re.escape, ALLOWED)))


def check(home: Path, known_texts: Iterable[str] = ()) -> list[Problem]:
    """Check the project's knowledge base.

    Args:
        home: Project directory.
        known_texts: Texts besides standard questions that a button may send
            (titles of tasks).

    Returns:
        Problems in the order of files and lines; empty when all is well.
    """
    try:
        categories = read_knowledge(home)
    except FileProblems as error:
        return error.problems
    return check_categories(categories, known_texts)


def check_categories(
    categories: Iterable[Category], known_texts: Iterable[str] = ()
) -> list[Problem]:
    """Check categories that were read already; see `check`."""
    categories = list(categories)
    problems = [p for category in categories for p in _category_problems(category)]
    problems += _repeated_ids(categories)
    problems += _repeated_phrasings(categories)
    problems += _unknown_buttons(categories, set(known_texts))
    return sorted(problems, key=lambda p: (str(p.file), p.line))


def answer_length(answer: str) -> int:
    """Return the length of an answer with its placeholders filled in."""
    return len(_PLACEHOLDER.sub("x" * PLACEHOLDER_LENGTH, answer))


def forbidden_words(text: str) -> list[str]:
    """Return the promises in `text` that advertising law forbids."""
    # Allowed words are blanked, not removed, so that no new word arises at the seam.
    return _FORBIDDEN.findall(_ALLOWED.sub(lambda m: " " * len(m.group()), text))


def _category_problems(category: Category) -> Iterator[Problem]:
    if not _ID.match(category.id):
        yield Problem(category.file, 1, f"分类「{category.id}」只能用小写字母、数字和下划线")
    if category.id != category.file.stem:
        yield Problem(
            category.file, 1, f"分类「{category.id}」应与文件名「{category.file.stem}」相同"
        )
    if not category.title.strip():
        yield Problem(category.file, 1, "分类标题（title）为空，请填上")
    if not category.entries:
        yield Problem(category.file, 1, "分类里没有条目，请添加或删去这个文件")
    for entry in category.entries:
        yield from entry_problems(entry)


def entry_problems(entry: Entry) -> Iterator[Problem]:
    name = entry.label.split("/", 1)[1]
    if not _ID.match(name):
        yield Problem(
            entry.file, entry.line, f"id「{name}」只能用小写字母、数字和下划线，以字母开头"
        )
    yield from _answer_problems(entry)
    if not key_of(entry.question.text):
        yield Problem(entry.file, entry.question.line, "标准问题为空，请填上")
    elif len(entry.question.text) > MAX_PHRASING:
        text = f"标准问题有 {len(entry.question.text)} 个字，至多 {MAX_PHRASING} 个，请缩短"
        yield Problem(entry.file, entry.question.line, text)
    if len(entry.similar) < MIN_SIMILAR:
        count = f"只有 {len(entry.similar)} 条相似问法，至少要 {MIN_SIMILAR} 条，请补充"
        yield Problem(entry.file, entry.line, f"「{entry.question.text or name}」{count}")
    for phrasing in entry.similar:
        if not key_of(phrasing.text):
            yield Problem(entry.file, phrasing.line, "这条相似问法为空，请删去")
        elif len(phrasing.text) > MAX_PHRASING:
            text = f"这条相似问法有 {len(phrasing.text)} 个字，至多 {MAX_PHRASING} 个，请缩短"
            yield Problem(entry.file, phrasing.line, text)
    if len(entry.buttons) > MAX_BUTTONS:
        text = f"按钮有 {len(entry.buttons)} 个，至多 {MAX_BUTTONS} 个，请删去一些"
        yield Problem(entry.file, entry.buttons[0].line, text)


def _answer_problems(entry: Entry) -> Iterator[Problem]:
    file, line, answer = entry.file, entry.answer.line, entry.answer.text
    if not answer:
        yield Problem(file, line, "答案为空，请填上")
    length = answer_length(answer)
    if length > MAX_ANSWER:
        yield Problem(file, line, f"答案有 {length} 个字，至多 {MAX_ANSWER} 个，请缩短")
    for word in dict.fromkeys(forbidden_words(answer)):
        yield Problem(file, line, f"答案里的「{word}」是广告法禁止的说法，请换一种说法")
    for name in _PLACEHOLDER.findall(answer):
        if name not in PLACEHOLDERS:
            known = "、".join(f"{{{p}}}" for p in PLACEHOLDERS)
            yield Problem(file, line, f"不认识「{{{name}}}」，可用的有：{known}")


def _repeated_ids(categories: list[Category]) -> Iterator[Problem]:
    seen: dict[str, Entry] = {}
    for entry in _entries(categories):
        first = seen.setdefault(entry.label, entry)
        if first is not entry:
            place = f"{first.file.name}:{first.line}"
            yield Problem(entry.file, entry.line, f"id「{entry.label}」与 {place} 重复，请改名")


def _repeated_phrasings(categories: list[Category]) -> Iterator[Problem]:
    seen: dict[str, tuple[Entry, Phrasing]] = {}
    for entry in _entries(categories):
        for phrasing in entry.phrasings:
            key = key_of(phrasing.text)
            if not key:
                continue
            other, first = seen.setdefault(key, (entry, phrasing))
            if first is phrasing:
                continue
            place = f"{other.file.name}:{first.line}"
            if other.label == entry.label:
                text = f"「{phrasing.text}」与 {place} 重复，请删去一条"
            else:
                text = (
                    f"「{phrasing.text}」与 {place}（{other.question.text}）冲突，"
                    "同一问法只能属于一个条目"
                )
            yield Problem(entry.file, phrasing.line, text)


def _unknown_buttons(categories: list[Category], known_texts: set[str]) -> Iterator[Problem]:
    known = {entry.question.text for entry in _entries(categories)} | known_texts
    for entry in _entries(categories):
        for button in entry.buttons:
            if button.text not in known:
                text = f"按钮「{button.text}」不是任何条目的标准问题，也不是内置功能，点了会听不懂"
                yield Problem(entry.file, button.line, text)


def _entries(categories: Iterable[Category]) -> Iterator[Entry]:
    for category in categories:
        yield from category.entries


__all__ = ["FOLDER", "answer_length", "check", "check_categories", "forbidden_words"]
