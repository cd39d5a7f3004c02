"""What the form of a group sent: checked, and shown again with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kefu.console.loop_cards import Card, choice
from kefu.knowledge.checks import MAX_PHRASING
from kefu.knowledge.library import Library
from kefu.knowledge.live_checks import FieldProblem
from kefu.masking import Masker, without_masks
from kefu.normalise import match_key

_BESIDE = "有几句还不能加，原因写在旁边"
_BLANKS = re.compile(r"\s+")


def as_sent(
    shown: Card, known: Library, given: Mapping[str, str], use: Collection[str],
    take: Collection[str],
) -> Card:  # fmt: skip
    """Return a card with what its form sent.

    Args:
        shown: The card as it was shown.
        known: The knowledge base.
        given: The fields: text-0, text-1 …, label.
        use, take: Numbers of the wordings that are chosen, and that are to be moved here.
    """
    wordings = tuple(
        replace(
            wording,
            text=_BLANKS.sub(" ", given.get(f"text-{number}", wording.text)).strip(),
            chosen=str(number) in use,
            take=str(number) in take,
        )
        for number, wording in enumerate(shown.wordings)
    )
    label = given.get("label", "")
    choices = shown.choices
    if label and label not in {one.entry.label for one in choices}:
        chosen = choice(known, label)
        choices = (*choices, chosen) if chosen else choices
    return replace(shown, wordings=wordings, choices=choices, label=label)


def checked(sent: Card) -> Card:
    """Return a card with what is wrong with its wordings, before anything is written."""
    wordings = tuple(
        replace(one, problem=_fault(one.text)) if one.chosen else one for one in sent.wordings
    )
    problem = ""
    if not any(one.chosen for one in wordings):
        problem = "请至少勾选一句"
    elif not sent.label:
        problem = "请选一个条目，或者新建一个"
    elif any(one.problem for one in wordings):
        problem = _BESIDE
    return replace(sent, wordings=wordings, problem=problem)


def refused(
    sent: Card, known: Library, problems: Sequence[FieldProblem], similar: Sequence[str]
) -> Card:
    """Return a card with what the checks of the knowledge base said, beside each wording.

    Args:
        sent: The card with what was to be added.
        known: The knowledge base.
        problems: What the checks said.
        similar: The phrasings that the entry would have.
    """
    numbers = {match_key(one.text): n for n, one in enumerate(sent.wordings) if one.chosen}
    wordings, elsewhere = list(sent.wordings), list[str]()
    for problem in problems:
        is_phrasing = problem.field == "similar" and problem.item is not None
        key = match_key(similar[problem.item or 0]) if is_phrasing else ""
        if key not in numbers:
            elsewhere.append(problem.text)
            continue
        other = known.entry(problem.other_label) if problem.other_label else None
        there = numbers[key]
        wordings[there] = replace(wordings[there], problem=problem.text, other=other)
    return replace(sent, wordings=tuple(wordings), problem="；".join(elsewhere) or _BESIDE)


def _fault(text: str) -> str:
    if not match_key(without_masks(text)):
        return "空的，请写一句或不勾选"
    if without_masks(text) != text:
        return "请把〔〕里的改成一般的说法，或不勾选"
    kinds = Masker().found(text)
    if kinds:
        return f"里面有{'、'.join(kinds)}，请删去：知识库里不放顾客的信息"
    if len(text) > MAX_PHRASING:
        return f"有 {len(text)} 个字，至多 {MAX_PHRASING} 个，请缩短"
    return ""
