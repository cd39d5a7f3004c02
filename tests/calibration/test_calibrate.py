"""`kefu calibrate`: what a person on a terminal sees, and what it changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kefu import cli
from kefu.calibration import archive as archives
from kefu.calibration.asked import examples
from kefu.calibration.config_file import read_thresholds, write_thresholds
from kefu.calibration.costs import Prices, Thresholds, figures
from kefu.environment import environment
from kefu.labelled import Question
from tests.calibration.models import archive, home, parts

PRESENT = Thresholds(0.5, 0.1, 0.06)


@pytest.fixture
def shop(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a project directory of its own, whose config.yml may change."""
    return at_home(home(tmp_path), monkeypatch)


def at_home(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEFU_HOME", str(made))
    environment.cache_clear()
    write_thresholds(made / "config.yml", PRESENT)
    return made


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["kefu", "calibrate", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def rows(printed: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for line in printed.splitlines() if (words := line.split())}


def test_thresholds_are_compared_drawn_and_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 0
    printed = capsys.readouterr().out
    shown = rows(printed)
    assert "范围内 100 条，范围外 40 条" in printed
    assert "现在的阈值下，范围外被回答的超过 5.0%" in printed
    # Where the questions of the made model begin to be right.
    assert shown["直接回答阈值"] == ["0.5", "0.7"]
    assert shown["答错"] == ["24.0%", "0.0%"]
    assert shown["范围外被回答"] == ["100.0%", "0.0%"]
    assert float(shown["每条消息的代价"][1]) < float(shown["每条消息的代价"][0])
    assert read_thresholds(shop / "config.yml").answer_threshold == 0.7
    assert "make train" in printed
    assert (shop / "results" / "calibration.svg").read_text("utf-8").startswith("<?xml")


def test_no_write_leaves_the_file(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (shop / "config.yml").read_bytes()
    assert run(monkeypatch, "--no-write") == 0
    assert (shop / "config.yml").read_bytes() == before
    printed = capsys.readouterr().out
    assert "没有改动" in printed
    assert "make train" not in printed


def test_second_time_nothing_changes(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch)
    before = (shop / "config.yml").stat().st_mtime_ns
    capsys.readouterr()
    assert run(monkeypatch) == 0
    assert (shop / "config.yml").stat().st_mtime_ns == before
    assert "已经是这些阈值" in capsys.readouterr().out


def test_data_without_messages_out_of_scope_says_what_that_means(
    fresh_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at_home(home(tmp_path, **parts(outside=0)), monkeypatch)
    assert run(monkeypatch, "--no-write") == 0
    printed = capsys.readouterr().out
    assert "没有范围外的话" in printed
    assert rows(printed)["范围外被回答"] == ["–", "–"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--price", "-1"], "--price 应为"),
        (["--price", "nan"], "--price 应为"),
        (["--outside-share", "40"], "--outside-share 应为 0 到 1"),
        (["--most-false", "5"], "--most-false 应为 0 到 1"),
        (["--model", "no-such.tar.gz"], "no-such.tar.gz 不是可用的模型，请执行 make train"),
        (["--model", "settings.yml"], "settings.yml 不是可用的模型，请执行 make train"),
        (["--questions", "no-such.jsonl"], "no-such.jsonl: 读不了"),
    ],
)
def test_mistakes_are_one_line_with_the_remedy(
    shop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(shop)
    assert run(monkeypatch, *arguments) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert read_thresholds(shop / "config.yml") == PRESENT


@pytest.mark.parametrize(
    ("left_out", "said"),
    [("held_out", "没有训练时留出的识别结果.*--questions"), ("classifier", "没有训练好的识别")],
)
def test_model_that_lacks_something_says_what_to_do(
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    left_out: str,
    said: str,
) -> None:
    kept = {name: content for name, content in parts().items() if name != left_out}
    model = archive(tmp_path / "other.tar.gz", **kept)
    assert run(monkeypatch, "--model", str(model)) == 1
    printed = capsys.readouterr().err
    assert "make train" in printed
    assert re.search(said, printed)


def test_without_a_model_it_says_train(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "models" / "model.tar.gz").unlink()
    assert run(monkeypatch) == 1
    assert "make train" in capsys.readouterr().err


def test_only_messages_out_of_scope_are_not_enough(
    shop: Path, trained_model: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = shop / "asked.jsonl"
    file.write_text('{"text": "明天会下雪吗", "label": "out_of_scope"}', encoding="utf-8")
    assert run(monkeypatch, "--model", str(trained_model), "--questions", str(file)) == 1
    assert "没有范围内的问题" in capsys.readouterr().err


def test_labelled_questions_are_recognised_with_the_model(
    shop: Path, trained_model: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    lines = [
        {"text": "怎么开发票", "labels": ["payment/invoice", "order/track"]},
        {"text": "转人工", "label": "request_human"},
        # Rasa runs what begins with a slash, unless it is made text.
        {"text": "/greet", "label": "out_of_scope"},
    ]
    files = [shop / "one.jsonl", shop / "two.jsonl"]
    for file, some in zip(files, (lines[:1], lines[1:]), strict=True):
        file.write_text("\n".join(json.dumps(line) for line in some), encoding="utf-8")
    named = [word for file in files for word in ("--questions", str(file))]
    assert run(monkeypatch, "--no-write", "--model", str(trained_model), *named) == 0
    printed = capsys.readouterr().out
    assert "标注过的问题，范围内 2 条，范围外 1 条" in printed
    assert rows(printed)["直接回答"] == ["100.0%", "100.0%"]
    assert rows(printed)["答错"] == ["0.0%", "0.0%"]


def test_a_trained_model_holds_what_calibrating_reads(trained_model: Path) -> None:
    trained = archives.read(trained_model)
    assert {"payment/invoice", "query_points"} <= trained.titled
    found = figures(trained.examples(), PRESENT, Prices(5, 0.4))
    assert found.answered > found.wrong
    assert found.false_answers is not None and found.false_answers < found.answered


def test_two_questions_in_one_message_are_offered_at_any_threshold() -> None:
    asked = [{"label": label, "score": 0.4, "title": label} for label in ("a/x", "b/y")]
    given = {"questions": True, "options": asked, "candidates": [{"label": "a/x", "score": 0.99}]}
    question = Question("两个问题", frozenset({"b/y"}))
    found = examples([question], [given], frozenset({"a/x", "b/y"}))
    for option in (0.02, 0.9):
        outcome = figures(found, Thresholds(0.2, 0, option), Prices(5, 0.4))
        assert (outcome.options, outcome.cost) == (1, 0.5)


def test_a_message_without_candidates_is_not_recognised() -> None:
    questions = [Question("😊", frozenset({"a/x"})), Question("发票", frozenset({"a/x"}))]
    decisions = [{}, {"candidates": [{"label": "a/x", "score": 0.9}]}]
    found = examples(questions, decisions, frozenset({"a/x"}))
    outcome = figures(found, PRESENT, Prices(5, 0.4))
    assert (outcome.answered, outcome.not_recognised, outcome.wrong) == (0.5, 0.5, 0)
