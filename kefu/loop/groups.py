"""The operator's list: questions that say the same, with what helps to settle them."""

from __future__ import annotations

import hmac
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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

NOTHING_HANDLED: Mapping[str, float] = {}

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
        handled: Whether something was done about it that customers have not tried since.
        should_be: Label of the entry that a reviewer thought right, if any.
        wordings: How all its members are written (`match_key`), the most frequent first.
        near: Keys of what is put away that are like its own.
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
    handled: bool = False
    should_be: str | None = None
    wordings: tuple[str, ...] = ()
    near: frozenset[str] = frozenset()

    @property
    def settled(self) -> bool:
        """Tell whether nothing is to be done: put away, done, or known by now."""
        words_only = all(reason in OF_RECOGNITION for reason, _ in self.reasons)
        in_place = self.known_as is not None and self.should_be in (None, self.known_as)
        return self.dismissed or self.handled or (in_place and words_only)

    @property
    def reason_names(self) -> tuple[tuple[str, int], ...]:
        """Return the reasons as people call them, with how often each."""
        return tuple((NAMES[reason], count) for reason, count in self.reasons)

    def why(self) -> str:
        """Return the reasons as people read them."""
        return "、".join(f"{name} {count}" for name, count in self.reason_names)


def groups_of(
    questions: Sequence[Question],
    known: Library,
    dismissed: Collection[str] = (),
    handled: Mapping[str, float] = NOTHING_HANDLED,
) -> list[Group]:
    """Return the questions in groups, the most asked first.

    Args:
        questions: As they were collected.
        known: The knowledge base as it is now.
        dismissed: Grouping keys that the operator has put away.
        handled: Grouping keys that something was done about, with the time (UTC seconds)
            up to which customers could not notice it.
    """
    keys = [grouping_key(question.text) for question in questions]
    # What is put away draws what is like it, so that another wording does not bring it back.
    away = sorted(set(dismissed))
    numbers = group([*keys, *away])
    members: dict[int, list[tuple[Question, str]]] = defaultdict(list)
    for question, key, number in zip(questions, keys, numbers, strict=False):
        members[number].append((question, key))
    near: dict[int, set[str]] = defaultdict(set)
    for key, number in zip(away, numbers[len(keys) :], strict=True):
        near[number].add(key)
    made = (_group(theirs, frozenset(near[number])) for number, theirs in members.items())
    found = [as_it_is_now(group, known, dismissed, handled) for group in made]
    return sorted(found, key=most_asked_first)


def most_asked_first(group: Group) -> tuple[int, int, float, str]:
    """Return what groups are sorted by."""
    return -group.customers, -group.count, -group.last_at, group.id


def as_it_is_now(
    group: Group, known: Library, dismissed: Collection[str], handled: Mapping[str, float]
) -> Group:
    """Return a group with what has become of it: known, put away or handled by now."""
    askers = (asker for wording in group.wordings for asker in known.askers(wording))
    labels = [label for label, _ in askers]
    known_as = group.should_be if group.should_be in labels else next(iter(labels), None)
    is_away = not (group.keys | group.near).isdisjoint(dismissed)
    until = max((handled[key] for key in group.keys & handled.keys()), default=0.0)
    is_handled = group.last_at <= until
    return replace(group, known_as=known_as, dismissed=is_away, handled=is_handled)


def suggest(search: KnowledgeSearch, group: Group) -> list[Found]:
    """Return the entries whose texts are most like the group's, the best first; up to three."""
    best: dict[str, Found] = {}
    if group.should_be is not None and (right := search.entry(group.should_be)):
        best[group.should_be] = right
    for example in group.examples:
        for found in search.find(without_masks(example), SUGGESTIONS):
            label = found.entry.label
            if label not in best or best[label].score < found.score:
                best[label] = found
    return sorted(best.values(), key=lambda found: -found.score)[:SUGGESTIONS]


def proposal(group: Group, suggestions: Sequence[Found]) -> Proposal:
    """Return what is most likely to be done with a group."""
    if group.settled:
        return "done"
    if group.known_as is not None and group.should_be in (None, group.known_as):
        return "better_answer"
    likely = bool(suggestions) and suggestions[0].score >= _LIKELY
    return "add_phrasing" if likely else "new_entry"


def _group(members: Sequence[tuple[Question, str]], near: frozenset[str]) -> Group:
    questions = [question for question, _ in members]
    by_key = Counter(key for _, key in members)
    main = min(by_key, key=lambda key: (-by_key[key], key))
    reasons: Counter[Reason] = Counter(r for q in questions for r in q.reasons)
    wordings = _wordings(q.text for q in questions)
    should_be = Counter(q.should_be for q in questions if q.should_be)
    return Group(
        id=hmac.new(pseudonym_key(), main.encode(), sha256).hexdigest()[:12],
        count=len(questions),
        customers=len({question.conversation for question in questions}),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(wordings.values())[:EXAMPLES],
        first_at=min(question.at for question in questions),
        last_at=max(question.at for question in questions),
        answer=_usual(question.answer for question in questions if question.answer),
        keys=frozenset(by_key),
        should_be=next((label for label, _ in should_be.most_common(1)), None),
        wordings=tuple(wordings),
        near=near,
    )


def _wordings(texts: Iterable[str]) -> dict[str, str]:
    """Return the texts by what they share but for punctuation, the most frequent first."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for text in texts:
        key = match_key(text)
        first.setdefault(key, text)
        counts[key] += 1
    return {key: first[key] for key, _ in counts.most_common()}


def _usual(answers: Iterable[str]) -> str:
    """Return the answer given most often; of equals the last one."""
    counts = Counter(reversed(list(answers)))
    return counts.most_common(1)[0][0] if counts else ""
