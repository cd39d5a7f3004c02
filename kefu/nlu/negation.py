"""Negation, which neither n-grams nor encoders see: 我不要退货 is no wish to return."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# What customers ask for, and as often say they do not.
_WISHES = (
    "退货退款", "退货", "退款", "退钱", "退换", "换货", "退", "换", "取消订单", "取消", "投诉",
    "注销", "开发票", "发票", "催", "查物流", "查快递", "查订单", "查积分", "修改地址", "改地址",
    "修改",
)  # fmt: skip
_STEMS = ("取消", "发票", "地址", "退", "换")
# 要不要退货 and 是不是退款 ask; 不是可以退货吗 does too.
_NOT = (
    r"(?:(?<!要)不要|(?<!想)不想要?|(?<!用)不用|(?<!需)不需要|(?<!打)不打算|"
    r"(?<!是)不是(?:要|想|来|问|说)*|没有?(?:要|想|说要?|申请)|别)"
)
_NEGATED = re.compile(
    rf"我?[又也真]?{_NOT}(?:再|给我|帮我|你们?|去|做)*(?P<wish>{'|'.join(_WISHES)})(?![到错回成])"
    r"(?:了|啦|的|吧|啊|呀|哦|哈|服务|申请)*(?!.{0,6}(?:吗|么|嘛|吧|\?))"
)
# Of a label's phrasings: from here on it stands for the wish, or for its denial.
_ASKS_FOR = 0.1
_DENIES = 0.15


@dataclass(frozen=True)
class Wishes:
    """What each label's phrasings ask for.

    Attributes:
        asked: Wish -> labels whose phrasings name it.
        denying: Labels whose phrasings deny a wish (怎么撤销退款: 不想退了).
    """

    asked: Mapping[str, frozenset[str]]
    denying: frozenset[str]

    @classmethod
    def learn(cls, phrasings: Mapping[str, Iterable[str]]) -> Wishes:
        """Count in the normalised phrasings of each label."""
        asked: dict[str, set[str]] = {wish: set() for wish in _WISHES}
        denying = set()
        for label, texts in phrasings.items():
            known = list(texts)
            if sum(negated_wish(text) is not None for text in known) >= _DENIES * len(known):
                denying.add(label)
            for wish in _WISHES:
                if sum(_stem(wish) in text for text in known) >= _ASKS_FOR * len(known):
                    asked[wish].add(label)
        return cls({w: frozenset(labels) for w, labels in asked.items()}, frozenset(denying))

    def mistaken(self, label: str, wish: str) -> bool:
        """Return whether `label` stands for a wish that the customer denied."""
        return label in self.asked.get(wish, ()) and label not in self.denying

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` takes, for JSON."""
        return {
            "asked": {wish: sorted(labels) for wish, labels in self.asked.items()},
            "denying": sorted(self.denying),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Wishes:
        """Read what `as_dict` returned."""
        asked = {wish: frozenset(labels) for wish, labels in state.get("asked", {}).items()}
        return cls(asked, frozenset(state.get("denying", ())))


def _stem(wish: str) -> str:
    """Return what all ways to name a wish share: 退 of 退货, 退款, 退钱."""
    return next((stem for stem in _STEMS if stem in wish), wish)


def negated_wish(text: str) -> str | None:
    """Return what a normalised message says is not wanted, if anything."""
    found = _NEGATED.search(text)
    return found.group("wish") if found else None


def without_negated(text: str) -> str | None:
    """Return a normalised message without its negated clause; None when it has none."""
    found = _NEGATED.search(text)
    return text[: found.start()] + text[found.end() :] if found else None
