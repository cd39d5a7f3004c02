"""What WeChat pushes: the body read, its signature and cipher checked, a `Push` made of it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.signature import (
    Freshness,
    PushRefused,
    matches,
    message_signature,
    plain_signature,
)

BodyFormat = Literal["json", "xml"]
MAX_BODY = 131_072
_MAX_DEPTH = 20
_BOM = b"\xef\xbb\xbf"
# Databases refuse a NUL in text, and UTF-8 half of a surrogate pair; JSON can spell both.
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class Push:
    """A message of a customer, or an event.

    Attributes:
        to: The account it is for (ToUserName, gh_…).
        openid: The customer (FromUserName).
        created_at: CreateTime in seconds, 0 when it names no time.
        type: MsgType in lower case.
        event: Event in lower case, "" for messages.
        msg_id: MsgId as text with every digit, "" without one.
        fields: All fields under WeChat's names; elements of XML are dicts, repeated ones lists.
        format: Format of the body; a reply has to be in the same.
        encrypted: Whether it came encrypted; a reply then has to be too.
    """

    to: str
    openid: str
    created_at: int
    type: str
    event: str
    msg_id: str
    fields: Mapping[str, Any]
    format: BodyFormat
    encrypted: bool = False

    def text(self, name: str) -> str:
        """Return a field as text, numbers in all their digits; "" when absent or no scalar."""
        return _text(self.fields, name)


def open_push(
    account: Account,
    query: Mapping[str, str],
    body: bytes,
    cipher: PushCipher | None,
    freshness: Freshness,
    max_body: int = MAX_BODY,
) -> Push | None:
    """Return the push of a POST, None for the check of a cloud-hosted address.

    Merchants change the mode in WeChat's console first and here later, so an encrypted
    body is opened in every mode; a plain one is refused in safe mode only.

    Args:
        account: The account whose address was called.
        query: timestamp, nonce, and signature or msg_signature.
        body: The body as it came.
        cipher: The account's cipher, None without an EncodingAESKey.
        freshness: Of all accounts together.
        max_body: Longest body in bytes.

    Raises:
        PushRefused: With the reason.
    """
    if len(body) > max_body:
        raise PushRefused("too_large")
    fields, body_format = parse_body(body)
    if is_path_check(fields):
        # Not signed as far as is known; the answer tells nothing.
        return None
    encrypted = "Encrypt" in fields
    if encrypted:
        body = _decrypted(account, query, fields["Encrypt"], cipher)
        fields, _ = parse_body(body)
    else:
        _check_plain(account, query)
    freshness.check(account.name, query.get("timestamp", ""), query.get("nonce", ""), body)
    return None if is_path_check(fields) else read_push(fields, body_format, encrypted)


def _decrypted(
    account: Account, query: Mapping[str, str], sealed: Any, cipher: PushCipher | None
) -> bytes:
    if not isinstance(sealed, str):
        raise PushRefused("bad_cipher")
    if cipher is None:
        raise PushRefused("no_key")
    timestamp, nonce, encrypted = query.get("timestamp", ""), query.get("nonce", ""), sealed.strip()
    wanted = message_signature(account.token, timestamp, nonce, encrypted)
    if not matches(query.get("msg_signature", ""), wanted):
        raise PushRefused("bad_signature")
    return cipher.decrypt(encrypted).encode()


def _check_plain(account: Account, query: Mapping[str, str]) -> None:
    if account.mode == "safe":
        raise PushRefused("not_encrypted")
    wanted = plain_signature(account.token, query.get("timestamp", ""), query.get("nonce", ""))
    if not matches(query.get("signature", ""), wanted):
        raise PushRefused("bad_signature")


def is_path_check(fields: Mapping[str, Any]) -> bool:
    """Tell whether a body is the check that cloud hosting sends instead of a push."""
    return fields.get("action") == "CheckContainerPath" and "FromUserName" not in fields


def read_push(fields: Mapping[str, Any], body_format: BodyFormat, encrypted: bool = False) -> Push:
    """Return the push that the fields of a body describe.

    Raises:
        PushRefused: no_sender when it names no customer.
    """
    openid = _text(fields, "FromUserName").strip()
    if not openid:
        raise PushRefused("no_sender")
    kind = _text(fields, "MsgType").strip().lower()
    # Devices' events have a type of their own, device_event.
    event = _text(fields, "Event").strip().lower() if kind.endswith("event") else ""
    created = _text(fields, "CreateTime").strip()
    return Push(
        to=_text(fields, "ToUserName").strip(),
        openid=openid,
        created_at=int(created) if _NUMBER.fullmatch(created) else 0,
        type=kind,
        event=event,
        msg_id=_text(fields, "MsgId").strip(),
        fields=fields,
        format=body_format,
        encrypted=encrypted,
    )


def dedupe_key(push: Push) -> str:
    """Return what a repeat shares with the push, for comparing within one customer.

    MsgId alone has collided between messages, so the time belongs to it; events and
    whatever else has no MsgId are told apart by their time and fields. At most 100
    printable characters, without the openid.
    """
    if push.msg_id and not push.event:
        parts = [_short(push.msg_id, 60), str(push.created_at)]
    else:
        parts = [_short(push.event or push.type, 40), str(push.created_at), _digest_of(push)]
    business = push.text("BusinessId").strip()
    return ".".join(parts + ([f"b{_short(business, 16)}"] if business else []))


def _digest_of(push: Push) -> str:
    told = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "BusinessId")
    rest = {name: value for name, value in push.fields.items() if name not in told}
    return _digest(json.dumps(rest, sort_keys=True))


def _short(text: str, limit: int) -> str:
    fits = len(text) <= limit and text.isascii() and text.isprintable()
    return text if fits else _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else ""


def parse_body(body: bytes) -> tuple[dict[str, Any], BodyFormat]:
    """Return the fields of a body and its format, which the first character tells.

    Raises:
        PushRefused: bad_encoding, unknown_format, bad_json, bad_xml, doctype or too_deep.
    """
    try:
        text = body.removeprefix(_BOM).decode().strip()
    except UnicodeDecodeError:
        raise PushRefused("bad_encoding") from None
    if text.startswith("{"):
        return _read_json(text), "json"
    if text.startswith("<"):
        return _read_xml(text), "xml"
    raise PushRefused("unknown_format")


def _read_json(text: str) -> dict[str, Any]:
    try:
        # Line breaks that a sender left as they are do no harm.
        read = json.loads(text, strict=False, parse_float=_finite, parse_constant=_refuse_constant)
    except RecursionError:
        raise PushRefused("too_deep") from None
    except ValueError:
        raise PushRefused("bad_json") from None
    fields: dict[str, Any] = _storable(read, 1)
    return fields


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _storable(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _NOT_STORABLE.sub("\ufffd", value)
    if not isinstance(value, (dict, list)):
        return value
    if depth > _MAX_DEPTH:
        raise PushRefused("too_deep")
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    return {_storable(k, depth): _storable(item, depth + 1) for k, item in value.items()}


def _read_xml(text: str) -> dict[str, Any]:
    builder = _FieldBuilder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    parser.parser.XmlDeclHandler = _check_encoding
    parser.parser.StartCdataSectionHandler = builder.start_cdata
    parser.parser.EndCdataSectionHandler = builder.end_cdata
    try:
        parser.feed(text)
        fields: dict[str, Any] = parser.close()
    except DefusedXmlException:
        raise PushRefused("doctype") from None
    except ParseError:
        raise PushRefused("bad_xml") from None
    return fields


def _check_encoding(version: str, encoding: str | None, standalone: int) -> None:
    if encoding is not None and encoding.lower() != "utf-8":
        raise PushRefused("bad_encoding")


@dataclass
class _Element:
    """An element that is still open, its text in pieces with whether each is CDATA."""

    children: dict[str, Any] = field(default_factory=dict)
    pieces: list[tuple[str, bool]] = field(default_factory=list)

    def add(self, tag: str, value: Any) -> None:
        if tag not in self.children:
            self.children[tag] = value
        elif isinstance(self.children[tag], list):
            self.children[tag].append(value)
        else:
            self.children[tag] = [self.children[tag], value]

    def value(self) -> Any:
        """Return the children, or the text without the line breaks that only lay it out."""
        return self.children or "".join(
            text for text, is_cdata in self.pieces if is_cdata or text.strip()
        )


class _FieldBuilder:
    """Makes dicts while the parser reads, so that no deep tree is ever built."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._in_cdata = False
        self._fields: dict[str, Any] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) == _MAX_DEPTH:
            raise PushRefused("too_deep")
        self._open.append(_Element())

    def data(self, text: str) -> None:
        self._open[-1].pieces.append((text, self._in_cdata))

    def end(self, tag: str) -> None:
        element = self._open.pop()
        if self._open:
            self._open[-1].add(tag, element.value())
        else:
            self._fields = element.children

    def start_cdata(self) -> None:
        self._in_cdata = True

    def end_cdata(self) -> None:
        self._in_cdata = False

    def close(self) -> dict[str, Any]:
        return self._fields
