"""What customers ask, typed the way several of them would: the same question, other letters."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator

import opencc

from kefu.pinyin import sound
from tests.model import held_out_phrasings

Labelled = tuple[str, str, str]
"""Text, the phrasing that it is a variant of, and the entry that this asks for."""

_BEFORE = ("你好，", "请问", "亲，", "在吗 ", "老板 ", "麻烦问下", "那个 ", "嗯 我想问下")
_AFTER = ("？", "?", "呀", "啊", "呢", "。谢谢", "！！", "~", "？急", " 求回复")
_SWAPS = {
    "怎么": "咋", "什么": "啥", "哪里": "哪儿", "没有": "没", "可以": "能", "多久": "多长时间",
    "我的": "我", "吗": "不", "为什么": "为啥", "你们": "你们家", "东西": "商品", "几天": "多少天",
}  # fmt: skip
_to_traditional = opencc.OpenCC("s2t")
_BLURRED = "的了呢吗吧啊呀就还都我你们这那个"


def near_duplicates(seed: int, most: int = 6) -> list[Labelled]:
    """Return variants of the held-out phrasings: up to `most` of each, some of one only."""
    chance = random.Random(seed)
    found: list[Labelled] = []
    for label, phrasing in held_out_phrasings():
        for _ in range(chance.randint(1, most)):
            found.append((_retyped(phrasing, chance), phrasing, label))
    chance.shuffle(found)
    return found


def _retyped(text: str, chance: random.Random) -> str:
    for change in chance.sample(_CHANGES, chance.choice((0, 1, 1, 2, 2, 3))):
        text = change(text, chance)
    return text


def _courtesy(text: str, chance: random.Random) -> str:
    return chance.choice(_BEFORE) + text


def _ending(text: str, chance: random.Random) -> str:
    return text.rstrip("？?。！") + chance.choice(_AFTER)


def _swap(text: str, chance: random.Random) -> str:
    usable = [word for word in _SWAPS if word in text]
    return text if not usable else text.replace(word := chance.choice(usable), _SWAPS[word], 1)


def _dropped(text: str, chance: random.Random) -> str:
    places = [i for i, c in enumerate(text) if c in _BLURRED]
    if not places:
        return text
    place = chance.choice(places)
    return text[:place] + text[place + 1 :]


def _homophone(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text))
    others = _by_sound().get(sound(text[place]), [text[place]])
    return text[:place] + chance.choice(others) + text[place + 1 :]


def _traditional(text: str, _: random.Random) -> str:
    return str(_to_traditional.convert(text))


def _spaced(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return f"{text[:place]} {text[place:]}".replace("，", chance.choice((" ", "，", ",", "")))


_CHANGES: list[Callable[[str, random.Random], str]] = [
    _courtesy, _ending, _swap, _dropped, _homophone, _traditional, _spaced,
]  # fmt: skip


_sounds: dict[str, list[str]] = {}


def _by_sound() -> dict[str, list[str]]:
    if not _sounds:
        found: dict[str, set[str]] = defaultdict(set)
        for character in _characters():
            found[sound(character)].add(character)
        _sounds.update({key: sorted(characters) for key, characters in found.items()})
    return _sounds


def _characters() -> Iterator[str]:
    for _, phrasing in held_out_phrasings():
        yield from phrasing
