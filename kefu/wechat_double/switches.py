"""What can be switched while the double runs: open questions of the protocol, and faults."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from kefu.wechat_double.refusals import ControlRefused

SEND = "cgi-bin/message/custom/send"


def _about(text: str, *choices: str) -> dict[str, Any]:
    return {"text": text, "choices": choices}


def _switch(default: Any, text: str, *choices: str) -> Any:
    return field(default=default, metadata=_about(text, *choices))


@dataclass
class Switches:
    """The switches; what each does stands beside it, as testers read it.

    Attributes:
        push_attempts .. sign_retries_anew: How pushes are delivered.
        duplicate_rate .. concurrent_pushes: Faults of pushing.
        quota_rule .. close_type: Open questions of the protocol.
        minute_limit .. ip_whitelist: Limits of the API.
        fault_paths .. fault_after_handling: Faults of the API.
        seed: Start of the random numbers that decide which call a fault strikes.
    """

    push_attempts: int = _switch(3, "同一条推送最多投递的次数")
    push_timeout: float = _switch(5.0, "等待应答的秒数，超时即断开并重推")
    retry_pause: float = _switch(
        -1.0, "连接失败或应答丢失后，隔多少秒再推；-1 表示等满应答的秒数再推"
    )
    retry_http_errors: bool = _switch(False, "HTTP 状态不是 200 时也重推，而不是马上提示故障")
    sign_retries_anew: bool = _switch(False, "重推时换新的时间戳、随机串和签名")
    openid_in_query: bool = _switch(True, "推送地址带 openid 参数")

    duplicate_rate: float = _switch(0.0, "推送重复的比例（0 到 1）：同一条推两遍")
    duplicate_delay: float = _switch(0.0, "重复的那一遍晚多少秒，0 表示同时")
    reorder_rate: float = _switch(0.0, "推送乱序的比例：一条晚于同一顾客的下一条")
    reorder_hold: float = _switch(5.0, "乱序的那条最多等下一条多少秒")
    lost_answer_rate: float = _switch(0.0, "应答丢失的比例：已送达，但当作没有应答而重推")
    concurrent_pushes: bool = _switch(False, "同一顾客的推送不等上一条应答就发出")

    quota_rule: str = _switch(
        "reset",
        "额度如何刷新：reset 重置为该触发的条数，max 取剩余与该触发条数中较大者",
        "reset",
        "max",
    )
    message_quota: int = _switch(5, "顾客发一条消息后可下发的条数（旧文档为 20）")
    menu_press_quota: str = _switch(
        "menu",
        "点菜单消息的选项算什么触发：menu 3 条/1 分钟，message 同普通消息",
        "menu",
        "message",
    )
    menu_press_id: str = _switch(
        "given",
        "点选项的推送里的 bizmsgmenuid：given 原样，absent 没有，zero 总是 0",
        "given",
        "absent",
        "zero",
    )
    menu_on_miniprogram: str = _switch(
        "45162", "小程序发菜单消息的结果：ok 成功，或返回的错误码", "ok", "45162", "40200"
    )
    menu_on_official: str = _switch(
        "ok", "公众号发菜单消息的结果：ok 成功，40200 如同测试号", "ok", "40200"
    )
    typing_path: str = _switch(
        "both",
        "小程序输入状态的接口：both 两个都行，business 只有 custom/business/typing，"
        "plain 只有 custom/typing",
        "both",
        "business",
        "plain",
    )
    text_limit: int = _switch(2048, "文本消息的上限（UTF-8 字节）")
    message_is_visit: bool = _switch(True, "顾客发消息也算两小时内访问过小程序（内容安全接口）")
    media_check_delay: float = _switch(1.0, "音视频内容安全结果晚多少秒推送")
    media_check_result: str = _switch(
        "pass", "音视频内容安全的结果，failed 表示文件下载失败", "pass", "review", "risky", "failed"
    )
    key_grace: float = _switch(
        0.0, "改了 Token 或 EncodingAESKey 之后，多少秒内仍接受按旧值加密的回复"
    )
    close_type: str = _switch("", "kf_close_session 带的 CloseType，空表示不带")
    agents_online: bool = _switch(True, "微信自带客服工具里有人在线")

    minute_limit: int = _switch(0, "每个接口每分钟的次数上限，超出返回 45011，0 表示不限")
    daily_limit: int = _switch(0, "每个接口每天的次数上限，超出返回 45009，0 表示不限")
    ip_whitelist: list[str] = field(
        default_factory=list, metadata=_about("允许调用接口的 IP，空表示不限，其余返回 40164")
    )

    fault_paths: list[str] = field(
        default_factory=lambda: [SEND], metadata=_about("以下各项故障作用于哪些接口")
    )
    fault_left: int = _switch(-1, "还剩几次故障，用完即恢复正常，-1 表示不限")
    fault_error_rate: float = _switch(0.0, "返回错误码的比例")
    fault_errors: list[int] = field(
        default_factory=lambda: [-1], metadata=_about("返回哪些错误码（随机取一个）")
    )
    fault_latency: float = _switch(0.0, "每次调用先等多少秒再处理")
    fault_stall_rate: float = _switch(0.0, "处理之后迟迟不应答的比例：调用方超时，消息却已送达")
    fault_stall: float = _switch(10.0, "迟迟不应答的秒数")
    fault_drop_rate: float = _switch(0.0, "断开连接而不应答的比例")
    fault_http_rate: float = _switch(0.0, "返回 HTTP 错误或非 JSON 内容的比例")
    fault_http: str = _switch(
        "500",
        "HTTP 故障的样子：500 状态码，html 状态 200 的网页，empty 空内容",
        "500",
        "html",
        "empty",
    )
    fault_after_handling: bool = _switch(
        False, "断开连接和 HTTP 故障发生在处理之后（消息已送达）而不是之前"
    )
    seed: int = _switch(1, "随机数种子，设定后重新开始")

    def shown(self) -> dict[str, Any]:
        """Return every switch by its name."""
        return {switch.name: getattr(self, switch.name) for switch in fields(self)}

    def described(self) -> dict[str, dict[str, Any]]:
        """Return every switch with its default, kind, choices and what it does."""
        defaults = Switches().shown()
        return {
            switch.name: {
                "value": getattr(self, switch.name),
                "default": defaults[switch.name],
                "kind": _kind(defaults[switch.name]),
                "choices": list(switch.metadata["choices"]),
                "description": switch.metadata["text"],
            }
            for switch in fields(self)
        }

    def change(self, wanted: dict[str, Any]) -> None:
        """Set some switches, or none when one of them is wrong. Raises ControlRefused."""
        known = {switch.name: switch.metadata["choices"] for switch in fields(self)}
        defaults = Switches().shown()
        for name, value in wanted.items():
            if name not in known:
                raise ControlRefused(f"没有名为 {name} 的开关")
            _check(name, value, defaults[name], known[name])
        for name, value in wanted.items():
            setattr(self, name, float(value) if isinstance(defaults[name], float) else value)


def _kind(default: Any) -> str:
    if isinstance(default, bool):
        return "bool"
    if isinstance(default, list):
        return "list"
    return "text" if isinstance(default, str) else "number"


def _check(name: str, value: Any, default: Any, choices: tuple[str, ...]) -> None:
    if isinstance(default, list):
        item = int if name == "fault_errors" else str
        right = isinstance(value, list) and all(type(one) is item for one in value)
    elif isinstance(default, float):
        right = type(value) in (int, float)
    else:
        right = type(value) is type(default)
    if not right:
        raise ControlRefused(f"{name} 的值不对，应与 {default!r} 同类")
    if choices and value not in choices:
        raise ControlRefused(f"{name} 只能是 {'、'.join(choices)}")
    if name.endswith("_rate") and not 0 <= value <= 1:
        raise ControlRefused(f"{name} 应在 0 到 1 之间")
    if name == "push_attempts" and value < 1:
        raise ControlRefused("push_attempts 至少为 1")
    if name == "push_timeout" and value <= 0:
        raise ControlRefused("push_timeout 应大于 0")
    if name == "fault_errors" and not value:
        raise ControlRefused("fault_errors 至少要有一个错误码")
