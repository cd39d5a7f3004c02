"""What the trained model recognises of phrasings that it has never seen."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kefu.labels import DIALOGUE, SMALL_TALK, TASKS
from tests.model import PROJECT, Parse, examples, held_out_phrasings, run_rasa


def top1(parse: Parse, pairs: Iterable[tuple[str, str]]) -> float:
    right = []
    for label, text in pairs:
        found = parse(text)["decision"]["candidates"]
        right.append(bool(found) and found[0]["label"] == label)
    return sum(right) / len(right)


def test_entries(parse: Parse, capsys: pytest.CaptureFixture[str]) -> None:
    share = top1(parse, held_out_phrasings())
    with capsys.disabled():
        print(f"\ntests/knowledge: top-1 {share:.1%}")
    assert share >= 0.85


def test_tasks_and_small_talk(parse: Parse, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = list(examples(PROJECT / "tests/nlu/tasks.yml"))
    tasks = top1(parse, (pair for pair in held_out if pair[0] in TASKS))
    talk = top1(parse, (pair for pair in held_out if pair[0] in SMALL_TALK | DIALOGUE))
    with capsys.disabled():
        print(f"\ntests/nlu/tasks.yml: tasks {tasks:.1%}, small talk and dialogue {talk:.1%}")
    assert tasks >= 0.9
    assert talk >= 0.7


def test_out_of_scope_messages_are_rarely_answered(
    parse: Parse, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = [t for i, t in examples(PROJECT / "tests/nlu/tasks.yml") if i == "out_of_scope"]
    spoken = [t for t in held_out if _speaks_of_shop(parse(t))]
    with capsys.disabled():
        print(f"\ntests/nlu/tasks.yml: {len(spoken)} of {len(held_out)} out of scope answered")
    assert len(spoken) <= len(held_out) * 0.15


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("不要转人工", "deny"),
        ("人工客服几点上班", "service"),
        ("以上都不是", "none_of_these"),
        ("查我的订单", "query_order_status"),
        ("申请售后", "request_refund"),
        ("转人工", "request_human"),
        ("2026110312345678", "inform"),
        ("'; DROP TABLE orders; --", "nlu_fallback"),
        ("{{7*7}}", "nlu_fallback"),
        ("😊😊", "nlu_fallback"),
    ],
)
def test_intent(parse: Parse, text: str, intent: str) -> None:
    assert parse(text)["intent"]["name"] == intent


def test_ten_thousand_characters_are_recognised_as_fast_as_others(parse: Parse) -> None:
    found = parse("怎么开发票" + "啊" * 10_000)
    assert found["decision"]["outcome"] in ("answer", "options", "not_recognised")


def test_rasa_finds_no_mistake_in_the_data() -> None:
    done = run_rasa("data", "validate", "--fail-on-warnings")
    lines = [line for line in done.stdout.splitlines() if "UserWarning" in line]
    # HandoffPolicy says it, no rule does: at a repeated question, after the answer.
    assert [line for line in lines if "'utter_offer_person' is not used" not in line] == []
    assert "No story structure conflicts found" in done.stdout


def _speaks_of_shop(parsed: dict[str, object]) -> bool:
    decision: dict[str, object] = parsed["decision"]  # type: ignore[assignment]
    candidates: list[dict[str, str]] = decision["candidates"]  # type: ignore[assignment]
    if decision["outcome"] != "answer":
        return False
    return "/" in candidates[0]["label"] or candidates[0]["label"] in TASKS
