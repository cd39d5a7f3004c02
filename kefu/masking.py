"""Blanking what says who a customer is: numbers, addresses and names in what people type."""

from __future__ import annotations

import re

from kefu.normalise import clean
from kefu.order_numbers import OrderNumberFinder

_GAP = r"[\s\-‐-―·.]?"
_ADDRESS = (
    r"[\u4e00-\u9fff]{0,12}(?:路|街|大道|巷|胡同|弄|小区|花园|苑|村)[\u4e00-\u9fff]{0,4}"
    r"(?:\d+(?:号楼|号院|号|弄|栋|幢|座|单元|室|楼|层)[\-\s]?)+(?:\d{1,4}(?!\d))?"
)
# Region, birthday, serial number, check digit.
_IDENTITY = rf"(?<!\d)[1-9]\d{{5}}{_GAP}(?:18|19|20)\d\d{_GAP}[01]\d[0-3]\d{_GAP}\d{{3}}[\dX](?!\d)"
_MOBILE = rf"(?<!\d)(?:\+?0{{0,2}}86{_GAP})?[1１][3-9３-９]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"
_CARD = rf"(?<!\d)[3-6]\d{{3}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{1,4}}(?:{_GAP}\d{{1,3}})?(?!\d)"
# The hundred most common ones, which nine out of ten people have, and the usual double ones.
_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董"
    "潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙"
    "黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔])"
)
# What is found first wins: a mobile number is also a number.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (f"〔{name}〕", re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("邮箱", r"[a-z0-9._%+-]+[@＠][a-z0-9-]+(?:\.[a-z0-9-]+)+"),
        ("证件号", _IDENTITY),
        ("手机号", _MOBILE),
        ("银行卡号", _CARD),
        ("地址", _ADDRESS),
        ("号码", rf"(?<![\d])(?:\d{_GAP}){{6,}}\d|[零〇一二三四五六七八九幺]{{7,}}"),
    )
)  # fmt: skip
_ACCOUNT = re.compile(
    r"((?:微信号?|v信|wx|vx|qq号?|支付宝账?号?)\s*(?:号|是|为|[:：])\s*)[a-z0-9_\-]{5,20}",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"((?:我叫|我的?名字(?:叫|是)|(?:姓名|名字|收件人|收货人|联系人)(?:[是为叫]|[:：\s])+))"
    rf"{_SURNAME}[\u4e00-\u9fff·]{{1,3}}?(?=[，,。.;；、!！\s]|电话|手机|地址|〔|$)"
)
_MASK = re.compile(r"〔(?:订单号|邮箱|证件号|手机号|银行卡号|地址|号码|账号|姓名)〕")


class Masker:
    """Replaces personal data by what kind it is: 〔手机号〕, 〔订单号〕."""

    def __init__(self, finder: OrderNumberFinder | None = None) -> None:
        """Take what finds order numbers; by default the patterns of settings.yml."""
        self._finder = finder or OrderNumberFinder()

    def mask(self, text: str) -> str:
        """Return `text` with what says who somebody is replaced."""
        masked = self._masked(text)
        # Invisible characters between digits must not help them through.
        cleaned = clean(masked)
        again = self._masked(cleaned)
        return masked if again == cleaned else again

    def _masked(self, text: str) -> str:
        text = self._finder.replace(text, "〔订单号〕")
        for mask, pattern in _KINDS:
            text = pattern.sub(mask, text)
        text = _ACCOUNT.sub(r"\1〔账号〕", text)
        return _NAME.sub(r"\1〔姓名〕", text)

    def found(self, text: str) -> tuple[str, ...]:
        """Return the kinds of personal data in `text`: 手机号, 订单号."""
        return tuple(dict.fromkeys(mask[1:-1] for mask in _MASK.findall(self.mask(text))))


def without_masks(text: str, stand_in: str = "") -> str:
    """Return masked text with another stand-in for all kinds."""
    return _MASK.sub(stand_in, text)
