"""Which questions of customers come onto the operator's list, and what stands there."""

from __future__ import annotations

import pytest

from kefu.loop.collecting import Question, collect
from kefu.storage.erasure import erase
from tests.loop.said import WEEK, answer, ask, call_person

pytestmark = pytest.mark.usefixtures("database")


def listed() -> list[Question]:
    return collect(*WEEK)


def reasons() -> dict[str, set[str]]:
    return {question.text: set(question.reasons) for question in listed()}


def test_what_was_not_recognised_is_listed_and_what_was_answered_is_not() -> None:
    ask("能送到月球吗")
    ask("怎么开发票", "answered", 60, label="payment/invoice")
    ask("你好", "small_talk", 120, label="greet")
    assert reasons() == {"能送到月球吗": {"not_recognised"}}


def test_pictures_openers_and_bare_numbers_are_no_questions() -> None:
    ask("https://example.com/a.jpg", kind="image")
    ask("在吗", at=1)
    ask("202611031234567890", at=2)
    ask("？？", at=3)
    assert listed() == []


def test_none_of_these_lists_the_question_whose_options_were_shown() -> None:
    ask("那个东西怎么弄", "options")
    ask("以上都不是", "small_talk", 20, label="none_of_these")
    ask("优惠怎么算", "options", 100)
    ask("查优惠券", "picked", 120, label="promotion/coupon_get")
    assert reasons() == {"那个东西怎么弄": {"none_of_these"}}


def test_a_question_whose_options_were_passed_over_is_listed() -> None:
    ask("能刻字吗", "options")
    ask("查优惠券", "answered", 20, label="promotion/coupon_get")
    ask("孕妇能用吗", "options", 40)
    assert reasons() == {"能刻字吗": {"not_picked"}, "孕妇能用吗": {"not_picked"}}


def test_a_question_asked_again_is_listed() -> None:
    ask("多久发货", "answered", label="order/ship_time")
    ask("我问的是多久发货", "answered", 60, label="order/ship_time")
    ask("几天能发货", "answered", 60 + 86_400, label="order/ship_time")
    assert reasons() == {"我问的是多久发货": {"reasked"}}


def test_the_question_before_a_person_was_called_is_listed_with_the_rating() -> None:
    ask("坏了怎么办", "answered", label="after_sales/quality_issue")
    ask("转人工", "human", 30, label="request_human")
    call_person(31, until=900, satisfied=False)
    ask("怎么退货", "answered", who="c2", label="after_sales/return_how")
    ask("转人工", "human", 30, who="c2", label="request_human")
    call_person(31, who="c2", until=900, satisfied=True)
    assert reasons() == {
        "坏了怎么办": {"to_person", "badly_rated"},
        "怎么退货": {"to_person"},
    }


def test_a_person_called_much_later_has_nothing_to_do_with_a_question() -> None:
    ask("怎么退货", "answered", label="after_sales/return_how")
    call_person(3 * 3600.0)
    assert listed() == []


def test_the_agents_answer_stands_beside_the_question() -> None:
    ask("能刻字吗")
    call_person(10, until=600)
    answer("您好，很高兴为您服务", 20)
    answer("请问您要刻在哪里呢？", 30)
    ask("刻在表背", "held", 40)
    answer("可以免费刻字，下单时备注内容即可。", 50)
    answer("不客气，祝您生活愉快", 60)
    assert [q.answer for q in listed() if q.text == "能刻字吗"] == [
        "可以免费刻字，下单时备注内容即可。"
    ]


def test_a_question_put_to_a_person_is_listed_with_the_very_next_answer() -> None:
    call_person(0, until=7200)
    ask("表带可以换长一点的吗", "held", 3600)
    answer("可以的，加 20 元换加长表带。", 3620)
    ask("好的", "held", 3640)
    answer("还有其他问题吗", 3650)
    ask("发票什么时候开", "held", 3700)
    (question,) = listed()
    assert (question.text, question.reasons) == ("表带可以换长一点的吗", {"asked_person"})
    assert question.answer == "可以的，加 20 元换加长表带。"


def test_what_was_said_to_the_next_person_is_no_answer_to_an_older_question() -> None:
    ask("能刻字吗")
    call_person(10, until=60)
    call_person(5000, until=6000)
    answer("退款已经提交给财务处理。", 5100)
    assert [question.answer for question in listed()] == [""]


def test_the_messages_of_a_burst_are_one_question() -> None:
    ask("能不能刻字", before=("我买的那块表", "想送人"))
    assert [question.text for question in listed()] == ["我买的那块表，想送人，能不能刻字"]


def test_nothing_that_says_who_asked_is_listed() -> None:
    ask("我叫王小明，手机13812345678，订单202611031234567890为啥没动静")
    call_person(10, until=600)
    answer("已联系 138 1234 5678 的收件人处理了", 20)
    (question,) = listed()
    assert question.text == "我叫〔姓名〕，手机〔手机号〕，订单〔订单号〕为啥没动静"
    assert question.answer == "已联系 〔手机号〕 的收件人处理了"


def test_test_traffic_other_weeks_and_erased_customers_stay_out() -> None:
    ask("测试的问题", test=True)
    ask("上周的问题", at=-90_000)
    ask("下周的问题", at=6 * 86_400)
    ask("要删除的问题", who="c9")
    ask("要留下的问题", at=1)
    erase("c9")
    assert list(reasons()) == ["要留下的问题"]


def test_a_question_at_the_edge_knows_what_happened_just_after() -> None:
    ask("那个东西怎么弄", "options", 6 * 86_400 - 5)
    ask("以上都不是", "small_talk", 6 * 86_400 + 5, label="none_of_these")
    assert reasons() == {"那个东西怎么弄": {"none_of_these"}}


def test_more_customers_than_one_statement_takes_are_all_listed() -> None:
    for number in range(450):
        ask(f"第{number}种问法", who=f"c{number}", before=("对了",) if number % 9 == 0 else ())
    assert len(listed()) == 450
