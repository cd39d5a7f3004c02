"""How the account's server answered a push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kefu.wechat_double import cipher, wire
from kefu.wechat_double.accounts import DoubleAccount

_TRANSFER = "transfer_customer_service"


class BadAnswer(Exception):
    """Raised when WeChat would take an answer for a fault; says why, in Chinese."""


@dataclass(frozen=True)
class Answer:
    """An answer that WeChat accepts.

    Attributes:
        kind: Nothing to say, or hand over to WeChat's own desk.
        kf_account: The agent asked for, empty for any.
    """

    kind: Literal["success", "transfer"]
    kf_account: str = ""


def read_answer(account: DoubleAccount, openid: str, body: bytes) -> Answer:
    """Return what the answer to a customer's push says. Raises BadAnswer."""
    if body in (b"", b"success"):
        return Answer("success")
    try:
        text = body.decode()
        fields = _opened(account, wire.read(text, account.format))
    except UnicodeDecodeError:
        raise BadAnswer("回复不是 UTF-8") from None
    except wire.NotReadable as problem:
        form = account.format.upper()
        raise BadAnswer(f"推送是 {form} 时回复也必须是 {form}，收到的{problem}") from None
    except cipher.NotDecipherable as problem:
        raise BadAnswer(str(problem)) from None
    _check_transfer(account, openid, fields)
    wanted = fields.get("TransInfo")
    agent = wanted.get("KfAccount", "") if isinstance(wanted, dict) else ""
    return Answer("transfer", str(agent))


def _opened(account: DoubleAccount, fields: wire.Fields) -> wire.Fields:
    sealed = "Encrypt" in fields
    if account.mode == "plain" and sealed:
        raise BadAnswer("明文模式下回复不应加密")
    if account.mode == "safe" and not sealed:
        raise BadAnswer("安全模式下，除 success 和空串外的回复必须加密")
    if not sealed:
        return fields
    names = ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")
    missing = [name for name in names if not str(fields.get(name, ""))]
    if missing:
        raise BadAnswer(f"加密的回复缺少 {'、'.join(missing)}")
    encrypted, signed, timestamp, nonce = (str(fields[name]) for name in names)
    if signed != cipher.signature(account.token, timestamp, nonce, encrypted):
        raise BadAnswer("回复的 MsgSignature 不正确")
    return wire.read(cipher.decrypt(account.aes_key, account.appid, encrypted), account.format)


def _check_transfer(account: DoubleAccount, openid: str, fields: dict[str, Any]) -> None:
    if fields.get("MsgType") != _TRANSFER:
        raise BadAnswer(f"除 success 和空串外，只接受 MsgType 为 {_TRANSFER} 的回复")
    if fields.get("ToUserName") != openid or fields.get("FromUserName") != account.original_id:
        raise BadAnswer("回复的 ToUserName 应是顾客的 openid，FromUserName 应是账号的原始 ID")
    if not str(fields.get("CreateTime", "")).isdigit():
        raise BadAnswer("回复缺少 CreateTime")
