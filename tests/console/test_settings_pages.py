"""The settings in the browser, without one: what is saved, refused, merged and taken back."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.environment import environment
from kefu.settings import settings
from kefu.settings_editing.sections import SECTIONS
from kefu.settings_editing.values import values_of
from tests.console.own_settings import Form, said
from tests.console.visitors import Visitor
from tests.settings_editing.own import own_project

ALL = [section.key for section in SECTIONS]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def own_settings(fresh_home: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield own_project(home, monkeypatch)
    monkeypatch.undo()
    environment.cache_clear()
    settings.cache_clear()


@pytest.fixture
def console(own_settings: Path) -> Starlette:
    return create_app(with_duties=False)


@pytest.fixture
def operator(own_settings: Path, console: Starlette) -> Iterator[Visitor]:
    with Visitor(console) as visitor:
        visitor.becomes("wu", "吴运营", "operator")
        yield visitor


@pytest.fixture
def boss(own_settings: Path, administrator: Visitor) -> Visitor:
    return administrator


@pytest.mark.parametrize("path", [*ALL, "history", "questions"])
def test_agents_and_strangers_see_none_of_it(path: str, agent: Visitor, stranger: Visitor) -> None:
    assert agent.get(f"/settings/{path}").status_code == 403
    assert stranger.get(f"/settings/{path}", follow_redirects=False).status_code == 303
    assert agent.submits(f"/settings/{path}").status_code in (403, 405)


def test_an_agent_changes_nothing(own_settings: Path, agent: Visitor) -> None:
    before = said(own_settings)
    answer = agent.submits("/settings/assistant", **{"assistant.name": "小美", "marks": "{}"})
    assert answer.status_code == 403 and said(own_settings) == before


@pytest.mark.parametrize("section", ALL)
def test_saving_what_is_shown_changes_nothing(
    own_settings: Path, boss: Visitor, section: str
) -> None:
    before, values = said(own_settings), values_of(settings())
    answer = Form(boss, section).saves()
    assert "没有要保存的改动" in answer.text
    assert said(own_settings) == before and values_of(settings()) == values


def test_a_change_is_in_the_file_in_force_and_in_the_history(
    own_settings: Path, operator: Visitor
) -> None:
    form = Form(operator, "assistant").enters(assistant__name="小美")
    assert "已保存" in form.saves().text
    assert settings().assistant.name == "小美"
    assert "  name: 小美\n" in said(own_settings)
    assert "# {name} 助手名称" in said(own_settings)
    history = operator.get("/settings/history").text
    assert all(word in history for word in ("吴运营", "助手的名字", "小客", "小美"))


def test_a_change_is_taken_back_with_one_click(own_settings: Path, operator: Visitor) -> None:
    before = said(own_settings)
    Form(operator, "rating").without("rating.enabled").saves()
    assert not settings().rating.enabled
    history = operator.get("/settings/history").text
    (undo,) = re.findall(r'action="(/settings/history/[^"]+/undo)"', history)
    assert "已撤销" in operator.submits(undo).text
    assert said(own_settings) == before
    assert operator.submits("/settings/history/nothing/undo").status_code == 404


def test_what_was_changed_since_is_not_taken_back(operator: Visitor) -> None:
    Form(operator, "assistant").enters(assistant__name="小美").saves()
    Form(operator, "assistant").enters(assistant__name="小丽").saves()
    undo = re.findall(r'action="([^"]+/undo)"', operator.get("/settings/history").text)[-1]
    answer = operator.submits(undo)
    assert answer.status_code == 409 and "「助手的名字」在那之后又改过" in answer.text
    assert settings().assistant.name == "小丽"


def test_wrong_hours_are_refused_and_everything_typed_stays(
    own_settings: Path, operator: Visitor
) -> None:
    before = said(own_settings)
    form = Form(operator, "hours")
    form.enters(service_hours__weekly__mon="18:00-9:00", service_hours__weekly__sun="10:00-12:00")
    form.enters(holiday_first=["2027-02-05", "2027-03-01"], holiday_last=["2027-02-11", ""])
    form.enters(holiday_hours=["", "10:00-12:00"])
    answer = form.saves()
    assert answer.status_code == 422
    assert "「18:00-09:00」不是时间段" in answer.text
    assert form.given["service_hours.weekly.mon"] == ["18:00-9:00"]
    assert form.given["service_hours.weekly.sun"] == ["10:00-12:00"]
    assert form.given["holiday_first"][:2] == ["2027-02-05", "2027-03-01"]
    assert said(own_settings) == before
    form.enters(service_hours__weekly__mon="9:00－18:00")
    assert "已保存" in form.saves().text
    hours = settings().service_hours
    assert hours.weekly["mon"] == ("09:00-18:00",)
    assert [str(day.date)[5:] for day in hours.holidays] == [
        *(f"02-{day:02d}" for day in range(5, 12)),
        "03-01",
    ]
    shown = Form(operator, "hours").given
    assert shown["holiday_first"][:2] == ["2027-02-05", "2027-03-01"]
    assert shown["holiday_last"][:2] == ["2027-02-11", ""]


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2027-02-30", "", "不是日期"),
        ("", "2027-02-11", "没有填日期"),
        ("2027-02-11", "2027-02-05", "结束日期早于开始日期"),
        ("2027-01-01", "2028-01-01", "一行至多 60 天"),
    ],
)
def test_days_that_are_none_are_refused(operator: Visitor, first: str, last: str, why: str) -> None:
    form = Form(operator, "hours")
    form.enters(holiday_first=[first], holiday_last=[last], holiday_hours=[""])
    answer = form.saves()
    assert answer.status_code == 422 and why in answer.text
    assert form.given["holiday_last"][0] == last


def test_days_that_are_over_are_marked(own_settings: Path, operator: Visitor) -> None:
    own_settings.write_text(said(own_settings).replace("2027-01-01", "2020-01-01"), "utf-8")
    assert "已过" in operator.get("/settings/hours").text


def test_two_operators_on_different_fields_both_have_their_way(
    operator: Visitor, boss: Visitor
) -> None:
    mine, theirs = Form(operator, "assistant"), Form(boss, "assistant")
    theirs.enters(assistant__shop_name="新店").saves()
    assert "已保存" in mine.enters(assistant__name="小美").saves().text
    assert (settings().assistant.name, settings().assistant.shop_name) == ("小美", "新店")


def test_two_operators_on_one_field_the_second_sees_both_and_chooses(
    operator: Visitor, boss: Visitor
) -> None:
    mine, theirs = Form(operator, "assistant"), Form(boss, "assistant")
    theirs.enters(assistant__name="小丽").saves()
    answer = mine.enters(assistant__name="小美").saves()
    assert answer.status_code == 422
    assert "刚才被别人改过" in answer.text and "小丽" in answer.text
    assert mine.given["assistant.name"] == ["小美"]
    assert settings().assistant.name == "小丽"
    assert "已保存" in mine.saves().text
    assert settings().assistant.name == "小美"


def test_retention_and_the_folder_of_backups_are_the_administrators(
    operator: Visitor, boss: Visitor
) -> None:
    form = Form(operator, "keeping")
    assert "retention.messages_days" not in form.given
    form.enters(retention__messages_days="1", backup__folder="/tmp", backup__keep_days="10")
    assert "已保存" in form.saves().text
    assert settings().backup.keep_days == 10
    assert settings().backup.folder == "" and settings().retention.messages_days == 180
    assert "已保存" in Form(boss, "keeping").enters(retention__messages_days="９０").saves().text
    assert settings().retention.messages_days == 90
    history = operator.get("/settings/history").text
    undo = re.findall(r"/settings/history/([^/]+)/undo", history)
    assert len(undo) == 1  # their own; not the administrator's
    boss_undo = re.findall(r"/settings/history/([^/]+)/undo", boss.get("/settings/history").text)[0]
    assert operator.submits(f"/settings/history/{boss_undo}/undo").status_code == 403


def test_entry_pages_come_and_go(own_settings: Path, operator: Visitor) -> None:
    form = Form(operator, "welcome")
    form.enters(page_3_key="coupon", page_3_welcome="领券有问题吗？", page_3_hot=["哪里领优惠券"])
    assert "已保存" in form.saves().text
    assert settings().welcome.pages["coupon"].hot_questions == ("哪里领优惠券",)
    form = Form(operator, "welcome").enters(page_0_remove="yes")
    assert "已保存" in form.saves().text
    assert "product" not in settings().welcome.pages
    assert "coupon" in settings().welcome.pages


@pytest.mark.parametrize(
    ("key", "welcome", "why"),
    [
        ("优惠券", "你好", "用字母、数字"),
        ("order", "你好", "已经有页面「order」了"),
        ("coupon", "", "欢迎语为空"),
        ("coupon", "你好，{nick}", "不认识「{nick}」"),
    ],
)
def test_a_page_that_will_not_do_is_refused(
    operator: Visitor, key: str, welcome: str, why: str
) -> None:
    form = Form(operator, "welcome").enters(page_3_key=key, page_3_welcome=welcome)
    answer = form.saves()
    assert answer.status_code == 422 and why in answer.text
    assert form.given["page_3_key"] == [key] and form.given["page_3_welcome"] == [welcome]


def test_hot_questions_must_be_known(own_settings: Path, operator: Visitor) -> None:
    form = Form(operator, "welcome").enters(welcome__hot_questions=["查物流", "火星怎么去"])
    answer = form.saves()
    assert answer.status_code == 422
    assert "「火星怎么去」不是知识库的标准问题" in answer.text
    assert form.given["welcome.hot_questions"][:2] == ["查物流", "火星怎么去"]


def test_questions_that_went_from_the_knowledge_base_are_named(
    own_settings: Path, operator: Visitor
) -> None:
    text = said(own_settings).replace("怎么开发票, 转人工", "怎么开收据, 转人工")
    own_settings.write_text(text, "utf-8")
    assert "请换掉：怎么开收据" in operator.get("/settings/welcome").text
    # What somebody else has left there is no reason to refuse a change of something else.
    assert "已保存" in Form(operator, "welcome").enters(welcome__text="你好").saves().text


def test_suggestions_hold_what_was_typed(operator: Visitor) -> None:
    found = operator.get("/settings/questions", params={"q": "发票"}).json()
    assert "怎么开发票" in found and all("发票" in text for text in found)
    assert "查物流" in operator.get("/settings/questions", params={"q": "查物"}).json()
    entries = operator.get("/settings/questions", params={"q": "查物", "entries": "1"}).json()
    assert "查物流" not in entries


def test_entries_are_chosen_by_their_question(operator: Visitor) -> None:
    form = Form(operator, "handoff")
    assert form.given["handoff.complaint_entries"][0] == "我要投诉"
    form.enters(handoff__complaint_entries=["我要投诉", "怎么开发票"])
    assert "已保存" in form.saves().text
    first, second = settings().handoff.complaint_entries
    assert first == "service/complaint" and second.endswith("invoice")


@pytest.mark.parametrize("typed", ["三", "", "-1", "1.5", "99"])
def test_a_number_that_is_none_is_refused(operator: Visitor, typed: str) -> None:
    form = Form(operator, "handoff").enters(handoff__repeat_limit=typed)
    assert form.saves().status_code == 422
    assert form.given["handoff.repeat_limit"] == [typed]


def test_customers_words_are_shown_as_they_will_read_them(operator: Visitor) -> None:
    form = Form(operator, "welcome").enters(welcome__text="<b>{shop_name}</b>的{name}")
    answer = operator.post(f"{form.path}/preview", data={**form.given, "csrf": operator.csrf})
    assert "&lt;b&gt;示例商城&lt;/b&gt;的小客" in answer.text


def test_mistakes_made_in_the_file_are_told_and_nothing_is_written(
    own_settings: Path, operator: Visitor
) -> None:
    form = Form(operator, "assistant").enters(assistant__name="小美")
    broken = said(own_settings).replace("unrecognised_limit: 3", "unrecognised_limit: 三")
    own_settings.write_text(broken, "utf-8")
    for answer in (form.saves(), operator.get("/settings/rating")):
        assert answer.status_code == 409
        assert "handoff.unrecognised_limit：应为整数" in answer.text
    assert said(own_settings) == broken


def test_terms_that_equal_the_sample_are_not_copied_into_the_file(
    own_settings: Path, operator: Visitor
) -> None:
    form = Form(operator, "terms")
    assert "范本" in operator.get("/settings/terms").text
    text = form.given["terms.text"][0]
    form.enters(terms__text=text + "\n\n十、其他\n以{shop_name}的公告为准。", terms__version="2")
    assert "已保存" in form.saves().text
    assert "  text: |-\n    一、我们是谁\n" in said(own_settings)
    assert "以示例商城的公告为准。" in operator.get("/terms").text
    Form(operator, "terms").enters(terms__text=text).saves()
    assert '  text: ""\n' in said(own_settings)


def test_anybody_reads_the_terms(own_settings: Path, stranger: Visitor) -> None:
    page = stranger.get("/terms", follow_redirects=False)
    assert page.status_code == 200
    assert "<h2>一、我们是谁</h2>" in page.text and "180天" in page.text
    assert "{" not in page.text and "主导航" not in page.text
    off = said(own_settings).replace("  enabled: true\n  title", "  enabled: false\n  title")
    own_settings.write_text(off, "utf-8")
    settings.look()
    assert stranger.get("/terms").status_code == 404


def picture(size: tuple[int, int] = (600, 400)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, "PNG")
    return content.getvalue()


def test_a_picture_is_uploaded_made_small_and_shown_to_anybody(
    operator: Visitor, stranger: Visitor
) -> None:
    assert stranger.get("/assistant/picture", follow_redirects=False).status_code == 404
    answer = operator.post(
        "/settings/assistant/picture",
        data={"csrf": operator.csrf},
        files={"picture": ("a.png", picture(), "image/png")},
    )
    assert "头像已更换" in answer.text
    address = settings().assistant.avatar
    assert address.startswith("/assistant/picture?v=")
    shown = stranger.get(address)
    assert Image.open(io.BytesIO(shown.content)).size == (256, 171)
    assert shown.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("content", "status"), [(b"<svg onload='x()'>", 415), (b"", 422), (b"x" * 2_100_000, 413)]
)
def test_what_is_no_picture_is_refused(operator: Visitor, content: bytes, status: int) -> None:
    answer = operator.post(
        "/settings/assistant/picture",
        data={"csrf": operator.csrf},
        files={"picture": ("a.png", content, "image/png")},
    )
    assert answer.status_code == status
    assert settings().assistant.avatar == ""


def test_a_forged_form_changes_nothing(operator: Visitor) -> None:
    answer = operator.post("/settings/assistant", data={"assistant.name": "小美", "csrf": "x"})
    assert answer.status_code == 403 and settings().assistant.name == "小客"


@pytest.mark.parametrize("marks", ["", "[]", "{", '{"assistant.name": "x"}'])
def test_a_form_that_does_not_say_what_it_showed_overwrites_nothing(
    operator: Visitor, marks: str
) -> None:
    form = Form(operator, "assistant").enters(assistant__name="小美", marks=marks)
    assert form.saves().status_code == 422
    assert settings().assistant.name == "小客"


def test_there_is_no_other_page(operator: Visitor) -> None:
    assert operator.get("/settings/shop").status_code == 404
    assert operator.submits("/settings/shop").status_code == 404
