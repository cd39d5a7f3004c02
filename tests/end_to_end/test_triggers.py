"""What calls a person, in every channel, and what must not."""

from __future__ import annotations

import uuid

import pytest

from tests.end_to_end.customers import CHANNELS, Customer, customer_of
from tests.end_to_end.installation import Installation
from tests.end_to_end.shown import handoff_number

pytestmark = pytest.mark.end_to_end

WAITING = "正在为你转接人工客服"
UNKNOWN = "没有听懂"
NONSENSE = ("qwrtpsd", "zxcvbnm", "asdfghjkl")
ABSENT = "202601019999999999"
INVOICE = "申请发票"
YES = "还有什么可以帮你"


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def customer(channel: str, kefu: Installation) -> Customer:
    return customer_of(channel, kefu)


def row_of(kefu: Installation, question: str) -> str:
    """Return the line of `kefu handoff list` that shows a question."""
    listed = kefu.kefu("handoff", "list").splitlines()
    (line,) = [line for line in listed if question in line]
    return line


def unique(text: str) -> str:
    return f"{text} {uuid.uuid4().hex[:6]}"


def test_keyword_calls_a_person(kefu: Installation, customer: Customer) -> None:
    question = unique("怎么开发票")
    customer.tells(question, "")
    customer.tells("我要转人工", WAITING)
    assert "顾客要求" in row_of(kefu, question)


def test_three_messages_that_are_not_understood_call_a_person(
    kefu: Installation, customer: Customer
) -> None:
    last = unique("asdfghjkl")
    customer.tells(NONSENSE[0], UNKNOWN)
    customer.tells(NONSENSE[1], UNKNOWN)
    customer.tells(last, WAITING)
    assert "连续没听懂" in row_of(kefu, last)


def test_question_that_is_asked_again_twice_calls_a_person(
    kefu: Installation, customer: Customer
) -> None:
    customer.tells("怎么开发票", INVOICE)
    customer.tells("怎么开发票", "可以转人工")
    customer.tells("怎么开发票", WAITING)


def test_button_calls_a_person(kefu: Installation, customer: Customer) -> None:
    last = unique("qwrtpsd")
    customer.tells(last, UNKNOWN)
    customer.presses("转人工", WAITING)
    assert "点了转人工" in row_of(kefu, last)


def test_complaint_is_answered_and_calls_a_person(kefu: Installation, customer: Customer) -> None:
    answer = customer.tells("我要投诉你们", WAITING)
    assert len(answer) > len(WAITING) + 40, "the answer of the knowledge base comes first"


def test_shop_that_fails_calls_a_person(kefu: Installation, channel: str) -> None:
    openid, order_no = kefu.someone_with("shipped")
    kefu.shop_is("fail")
    try:
        customer_of(channel, kefu, openid).tells(f"查物流 {order_no}", WAITING)
    finally:
        kefu.shop_is("none")
    assert "系统故障" in row_of(kefu, order_no)


def test_dead_action_server_calls_a_person(kefu: Installation, channel: str) -> None:
    openid, order_no = kefu.someone_with("shipped")
    kefu.kill("actions")
    answer = customer_of(channel, kefu, openid).tells(f"查物流 {order_no}", WAITING)
    assert "抱歉，系统暂时出了点问题" in answer
    assert "系统故障" in row_of(kefu, order_no)
    kefu.wait_healthy("actions")


def test_form_that_gets_nowhere_offers_a_person_and_the_customer_decides(
    kefu: Installation, channel: str
) -> None:
    openid, _ = kefu.someone_with("delivered")
    customer = customer_of(channel, kefu, openid)
    customer.tells("查我的订单", "订单号")
    for _ in range(3):
        customer.tells(ABSENT, "没有查到")
    customer.presses("转人工", WAITING)
    assert "填写多次有误" in kefu.kefu("handoff", "list")


def test_yes_to_the_offer_calls_a_person(kefu: Installation, customer: Customer) -> None:
    customer.tells("怎么开发票", INVOICE)
    customer.tells("怎么开发票", "可以转人工")
    customer.tells("好的", WAITING)


def test_no_is_no(kefu: Installation, customer: Customer) -> None:
    customer.tells("怎么开发票", INVOICE)
    customer.tells("怎么开发票", "可以转人工")
    assert WAITING not in customer.tells("不用了", "")
    assert WAITING not in customer.tells("好的", YES)


def test_bot_is_silent_while_a_person_has_the_customer_and_there_again_after(
    kefu: Installation, customer: Customer
) -> None:
    last = unique("asdfghjkl")
    for text in NONSENSE[:2]:
        customer.tells(text, UNKNOWN)
    customer.tells(last, WAITING)
    number = handoff_number(kefu.kefu("handoff", "list"), last)
    kefu.kefu("handoff", "reply", number, "你好，我是小王", "--agent", "小王")
    customer.hears("我是小王")
    for text in ("怎么开发票", "转人工", *NONSENSE):
        customer.is_not_answered(text)
    kefu.kefu("handoff", "close", number)
    assert "评价" in customer.hears("已结束服务")
    # No loop: what was counted before is settled.
    for text in NONSENSE[:2]:
        customer.tells(text, UNKNOWN)
    customer.tells("怎么开发票", INVOICE)
    customer.tells("好的", YES)


def test_customer_who_was_served_rates_it_and_goes_on(
    kefu: Installation, customer: Customer
) -> None:
    question = unique("怎么开发票")
    customer.tells(question, "")
    customer.tells("转人工", WAITING)
    number = handoff_number(kefu.kefu("handoff", "list"), question)
    kefu.kefu("handoff", "reply", number, "你好，我是小王", "--agent", "小王")
    customer.hears("我是小王")
    kefu.kefu("handoff", "close", number)
    customer.hears("评价")
    customer.presses("不满意", "哪里不好")
    customer.presses("其他", "请写下原因")
    customer.tells("等得太久", "感谢你的评价")
    customer.tells("怎么开发票", INVOICE)


def test_hold_survives_a_restart_of_rasa(kefu: Installation, customer: Customer) -> None:
    question = unique("怎么开发票")
    customer.tells(question, "")
    customer.tells("转人工", WAITING)
    number = handoff_number(kefu.kefu("handoff", "list"), question)
    kefu.kefu("handoff", "take", number, "--agent", "小王")
    customer.hears("已接入")
    kefu.kill("rasa")
    kefu.wait_healthy("rasa")
    customer.is_not_answered("怎么退货")
    assert "顾客：怎么退货" in kefu.kefu("handoff", "show", number)
    kefu.kefu("handoff", "close", number)
    customer.hears("已结束服务")
    customer.tells("怎么开发票", INVOICE)


def test_second_thanks_calls_nobody(kefu: Installation, customer: Customer) -> None:
    for _ in range(4):
        assert WAITING not in customer.tells("谢谢", "不客气")


def test_buttons_pressed_again_and_again_call_nobody(
    kefu: Installation, channel: str, customer: Customer
) -> None:
    customer.enters("示例商城")
    answers = [customer.presses("怎么开发票", INVOICE)]
    # The welcome still stands above: its options can be picked again.
    answers += [customer.tells("怎么开发票", INVOICE) for _ in range(3)]
    assert not any(WAITING in answer or "可以转人工" in answer for answer in answers)


@pytest.mark.parametrize("text", ["不要转人工", "别给我转人工"])
def test_who_wants_no_person_gets_none(kefu: Installation, customer: Customer, text: str) -> None:
    assert WAITING not in customer.tells(text, "")


def test_customer_in_the_queue_opens_no_second_place(
    kefu: Installation, customer: Customer
) -> None:
    question = unique("怎么开发票")
    customer.tells(question, "")
    customer.tells("转人工", WAITING)
    customer.is_not_answered("转人工")
    assert row_of(kefu, question)
    customer.tells("取消排队", "已取消排队")
    customer.tells("怎么开发票", INVOICE)


@pytest.mark.parametrize("text", ["转人工", "我要找人工客服"])
def test_outside_service_hours_there_is_one_text_and_it_says_one_thing(
    closed: Installation, channel: str, text: str
) -> None:
    (answer,) = customer_of(channel, closed).answers_to(text)
    assert answer.count("请直接留言") == 1
    assert WAITING not in answer and UNKNOWN not in answer


def test_outside_service_hours_a_complaint_is_answered_and_a_message_asked_for_once(
    closed: Installation, channel: str
) -> None:
    answer = "\n".join(customer_of(channel, closed).answers_to("我要投诉你们"))
    assert "抱歉" in answer and answer.count("请直接留言") == 1
    assert WAITING not in answer


def test_outside_service_hours_what_is_left_is_a_message_and_the_bot_goes_on(
    closed: Installation, channel: str
) -> None:
    customer = customer_of(channel, closed)
    for text in NONSENSE[:2]:
        customer.tells(text, UNKNOWN)
    assert UNKNOWN not in customer.tells(NONSENSE[2], "请直接留言")
    answer = customer.tells(unique("qwrtpsd"), "留言")
    assert UNKNOWN not in answer and "请直接留言" not in answer
    customer.tells("怎么开发票", INVOICE)
