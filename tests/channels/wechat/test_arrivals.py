"""What each push means for us."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kefu.channels.wechat.arrivals import Arrival, arrival
from kefu.channels.wechat.entry_page import EntryPage
from kefu.settings import settings
from tests.channels.wechat.made import MINIPROGRAM, OFFICIAL, event, push

NO = "202611031234567890"


def test_a_text_is_a_message() -> None:
    came = arrival(push(Content="在吗"), MINIPROGRAM)
    assert came == Arrival("text", "在吗", trigger="message")
    assert came.is_message


def test_a_text_longer_than_the_settings_allow_is_cut() -> None:
    longest = settings().reception.max_text
    assert len(arrival(push(Content="长" * (longest + 9)), MINIPROGRAM).text) == longest


@pytest.mark.parametrize("content", ["", "  ", "\n", None])
def test_a_text_without_words_is_nothing(content: str | None) -> None:
    assert arrival(push(Content=content), MINIPROGRAM) == Arrival()


@pytest.mark.parametrize("name", ["bizmsgmenuid", "BizMsgMenuId"])
def test_a_click_on_a_menu_opens_the_window_of_a_menu(name: str) -> None:
    fields: dict[str, Any] = {"Content": "查物流", name: 7}
    came = arrival(push(**fields), OFFICIAL)
    assert came == Arrival("text", "查物流", trigger="menu", menu_id="7")
    assert came.is_message


def test_a_picture_tells_where_it_is() -> None:
    came = arrival(push("image", MediaId="M1", PicUrl="http://mmbiz.qpic.cn/1"), MINIPROGRAM)
    assert (came.kind, came.text) == ("image", "")
    assert came.media == {"media_id": "M1", "pic_url": "http://mmbiz.qpic.cn/1"}


def test_of_a_recording_the_better_one_is_fetched_first() -> None:
    fields = {"MediaId": "M8", "MediaId16K": "M16", "Format": "amr", "Recognition": ""}
    came = arrival(push("voice", **fields), OFFICIAL)
    assert came.kind == "voice"
    assert came.media == {"media_id": "M16", "fallback_id": "M8", "format": "amr"}


def test_a_recording_that_comes_with_its_words_is_what_was_said() -> None:
    came = arrival(push("voice", MediaId="M8", Recognition="我要退款"), OFFICIAL)
    assert came == Arrival("text", "我要退款", trigger="message")


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("video", {}, ("video", "")),
        ("shortvideo", {}, ("video", "")),
        ("location", {"Label": "广州市"}, ("location", "广州市")),
        ("link", {"Title": "看这个", "Url": "https://x.cn"}, ("link", "看这个 https://x.cn")),
        ("file", {"Title": "发票.pdf"}, ("file", "发票.pdf")),
    ],
)
def test_other_messages_are_taken_with_what_stands_for_them(
    kind: str, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    came = arrival(push(kind, **fields), OFFICIAL)
    assert (came.kind, came.text) == expected
    assert came.is_message


def test_a_card_names_its_page() -> None:
    path = f"pages/order/detail?order_no={NO}"
    came = arrival(push("miniprogrampage", Title="我的订单", PagePath=path), MINIPROGRAM)
    assert (came.kind, came.text, came.page) == ("card", "我的订单", EntryPage("order", NO))


@pytest.mark.parametrize("given", ["", "garbage", None])
def test_who_enters_without_a_page_says_so(given: str | None) -> None:
    came = arrival(event("user_enter_tempsession", SessionFrom=given), MINIPROGRAM)
    assert (came.kind, came.page, came.trigger) == ("enter", EntryPage(), "enter")
    assert not came.is_message


def test_who_enters_from_an_order_names_it() -> None:
    given = f"page=order&order_no={NO}"
    came = arrival(event("user_enter_tempsession", SessionFrom=given), MINIPROGRAM)
    assert came.page == EntryPage("order", NO)


@pytest.mark.parametrize(
    ("name", "key", "trigger", "page"),
    [
        ("subscribe", "", "subscribe", ""),
        ("subscribe", "qrscene_order", "subscribe", "order"),
        ("SCAN", "order", "scan", "order"),
        ("SCAN", "123", "scan", ""),
    ],
)
def test_a_follower_is_greeted_as_one_who_enters(
    name: str, key: str, trigger: str, page: str
) -> None:
    came = arrival(event(name, EventKey=key), OFFICIAL)
    assert (came.kind, came.trigger, came.page) == ("enter", trigger, EntryPage(page))


def test_a_menu_item_says_what_the_settings_say_of_its_key() -> None:
    account = replace(OFFICIAL, menu={"ORDERS": "查我的订单"})
    assert arrival(event("CLICK", EventKey="ORDERS"), account).text == "查我的订单"


def test_a_menu_item_with_a_chinese_key_says_its_key() -> None:
    came = arrival(event("CLICK", EventKey="查物流"), OFFICIAL)
    assert came == Arrival("text", "查物流", trigger="menu")


@pytest.mark.parametrize("name", ["CLICK", "scancode_push", "scancode_waitmsg"])
def test_another_menu_item_only_opens_the_window(name: str) -> None:
    assert arrival(event(name, EventKey="KEY_1"), OFFICIAL) == Arrival(trigger="menu")


@pytest.mark.parametrize(
    ("name", "fields", "notice", "agent"),
    [
        ("kf_create_session", {"KfAccount": "a@x"}, "desk_opened", "a@x"),
        ("kf_close_session", {"KfAccount": "a@x"}, "desk_closed", "a@x"),
        (
            "kf_switch_session",
            {"FromKfAccount": "a@x", "ToKfAccount": "b@x"},
            "desk_switched",
            "b@x",
        ),
    ],
)
def test_events_of_wechats_desk_name_its_people(
    name: str, fields: dict[str, Any], notice: str, agent: str
) -> None:
    came = arrival(event(name, **fields), OFFICIAL)
    assert (came.notice, came.agent, came.kind, came.trigger) == (notice, agent, None, None)


def test_a_verdict_on_a_picture_is_a_notice_with_its_fields() -> None:
    came = arrival(event("wxa_media_check", trace_id="t1"), MINIPROGRAM)
    assert came.notice == "media_checked"
    assert came.fields["trace_id"] == "t1"


@pytest.mark.parametrize("code", ["1", "2", "3", "6", "8", "13", "14", "16", "201", "", "999", 8])
def test_who_takes_back_what_we_may_keep_is_erased(code: str | int) -> None:
    came = arrival(event("user_authorization_revoke", RevokeInfo=code, OpenID="o_2"), MINIPROGRAM)
    assert came.notice == "erase"
    assert came.fields["OpenID"] == "o_2"


@pytest.mark.parametrize("code", ["4", "5", "7", "12", 12])
def test_taking_back_the_camera_and_the_like_erases_nothing(code: str | int) -> None:
    came = arrival(event("user_authorization_revoke", RevokeInfo=code), MINIPROGRAM)
    assert came == Arrival()


@pytest.mark.parametrize("name", ["unsubscribe", "user_authorization_cancellation"])
def test_who_leaves_is_erased(name: str) -> None:
    assert arrival(event(name), OFFICIAL).notice == "erase"


@pytest.mark.parametrize(
    "other",
    [
        push("sticker"),
        push(""),
        push("hardware"),
        event("VIEW", EventKey="https://x.cn"),
        event("LOCATION", Latitude="1"),
        event("user_info_modified"),
        event("subscribe_msg_popup_event", List={"a": 1}),
        event(""),
    ],
)
def test_what_is_not_for_us_is_nothing(other: Any) -> None:
    assert arrival(other, OFFICIAL) == Arrival()
