"""Recording pushes: repeats, the page, picks of options, the window, the media."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from kefu.channels.wechat import dead_letters, outbox, windows
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.entry_page import EntryPage
from kefu.channels.wechat.intake import take_in
from kefu.replies import buttons
from kefu.storage import messages
from kefu.storage.conversations import customer_of
from kefu.storage.engine import reading
from kefu.storage.leases import Lease
from kefu.storage.tables import conversations, media
from kefu.storage.tables import messages as messages_table
from tests.channels.wechat.made import (
    MINIPROGRAM,
    OFFICIAL,
    OPENID,
    conversation,
    reply,
    take,
    write,
)

pytestmark = pytest.mark.usefixtures("database")

NOW = 1000.0
TEXT = Arrival("text", "在吗", trigger="message")
PICTURE = Arrival("image", trigger="message", media={"media_id": "M1", "pic_url": "http://x/1"})


def body_of(message: int) -> str:
    with reading() as connection:
        body = select(messages_table.c.body).where(messages_table.c.id == message)
        return str(connection.execute(body).scalar_one())


def count(table: object) -> int:
    with reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def page() -> tuple[str | None, str | None]:
    columns = select(conversations.c.page, conversations.c.page_order_no)
    with reading() as connection:
        row = connection.execute(columns).one()
    return row.page, row.page_order_no


def window_of(account_conversation: str) -> windows.Window | None:
    with reading() as connection:
        return windows.window(connection, account_conversation)


def test_a_message_is_recorded_with_its_customer_and_window() -> None:
    taken = take(TEXT)
    assert taken.conversation == conversation()
    assert taken.recorded is not None
    assert not taken.recorded.repeat
    assert customer_of(taken.conversation) == OPENID
    assert window_of(taken.conversation) == windows.Window(5, NOW + 48 * 3600)
    assert messages.waiting_for_turn("wechat:") == [taken.recorded.id]


def test_the_same_customer_of_two_accounts_has_two_conversations() -> None:
    one, two = take(TEXT), take(TEXT, account=OFFICIAL)
    assert one.conversation != two.conversation
    assert two.recorded is not None
    assert not two.recorded.repeat


def test_a_push_that_comes_many_times_at_once_is_recorded_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take(PICTURE), range(24)))
    recorded = [one.recorded for one in taken if one.recorded]
    assert sum(not one.repeat for one in recorded) == 1
    assert len({one.id for one in recorded}) == 1
    assert count(messages_table) == count(media) == 1


def test_many_customers_at_once_are_all_recorded() -> None:
    def come(number: int) -> None:
        take_in(MINIPROGRAM, f"o_{number % 6}", TEXT, f"m{number}", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come, range(48)))
    assert count(messages_table) == 48
    assert count(conversations) == 6


def test_a_repeat_opens_no_window() -> None:
    taken = take(TEXT)
    with reading() as connection:
        before = windows.window(connection, taken.conversation)
    assert take(TEXT, now=NOW + 15).recorded != taken.recorded
    assert window_of(taken.conversation) == before


def test_a_menu_item_that_says_nothing_opens_the_window_alone() -> None:
    taken = take(Arrival(trigger="menu"), account=OFFICIAL)
    assert taken.recorded is None
    assert count(messages_table) == 0
    assert window_of(taken.conversation) == windows.Window(3, NOW + 60)


def test_what_people_answer_is_due_for_no_turn() -> None:
    taken = take_in(MINIPROGRAM, OPENID, TEXT, "m1", NOW, held=True)
    assert taken.recorded is not None
    assert messages.state_of(taken.recorded.id) == "held"
    assert messages.waiting_for_turn("wechat:") == []
    assert messages.state_of(999) is None


def test_a_repeat_of_an_answered_message_stays_answered() -> None:
    message = write(key="m1")
    again = take_in(MINIPROGRAM, OPENID, TEXT, "m1", NOW, held=True)
    assert again.recorded is not None
    assert (again.recorded.id, messages.state_of(message)) == (message, "received")


def test_media_are_fetched_at_once_from_where_the_push_said() -> None:
    taken = take(PICTURE)
    with reading() as connection:
        row = connection.execute(select(media)).one()
    assert taken.recorded is not None
    assert (row.message, row.state, row.next_at) == (taken.recorded.id, "pending", NOW)
    assert json.loads(row.source) == PICTURE.media


@pytest.mark.parametrize("text", ["a\0b", "\ufffd", "😀" * 600, "'; DROP TABLE messages; --"])
def test_odd_texts_are_recorded_as_they_are(text: str) -> None:
    assert body_of(write(text, key="k")) == text


# The page


def enter(found: EntryPage, key: str) -> None:
    take(Arrival("enter", "进入客服", found, "enter"), key)


def test_who_enters_again_without_a_page_comes_from_none() -> None:
    enter(EntryPage("order", "2026"), "e1")
    assert page() == ("order", "2026")
    enter(EntryPage(), "e2")
    assert page() == ("", None)


def test_writing_keeps_the_page_of_the_visit() -> None:
    enter(EntryPage("order", "2026"), "e1")
    write()
    assert page() == ("order", "2026")


def test_a_card_changes_the_page_only_where_it_names_one() -> None:
    enter(EntryPage("order", "2026"), "e1")
    take(Arrival("card", "活动", EntryPage(), "message"), "m1")
    assert page() == ("order", "2026")
    take(Arrival("card", "订单", EntryPage("", "2027"), "message"), "m2")
    assert page()[1] == "2027"
    take(Arrival("card", "商品", EntryPage("product"), "message"), "m3")
    assert page() == ("product", None)


# Picking options


def shown(
    *titles: str, state: str = "sent", account: Account = MINIPROGRAM, **more: Any
) -> list[str]:
    """Have the bot show options; return their ids."""
    turn = write("有什么", key=f"ask {titles}", account=account)
    options = [{"title": title, "payload": f"我要{title}"} for title in titles]
    (message,) = reply(turn, "请问：", account=account, buttons=options, **more)
    go(state, account)
    return [f"{message}.{number}" for number in range(1, len(titles) + 1)]


def go(state: str, account: Account = MINIPROGRAM) -> None:
    """Let all that waits go out, and end in a state."""
    lease = Lease("test")
    assert lease.hold(NOW)
    while (send := outbox.next_send(conversation(account), account, lease, NOW)) is not None:
        if state == "sent":
            outbox.sent(send, NOW)
        elif state == "pending":
            outbox.put_off(send, "忙", -1, NOW + 60)
        else:
            outbox.bury(send, "不收", 48002, NOW, False)
    lease.give_up()


@pytest.mark.parametrize("typed", ["2", "②", "２", "第二个", "查物流"])
def test_what_is_picked_is_recorded_in_the_options_own_words(typed: str) -> None:
    shown("查订单", "查物流")
    assert body_of(write(typed)) == "我要查物流"


@pytest.mark.parametrize("typed", ["3", "12", "20", "你好"])
def test_what_is_no_option_is_recorded_as_it_was_typed(typed: str) -> None:
    shown("查订单", "查物流")
    assert body_of(write(typed)) == typed


def test_a_number_still_picks_while_no_other_message_came() -> None:
    shown("查订单", "查物流")
    assert body_of(write("1", NOW + 1)) == "我要查订单"
    assert body_of(write("2", NOW + 2)) == "我要查物流"


@pytest.mark.parametrize("author", ["agent", "system"])
def test_a_number_after_a_persons_message_is_what_it_says(author: str) -> None:
    shown("查订单", "查物流")
    messages.add_reply(conversation(), author, "您要几件？", None, NOW)
    go("sent")
    assert body_of(write("2")) == "2"


@pytest.mark.parametrize("state", ["pending", "dead"])
def test_options_that_never_reached_the_customer_cannot_be_picked(state: str) -> None:
    shown("查订单", "查物流")
    shown("退款", "换货", state=state)
    assert body_of(write("2")) == "我要查物流"


def test_options_that_are_sent_again_count_where_they_arrive() -> None:
    shown("查订单", "查物流", state="dead")
    (letter,) = dead_letters.dead_letters()
    assert dead_letters.send_again(letter.id, NOW)
    assert body_of(write("1")) == "1"
    go("sent")
    assert body_of(write("1", NOW + 1)) == "我要查订单"


def test_options_count_also_where_another_part_of_the_reply_follows() -> None:
    link = {"msgtype": "link", "link": {"title": "活动", "url": "https://x.cn"}}
    shown("查订单", "查物流", custom=link)
    assert body_of(write("2")) == "我要查物流"


def test_options_of_another_customer_cannot_be_picked() -> None:
    shown("查订单", "查物流")
    taken = take_in(MINIPROGRAM, "o_other", Arrival("text", "2", trigger="message"), "m1", NOW)
    assert taken.recorded is not None
    assert body_of(taken.recorded.id) == "2"


def click(title: str, menu_id: str) -> str:
    return body_of(write(title, key=f"{title} {menu_id}", account=OFFICIAL, menu_id=menu_id))


def test_a_click_is_known_by_its_id_also_further_up_in_the_chat() -> None:
    first = shown("查订单", "转人工", account=OFFICIAL)
    second = shown("退款", "转人工", account=OFFICIAL)
    assert click("退款", second[0]) == "我要退款"
    assert click("查订单", first[0]) == "我要查订单"
    messages.add_reply(conversation(OFFICIAL), "agent", "您好", None, NOW)
    go("sent", OFFICIAL)
    assert click("查订单", first[0]) == "我要查订单"


def test_of_options_with_the_same_title_the_one_that_was_clicked_counts() -> None:
    ids = []
    for order in ("2026", "2027"):
        turn = write(order, account=OFFICIAL)
        button = {"title": "查物流", "payload": f"查物流 {order}"}
        (message,) = reply(turn, "请问：", account=OFFICIAL, buttons=[button])
        ids.append(f"{message}.1")
        go("sent", OFFICIAL)
    assert [click("查物流", menu_id) for menu_id in ids] == ["查物流 2026", "查物流 2027"]


@pytest.mark.parametrize("menu_id", ["0", "999.1"])
def test_a_click_with_a_wrong_id_is_known_by_its_title(menu_id: str) -> None:
    shown("查订单", account=OFFICIAL)
    shown("退款", account=OFFICIAL)
    assert click("退款", menu_id) == "我要退款"
    assert click("查订单", menu_id) == "我要查订单"


def test_a_click_without_an_id_is_known_by_its_title() -> None:
    shown("退款", account=OFFICIAL)
    assert body_of(write("退款", account=OFFICIAL)) == "我要退款"


def test_a_click_on_a_menu_that_is_forgotten_says_what_stands_on_it() -> None:
    assert click("老菜单", "5.1") == "老菜单"


def test_buttons_say_what_they_show_unless_told_otherwise() -> None:
    turn = write("你好")
    reply(turn, "请问：", buttons=buttons(["查物流"]))
    go("sent")
    assert body_of(write("1")) == "查物流"
