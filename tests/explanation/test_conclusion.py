"""The sentence that an operator reads first, and why it came to that."""

from __future__ import annotations

import pytest

from kefu.explanation.conclusion import Candidate, Decided, conclude
from kefu.nlu.decision import Outcome, Thresholds
from kefu.settings import Handoff

THRESHOLDS = Thresholds(answer=0.5, margin=0.1, option=0.06)
NAMES = {
    "payment/invoice": "怎么开发票",
    "service/complaint": "怎么投诉",
    "query_points": "查积分",
    "request_human": "转人工",
    "greet": "打招呼",
    "deny": "表示不要",
}


def decided(outcome: Outcome, because: str = "", **scores: float) -> Decided:
    candidates = [
        Candidate(label, name, scores[name], label not in ("greet", "deny"))
        for label, name in NAMES.items()
        if name in scores
    ]
    candidates.sort(key=lambda c: -c.score)
    options = [c.name for c in candidates if outcome == "options" and c.offered]
    return Decided(outcome, candidates, options, "两个问题" in because, because)


def concluded(found: Decided, text: str = "", in_scope: float = 1.0) -> tuple[str, str, str]:
    conclusion = conclude(found, text, in_scope, Handoff(), THRESHOLDS)
    return conclusion.sentence, conclusion.compared, conclusion.because


def test_answer_names_the_entry_and_what_it_was_compared_with() -> None:
    found = decided("answer", 怎么开发票=0.834, 查积分=0.123)
    compared = "首选 0.83 ≥ 0.50，比第二名多 0.71 ≥ 0.10"
    assert concluded(found) == ("直接回答「怎么开发票」", compared, "")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("查积分", "办理「查积分」"),
        ("转人工", "转人工"),
        ("打招呼", "当作「打招呼」回应"),
        ("怎么投诉", "直接回答「怎么投诉」，答完转人工（投诉）"),
    ],
)
def test_each_kind_of_label_has_its_own_outcome(name: str, sentence: str) -> None:
    assert concluded(decided("answer", **{name: 0.9}))[0] == sentence


def test_score_below_the_threshold_gives_options() -> None:
    found = decided("options", 怎么开发票=0.4999, 查积分=0.07)
    sentence, compared, _ = concluded(found)
    assert sentence == "给出选项：「怎么开发票」「查积分」"
    # Rounded, it would read 0.50 < 0.50.
    assert compared == "首选 0.49 < 0.50，不直接回答；选项都 ≥ 0.06"


def test_runner_up_too_close_gives_options() -> None:
    _, compared, _ = concluded(decided("options", 怎么开发票=0.52, 查积分=0.47))
    assert compared == "首选 0.52 ≥ 0.50，但比第二名多 0.05 < 0.10，不直接回答；选项都 ≥ 0.06"


def test_nothing_likely_is_not_recognised() -> None:
    found = decided("not_recognised", 打招呼=0.2, 怎么开发票=0.01)
    sentence, compared, because = concluded(found, "今天天气", in_scope=0.3)
    assert (sentence, because) == ("没有听懂", "像是和本店无关的话")
    # Small talk has no button, whatever its score.
    assert compared == "首选 0.20 < 0.50；能当选项的最高 0.01 < 0.06"


@pytest.mark.parametrize(("text", "because"), [("", "没有文字"), ("龘", "认得的字太少")])
def test_message_without_candidates_says_why(text: str, because: str) -> None:
    sentence, compared, reason = concluded(decided("not_recognised"), text)
    assert (sentence, compared) == ("没有听懂", "")
    assert because in reason


def test_what_recognition_says_of_itself_stands_instead_of_scores() -> None:
    found = decided("answer", "与已有的一条问法相同", 怎么开发票=1.0)
    assert concluded(found) == ("直接回答「怎么开发票」", "", "与已有的一条问法相同")


def test_reason_stands_beside_scores_that_it_only_changed() -> None:
    found = decided("answer", "主要按「怎么开票」这一句理解", 怎么开发票=0.7)
    _, compared, because = concluded(found)
    assert compared.startswith("首选 0.70 ≥ 0.50")
    assert because == "主要按「怎么开票」这一句理解"


def test_keyword_for_a_person_is_named() -> None:
    sentence, compared, because = concluded(decided("answer", 转人工=1.0), "帮我转人工")
    assert (sentence, compared) == ("转人工", "")
    assert "「转人工」" in because and "handoff.keywords" in because


def test_keyword_that_is_declined_is_named() -> None:
    _, _, because = concluded(decided("answer", 表示不要=1.0), "先不要转人工")
    assert because == "说的是不要「转人工」"


def test_two_questions_are_put_to_the_customer() -> None:
    found = decided("options", "一句话里有两个问题", 怎么开发票=0.45, 查积分=0.44)
    sentence, compared, because = concluded(found)
    assert sentence == "一次问了两件事，请顾客选先说哪个：「怎么开发票」「查积分」"
    assert (compared, because) == ("", "一句话里有两个问题")
