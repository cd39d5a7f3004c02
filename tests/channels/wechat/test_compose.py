"""Replies as the fewest messages that WeChat takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kefu import replies
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.compose import (
    MAX_TEXT_BYTES,
    Composed,
    as_text,
    compose,
    split,
    texts_of,
    without_menu,
)
from kefu.channels.wechat.options import Option, picked
from kefu.storage.messages import Outgoing
from tests.channels.wechat.made import MINIPROGRAM, OFFICIAL, content

FAMILY = "👨\u200d👩\u200d👧"


def said(*given: Any, turn: int | None = 3) -> list[Outgoing]:
    """Return messages of the bot in one turn: replies, or texts of them."""
    found = [{"text": one} if isinstance(one, str) else one for one in given]
    bodies = [json.dumps(one, ensure_ascii=False) for one in found]
    return [Outgoing(n, "bot", body, turn, 1.0) for n, body in enumerate(bodies, 10)]


def with_buttons(text: str, *titles: str) -> dict[str, Any]:
    return {"text": text, "buttons": replies.buttons(titles)}


def one(outgoing: list[Outgoing], account: Account = MINIPROGRAM) -> Composed:
    (composed,) = compose(outgoing, account)
    return composed


def contents(outgoing: list[Outgoing], account: Account = MINIPROGRAM) -> list[str]:
    return [content(part.body) for part in compose(outgoing, account)]


# Texts in parts


@given(st.text(max_size=3000), st.integers(16, MAX_TEXT_BYTES))
@example("😀" * 700, MAX_TEXT_BYTES)
@example("中" * 683, MAX_TEXT_BYTES)
@example(" " * 5000, MAX_TEXT_BYTES)
@example("一" * 682 + " " * 3000 + "二", MAX_TEXT_BYTES)
@example(FAMILY * 200, MAX_TEXT_BYTES)
@example("\u200d" * 2000, MAX_TEXT_BYTES)
def test_parts_lose_nothing_but_white_space_at_their_seams(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(0 < len(part.encode()) <= limit for part in parts)
    assert all(part == part.strip() for part in parts)
    rest = text.strip()
    for part in parts:
        assert rest.startswith(part)
        rest = rest[len(part) :].lstrip()
    assert rest == ""


def test_a_text_that_fits_stays_whole() -> None:
    exactly = "中" * 682 + "ab"
    assert len(exactly.encode()) == MAX_TEXT_BYTES
    assert split(exactly) == [exactly]
    assert split(exactly + "c") == ["中" * 682 + "ab", "c"]
    assert split("") == split(" \n ") == []


@pytest.mark.parametrize("end", ["。", "！", "？", "；", "\n"])
def test_a_part_ends_with_a_sentence(end: str) -> None:
    first = "字" * 500 + end
    assert split(first + "尾" * 300) == [first.strip(), "尾" * 300]


def test_a_sentence_that_ends_early_does_not_make_a_short_part() -> None:
    first, second = split("字" * 100 + "。" + "尾" * 700)
    assert len(first) == 682
    assert second == "尾" * 119


@pytest.mark.parametrize("whole", ["😀", FAMILY, "👍🏽", "❤\ufe0f", "e\u0301", "1\ufe0f\u20e3"])
def test_no_character_is_torn_however_it_is_composed(whole: str) -> None:
    for before in range(20):
        parts = split("a" * before + whole * 900)
        assert len(parts) > 1
        assert all(part.removeprefix("a" * before) == whole * part.count(whole) for part in parts)


# What the bot says


def test_several_replies_of_one_turn_are_one_message() -> None:
    composed = one(said("您好", "订单已发货", with_buttons("还有什么？", "查物流")))
    assert content(composed.body).startswith("您好\n订单已发货\n还有什么？\n1. 查物流")
    assert (composed.message, composed.turn, composed.author) == (10, 3, "bot")


def test_replies_of_two_turns_stay_two_messages() -> None:
    assert contents(said("一", turn=3) + said("二", turn=4)) == ["一", "二"]
    assert len(compose(said("一", "二", turn=None), MINIPROGRAM)) == 2


def test_what_people_write_stays_as_they_wrote_it() -> None:
    written = [
        Outgoing(1, "agent", "您好", None, 1.0),
        Outgoing(2, "agent", '{"text": "不是机器人"}', None, 1.0),
        Outgoing(3, "system", "已为你接通", None, 1.0),
    ]
    assert contents(written) == ["您好", '{"text": "不是机器人"}', "已为你接通"]
    assert [part.author for part in compose(written, OFFICIAL)] == ["agent", "agent", "system"]


def test_a_long_message_of_a_person_comes_in_parts() -> None:
    parts = compose([Outgoing(5, "agent", "字" * 1500, None, 1.0)], MINIPROGRAM)
    assert [len(content(part.body)) for part in parts] == [682, 682, 136]
    assert {part.message for part in parts} == {5}


def test_an_official_account_shows_a_menu() -> None:
    composed = one(said(with_buttons("请问：", "查物流", "转人工")), OFFICIAL)
    assert composed.body == {
        "msgtype": "msgmenu",
        "msgmenu": {
            "head_content": "请问：",
            "list": [{"id": "10.1", "content": "查物流"}, {"id": "10.2", "content": "转人工"}],
            "tail_content": "",
        },
    }
    assert composed.options == (
        Option("10.1", "查物流", "查物流"),
        Option("10.2", "转人工", "转人工"),
    )


def test_a_miniprogram_shows_numbered_lines() -> None:
    composed = one(said(with_buttons("请问：", "查物流", "转人工")))
    assert content(composed.body) == "请问：\n1. 查物流\n2. 转人工\n回复数字即可选择"
    assert [option.title for option in composed.options] == ["查物流", "转人工"]


def test_buttons_without_a_text_still_say_what_they_are_for() -> None:
    alone = said({"buttons": replies.buttons(["查物流"])})
    assert one(alone, OFFICIAL).body["msgmenu"]["head_content"] == "请选择："
    assert content(one(alone).body) == "请选择：\n1. 查物流\n回复数字 1 即可选择"


def test_an_account_without_menus_gets_the_same_options_as_text() -> None:
    outgoing = said(with_buttons("请问：", "查物流", "转人工"))
    menu = one(outgoing, OFFICIAL)
    assert without_menu(menu.body, menu.options) == one(outgoing).body


def test_the_same_option_is_shown_once() -> None:
    composed = one(said(with_buttons("一", "转人工", "转人工"), with_buttons("二", "转人工")))
    assert len(composed.options) == 1


def test_at_most_as_many_options_as_there_are_digits() -> None:
    composed = one(said(with_buttons("请问", *(f"选项{n}" for n in range(1, 15)))))
    assert [option.title for option in composed.options] == [f"选项{n}" for n in range(1, 10)]


def test_a_long_title_can_be_clicked_without_its_id() -> None:
    title = "很长的标题" * 20
    composed = one(said(with_buttons("请问", title)), OFFICIAL)
    (item,) = composed.body["msgmenu"]["list"]
    assert len(item["content"]) == 40
    assert picked(composed.options, item["content"], "0") == title


def test_nobody_can_be_called_back_from_wechats_own_queue() -> None:
    waiting = said(with_buttons("请稍候", replies.CANCEL_WAITING))
    assert one(waiting).options != ()
    at_wechat = one(waiting, replace(MINIPROGRAM, desk="wechat"))
    assert at_wechat.body == {"msgtype": "text", "text": {"content": "请稍候"}}
    assert at_wechat.options == ()


@pytest.mark.parametrize("account", [MINIPROGRAM, OFFICIAL])
@pytest.mark.parametrize("length", [10, 400, 640, 660, 690, 1400, 2100])
@pytest.mark.parametrize(
    "title", ["查物流", "很长的标题" * 20, "😀" * 60], ids=["short", "long", "emoji"]
)
def test_nothing_is_longer_than_wechat_takes(account: Account, length: int, title: str) -> None:
    titles = [f"{n}{title}" for n in range(9)]
    composed = compose(said(with_buttons("文" * length, *titles)), account)
    for part in composed:
        shown = without_menu(part.body, part.options) if "msgmenu" in part.body else part.body
        assert len(content(shown).encode()) <= MAX_TEXT_BYTES
        assert len(texts_of(part.body).encode()) <= MAX_TEXT_BYTES
    assert [bool(part.options) for part in composed] == [*[False] * (len(composed) - 1), True]
    assert "".join(texts_of(part.body) for part in composed).count("文") == length


def test_options_go_with_the_last_part_where_it_has_room() -> None:
    first, second = compose(said(with_buttons("字" * 700, "查物流")), MINIPROGRAM)
    assert content(first.body) == "字" * 682
    assert content(second.body) == "字" * 18 + "\n1. 查物流\n回复数字 1 即可选择"


def test_a_page_is_a_link_in_a_miniprogram_only() -> None:
    reply = {"text": "请看", "custom": {"page": "/pages/order/detail?id=1&from=kefu"}}
    linked = (
        '请看\n<a href="https://mp.weixin.qq.com" data-miniprogram-appid="wx1234567890abcdef"'
        ' data-miniprogram-path="pages/order/detail?id=1&from=kefu">点此打开页面</a>'
    )
    assert contents(said(reply)) == [linked]
    assert contents(said(reply), OFFICIAL) == ["请看"]


def test_a_page_cannot_leave_its_attribute() -> None:
    (text,) = contents(said({"custom": {"page": "a\"><a href='x'>\nb c"}}))
    assert 'data-miniprogram-path="a%22%3E%3Ca%20href=%27x%27%3E%0Ab%20c">点此' in text


def test_a_picture_is_named_by_its_address() -> None:
    assert contents(said({"text": "尺码表", "image": "https://x.cn/a.png"})) == [
        "尺码表\nhttps://x.cn/a.png"
    ]


def test_what_is_made_for_wechat_goes_out_as_it_is() -> None:
    link = {"msgtype": "link", "link": {"title": "活动", "url": "https://x.cn"}}
    composed = compose(said(with_buttons("请看", "查物流"), {"custom": link}), MINIPROGRAM)
    assert [part.body["msgtype"] for part in composed] == ["text", "link"]
    assert [bool(part.options) for part in composed] == [True, False]
    assert composed[1].body == link


def test_other_custom_replies_are_left_out() -> None:
    assert compose(said({"custom": {"msgtype": "wxcard"}}, {"custom": [1]}), MINIPROGRAM) == []


@pytest.mark.parametrize(
    "body",
    [
        "不是 JSON",
        '[{"text": "不是 JSON"}]',
        '"x"',
        "[]",
        "null",
        "[1, null]",
        "{}",
        '{"text": ""}',
    ],
)
def test_any_body_can_be_composed(body: str) -> None:
    found = contents([Outgoing(1, "bot", body, 1, 1.0)])
    assert found in (["不是 JSON"], [])


def test_characters_that_wechat_cannot_show_are_left_out() -> None:
    bad = "你\0好\x1b\x7f\ud800！\n\t在"
    body = json.dumps({"text": bad, "buttons": [{"title": "查\0物流"}]})
    (text,) = contents([Outgoing(1, "bot", body, 1, 1.0)])
    assert text == "你好！\n\t在\n1. 查物流\n回复数字 1 即可选择"
    agent = Outgoing(1, "agent", bad, None, 1.0)
    assert contents([agent]) == ["你好！\n\t在"]
    assert contents([Outgoing(1, "agent", "\0 \0", None, 1.0)]) == []


def test_a_message_of_an_unknown_account_is_its_words() -> None:
    (outgoing,) = said(with_buttons("请问：", "查物流"))
    assert content(as_text(outgoing).body) == "请问：\n「查物流」"


def test_the_content_check_sees_all_words_of_a_message() -> None:
    menu = one(said(with_buttons("请问：", "查物流")), OFFICIAL)
    assert texts_of(menu.body) == "请问：\n查物流"
    article = {"title": "新品", "description": "打折", "url": "https://x.cn"}
    assert texts_of({"msgtype": "news", "news": {"articles": [article]}}) == "新品\n打折"
    assert texts_of({"msgtype": "link", "link": article}) == "新品\n打折"
    assert texts_of({"msgtype": "image", "image": {"media_id": "M"}}) == ""
