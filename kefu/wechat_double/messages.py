"""The fields of what customers do, as WeChat pushes them."""

from __future__ import annotations

import hashlib
from typing import Any

from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.media import MediaStore
from kefu.wechat_double.refusals import ControlRefused

MEDIA_TYPES = {"image": "image", "voice": "voice", "video": "video", "shortvideo": "video"}
# One transparent pixel: the cover of a customer's video or card.
_THUMB = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
_PICTURES = "http://mmbiz.qpic.cn/mmbiz_jpg"
_EVENT_FIELDS: dict[str, dict[str, Any]] = {
    "user_enter_tempsession": {"SessionFrom": ""},
    "subscribe": {"EventKey": ""},
    "unsubscribe": {"EventKey": ""},
    "scan": {"EventKey": "", "Ticket": "TICKET"},
    "click": {"EventKey": ""},
    "view": {"EventKey": ""},
    "location": {"Latitude": 23.137466, "Longitude": 113.352425, "Precision": 119.38504},
    "user_authorization_revoke": {"RevokeInfo": "1"},
}


def message_fields(
    store: MediaStore, account: DoubleAccount, type_: str, content: str, media: bytes | None
) -> dict[str, Any]:
    """Return the fields of a customer's message, but for those that all have.

    Raises:
        ControlRefused: There is no such message, or its file is missing.
    """
    if type_ in MEDIA_TYPES:
        if not media:
            raise ControlRefused(f"{type_} 消息需要 media（base64）")
        return _media_fields(store, account, type_, media)
    if type_ == "text":
        return {"Content": content}
    if type_ == "location":
        place = {"Location_X": 23.134521, "Location_Y": 113.358803, "Scale": 20}
        return {**place, "Label": content or "位置信息"}
    if type_ == "link":
        return {"Title": content or "链接", "Description": "", "Url": "https://example.com/"}
    if type_ == "miniprogrampage":
        thumb = store.keep(account.appid, "thumb", media or _THUMB).media_id
        page = {"Title": content or "小程序卡片", "AppId": account.appid, "PagePath": "pages/index"}
        return {**page, "ThumbUrl": f"{_PICTURES}/{thumb}/0", "ThumbMediaId": thumb}
    if type_ == "file":
        return _file_fields(content or "文件", media or b"")
    raise ControlRefused(f"没有 {type_} 类型的消息")


def event_fields(account: DoubleAccount, openid: str, event: str) -> dict[str, Any]:
    """Return the fields an event has when nothing else is asked for."""
    fields = {"Event": event, **_EVENT_FIELDS.get(event.lower(), {})}
    if event.lower() == "user_authorization_revoke":
        fields = {**fields, "OpenID": openid, "AppID": account.appid}
    return fields


def _media_fields(
    store: MediaStore, account: DoubleAccount, type_: str, media: bytes
) -> dict[str, Any]:
    media_id = store.keep(account.appid, MEDIA_TYPES[type_], media).media_id
    if type_ == "image":
        return {"PicUrl": f"{_PICTURES}/{media_id}/0", "MediaId": media_id}
    if type_ == "voice":
        wide = store.keep(account.appid, "voice", media).media_id
        return {"MediaId": media_id, "Format": "amr", "MediaId16K": wide, "Recognition": ""}
    thumb = store.keep(account.appid, "thumb", _THUMB).media_id
    return {"MediaId": media_id, "ThumbMediaId": thumb}


def _file_fields(title: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    about = {"Title": title, "Description": "", "FileKey": digest, "FileMd5": digest}
    return {**about, "FileTotalLen": len(content)}
