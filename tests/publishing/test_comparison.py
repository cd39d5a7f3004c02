"""What got better and worse, and when a new model may not come into service."""

from __future__ import annotations

import pytest

from kefu.evaluation import Recognised
from kefu.labelled import Question
from kefu.publishing.comparison import Comparison, compare
from kefu.publishing.floor import Verdict, judge
from kefu.settings import Publishing


def asked(text: str, label: str = "a/x") -> Question:
    return Question(text, frozenset({label}))


def said(outcome: str, *labels: str) -> Recognised:
    return Recognised(outcome, labels, labels if outcome == "options" else ())


RIGHT = said("answer", "a/x")
OFFERED = said("options", "a/x", "a/y")
OTHERS_OFFERED = said("options", "a/y", "a/z")
NOTHING = said("not_recognised")
WRONG = said("answer", "a/y")
# From what a customer likes best to what he likes least.
ORDER = (RIGHT, OFFERED, NOTHING, WRONG)


def one(before: Recognised | None, after: Recognised) -> Comparison:
    """Compare two models on one question."""
    old = None if before is None else {"问": before}
    return compare([asked("问")], [], old, {"问": after}, str.upper)


@pytest.mark.parametrize("place", range(len(ORDER) - 1))
def test_each_step_towards_the_right_answer_is_better_and_back_is_worse(place: int) -> None:
    good, bad = ORDER[place], ORDER[place + 1]
    better, worse = one(bad, good), one(good, bad)
    assert [case.text for case in better.better] == ["问"]
    assert (better.worse, better.wrong) == ((), ())
    assert [case.text for case in worse.worse] == ["问"]
    assert (worse.better, worse.wrong) == ((), ())


@pytest.mark.parametrize(
    ("after", "is_wrong"), [(RIGHT, False), (OFFERED, False), (NOTHING, True), (WRONG, True)]
)
def test_what_stays_is_neither_but_may_still_be_wrong(after: Recognised, is_wrong: bool) -> None:
    for before in (after, None):
        compared = one(before, after)
        assert (compared.better, compared.worse) == ((), ())
        assert bool(compared.wrong) == is_wrong


def test_a_choice_without_the_right_entry_is_no_better_than_nothing() -> None:
    assert one(OTHERS_OFFERED, NOTHING).wrong


def test_accuracy_counts_the_entry_that_comes_first() -> None:
    questions = [asked(text) for text in "一二三四"]
    after = dict(zip("一二三四", (RIGHT, OFFERED, OTHERS_OFFERED, NOTHING), strict=True))
    before = dict.fromkeys("一二三四", WRONG)
    compared = compare(questions, [], before, after, str)
    assert (compared.accuracy_before, compared.accuracy) == (0, 0.5)
    assert (compared.direct_before, compared.direct) == (0, 1)


def test_case_says_in_words_what_both_answered() -> None:
    names = {"a/x": "怎么开发票", "a/y": "怎么退货", "a/z": "查物流"}
    compared = compare(
        [asked("发票")], [], {"发票": OTHERS_OFFERED}, {"发票": WRONG}, names.__getitem__
    )
    (case,) = compared.worse
    assert (case.label, case.title) == ("a/x", "怎么开发票")
    assert case.before is not None
    assert case.before.words == "给出选项：怎么退货、查物流"
    assert (case.after.words, case.after.label) == ("回答「怎么退货」", "a/y")


def test_standard_questions_are_checked_apart_from_the_accuracy() -> None:
    standard = [asked("标准一"), asked("标准二", "a/y")]
    after = {"标准一": WRONG, "标准二": WRONG}
    compared = compare([], standard, None, after, str)
    assert compared.accuracy is None
    assert compared.standard_accuracy == 0.5
    assert [(case.text, case.after.label) for case in compared.caught] == [("标准一", "a/y")]


def figures(
    right: int, before: int | None = None, questions: int = 100, caught: int = 0
) -> Comparison:
    case = one(None, WRONG).wrong[0]
    return Comparison(questions, right, before, 0, None, (), (), (), 100, (case,) * caught)


def judged(compared: Comparison, **floor: float) -> Verdict:
    return judge(compared, Publishing.parse_obj(floor))


def test_at_the_floor_a_model_passes_and_below_it_does_not() -> None:
    assert judged(figures(80)).passed
    (reason,) = judged(figures(79)).reasons
    assert reason == "准确率 79.0 %，低于要求的 80.0 %"


def test_a_drop_is_refused_only_beyond_what_is_allowed() -> None:
    assert judged(figures(88, before=90)).passed
    (reason,) = judged(figures(87, before=90)).reasons
    assert reason == "准确率从 90.0 % 降到 87.0 %，降幅超过允许的 2.0 个百分点"


def test_few_questions_set_no_floor_and_that_is_said() -> None:
    verdict = judged(figures(10, before=40, questions=49))
    assert verdict.passed
    assert "只有 49 条，不到 50 条" in verdict.remarks[0]
    assert not judged(figures(10, before=40, questions=50)).passed


def test_without_questions_that_is_said() -> None:
    verdict = judged(figures(0, questions=0))
    assert verdict.passed
    assert "没有测试问题" in verdict.remarks[0]


def test_standard_questions_that_others_answer_are_refused_however_few_questions() -> None:
    assert judged(figures(0, questions=0, caught=5)).passed
    (reason,) = judged(figures(0, questions=0, caught=6)).reasons
    assert "有 6 个不是由自己的条目回答" in reason
