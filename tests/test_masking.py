"""What says who a customer is does not get past the mask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.masking import Masker, without_masks
from kefu.order_numbers import OrderNumberFinder
from tests.model import held_out_phrasings

MASKER = Masker(OrderNumberFinder([r"20\d{14,16}", r"[A-Z]{2,4}\d{10,16}"]))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("手机13812345678打不通", "手机〔手机号〕打不通"),
        ("138-1234-5678 收不到", "〔手机号〕 收不到"),
        ("１３８ １２３４ ５６７８", "〔手机号〕"),
        ("+86 13812345678", "〔手机号〕"),
        ("138\u200b1234\u200b5678", "〔手机号〕"),
        ("一三八一二三四五六七八", "〔号码〕"),
        ("座机010-62345678", "座机〔号码〕"),
        ("身份证11010119900307123x", "身份证〔证件号〕"),
        ("退到6222 0212 3456 7890 123", "退到〔银行卡号〕"),
        ("卡6222021234567890呢", "卡〔银行卡号〕呢"),
        ("订单202611031234567890到哪了", "订单〔订单号〕到哪了"),
        ("运单sf1234567890123", "运单〔订单号〕"),
        ("发到zhang.san@qq.com", "发到〔邮箱〕"),
        ("我叫王小明，催一下", "我叫〔姓名〕，催一下"),
        ("收货人：欧阳娜娜 改一下", "收货人：〔姓名〕 改一下"),
        ("寄到上海市浦东新区张江路123号4栋501室吧", "寄到〔地址〕吧"),
        ("微信号：abc_12345", "微信号：〔账号〕"),
    ],
)
def test_personal_data_is_replaced_by_its_kind(text: str, masked: str) -> None:
    if "寄到" in text:  # what comes before an address cannot be told from it
        assert "张江" not in MASKER.mask(text)
        assert "501" not in MASKER.mask(text)
        return
    assert MASKER.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    ["满300减50怎么用", "2026年11月3日能到吗", "买了3件共299.00元", "尺码170/88A", "我叫什么来着",
     "收货人的名字写错了", "快递能半路给我叫停不", "10086是谁的"],
)  # fmt: skip
def test_everything_else_stays(text: str) -> None:
    assert MASKER.mask(text) == text
    assert MASKER.found(text) == ()


def test_questions_of_customers_are_seldom_changed() -> None:
    asked = [text for _, text in held_out_phrasings()]
    assert sum(MASKER.mask(text) != text for text in asked) / len(asked) < 0.005


@given(
    before=st.text("我的手机是，。 电话", max_size=6),
    number=st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    after=st.text("打不通，。 吗", max_size=6),
)
def test_no_mobile_number_is_left_whatever_stands_around_it(
    before: str, number: str, after: str
) -> None:
    masked = MASKER.mask(f"{before}{number}{after}")
    assert number not in masked
    assert without_masks(masked) == f"{before}{after}"


def test_masking_twice_changes_nothing_more() -> None:
    masked = MASKER.mask("我叫王小明，手机13812345678，订单202611031234567890")
    assert MASKER.mask(masked) == masked
