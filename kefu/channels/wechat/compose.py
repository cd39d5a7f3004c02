"""Replies as the fewest messages that WeChat takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import quote

from kefu import replies
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.options import LONGEST_TITLE, Option, numbered
from kefu.replies import Reply
from kefu.storage.messages import Outgoing
from kefu.storage.reply_text import readable

MAX_TEXT_BYTES = 2048
_CHOOSE = "请选择："
# What a reply may carry to WeChat as it is.
PASSED_ON = ("image", "link", "miniprogrampage", "news", "voice", "video")
# WeChat refuses what it cannot show, and half of a surrogate pair is no UTF-8.
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# What belongs to the character before it: accents, skin tones, joiners of emoji.
_JOINS = re.compile("[\u0300-\u036f\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_LONGEST_CHARACTER = 16
# What would end the attribute that a page's path stands in.
_IN_PATH = re.compile(r"[\s\"'<>]")
_MOST_OPTIONS = 9  # each has a digit of its own


@dataclass(frozen=True)
class Composed:
    """One call of the send API.

    Attributes:
        message: The outgoing message that it carries, the first where there are several.
        turn: The customer's message that it answers.
        author: bot, agent or system.
        body: `msgtype` and what belongs to it.
        options: What it lets the customer choose.
    """

    message: int
    turn: int | None
    author: str
    body: dict[str, Any]
    options: tuple[Option, ...] = ()


@dataclass
class _Said:
    """All that the bot says in one turn."""

    texts: list[str] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)


def compose(outgoing: Sequence[Outgoing], account: Account) -> list[Composed]:
    """Return the sends for messages to one customer, in their order.

    What the bot says in one turn becomes one message where that is possible; people's
    messages stay apart as they wrote them.
    """
    composed: list[Composed] = []
    for (author, _), group in groupby(outgoing, key=_together):
        members = list(group)
        if author == "bot":
            composed += _of_bot(members, account)
        else:
            composed += [part for member in members for part in _of_person(member)]
    return composed


def as_text(outgoing: Outgoing) -> Composed:
    """Return the words of a message in one send, for when its account is not known."""
    words = readable(outgoing.author, outgoing.kind, outgoing.body)
    return Composed(outgoing.id, outgoing.turn, outgoing.author, _text(_shown_by_wechat(words)))


def split(text: str, limit: int = MAX_TEXT_BYTES) -> list[str]:
    """Return a text in parts of at most `limit` bytes of UTF-8.

    Parts end at a line or a sentence where one ends in their second half, and never
    within a character. White space at the seams and around the text is left out.
    """
    parts: list[str] = []
    text = text.strip()
    while len(text.encode()) > limit:
        part = text.encode()[:limit].decode("utf-8", "ignore")
        cut = max(part.rfind(end) for end in "\n。！？；") + 1
        part = text[: cut if cut > len(part) // 2 else _whole(text, len(part))]
        parts.append(part.rstrip())
        text = text[len(part) :].lstrip()
    return [*parts, text] if text else parts


def _whole(text: str, cut: int) -> int:
    """Return the nearest place up to `cut` where no composed character is torn."""
    for place in range(cut, max(0, cut - _LONGEST_CHARACTER), -1):
        if not _JOINS.match(text, place) and text[place - 1] != "\u200d":
            return place
    return cut


def _together(message: Outgoing) -> tuple[str, int]:
    return message.author, (message.turn or message.id) if message.author == "bot" else message.id


def _of_person(message: Outgoing) -> Iterator[Composed]:
    if message.kind == "image":
        yield Composed(message.id, message.turn, message.author, stored_picture(message.id))
    for part in split(_shown_by_wechat(message.body)):
        yield Composed(message.id, message.turn, message.author, _text(part))


def stored_picture(message: int) -> dict[str, Any]:
    """Return the body of a picture that is uploaded only when it is sent."""
    return {"msgtype": "image", "image": {"stored": message}}


def _of_bot(members: list[Outgoing], account: Account) -> list[Composed]:
    said = _gathered((reply for member in members for reply in _replies(member.body)), account)
    first = members[0]
    shown = _options(said.buttons, first, account)
    bodies = [*_texts(said.texts, shown, account), *said.others]
    last_text = max((n for n, body in enumerate(bodies) if _shows_options(body)), default=-1)
    return [
        Composed(first.id, first.turn, "bot", body, shown if number == last_text else ())
        for number, body in enumerate(bodies)
    ]


def _replies(body: str) -> list[Reply]:
    """Return the replies in a body; one that is no JSON is a text."""
    try:
        read = json.loads(body)
    except ValueError:
        return [{"text": body}]
    found = read if isinstance(read, list) else [read]
    return [reply for reply in found if isinstance(reply, dict)]


def _gathered(given: Iterable[Reply], account: Account) -> _Said:
    said = _Said()
    for reply in given:
        text = _shown_by_wechat(str(reply.get("text") or ""))
        custom = reply.get("custom")
        custom = custom if isinstance(custom, dict) else {}
        if custom.get("page") and account.kind == "miniprogram":
            text = f"{text}\n{_link(str(custom['page']), account)}".strip()
        if custom.get("msgtype") in PASSED_ON:
            said.others.append(custom)
        if reply.get("image"):
            text = f"{text}\n{reply['image']}".strip()
        if text:
            said.texts.append(text)
        said.buttons += reply.get("buttons") or []
    return said


def _options(
    buttons: list[dict[str, str]], first: Outgoing, account: Account
) -> tuple[Option, ...]:
    shown = {}
    for button in buttons:
        title = _shown_by_wechat(str(button.get("title") or ""))
        payload = str(button.get("payload") or title)
        # Nobody can be called back from WeChat's own queue.
        if title and not (account.desk == "wechat" and payload == replies.CANCEL_WAITING):
            shown[title, payload] = title[:LONGEST_TITLE].strip()
    return tuple(
        Option(f"{first.id}.{number}", title, payload)
        for number, ((_, payload), title) in enumerate([*shown.items()][:_MOST_OPTIONS], 1)
    )


def _texts(texts: list[str], shown: tuple[Option, ...], account: Account) -> list[dict[str, Any]]:
    parts = split("\n".join(texts))
    if not shown:
        return [_text(part) for part in parts]
    last = parts.pop() if parts else _CHOOSE
    # A menu's text and items share the limit of a text, and it may have to become one.
    if len(numbered(last, shown).encode()) > MAX_TEXT_BYTES:
        parts, last = [*parts, last], _CHOOSE
    choice = _menu(last, shown) if account.msgmenu else _text(numbered(last, shown))
    return [*(_text(part) for part in parts), choice]


def _menu(text: str, shown: tuple[Option, ...]) -> dict[str, Any]:
    items = [{"id": option.id, "content": option.title} for option in shown]
    return {
        "msgtype": "msgmenu",
        "msgmenu": {"head_content": text, "list": items, "tail_content": ""},
    }


def without_menu(body: dict[str, Any], shown: Sequence[Option]) -> dict[str, Any]:
    """Return a menu as numbered text, for an account that turns out not to have menus."""
    return _text(numbered(str(body["msgmenu"]["head_content"]), shown))


def _shows_options(body: dict[str, Any]) -> bool:
    return body["msgtype"] in ("text", "msgmenu")


def _shown_by_wechat(text: str) -> str:
    return _NOT_SHOWN.sub("", text).strip()


def _text(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


def _link(page: str, account: Account) -> str:
    path = _IN_PATH.sub(lambda found: quote(found.group()), page.lstrip("/"))
    # The address is for clients too old to open the page.
    return (
        f'<a href="https://mp.weixin.qq.com" data-miniprogram-appid="{account.appid}"'
        f' data-miniprogram-path="{path}">点此打开页面</a>'
    )


def texts_of(body: dict[str, Any]) -> str:
    """Return the words of a message, for the content check."""
    kind = body["msgtype"]
    if kind == "text":
        return str(body["text"]["content"])
    if kind == "msgmenu":
        menu = body["msgmenu"]
        return "\n".join([menu["head_content"], *(item["content"] for item in menu["list"])])
    inner = body.get(kind) or {}
    parts = inner.get("articles") or [inner]
    return "\n".join(
        str(part[key]) for part in parts for key in ("title", "description") if part.get(key)
    )
