"""What is put together and what is not; the figures stand in docs/weekly_loop.md."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import cycle, islice

import pytest

from kefu.loop.grouping import group, grouping_key
from tests.loop.labelled import near_duplicates
from tests.model import held_out_phrasings


def grouped(texts: Iterable[str]) -> list[int]:
    return group([grouping_key(text) for text in texts])


def pairs(values: Iterable[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(values).values())


def quality(truth: Sequence[str], found: Sequence[int]) -> tuple[float, float]:
    """Return precision and recall over pairs of texts."""
    both = pairs(zip(truth, found, strict=True))
    return both / pairs(found), both / pairs(truth)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("能送到海外吗", "你好，请问能送到海外吗？"),
        ("能送到海外吗", "能送到海外嘛 谢谢"),
        ("能送到海外吗", "能送到海外么！！"),
        ("可以送貨到海外嗎", "可以送货到海外吗"),
        ("可以送货到海外吗", "可以送活到海外吗"),
        ("订单〔订单号〕怎么没动静", "订单〔号码〕怎么没动静"),
    ],
)
def test_texts_that_say_the_same_are_one_group(one: str, other: str) -> None:
    others = ["怎么开发票", "优惠券怎么用", "多久发货", "会员怎么升级"]
    numbers = grouped([one, *others, other])
    assert numbers[0] == numbers[-1]
    assert len(set(numbers)) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("有没有充电宝卖", "有没有瑜伽垫卖"),
        ("怎么取消订单", "怎么取消会员"),
        ("运费多少", "运费谁出"),
    ],
)
def test_texts_that_share_only_their_frame_stay_apart(one: str, other: str) -> None:
    others = [text for _, text in islice(held_out_phrasings(), 300)]
    numbers = grouped([one, other, *others])
    assert numbers[0] != numbers[1]


@pytest.mark.parametrize("texts", [[], ["能刻字吗"], ["能刻字吗", "能刻字吗"], ["？", "！"]])
def test_few_texts_are_grouped_too(texts: list[str]) -> None:
    assert grouped(texts) == [0] * len(texts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_variants_of_real_questions_find_together(seed: int) -> None:
    labelled = near_duplicates(seed)
    found = grouped(text for text, _, _ in labelled)
    precision, recall = quality([phrasing for _, phrasing, _ in labelled], found)
    assert precision >= 0.99
    assert recall >= 0.97


def test_different_questions_are_seldom_put_together() -> None:
    phrasings = list(held_out_phrasings())
    found = grouped(text for _, text in phrasings)
    members = Counter(found)
    assert sum(count for count in members.values() if count > 1) / len(phrasings) < 0.03


def test_a_long_chain_of_texts_is_no_single_group() -> None:
    # Each is like the next, the ends have nothing in common.
    alphabet = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
    texts = ["".join(islice(cycle(alphabet), n, n + 8)) for n in range(len(alphabet))]
    numbers = group(texts)
    assert numbers[0] != numbers[len(alphabet) // 2]


def test_ten_thousand_messages_are_grouped_in_half_a_minute() -> None:
    texts = [text for seed in range(3) for text, _, _ in near_duplicates(seed)][:10_000]
    started = time.perf_counter()
    grouped(texts)
    assert time.perf_counter() - started < 30
