"""Replies that need nothing but the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu import replies
from kefu.settings import settings


def test_welcome_names_shop_assistant_and_hours(fresh_home: Path) -> None:
    reply = replies.welcome(settings())
    assert "示例商城" in reply["text"]
    assert "小客" in reply["text"]
    assert "9:00–18:00" in reply["text"]
    assert "{" not in reply["text"]
    titles = [button["title"] for button in reply["buttons"]]
    assert titles == list(settings().welcome.hot_questions)


@pytest.mark.parametrize("page", ["product", "order", "member"])
def test_page_has_its_own_welcome(fresh_home: Path, page: str) -> None:
    reply = replies.welcome(settings(), page)
    assert reply != replies.welcome(settings())
    payloads = [button["payload"] for button in reply["buttons"]]
    assert payloads == list(settings().welcome.pages[page].hot_questions)
    assert "{" not in reply["text"]


@pytest.mark.parametrize("page", [None, "", "unknown"])
def test_other_page_has_the_usual_welcome(fresh_home: Path, page: str | None) -> None:
    assert replies.welcome(settings(), page) == replies.welcome(settings())


def test_options_end_with_none_of_these() -> None:
    reply = replies.options(["怎么开发票", "发票抬头怎么改"])
    assert reply["text"].startswith("您是不是想问")
    payloads = [button["payload"] for button in reply["buttons"]]
    assert payloads == ["怎么开发票", "发票抬头怎么改", "以上都不是"]


def test_of_two_questions_both_stay_buttons() -> None:
    reply = replies.which_first(["怎么开发票", "查物流"])
    assert reply["text"].startswith("你问了两件事")
    assert reply["text"] != replies.options(["怎么开发票", "查物流"])["text"]
    payloads = [button["payload"] for button in reply["buttons"]]
    assert payloads == ["怎么开发票", "查物流", "以上都不是"]


def test_not_recognised_offers_questions_and_once_a_person(fresh_home: Path) -> None:
    titles = [button["title"] for button in replies.not_recognised(settings())["buttons"]]
    assert len(titles) == 4
    assert titles.count("转人工") == 1


def test_fill_leaves_what_it_does_not_know() -> None:
    assert replies.fill("{name}和{other}", name="小客", unused="x") == "小客和{other}"


def test_button_sends_what_it_shows_unless_told() -> None:
    assert replies.button("查物流") == {"title": "查物流", "payload": "查物流"}
    assert replies.button("查物流", "查物流 2026")["payload"] == "查物流 2026"
