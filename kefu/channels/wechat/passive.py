"""What a push is answered with: nothing, or the hand-over to WeChat's own desk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.pushes import BodyFormat, Push
from kefu.channels.wechat.signature import message_signature

# Never encrypted, in no mode: WeChat shows a fault notice otherwise.
SUCCESS = "success"
CONTENT_TYPES: dict[BodyFormat, str] = {
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def transfer(push: Push, kf_account: str | None, now: int) -> dict[str, Any]:
    """Return the answer that hands the customer to WeChat's desk.

    Args:
        push: The message that it answers; sender and receiver change places.
        kf_account: The person of an official account's desk to ask for, None for anyone.
        now: Time in seconds.
    """
    fields: dict[str, Any] = {
        "ToUserName": push.openid,
        "FromUserName": push.to,
        "CreateTime": now,
        "MsgType": "transfer_customer_service",
    }
    if kf_account:
        fields["TransInfo"] = {"KfAccount": kf_account}
    return fields


def render(fields: Mapping[str, Any], body_format: BodyFormat) -> str:
    """Return fields as a body in the format of the push."""
    if body_format == "json":
        return json.dumps(fields, ensure_ascii=False)
    return _element("xml", fields)


def sealed(
    text: str, body_format: BodyFormat, cipher: PushCipher, token: str, nonce: str, now: int
) -> str:
    """Return the envelope of an encrypted answer.

    Args:
        text: The answer, of `render`.
        body_format: Format of the push, and so of the envelope.
        cipher: Of the account.
        token: Of the account's message push.
        nonce: Of the push.
        now: Time in seconds.
    """
    encrypted = cipher.encrypt(text)
    envelope = {
        "Encrypt": encrypted,
        "MsgSignature": message_signature(token, str(now), nonce, encrypted),
        "TimeStamp": now,
        "Nonce": nonce,
    }
    return render(envelope, body_format)


def _element(tag: str, value: Any) -> str:
    if isinstance(value, Mapping):
        content = "".join(_element(name, child) for name, child in value.items())
    elif isinstance(value, str):
        content = _cdata(value)
    else:
        content = str(value)
    return f"<{tag}>{content}</{tag}>"


def _cdata(text: str) -> str:
    allowed = _NOT_IN_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{allowed}]]>"
