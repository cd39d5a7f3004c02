"""A operator says of a sample of answers whether they were right."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from httpx import Response
from sqlalchemy import delete
from starlette.applications import Starlette

from kefu.console.loop_period import week_of
from kefu.console.review_views import weeks
from kefu.insight.filters import EVERYTHING
from kefu.insight.reviewed import reviewed
from kefu.insight.share import NOTHING, Share
from kefu.loop.reviews import reviews_between
from kefu.storage.engine import writing
from kefu.storage.erasure import erase
from kefu.storage.tables import messages
from tests.console.loop_scene import app, operator, shop
from tests.console.visitors import Visitor
from tests.knowledge.small_base import in_git
from tests.loop import said

__all__ = ["app", "operator", "shop"]
INVOICE, CANCEL = "payment/invoice", "order/cancel"
PAGE = "/review"


@pytest.fixture(autouse=True)
def last_week(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "NOW", weeks(time.time())[1].start + 36_000)


def answered(text: str, label: str = INVOICE, who: str = "c1", at: float = 0.0) -> int:
    return said.ask(text, "answered", at, who, label)


def turn_on(page: Response) -> str:
    """Return which answer is on the screen, "" where there is none."""
    shown = re.search(r'name="turn" value="(\d+)">\s*<div>', page.text)
    return shown[1] if shown else ""


def judge(visitor: Visitor, turn: str, verdict: str, **given: str) -> Response:
    data = {"csrf": visitor.csrf, "turn": turn, "verdict": verdict, **given}
    return visitor.post(PAGE, data=data, headers={"HX-Request": "true"})


def share() -> Share:
    return reviewed(weeks(time.time())[1], EVERYTHING)


def verdicts() -> list[tuple[str, str | None]]:
    period = weeks(time.time())[1]
    return [(r.verdict, r.right_label) for r in reviews_between(period.start, period.end)]


def test_question_is_shown_masked_with_what_was_answered(operator: Visitor) -> None:
    answered("我 13812345678 要发票")
    page = operator.get(PAGE).text
    assert "我 〔手机号〕 要发票" in page and "13812345678" not in page
    assert "怎么开发票" in page and "在订单详情里申请发票。" in page
    assert "看了 <strong>0</strong> / 1 条" in page


def test_verdicts_make_the_accuracy_and_the_last_one_can_be_taken_back(operator: Visitor) -> None:
    for number in range(3):
        answered(f"要发票{number}", at=number)
    page = operator.get(PAGE)
    page = judge(operator, turn_on(page), "right")
    page = judge(operator, turn_on(page), "wrong")
    assert share() == Share(1, 2) and "50.0 %" in page.text and "（1/2，目标" in page.text
    wrong = re.search(r'name="turn" value="(\d+)">\s*<button data-review-key="z"', page.text)
    assert wrong is not None
    back = operator.post(
        f"{PAGE}/undo",
        data={"csrf": operator.csrf, "turn": wrong[1]},
        headers={"HX-Request": "true"},
    )
    assert turn_on(back) == wrong[1]
    assert share() == Share(1, 1)
    page = judge(operator, wrong[1], "right")
    page = judge(operator, turn_on(page), "unclear")
    assert share() == Share(2, 2) and "抽查看完了" in page.text


def test_words_that_are_kept_no_longer_are_not_blamed_on_colleagues(operator: Visitor) -> None:
    for number in range(3):
        answered(f"要发票{number}", at=number)
    with writing() as connection:
        connection.execute(delete(messages))
    page = operator.get(PAGE).text
    assert "这一周的聊天记录已经过了保存期限" in page and "别的同事" not in page


def test_what_should_have_been_answered_is_noted_and_goes_to_the_list(operator: Visitor) -> None:
    answered("不想要了怎么办")
    turn = turn_on(operator.get(PAGE))
    for right, told in (
        ("", "请选应该回答的条目"),
        ("payment/gone", "请选应该回答的条目"),
        (INVOICE, "这就是助手给出的条目"),
    ):
        refused = judge(operator, turn, "should_be", right=right)
        assert refused.status_code == 422 and told in refused.text
        assert turn_on(refused) == turn
    judge(operator, turn, "should_be", right=CANCEL)
    assert verdicts() == [("should_be", CANCEL)]
    page = operator.get("/unrecognised?period=last").text
    assert "答错了 1" in page and "不想要了怎么办" in page
    assert re.search(rf'value="{CANCEL}" checked', page) and "抽查时选的" in page


def test_picked_option_is_judged_by_the_question_before(operator: Visitor) -> None:
    said.ask("票的事", "options", label=CANCEL)
    said.ask("怎么开发票", "picked", at=5, label=INVOICE)
    page = operator.get(PAGE)
    assert "票的事" in page.text and "给出选项，顾客点了" in page.text
    judge(operator, turn_on(page), "wrong")
    assert "票的事" in operator.get("/unrecognised?period=last").text


def test_what_is_no_answer_of_the_assistant_is_not_in_the_sample(operator: Visitor) -> None:
    said.ask("在吗", "small_talk", label="greet")
    said.ask("火星", "not_recognised")
    said.ask("转人工", "answered", label="request_human")
    said.ask("测试", "answered", label=INVOICE, test=True)
    said.ask("怎么开发票", "picked", label=INVOICE, who="c2")
    assert "还没有回答过问题" in operator.get(f"{PAGE}?week={weeks(time.time())[1].first}").text


def test_two_operators_look_at_different_answers(app: Starlette, operator: Visitor) -> None:
    answered("要发票", who="c1")
    answered("取消", CANCEL, who="c2")
    with Visitor(app) as second:
        second.becomes("zhao", "小赵", "operator")
        mine, theirs = turn_on(operator.get(PAGE)), turn_on(second.get(PAGE))
        assert mine and theirs and mine != theirs
        assert turn_on(operator.get(PAGE)) == mine
        judge(second, theirs, "right")
        assert "正由别的同事在看" in second.get(PAGE).text


def test_second_verdict_on_the_same_answer_is_refused(app: Starlette, operator: Visitor) -> None:
    answered("要发票")
    turn = turn_on(operator.get(PAGE))
    judge(operator, turn, "right")
    with Visitor(app) as second:
        second.becomes("zhao", "小赵", "operator")
        refused = judge(second, turn, "wrong")
    assert refused.status_code == 422 and "小李 刚刚看过这条，判为「对」" in refused.text
    assert verdicts() == [("right", None)]


def test_others_verdicts_are_not_taken_back(app: Starlette, operator: Visitor) -> None:
    answered("要发票")
    turn = turn_on(operator.get(PAGE))
    judge(operator, turn, "right")
    with Visitor(app) as second:
        second.becomes("zhao", "小赵", "operator")
        second.submits(f"{PAGE}/undo", turn=turn)
    assert verdicts() == [("right", None)]


def test_answer_of_an_erased_customer_is_not_judged(operator: Visitor) -> None:
    answered("要发票")
    turn = turn_on(operator.get(PAGE))
    erase("c1")
    refused = judge(operator, turn, "right")
    assert refused.status_code == 422 and share() == NOTHING


def test_entry_that_is_gone_can_still_be_judged(operator: Visitor, shop: Path) -> None:
    answered("支付宝行吗", "payment/methods")
    in_git(shop, "payment", "id: methods", "id: ways")
    page = operator.get(PAGE)
    assert "已经删除或移走的条目" in page.text
    judge(operator, turn_on(page), "right")
    assert share() == Share(1, 1)


def test_sample_is_fifty_and_goes_on_when_asked(operator: Visitor) -> None:
    for number in range(53):
        answered(f"要发票{number}", who=f"c{number}")
    page = operator.get(PAGE)
    assert "/ 50 条" in page.text
    for _ in range(50):
        page = judge(operator, turn_on(page), "right")
    assert turn_on(page) == "" and "再看 50 条" in page.text
    more = operator.get(f"{PAGE}?goal=100")
    assert turn_on(more) and "/ 53 条" in more.text


def test_days_of_a_week_are_those_from_monday() -> None:
    week = weeks(time.time())[0]
    assert week.first.weekday() == 0 and week_of(week.last) == week
