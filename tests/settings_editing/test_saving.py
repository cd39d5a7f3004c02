"""Saving settings: nothing wrong gets in, nothing of others' gets lost, all can be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kefu.errors import FileProblems
from kefu.knowledge.journal import NotWritable
from kefu.settings import settings
from kefu.settings_editing import history, saving
from kefu.settings_editing.saving import ChangedMeanwhile, Refused, Wanted, current, save, undo
from kefu.settings_editing.values import mark

pytestmark = pytest.mark.usefixtures("own_settings")
NAME, SHOP, HOT = "assistant.name", "assistant.shop_name", "welcome.hot_questions"


def wants(**values: Any) -> dict[str, Wanted]:
    """Return what somebody wants who has just looked; `__` stands for the dot."""
    now = current()
    paths = {key.replace("__", "."): value for key, value in values.items()}
    return {path: Wanted(value, mark(now.get(path))) for path, value in paths.items()}


def test_a_change_counts_at_once_and_is_in_the_history(own_settings: Path) -> None:
    assert settings().assistant.name == "小客"
    change = save(wants(assistant__name="小美", assistant__shop_name="示例商城"), "lin", 5.0)
    assert change is not None
    assert settings().assistant.name == "小美"
    assert [(d.path, d.before, d.after) for d in change.settings] == [(NAME, "小客", "小美")]
    assert history.all_changes() == [change]
    assert "# {name} 助手名称" in own_settings.read_text("utf-8")


def test_the_same_again_changes_nothing(own_settings: Path) -> None:
    before = own_settings.read_bytes()
    assert save(wants(assistant__name="小客"), "lin", 5.0) is None
    assert own_settings.read_bytes() == before and history.all_changes() == []


def test_two_people_who_change_different_things_both_have_their_way() -> None:
    mine = wants(assistant__name="小美", assistant__shop_name="示例商城")
    save(wants(assistant__shop_name="新店"), "wang", 5.0)
    save(mine, "lin", 6.0)
    assert (settings().assistant.name, settings().assistant.shop_name) == ("小美", "新店")


def test_two_people_who_change_the_same_are_asked() -> None:
    mine = wants(assistant__name="小美", welcome__text="你好")
    save(wants(assistant__name="小丽"), "wang", 5.0)
    with pytest.raises(ChangedMeanwhile) as raised:
        save(mine, "lin", 6.0)
    assert raised.value.now == {NAME: "小丽"}
    assert settings().welcome.text != "你好"  # all or nothing


def test_a_change_by_hand_in_between_is_merged(own_settings: Path) -> None:
    mine = wants(assistant__name="小美")
    text = own_settings.read_text("utf-8").replace("示例商城", "手改的店", 1)
    own_settings.write_text(text.replace("  name: 小客", "  name: 小客  # 手改"), "utf-8")
    save(mine, "lin", 6.0)
    text = own_settings.read_text("utf-8")
    assert "name: 小美  # 手改" in text and "手改的店" in text


def test_a_change_is_taken_back_and_that_too() -> None:
    change = save(wants(welcome__hot_questions=["转人工"]), "lin", 5.0)
    assert change is not None
    back = undo(change, "wang", 6.0)
    assert back is not None and len(current()[HOT]) == 6
    undone, first = history.all_changes()
    assert (undone.undoes, first.undone, undone.undone) == (change.id, True, False)
    assert undo(back, "wang", 7.0) is not None
    assert current()[HOT] == ["转人工"]


def test_what_was_changed_again_is_not_taken_back() -> None:
    change = save(wants(assistant__name="小美"), "lin", 5.0)
    save(wants(assistant__name="小丽"), "wang", 6.0)
    assert change is not None
    with pytest.raises(ChangedMeanwhile):
        undo(change, "lin", 7.0)


def test_a_page_comes_and_goes() -> None:
    path = "welcome.pages.coupon.center"
    page = {"welcome": "领券吗？", "hot_questions": ["哪里领优惠券"]}
    added = save({path: Wanted(page, mark(None))}, "lin", 5.0)
    assert added is not None and settings().welcome.pages["coupon.center"].welcome == "领券吗？"
    undo(added, "lin", 6.0)
    assert set(settings().welcome.pages) == {"product", "order", "member"}


def test_hours_and_holidays() -> None:
    days = [{"date": "2027-02-06", "hours": []}, {"date": "2027-02-07", "hours": ["10:00-12:00"]}]
    given = wants(service_hours__holidays=days, service_hours__weekly__sun=[])
    save(given, "lin", 5.0)
    hours = settings().service_hours
    assert [str(day.date) for day in hours.holidays] == ["2027-02-06", "2027-02-07"]
    assert hours.weekly["sun"] == ()


WRONG = {
    "too long": ("assistant.name", "名" * 21, "超出允许范围"),
    "backwards": ("service_hours.weekly.mon", ["18:00-09:00"], "不是时间段"),
    "a placeholder that nobody fills": ("welcome.text", "你好，{nickname}", "可以用 {name}"),
    "no placeholders here": ("assistant.apology", "抱歉，{name}", "不能用花括号"),
    "a forbidden word": ("welcome.text", "全网最低价，欢迎", "不能对顾客说"),
    "a word of our own list": ("rating.thanks", "谢谢，请加微信", "「加微信」不能对顾客说"),
    "a question nobody has": (
        "welcome.hot_questions",
        ["火星怎么去"],
        "火星怎么去」不是",
    ),
    "a question twice": ("welcome.hot_questions", ["转人工", "转人工"], "写了两次"),
    "nine questions": ("welcome.hot_questions", ["转人工"] * 9, "至多 8 个"),
    "a page's question": (
        "welcome.pages.order",
        {"welcome": "你好", "hot_questions": ["火星怎么去"]},
        "火星",
    ),
    "a day twice": ("service_hours.holidays", [{"date": "2027-01-01"}] * 2, "2027-01-01 写了两次"),
    "no minutes": ("handoff.waiting_notice", "请稍候", "必须有 {minutes}"),
    "an entry that is not there": ("handoff.complaint_entries", ["service/none"], "没有「service"),
    "a word that would hit everything": ("content.risky_words", ["赌"], "太短"),
}


@pytest.mark.parametrize(("path", "value", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused(own_settings: Path, path: str, value: Any, said: str) -> None:
    before = own_settings.read_bytes()
    with pytest.raises(Refused) as raised:
        save({path: Wanted(value, None)}, "lin", 5.0)
    assert set(raised.value.problems) == {path}
    assert said in raised.value.problems[path]
    assert own_settings.read_bytes() == before and history.all_changes() == []


def test_terms_are_a_possible_question_and_may_name_what_is_forbidden() -> None:
    save({HOT: Wanted(["服务条款"], None), "terms.text": Wanted("唯一的条款", None)}, "lin", 5.0)
    assert settings().welcome.hot_questions == ("服务条款",)


def test_a_file_with_mistakes_is_left_alone(own_settings: Path) -> None:
    assert settings().assistant.name == "小客"
    own_settings.write_text("assistant: {", "utf-8")
    with pytest.raises(FileProblems):
        save({NAME: Wanted("小美", None)}, "lin", 5.0)
    assert own_settings.read_text("utf-8") == "assistant: {"


def test_a_change_that_cannot_be_written_is_not_in_the_history(
    own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, content: bytes) -> None:
        raise NotWritable("磁盘满了")

    monkeypatch.setattr(saving, "write_whole", full)
    with pytest.raises(NotWritable):
        save(wants(assistant__name="小美"), "lin", 5.0)
    assert history.all_changes() == [] and settings().assistant.name == "小客"


def test_many_at_once_lose_nothing() -> None:
    values = {
        f"handoff.{key}": 7 for key in ("repeat_limit", "idle_minutes", "waiting_limit_minutes")
    }
    one_each = [{path: Wanted(value, None)} for path, value in values.items()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda wanted: save(wanted, "lin", 5.0), one_each))
    assert {path: current()[path] for path in values} == values
    assert len(history.all_changes()) == 3
