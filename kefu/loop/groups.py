"""The operator's list: questions that say the same, with what helps to settle them."""

from __future__ import annotations

import hmac
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from kefu.knowledge.library import Library
from kefu.knowledge.search import Found, KnowledgeSearch
from kefu.loop.collecting import Question
from kefu.loop.grouping import group, grouping_key
from kefu.loop.reasons import NAMES, OF_RECOGNITION, Reason
from kefu.masking import without_masks
from kefu.normalise import match_key
from kefu.storage.encryption import pseudonym_key

EXAMPLES = 5
SUGGESTIONS = 3
# From here four of five suggestions are right for questions that an entry answers; of those
# that none answers, one in six gets as far (tests/knowledge and data/nlu/out_of_scope.yml).
_LIKELY = 0.25

# What to do with a group: nothing, since the knowledge base has its words by now; renew the
# answer, because these words are known and did not help; or give them a place.
Proposal = Literal["done", "better_answer", "add_phrasing", "new_entry"]
PROPOSALS: dict[Proposal, str] = {
    "done": "已在知识库里，发布后生效",
    "better_answer": "改进答案",
    "add_phrasing": "加为相似问法",
    "new_entry": "新建条目",
}


@dataclass(frozen=True)
class Group:
    """Questions that say the same.

    Attributes:
        id: Twelve hex digits that stay the same as long as the most frequent wording does.
        count: How many messages.
        customers: How many customers.
        reasons: How often for which reason, the most frequent first.
        examples: Different wordings, masked, the most frequent first; up to five.
        first_at, last_at: When it was asked first and last in the period, UTC seconds.
        answer: What a person answered, masked; "" where none did.
        keys: What its members are compared by.
        known_as: Label of the entry that has one of these wordings, if any.
        dismissed: Whether the operator has put it away for good.
    """

    id: str
    count: int
    customers: int
    reasons: tuple[tuple[Reason, int], ...]
    examples: tuple[str, ...]
    first_at: float
    last_at: float
    answer: str
    keys: frozenset[str]
    known_as: str | None = None
    dismissed: bool = False

    @property
    def settled(self) -> bool:
        """Tell whether nothing is to be done: put away, or in the knowledge base by now."""
        words_only = all(reason in OF_RECOGNITION for reason, _ in self.reasons)
        return self.dismissed or (self.known_as is not None and words_only)

    def why(self) -> str:
        """Return the reasons as people read them."""
        return "、".join(f"{NAMES[reason]} {count}" for reason, count in self.reasons)


def groups_of(
    questions: Sequence[Question], known: Library, dismissed: Collection[str] = ()
) -> list[Group]:
    """Return the questions in groups, the most asked first.

    Args:
        questions: As they were collected.
        known: The knowledge base as it is now.
        dismissed: Grouping keys that the operator has put away.
    """
    keys = [grouping_key(question.text) for question in questions]
    # What is put away draws what is like it, so that another wording does not bring it back.
    away = sorted(set(dismissed))
    numbers = group([*keys, *away])
    members: dict[int, list[tuple[Question, str]]] = defaultdict(list)
    for question, key, number in zip(questions, keys, numbers, strict=False):
        members[number].append((question, key))
    away_numbers = set(numbers[len(keys) :])
    found = [_group(theirs, known, number in away_numbers) for number, theirs in members.items()]
    return sorted(found, key=lambda g: (-g.customers, -g.count, -g.last_at, g.id))


def suggest(search: KnowledgeSearch, group: Group) -> list[Found]:
    """Return the entries whose texts are most like the group's, the best first; up to three."""
    best: dict[str, Found] = {}
    for example in group.examples:
        for found in search.find(without_masks(example), SUGGESTIONS):
            label = found.entry.label
            if label not in best or best[label].score < found.score:
                best[label] = found
    return sorted(best.values(), key=lambda found: -found.score)[:SUGGESTIONS]


def proposal(group: Group, suggestions: Sequence[Found]) -> Proposal:
    """Return what is most likely to be done with a group."""
    if group.known_as is not None:
        return "done" if group.settled else "better_answer"
    likely = bool(suggestions) and suggestions[0].score >= _LIKELY
    return "add_phrasing" if likely else "new_entry"


def _group(members: Sequence[tuple[Question, str]], known: Library, dismissed: bool) -> Group:
    questions = [question for question, _ in members]
    by_key = Counter(key for _, key in members)
    main = min(by_key, key=lambda key: (-by_key[key], key))
    reasons: Counter[Reason] = Counter(r for q in questions for r in q.reasons)
    examples = _wordings(q.text for q in questions)
    return Group(
        id=hmac.new(pseudonym_key(), main.encode(), sha256).hexdigest()[:12],
        count=len(questions),
        customers=len({question.conversation for question in questions}),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        examples=examples[:EXAMPLES],
        first_at=min(question.at for question in questions),
        last_at=max(question.at for question in questions),
        answer=_usual(question.answer for question in questions if question.answer),
        keys=frozenset(by_key),
        known_as=_known_as(examples, known),
        dismissed=dismissed,
    )


def _wordings(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts without those that differ in punctuation only, the most frequent first."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for text in texts:
        key = match_key(text)
        first.setdefault(key, text)
        counts[key] += 1
    return tuple(first[key] for key, _ in counts.most_common())


def _usual(answers: Iterable[str]) -> str:
    """Return the answer given most often; of equals the last one."""
    counts = Counter(reversed(list(answers)))
    return counts.most_common(1)[0][0] if counts else ""


def _known_as(wordings: Iterable[str], known: Library) -> str | None:
    askers = (asker for text in wordings for asker in known.askers(match_key(text)))
    return next((label for label, _ in askers), None)
