"""Quick replies: whose they are, what they may say, and how they are found."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kefu.settings import settings
from kefu.staff import sentences
from kefu.staff.sentences import SentenceProblem
from tests.console.seats import Seat, seat

pytestmark = pytest.mark.usefixtures("database")
PAGE, MENU = "/quick-replies", "/quick-replies/menu"


def titles(of: Seat) -> list[str]:
    return [one.title for one in sentences.of(of.person.id, time.time())]


def add(by: Seat, title: str = "查快递", body: str = "我帮你查一下快递", **more: str) -> int:
    return by.post(PAGE, data={"title": title, "body": body, **more}).status_code


def number_of(of: Seat, title: str) -> int:
    return next(s.id for s in sentences.of(of.person.id, time.time()) if s.title == title)


def test_a_few_are_there_from_the_start_and_stay_away_once_deleted() -> None:
    boss = seat("boss", "operator")
    first = sentences.of(boss.person.id, time.time())
    assert len(first) >= 5 and all(one.shared for one in first)
    for one in first:
        assert boss.post(f"{PAGE}/{one.id}/delete").status_code == 303
    assert sentences.of(boss.person.id, time.time()) == []


def test_they_are_made_once_by_many_at_the_same_time() -> None:
    mei = seat("mei")
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: titles(mei), range(8)))
    assert len(set(seen[-1])) == len(seen[-1])
    assert titles(mei) == seen[-1]


def test_the_first_ones_may_be_sent() -> None:
    mei = seat("mei")
    for one in sentences.of(mei.person.id, time.time()):
        sentences.add(mei.person.id, one.title, one.body, time.time())


def test_an_agent_has_sentences_of_their_own() -> None:
    mei, lin = seat("mei"), seat("lin")
    assert add(mei) == 303
    assert "查快递" in titles(mei) and titles(mei)[0] == "查快递"
    assert "查快递" not in titles(lin)
    number = number_of(mei, "查快递")
    changed = {"title": "查物流", "body": "我帮你查一下物流"}
    assert lin.post(f"{PAGE}/{number}", data=changed).status_code == 404
    assert lin.post(f"{PAGE}/{number}/delete").status_code == 404
    assert mei.post(f"{PAGE}/{number}", data=changed).status_code == 303
    assert "我帮你查一下物流" in mei.get(PAGE).text
    assert mei.post(f"{PAGE}/{number}/delete").status_code == 303
    assert "查物流" not in titles(mei)


def test_everybodys_sentences_are_the_operators() -> None:
    boss, mei = seat("boss", "operator"), seat("mei")
    assert add(mei, shared="1") == 403
    assert add(boss, shared="1") == 303
    assert "查快递" in titles(mei)
    number = number_of(boss, "查快递")
    assert mei.post(f"{PAGE}/{number}", data={"title": "x", "body": "y"}).status_code == 403
    assert mei.post(f"{PAGE}/{number}/delete").status_code == 403
    assert "查快递" in titles(mei)
    assert f"{PAGE}/{number}/delete" not in mei.get(PAGE).text
    assert f"{PAGE}/{number}/delete" in boss.get(PAGE).text


def test_a_form_of_another_site_changes_nothing() -> None:
    mei = seat("mei")
    answer = mei.post(PAGE, csrf="forged", data={"title": "查快递", "body": "好"})
    assert answer.status_code == 403
    assert "查快递" not in titles(mei)


@pytest.mark.parametrize(
    ("title", "body", "why"),
    [
        ("", "好的", "都要填写"),
        ("好的", "  \n", "都要填写"),
        ("长" * 41, "好的", "至多 40 个"),
        ("好的", "长" * 501, "至多 500 个"),
        ("优惠", f"可以{settings().content.forbidden_words[0]}领券", "不能对顾客说"),
        ("优惠", "这是全网最低价", "不能对顾客说"),
    ],
)
def test_what_will_not_do_is_refused_with_the_reason(title: str, body: str, why: str) -> None:
    mei = seat("mei")
    before = titles(mei)
    answer = mei.post(PAGE, data={"title": title, "body": body}, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert why in answer.text
    assert body.strip() in answer.text  # nothing that was written is lost
    assert titles(mei) == before


def test_a_change_is_checked_too() -> None:
    mei = seat("mei")
    add(mei)
    number = number_of(mei, "查快递")
    answer = mei.post(f"{PAGE}/{number}", data={"title": "查快递", "body": ""})
    assert answer.status_code == 422
    assert "都要填写" in answer.text
    with pytest.raises(SentenceProblem):
        sentences.change(number, "查快递", "加微信")
    assert sentences.get(number) is not None
    assert "我帮你查一下快递" in mei.get(PAGE).text


def test_forty_and_five_hundred_characters_fit() -> None:
    mei = seat("mei")
    assert add(mei, "题" * 40, "文" * 500) == 303
    assert "文" * 500 in mei.get(MENU).text


def test_the_menu_fills_in_what_stands_in_braces() -> None:
    mei = seat("mei", nickname="小美")
    add(mei, "自我介绍", "我是{name}，{shop_name}，{service_hours}，{unknown}")
    text = mei.get(MENU).text
    assert f"我是小美，{settings().assistant.shop_name}，周一至周日 9:00–18:00，{{unknown}}" in text
    assert "{name}" not in text


def test_a_search_finds_by_title_and_by_text() -> None:
    mei = seat("mei")
    add(mei, "发货", "今天就寄出")
    add(mei, "运费", "满 99 元包邮，发货后不收")
    found = mei.get(MENU, params={"q": "发货"}).text
    assert found.index("今天就寄出") < found.index("满 99 元包邮")
    assert "感谢你的咨询" not in found
    assert "没有找到" in mei.get(MENU, params={"q": "火星"}).text


def test_html_in_a_sentence_stays_text() -> None:
    mei = seat("mei", nickname='<i>美"')
    add(mei, "<b>粗</b>", '<script>alert(1)</script>"{name}')
    for path in (PAGE, MENU):
        text = mei.get(path).text
        assert "<script>alert" not in text and "<b>粗" not in text and "<i>美" not in text


def test_a_stranger_sees_none() -> None:
    mei = seat("mei")
    mei.client.cookies.clear()
    assert mei.get(MENU, headers={"HX-Request": "true"}).status_code == 401
    assert mei.get(PAGE, headers={"Accept": "text/html"}).status_code == 303


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_a_number_that_nothing_has_is_not_found(number: str) -> None:
    mei = seat("mei")
    assert mei.post(f"{PAGE}/{number}/delete").status_code == 404
    assert mei.get(f"{PAGE}?edit={number}").status_code == 200
