"""The settings: the project's own are good, and every kind of mistake names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.errors import FileProblems
from kefu.settings import Settings, read_settings, settings, span_minutes
from tests.model import PROJECT

SMALL = """\
assistant:
  name: 小客
  timezone: Asia/Shanghai
welcome:
  text: 你好
  hot_questions: [查物流]
service_hours:
  weekly:
    mon: ["09:00-18:00"]
  holidays:
    - date: 2027-01-01
      hours: []
handoff:
  unrecognised_limit: 3
  waiting_notice: 请稍候（{minutes}分钟）
order_numbers:
  patterns: ['20\\d{14}']
"""


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "settings.yml").write_text(text, encoding="utf-8")
    return read_settings(tmp_path / "settings.yml")


def test_settings_of_the_project(fresh_home: Path) -> None:
    chosen = settings()
    assert chosen.handoff.unrecognised_limit == 3
    assert chosen.handoff.repeat_limit == 2
    assert set(chosen.welcome.pages) == {"product", "order", "member"}
    assert settings() is chosen


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    chosen = read(tmp_path, SMALL)
    assert chosen.assistant.name == "小客"
    assert chosen.handoff.idle_minutes == 30
    assert chosen.retention.messages_days == 180
    assert chosen.service_hours.weekly == {"mon": ("09:00-18:00",)}


MISTAKES = {
    "missing section": (
        "welcome:\n  text: 你好\n  hot_questions: [查物流]\n",
        "",
        1,
        "welcome：缺少这一项，请补上",
    ),
    "missing key": ("  text: 你好\n", "", 4, "welcome.text：缺少这一项，请补上"),
    "misspelled": (
        "unrecognised_limit",
        "unrecognized_limit",
        14,
        "没有这个设置项，请检查拼写或删去",
    ),
    "unknown section": ("handoff:", "handof:", 13, "handof：没有这个设置项"),
    "no integer": (
        "unrecognised_limit: 3",
        "unrecognised_limit: 三",
        14,
        "handoff.unrecognised_limit：应为整数",
    ),
    "too small": ("unrecognised_limit: 3", "unrecognised_limit: 0", 14, "超出允许范围（界限 1）"),
    "too large": ("unrecognised_limit: 3", "unrecognised_limit: 99", 14, "超出允许范围（界限 20）"),
    "text too long": ("小客", "客" * 21, 2, "超出允许范围（界限 20）"),
    "no list": ("[查物流]", "查物流", 6, "welcome.hot_questions：应为列表"),
    "no mapping": (
        '  weekly:\n    mon: ["09:00-18:00"]\n',
        "  weekly: 每天\n",
        8,
        "应由「名称: 值」组成",
    ),
    "list for a text": ("name: 小客", "name: [小客]", 2, "assistant.name：应为文字，请加上引号"),
    "too many hot questions": (
        "[查物流]",
        "[" + "查物流, " * 9 + "]",
        6,
        "热门问题有 9 个，至多 8 个",
    ),
    "unknown time zone": ("Asia/Shanghai", "Asia/Peking", 3, "没有这个时区，例如 Asia/Shanghai"),
    "path for a time zone": ("Asia/Shanghai", "/etc/passwd", 3, "没有这个时区"),
    "unknown weekday": ("mon:", "monday:", 8, "「monday」不是星期，请用 mon"),
    "no span": ("09:00-18:00", "9点到18点", 8, '请写成 "09:00-18:00"'),
    "backwards": ("09:00-18:00", "18:00-09:00", 8, "不是时间段"),
    "past midnight": ("09:00-18:00", "09:00-24:30", 8, "不是时间段"),
    "hour 25": ("09:00-18:00", "25:00-26:00", 8, "不是时间段"),
    "holiday without a date": (
        "date: 2027-01-01",
        "date: 元旦",
        11,
        "service_hours.holidays.0.date",
    ),
    "holiday's hours": ("hours: []", "hours: [上午]", 12, "不是时间段"),
    "notice without minutes": ("{minutes}", "几", 15, "等待提示里必须有 {minutes}"),
    "bad regular expression": ("'20\\d{14}'", "'20(\\d'", 17, "不是正确的正则表达式"),
    "not YAML": ("  name: 小客", "  name: 小客: 二", 2, "YAML 格式有误"),
}


@pytest.mark.parametrize(("old", "new", "line", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_named_with_line_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in SMALL
    with pytest.raises(FileProblems) as raised:
        read(tmp_path, SMALL.replace(old, new, 1))
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"{tmp_path / 'settings.yml'}:{line}: ")
    assert said in problem.text


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("unrecognised_limit: 3", "unrecognised_limit: 0").replace("mon:", "mo:")
    with pytest.raises(FileProblems) as raised:
        read(tmp_path, text)
    assert [problem.line for problem in raised.value.problems] == [8, 14]


@pytest.mark.parametrize("text", ["", "- 小客\n", "小客\n"])
def test_file_without_names_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileProblems, match="设置文件应由「名称: 值」组成"):
        read(tmp_path, text)


def test_messages_are_chinese_only_for_every_setting_of_the_wrong_type(tmp_path: Path) -> None:
    text = (PROJECT / "settings.yml").read_text(encoding="utf-8")
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if not value.strip() or line.lstrip().startswith(("#", "-")):
            continue
        try:
            read(tmp_path, text.replace(line, f"{key}: {{a: [b]}}", 1))
        except FileProblems as error:
            for problem in error.problems:
                reason = problem.text.partition("：")[2]
                assert any("\u4e00" <= character <= "\u9fff" for character in reason), problem


def test_settings_cannot_be_changed(fresh_home: Path) -> None:
    with pytest.raises(TypeError):
        settings().assistant.name = "别的"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("span", "minutes"), [("09:00-18:00", (540, 1080)), ("00:00-24:00", (0, 1440))]
)
def test_span_minutes(span: str, minutes: tuple[int, int]) -> None:
    assert span_minutes(span) == minutes
