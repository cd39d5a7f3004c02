"""Posting to the webhook. Its address holds a key: no error and no log line repeats it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests
from urllib3 import exceptions

from kefu.errors import KefuError
from kefu.settings import settings

_TIMEOUT = 5.0
_LARGEST_ANSWER = 100_000
_RATE_LIMITED = 45009
_MEANINGS = {
    _RATE_LIMITED: "发送太频繁（每分钟至多 20 条），稍后会自动重发",
    93000: "Webhook 地址里的 key 无效，请从群机器人的页面重新复制",
    40008: "消息格式不被接受，请升级本系统",
    40058: "消息内容不被接受，请升级本系统",
}


class WebhookFailed(KefuError):
    """Raised when a message was not taken; the text says why.

    Attributes:
        wait: Seconds after which another try makes sense at the earliest.
    """

    def __init__(self, text: str, wait: float = 0.0) -> None:
        super().__init__(text)
        self.wait = wait


def post(url: str, message: Mapping[str, Any]) -> None:
    """Post a message. Raises WebhookFailed."""
    session = requests.Session()
    # Proxies and passwords are not picked up from the machine.
    session.trust_env = False
    with session:
        try:
            answer = session.post(
                url, json=message, timeout=_TIMEOUT, allow_redirects=False, stream=True
            )
            with answer:
                content = answer.raw.read(_LARGEST_ANSWER, decode_content=True)
        except (requests.Timeout, exceptions.TimeoutError):
            problem = "接收告警的地址没有及时应答"
        # What goes wrong within the answer, and a name that is none, urllib3 tells itself.
        except (requests.RequestException, exceptions.HTTPError, OSError):
            problem = "连不上接收告警的地址，请检查网络和 KEFU_ALERT_WEBHOOK"
        else:
            _judge(answer.status_code, content)
            return
    # Raised out here: the other's text names the address.
    raise WebhookFailed(problem)


def _judge(status: int, content: bytes) -> None:
    if not 200 <= status < 300:
        raise WebhookFailed(f"接收告警的地址返回 HTTP {status}", 60.0 if status == 429 else 0.0)
    if settings().alerts.format != "wecom":
        return
    code = _errcode(content)
    if code is None:
        raise WebhookFailed("接收告警的地址不像是企业微信群机器人，请检查地址或改用 format: json")
    if code:
        text = _MEANINGS.get(code, "企业微信没有接受消息")
        raise WebhookFailed(f"{text}（错误码 {code}）", 60.0 if code == _RATE_LIMITED else 0.0)


def _errcode(content: bytes) -> int | None:
    try:
        code = json.loads(content)["errcode"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) else None
