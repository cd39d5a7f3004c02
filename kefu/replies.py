"""Replies in Rasa's REST format, and the few that need nothing but the settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kefu.handoff.hours import Schedule
from kefu.settings import Settings

NONE_OF_THESE = "以上都不是"
HUMAN = "转人工"
CANCEL = "取消"
CANCEL_WAITING = "取消排队"
LEAVE_MESSAGE = "留言"

Reply = dict[str, Any]


def button(title: str, payload: str | None = None) -> dict[str, str]:
    """Return a button; its payload is what the customer says by pressing it."""
    return {"title": title, "payload": payload or title}


def buttons(titles: Iterable[str]) -> list[dict[str, str]]:
    """Return buttons that say what they show."""
    return [button(title) for title in titles]


def values(settings: Settings) -> dict[str, str]:
    """Return what placeholders in answers and texts stand for."""
    return {
        "name": settings.assistant.name,
        "shop_name": settings.assistant.shop_name,
        "contact_phone": settings.assistant.contact_phone,
        "service_hours": Schedule(settings.service_hours, settings.assistant.zone).describe(),
    }


def fill(text: str, **known: str) -> str:
    """Replace {placeholders} that are known; anything else in braces stays as it is."""
    for key, value in known.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def welcome(settings: Settings, page: str | None = None) -> Reply:
    """Return the welcome with hot questions; `page` is the entry page's key."""
    chosen = settings.welcome.pages.get(page or "")
    text = chosen.welcome if chosen else settings.welcome.text
    hot = chosen.hot_questions if chosen else settings.welcome.hot_questions
    return {"text": fill(text, **values(settings)), "buttons": buttons(hot)}


# What came instead of text, and what helps.
_RECEIVED = {
    "image": "图片收到了，我暂时看不懂图里的内容。请用文字告诉我问题或订单号；"
    "需要人看图的话，可以转人工客服。",
    "voice": "语音收到了，我暂时听不了语音。请打字告诉我，我马上帮你看；也可以转人工客服。",
    "video": "视频收到了，我暂时看不懂视频。请用文字告诉我问题；需要人看的话，可以转人工客服。",
    "location": "位置收到了。请用文字告诉我想办什么事，比如改收货地址；也可以转人工客服。",
    "link": "链接收到了，我打不开外面的链接。请用文字告诉我问题；也可以转人工客服。",
    "file": "文件收到了，我暂时看不懂文件。请用文字告诉我问题；需要人看的话，可以转人工客服。",
}


def received(settings: Settings, kind: str, page: str | None = None) -> Reply:
    """Return the honest answer to a picture, a recording and the like.

    The card of a page that is known, an order for example, is answered with its questions.
    """
    if kind not in _RECEIVED:
        chosen = settings.welcome.pages.get(page or "")
        hot = chosen.hot_questions if chosen else settings.welcome.hot_questions
        return {"text": "卡片收到了。想了解什么？", "buttons": buttons(hot)}
    return {"text": _RECEIVED[kind], "buttons": buttons([HUMAN])}


def options(titles: Iterable[str]) -> Reply:
    """Return the question which of up to three entries was meant."""
    return {"text": "您是不是想问：", "buttons": buttons([*titles, NONE_OF_THESE])}


def which_first(titles: Iterable[str]) -> Reply:
    """Return the question which of two questions to answer first."""
    text = "你问了两件事，先看哪一件？另一件的按钮还可以再点。"
    return {"text": text, "buttons": buttons([*titles, NONE_OF_THESE])}


def not_recognised(settings: Settings) -> Reply:
    """Return the honest answer to a message that was not understood."""
    hot = [text for text in settings.welcome.hot_questions if text != HUMAN][:3]
    text = "抱歉，我没有听懂。换个说法再问我一次，或者点下面的问题；也可以转人工客服。"
    return {"text": text, "buttons": buttons([*hot, HUMAN])}
