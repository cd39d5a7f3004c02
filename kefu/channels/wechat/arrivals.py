"""What a push means for us: a customer's message, the opening of a chat, or a notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.entry_page import EntryPage, entry_page
from kefu.channels.wechat.pushes import Push
from kefu.channels.wechat.windows import Trigger
from kefu.exchange import Kind
from kefu.settings import settings

Notice = Literal["erase", "desk_opened", "desk_closed", "desk_switched", "media_checked"]

_MENU_EVENTS = ("click", "scancode_push", "scancode_waitmsg")
_DESK_EVENTS: dict[str, Notice] = {
    "kf_create_session": "desk_opened",
    "kf_close_session": "desk_closed",
    "kf_switch_session": "desk_switched",
}
# Rights whose use leaves nothing with us: bluetooth, microphone, camera, steps.
# See user_authorization_revoke in WeChat's documentation.
_LEAVE_NOTHING = frozenset({"4", "5", "7", "12"})
_GONE = ("unsubscribe", "user_authorization_cancellation")
_SCENE = "qrscene_"


@dataclass(frozen=True)
class Arrival:
    """A push as we use it.

    Attributes:
        kind: Kind of the message to record; None when there is none.
        text: What stands for it in the transcript; a text's own words.
        page: Entry page that it names; None when it says nothing of pages.
        trigger: What it opens for our sends.
        menu_id: Id of the option that was clicked.
        media: Where WeChat keeps what came along: media_id, pic_url, format.
        notice: What to do besides, or instead.
        agent: Account of the person at WeChat's desk that a notice is about.
        fields: The push's fields, for notices.
    """

    kind: Kind | None = None
    text: str = ""
    page: EntryPage | None = None
    trigger: Trigger | None = None
    menu_id: str = ""
    media: dict[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    agent: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def is_message(self) -> bool:
        """Return whether a customer wrote, rather than came, went or pressed a menu."""
        return self.kind not in (None, "enter") and self.trigger in ("message", "menu")


def arrival(push: Push, account: Account) -> Arrival:
    """Return what a push means; an Arrival of nothing when it is not for us."""
    if push.type == "event":
        return _event(push, account)
    read = {
        "text": _text,
        "image": _image,
        "voice": _voice,
        "video": _video,
        "shortvideo": _video,
        "location": _location,
        "link": _link,
        "miniprogrampage": _card,
        "file": _file,
    }.get(push.type)
    return read(push) if read else Arrival()


def _text(push: Push) -> Arrival:
    content = push.text("Content")[: settings().reception.max_text]
    if not content.strip():
        return Arrival()
    menu_id = push.text("bizmsgmenuid") or push.text("BizMsgMenuId")
    return Arrival("text", content, trigger="menu" if menu_id else "message", menu_id=menu_id)


def _image(push: Push) -> Arrival:
    media = {"media_id": push.text("MediaId"), "pic_url": push.text("PicUrl")}
    return Arrival("image", trigger="message", media=media)


def _voice(push: Push) -> Arrival:
    # WeChat's own transcript is empty since 2023; where one comes, it is what was said.
    if push.text("Recognition").strip():
        said = push.text("Recognition")[: settings().reception.max_text]
        return Arrival("text", said, trigger="message")
    media_id = push.text("MediaId16K") or push.text("MediaId")
    media = {"media_id": media_id, "fallback_id": push.text("MediaId")}
    media["format"] = push.text("Format")
    return Arrival("voice", trigger="message", media=media)


def _video(push: Push) -> Arrival:
    return Arrival("video", trigger="message")


def _location(push: Push) -> Arrival:
    return Arrival("location", push.text("Label")[:200], trigger="message")


def _link(push: Push) -> Arrival:
    text = f"{push.text('Title')} {push.text('Url')}".strip()
    return Arrival("link", text[:500], trigger="message")


def _card(push: Push) -> Arrival:
    page = entry_page(push.text("PagePath"), settings().welcome.pages)
    return Arrival("card", push.text("Title")[:200], page, "message")


def _file(push: Push) -> Arrival:
    return Arrival("file", push.text("Title")[:200], trigger="message")


def _event(push: Push, account: Account) -> Arrival:
    event = push.event
    if event == "user_enter_tempsession":
        return _entered(push.text("SessionFrom"), "enter")
    if event in ("subscribe", "scan"):
        scene = push.text("EventKey").removeprefix(_SCENE)
        return _entered(scene, "subscribe" if event == "subscribe" else "scan")
    if event in _MENU_EVENTS:
        return _menu(push, account)
    if event in _DESK_EVENTS:
        agent = push.text("ToKfAccount") or push.text("KfAccount")
        return Arrival(notice=_DESK_EVENTS[event], agent=agent)
    if event == "wxa_media_check":
        return Arrival(notice="media_checked", fields=dict(push.fields))
    revoked = event == "user_authorization_revoke" and push.text("RevokeInfo") not in _LEAVE_NOTHING
    if revoked or event in _GONE:
        return Arrival(notice="erase", fields=dict(push.fields))
    return Arrival()


def _entered(page: str, trigger: Trigger) -> Arrival:
    return Arrival("enter", "进入客服", entry_page(page, settings().welcome.pages), trigger)


def _menu(push: Push, account: Account) -> Arrival:
    key = push.text("EventKey")
    said = account.menu.get(key)
    if said is None and push.event == "click" and any("\u4e00" <= c <= "\u9fff" for c in key):
        said = key
    if said is None:
        return Arrival(trigger="menu")
    return Arrival("text", said, trigger="menu")
