"""What customers of a mini-program and of an official account do and get, in their WeChat."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

import pytest

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.phone import Phone, said
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import handoff_number

pytestmark = pytest.mark.end_to_end

INVOICE = "申请发票"
WAITING = "正在为你转接人工客服"
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"kefu-picture" * 40).decode()


def test_question_is_acknowledged_and_answered_with_the_mark_of_a_machine(
    kefu: Installation,
) -> None:
    phone = Phone(kefu, a_customer())
    assert phone.say("怎么开发票")["outcome"] == "success"
    answer = phone.hears(INVOICE)
    assert answer["ai"] is True


def test_entry_page_is_welcomed_and_its_hot_question_is_picked_by_number(
    kefu: Installation,
) -> None:
    customer, order_no = kefu.someone_with("shipped")
    phone = Phone(kefu, customer)
    phone.event("user_enter_tempsession", SessionFrom=f"page=order&order_no={order_no}")
    welcome = phone.hears("这个订单")
    lines = said(welcome).splitlines()
    number = next(line[0] for line in lines if line.endswith("查物流"))
    phone.say(number)
    phone.hears(kefu.tracking_number(order_no))


def test_menu_of_an_official_account_is_tapped(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer(), "official")
    phone.event("subscribe")
    welcome = phone.hears("示例商城")
    assert welcome["type"] == "msgmenu"
    phone.press(welcome, "怎么开发票")
    phone.hears(INVOICE)
    phone.event("CLICK", EventKey="LOGISTICS")
    phone.hears("订单号")


def test_person_takes_over_and_gives_back_in_wechat(kefu: Installation) -> None:
    question = f"怎么开发票 {a_customer()[:8]}"
    phone = Phone(kefu, a_customer())
    phone.say(question)
    phone.hears("发票")
    phone.say("转人工")
    assert "分钟" in said(phone.hears(WAITING))
    number = handoff_number(kefu.kefu("handoff", "list"), question)
    kefu.kefu("handoff", "reply", number, "你好，我是小王", "--agent", "小王")
    assert phone.hears("我是小王")["ai"] is False
    assert phone.say("怎么退货")["outcome"] == "success"
    kefu.kefu("handoff", "close", number)
    phone.hears("已结束服务")
    phone.say("下单后多久发货")
    phone.hears("发货")


def test_forbidden_words_of_an_agent_are_not_sent_and_the_agent_sees_why(
    kefu: Installation,
) -> None:
    phone, number = waiting(kefu)
    kefu.kefu("handoff", "reply", number, "请加微信聊", "--agent", "小王")
    eventually(
        lambda: "未送达：内容检查未通过" in kefu.kefu("handoff", "show", number), 10, "the reason"
    )
    kefu.kefu("handoff", "reply", number, "请在这里说", "--agent", "小王")
    phone.hears("请在这里说")
    assert not any("加微信" in said(entry) for entry in phone.new())
    kefu.kefu("handoff", "close", number)


def test_picture_is_kept_unreadable_and_answered_honestly(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer())
    phone.send("image", media=PICTURE)
    phone.hears("图片收到了")
    eventually(lambda: _stored(kefu) >= 1, 10, "the picture is stored")
    content = b"".join(file.read_bytes() for file in kefu.var.glob("kefu.db*"))
    assert b"kefu-picture" not in content


def test_number_means_itself_while_a_person_speaks(kefu: Installation) -> None:
    phone, number = waiting(kefu)
    kefu.kefu("handoff", "reply", number, "要几件？", "--agent", "小王")
    phone.hears("要几件")
    phone.say("1")
    assert "顾客：1" in kefu.kefu("handoff", "show", number)
    kefu.kefu("handoff", "close", number)


def test_customer_who_leaves_is_erased(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer(), "official")
    question = f"怎么开发票 {a_customer()[:8]}"
    phone.say(question)
    phone.hears("发票")
    phone.say("转人工")
    phone.hears(WAITING)
    assert question in kefu.kefu("handoff", "list")
    phone.event("unsubscribe")
    assert question not in kefu.kefu("handoff", "list")


def test_killed_receiver_is_back_before_wechat_gives_up(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer())
    kefu.kill("wechat")
    delivery = phone.say("怎么开发票")
    assert delivery["outcome"] == "success"
    phone.hears(INVOICE)
    assert [entry["author"] for entry in phone.new()] == []


def test_message_that_arrives_while_rasa_is_dead_is_answered(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer())
    kefu.kill("rasa")
    assert phone.say("怎么开发票")["outcome"] == "success"
    phone.hears(INVOICE, 60)
    kefu.wait_healthy("rasa")


def test_neither_logs_nor_database_show_customers_of_wechat(kefu: Installation) -> None:
    assert kefu.leaks() == []


def waiting(kefu: Installation) -> tuple[Phone, str]:
    """Return a customer who waits for a person, and the number of the handoff."""
    question = f"怎么开发票 {a_customer()[:8]}"
    phone = Phone(kefu, a_customer())
    phone.say(question)
    phone.hears("发票")
    phone.say("转人工")
    phone.hears(WAITING)
    return phone, handoff_number(kefu.kefu("handoff", "list"), question)


def _stored(kefu: Installation) -> int:
    with closing(sqlite3.connect(kefu.var / "kefu.db")) as database:
        query = "SELECT count(*) FROM media WHERE state = 'stored'"
        return int(database.execute(query).fetchone()[0])
