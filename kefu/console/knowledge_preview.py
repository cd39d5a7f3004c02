"""An answer as customers see it: with buttons in the app, as numbered text in WeChat."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.compose import compose
from kefu.knowledge.content import Content
from kefu.replies import fill, values
from kefu.settings import settings
from kefu.storage.messages import Outgoing

# Stands for any account that takes text and no menu.
_ACCOUNT = Account("preview", "official", "", "", "", "")


@dataclass(frozen=True)
class Preview:
    """What a customer sees: in the app text, buttons and a page; in WeChat the texts sent."""

    text: str
    buttons: tuple[str, ...]
    page: str
    wechat: tuple[str, ...]


def preview(content: Content) -> Preview:
    """Return an entry as customers see it, placeholders filled in."""
    text = fill(content.answer, **values(settings()))
    return Preview(text, content.buttons, content.page, tuple(_in_wechat(text, content.buttons)))


def _in_wechat(text: str, buttons: tuple[str, ...]) -> list[str]:
    shown = [{"title": title, "payload": title} for title in buttons]
    body = json.dumps({"text": text, "buttons": shown}, ensure_ascii=False)
    sent = compose([Outgoing(0, "bot", body, 0, 0.0)], _ACCOUNT)
    return [str(one.body["text"]["content"]) for one in sent if one.body["msgtype"] == "text"]
