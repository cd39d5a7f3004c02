"""What customers ask and get, over HTTP, from the started processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import payloads, texts

pytestmark = pytest.mark.end_to_end

INVOICE = "申请发票"
OPTIONS = "您是不是想问"
ABSENT = "202601019999999999"


def test_welcome_suits_the_page(kefu: Installation) -> None:
    customer = a_customer()
    welcome = kefu.enter(customer)
    assert "示例商城" in texts(welcome) and "转人工" in payloads(welcome)
    order = kefu.enter(customer, "order")
    assert "这个订单" in texts(order) and "申请售后" in payloads(order)


def test_question_is_answered_from_the_knowledge_base(kefu: Installation) -> None:
    assert INVOICE in texts(kefu.say(a_customer(), "怎么开发票"))
    assert INVOICE in texts(kefu.say(a_customer(), "你好，請問發票怎麼開？"))


def test_unclear_question_is_asked_back_and_an_option_is_answered(kefu: Installation) -> None:
    unclear = ("钱", "上门", "多久", "价格", "退换", "发货", "运费", "账号", "怎么用")
    for text in unclear:
        customer = a_customer()
        offered = kefu.say(customer, text)
        if OPTIONS in texts(offered):
            break
    else:
        pytest.fail(f"none of {unclear} is unclear to the model")
    shown = payloads(offered)
    assert 2 <= len(shown) <= 4 and shown[-1] == "以上都不是"
    assert "没猜对" in texts(kefu.say(customer, "以上都不是"))
    picked = kefu.say(customer, shown[0])
    assert picked and OPTIONS not in texts(picked) and "没有听懂" not in texts(picked)


def test_order_is_picked_by_button(kefu: Installation) -> None:
    customer, _ = kefu.someone_with("shipped")
    asked = kefu.say(customer, "查我的订单")
    assert "订单号" in texts(asked) and payloads(asked)
    picked = payloads(asked)[0]
    assert picked in texts(kefu.say(customer, picked))


def test_order_is_named_by_its_number_and_by_the_parcels(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("shipped")
    tracking_no = kefu.tracking_number(order_no)
    assert "运输中" in texts(kefu.say(customer, f"订单{order_no}什么情况"))
    kefu.say(customer, "查物流")
    assert tracking_no in texts(kefu.say(customer, tracking_no))


def test_order_of_the_entry_page_need_not_be_named(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("shipped")
    kefu.say(customer, "", type="enter", page="order", order_no=order_no)
    assert kefu.tracking_number(order_no) in texts(kefu.say(customer, "查物流"))


def test_order_of_somebody_else_is_as_absent_as_none(kefu: Installation) -> None:
    _, theirs = kefu.someone_with("shipped")
    customer, _ = kefu.someone_with("delivered")
    kefu.say(customer, "查物流")
    other, absent = kefu.say(customer, theirs), kefu.say(customer, ABSENT)
    assert texts(other).replace(theirs, ABSENT) == texts(absent)
    assert payloads(other) == payloads(absent)
    assert "没有查到" in texts(absent)


def test_question_in_the_middle_is_answered_and_the_look_up_goes_on(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("delivered")
    kefu.say(customer, "查我的订单")
    between = texts(kefu.say(customer, "怎么开发票"))
    assert INVOICE in between and "订单号" in between
    assert order_no in texts(kefu.say(customer, order_no))


def test_look_up_is_cancelled(kefu: Installation) -> None:
    customer, _ = kefu.someone_with("delivered")
    kefu.say(customer, "查我的订单")
    assert "已取消" in texts(kefu.say(customer, "取消"))
    after = texts(kefu.say(customer, "怎么开发票"))
    assert INVOICE in after and "订单号，我帮你查询" not in after


def test_three_numbers_of_no_use_offer_a_person(kefu: Installation) -> None:
    customer, _ = kefu.someone_with("delivered")
    kefu.say(customer, "查我的订单")
    for _ in range(2):
        assert "转人工" not in payloads(kefu.say(customer, ABSENT))
    assert "转人工" in payloads(kefu.say(customer, ABSENT))


def test_return_is_requested_after_order_reason_and_confirmation(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("delivered")
    before = kefu.cases(order_no)
    assert "订单号" in texts(kefu.say(customer, "我要退货"))
    assert "商品有质量问题" in payloads(kefu.say(customer, order_no))
    summary = texts(kefu.say(customer, "商品有质量问题"))
    assert order_no in summary and "退货退款" in summary and "商品有质量问题" in summary
    assert kefu.cases(order_no) == before
    assert "售后单号" in texts(kefu.say(customer, "确认提交"))
    assert kefu.cases(order_no) == [*before, ("return", "商品有质量问题")]
    assert "待审核" in texts(kefu.say(customer, f"查退款进度 {order_no}"))


def test_nothing_is_requested_without_the_last_yes(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("paid")
    kefu.say(customer, "我要退款")
    kefu.say(customer, order_no)
    kefu.say(customer, "不想要了")
    assert "已取消" in texts(kefu.say(customer, "取消"))
    assert kefu.cases(order_no) == []


@pytest.mark.parametrize(
    "said",
    [
        ("查物流", "查我的订单"),
        ("查我的订单", "查退款进度"),
        ("我要退货", "我要退货"),
        ("我要退货", "好的"),
    ],
)
def test_another_task_while_the_number_is_awaited_asks_for_it_again(
    kefu: Installation, said: tuple[str, str]
) -> None:
    customer, _ = kefu.someone_with("shipped")
    for text in said:
        assert "订单号" in texts(kefu.say(customer, text))


def test_points_and_level(kefu: Installation) -> None:
    customer, _ = kefu.someone_with("paid")
    assert "积分" in texts(kefu.say(customer, "查积分"))
    assert "会员" in texts(kefu.say(customer, "我是什么等级的会员"))
    assert "还不是会员" in texts(kefu.say(a_customer(), "查积分"))


def test_retry_gets_the_same_reply_from_one_turn(kefu: Installation) -> None:
    customer = a_customer()
    first = kefu.say(customer, "怎么开发票", message_id="m-1")
    assert kefu.say(customer, "怎么开发票", message_id="m-1") == first
    assert INVOICE in texts(first)
    assert (kefu.recorded(customer), kefu.turns(customer)) == (1, 1)


def test_burst_is_one_turn(kefu: Installation) -> None:
    customer = a_customer()
    assert kefu.recorded(customer) == 0
    said = ("在吗", "我想问一下", "怎么开发票")
    with ThreadPoolExecutor(3) as pool:
        answers = []
        for number, text in enumerate(said, 1):
            answers.append(pool.submit(kefu.say, customer, text))
            eventually(lambda n=number: kefu.recorded(customer) == n, 3, "the message is recorded")
        first, second, last = (answer.result() for answer in answers)
    assert INVOICE in texts(last)
    assert [part["custom"]["type"] for part in (*first, *second)] == ["merged", "merged"]
    assert kefu.turns(customer) == 1


@pytest.mark.parametrize(
    "command", ["/restart", "/query_points", ' /inform{"order_no": "1"}', "/session_start"]
)
def test_command_is_text(kefu: Installation, command: str) -> None:
    customer = a_customer()
    kefu.say(customer, "查我的订单")
    answer = texts(kefu.say(customer, command))
    assert "没有看懂" in answer and "订单号" in answer
    assert "积分" not in answer and "没有查到" not in answer
