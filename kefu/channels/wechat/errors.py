"""What WeChat's error codes mean, and what a failed call says about sending again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kefu.errors import KefuError

# What is wrong and what to do about it. Agents read these beside a message that did not
# go out, operators in the log and in the documentation.
MEANINGS: Mapping[int, str] = {
    -1008: "微信下载不到待检测的文件：请确认文件地址能从公网访问",
    -1: "微信系统繁忙：系统会稍后自动重试，无需处理",
    40001: "access_token 无效或不是最新：系统会自动更换；仍出现时请核对 AppSecret，"
    "并停用其他程序对 access_token 的强制刷新",
    40003: "openid 无效：顾客不属于这个账号，请核对 AppID 与消息来自同一账号",
    40004: "媒体文件类型不被接受：图片请用 JPG、PNG 或 GIF",
    40007: "媒体文件不存在或已过期（临时素材保存 3 天）：请重新上传后再发",
    40013: "AppID 无效：请从微信后台重新复制 AppID",
    40014: "access_token 不合法：系统会自动更换；仍出现时请核对 AppID 和 AppSecret",
    40033: "内容含有微信不接受的字符：请去掉特殊符号后再发",
    40125: "AppSecret 不正确：请在微信后台重置 AppSecret，并更新环境变量",
    40129: "内容安全检测的场景值不正确：请升级本系统",
    40164: "服务器的 IP 不在白名单：请在微信后台的「IP 白名单」中加入服务器的公网 IP",
    40200: "这类账号不支持该消息或接口（如测试号不支持菜单消息）：请关闭对应功能，或改用已认证账号",
    40243: "AppSecret 已被冻结：请管理员在微信后台解冻",
    41001: "请求缺少 access_token：请检查服务器与微信之间的代理是否改动了地址",
    41002: "请求缺少 AppID：请检查账号的 AppID 环境变量",
    41004: "请求缺少 AppSecret：请检查账号的 AppSecret 环境变量",
    42001: "access_token 已过期：系统会自动更换，仍出现时请校准服务器时钟",
    43002: "接口要求 POST 请求：请检查服务器与微信之间的代理是否改动了请求",
    43004: "顾客没有关注公众号：关注后才能给他发消息",
    43104: "openid 与 AppID 不匹配：请核对账号的 AppID",
    44002: "请求内容为空：请检查服务器与微信之间的代理是否丢弃了内容",
    44004: "消息内容为空：请填写内容后再发",
    44991: "内容安全检测每分钟的次数已用完：请过一分钟再试",
    45002: "消息太长（文字至多 2048 字节，约 680 个汉字）：请分成几条发送",
    45008: "图文消息的条数超过限制：一次只能发 1 条",
    45009: "接口当天的调用次数已用完：次日零点恢复，也可在微信后台用「清空调用次数」立即恢复",
    45011: "接口每分钟的调用次数已用完：系统会稍后自动重试，无需处理",
    45015: "顾客超过 48 小时没有发来消息（或已取消关注），微信不再允许主动发送：请等顾客再次来消息",
    45047: "顾客上次来消息后可发的条数已用完：请等顾客再次来消息",
    45072: "「正在输入」的命令不正确：请升级本系统",
    45080: "顾客最近 30 秒没有互动，不能显示「正在输入」：无需处理",
    45081: "「正在输入」已在显示：无需处理",
    45162: "这类账号不支持该消息类型：请改用文字或图片",
    47001: "微信读不懂请求的格式：请去掉特殊字符后再试，仍出现时请升级本系统",
    48001: "账号没有这个接口的权限：请在微信后台核对认证状态和接口权限",
    48002: "顾客拒收了消息：请等顾客再次来消息",
    48004: "接口已被微信封禁：请登录微信后台查看站内信并申诉",
    50002: "账号或顾客的使用受到限制：请登录微信后台查看违规记录",
    50007: "账号已被冻结：请登录微信后台查看站内信并申诉",
    61010: "顾客 2 小时内没有打开过小程序，微信无法检测他的内容：改用本地词表检查",
    65413: "微信客服会话不存在：可能已结束，请刷新会话列表",
    65414: "顾客正由另一位微信客服接待：请等会话结束或请对方转接",
    70000: "未成年人保护：微信不允许向该顾客发送消息",
    87014: "内容违规，微信检测未通过：请修改内容后再发",
    89503: "服务器 IP 调用接口需要管理员确认：请管理员在手机微信上确认",
    89506: "管理员拒绝了服务器 IP 的调用，24 小时内不能再申请：请联系管理员",
    89507: "管理员拒绝了服务器 IP 的调用，1 小时内不能再申请：请联系管理员",
}

# Refusals that are about one customer or one message: WeChat and the account are well.
_OF_ONE_CUSTOMER = frozenset(
    (
        *(40003, 40004, 40007, 40033, 43004, 44002, 44004, 45002, 45008, 45015, 45047, 45080),
        *(45081, 48002, 61010, 65413, 65414, 70000, 87014),
    )
)
# Answers that mean "later", with the seconds after which a first repeat makes sense.
_BUSY_SECONDS: Mapping[int, float] = {-1: 0.5, 45011: 15.0, 45009: 600.0}
_NOT_WHITELISTED = 40164
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")


class WechatError(KefuError):
    """Base of every failed call; its text is Chinese and holds no id and no token.

    Attributes:
        text: What is wrong and what to do.
        code: WeChat's errcode, None where WeChat gave none.
    """

    def __init__(self, text: str, code: int | None = None) -> None:
        self.text = text
        self.code = code
        super().__init__(text if code is None else f"{text}（错误码 {code}）")


class Refused(WechatError):
    """Raised for a definite refusal: the same call would be refused again."""


class Busy(WechatError):
    """Raised when the call was not carried out and may be tried later, with back-off.

    Attributes:
        wait: Seconds after which a first repeat makes sense.
    """

    def __init__(self, text: str, code: int | None = None, wait: float = 0.5) -> None:
        super().__init__(text, code)
        self.wait = wait


class NotReached(WechatError):
    """Raised when nothing was sent, as no connection or no token was to be had."""


class Unknown(WechatError):
    """Raised when the outcome is unknown: a message must not be sent a second time."""


def is_trouble(error: WechatError) -> bool:
    """Tell whether a failed call says that WeChat, the network or the account is not well."""
    if isinstance(error, Refused):
        return error.code is not None and error.code not in _OF_ONE_CUSTOMER
    return True


def meaning(code: int) -> str:
    """Return what an errcode means and what to do about it, in Chinese."""
    return MEANINGS.get(code) or "微信拒绝了请求：请在微信官方文档的「全局返回码」中查询错误码"


def refusal(code: int, errmsg: str = "") -> Busy | Refused:
    """Return the error of an answer whose errcode is not 0.

    Of `errmsg` only the server's own address is used, which the whitelist needs.
    """
    if code in _BUSY_SECONDS:
        return Busy(meaning(code), code, _BUSY_SECONDS[code])
    address = _IPV4.search(errmsg) if code == _NOT_WHITELISTED else None
    return Refused(f"{meaning(code)} {address.group()}" if address else meaning(code), code)
