"""Entries that are taken for each other, and what helps against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from kefu.bursts import joined
from kefu.knowledge.library import Library
from kefu.knowledge.search import KnowledgeSearch
from kefu.labels import category_of, is_entry
from kefu.loop import records
from kefu.loop.reviews import reviews_between
from kefu.loop.sampling import Answered, answers_between, turn_of
from kefu.masking import Masker
from kefu.normalise import match_key

SHOWN = 30
EXAMPLES = 5
# Answers of so many equal letters say the same.
_SAME = 0.7
_NEIGHBOURS = 5
_MOST_OF_THEM = 3

Kind = Literal["phrasings", "merge", "move"]
KINDS: dict[Kind, str] = {
    "phrasings": "多加几种问法",
    "merge": "合并成一个条目",
    "move": "换个分类",
}


@dataclass(frozen=True)
class Mixup:
    """One entry was answered or offered first where another was meant.

    Attributes:
        given, right: Labels of the two.
        reviewed: How often a reviewer said so.
        picked: How often a customer did, by picking the other one of the options.
        examples: What was asked, masked; up to five.
    """

    given: str
    right: str
    reviewed: int
    picked: int
    examples: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return how often in all."""
        return self.reviewed + self.picked


@dataclass(frozen=True)
class Advice:
    """What helps; `category` is where the entry had better be, for `move`."""

    kind: Kind
    category: str = ""


_Pair = tuple[str, str]


def mixups_between(since: float, until: float, known: Library) -> list[Mixup]:
    """Return which entries were mixed up in a time, the most frequent first.

    Entries that are not in the knowledge base any more are left out.
    """
    answers = answers_between(since, until)
    reviewed, picked = _reviewed(since, until, answers), _picked(answers)
    counts = Counter({pair: len(theirs) for pair, theirs in picked.items()})
    counts.update({pair: len(theirs) for pair, theirs in reviewed.items()})
    pairs = [pair for pair, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    there = [pair for pair in pairs if all(known.entry(label) for label in pair)][:SHOWN]
    asked = {pair: [*reviewed.get(pair, ()), *picked.get(pair, ())] for pair in there}
    examples = _examples(asked)
    return [
        Mixup(*pair, len(reviewed.get(pair, ())), len(picked.get(pair, ())), examples[pair])
        for pair in there
    ]


def advise(mixup: Mixup, known: Library, search: KnowledgeSearch) -> Advice:
    """Return what helps most against a mix-up.

    Entries with almost the same answer are better one. An entry whose nearest neighbours
    are in the category of the other is better there. Otherwise the right entry needs more
    of the words that customers use.
    """
    given, right = known.entry(mixup.given), known.entry(mixup.right)
    if given is None or right is None:
        return Advice("phrasings")
    if _alike(given.answer.text, right.answer.text) >= _SAME:
        return Advice("merge")
    there = category_of(mixup.given)
    if there != category_of(mixup.right):
        found = search.find(right.question.text, _NEIGHBOURS + 1)
        near = [f.entry.label for f in found if f.entry.label != mixup.right][:_NEIGHBOURS]
        if sum(category_of(label) == there for label in near) >= _MOST_OF_THEM:
            return Advice("move", there)
    return Advice("phrasings")


def _reviewed(
    since: float, until: float, answers: Iterable[Answered]
) -> dict[_Pair, list[Answered]]:
    by_turn = {answer.turn: answer for answer in answers}
    found: dict[_Pair, list[Answered]] = defaultdict(list)
    for review in reviews_between(since, until):
        answer = by_turn.get(review.turn)
        if answer is not None and review.right_label:
            found[review.label, review.right_label].append(answer)
    return found


def _picked(answers: Iterable[Answered]) -> dict[_Pair, list[Answered]]:
    found: dict[_Pair, list[Answered]] = defaultdict(list)
    for answer in answers:
        offered = answer.offered
        if offered and offered != answer.label and is_entry(offered) and is_entry(answer.label):
            found[offered, answer.label].append(answer)
    return found


def _examples(asked: Mapping[_Pair, Sequence[Answered]]) -> dict[_Pair, tuple[str, ...]]:
    few = {pair: theirs[: 2 * EXAMPLES] for pair, theirs in asked.items()}
    wanted = {turn_of(answer) for theirs in few.values() for answer in theirs}
    texts, masker = records.texts_of(wanted), Masker()
    found = {}
    for pair, theirs in few.items():
        said: dict[str, str] = {}
        for answer in theirs:
            text = masker.mask(joined(texts.get(answer.asked, ()))).strip()
            said.setdefault(match_key(text), text)
        found[pair] = tuple(text for key, text in said.items() if key)[:EXAMPLES]
    return found


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, match_key(one), match_key(other), autojunk=False).ratio()
